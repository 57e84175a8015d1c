"""What the tests of carriage through-ssh share: a grant for ports of the HMC that the rep reaches inside its own SSH
connection, with ssh -L and ssh -W; something that listens there; and the rep's side of it. Runs in: the lab."""
import hashlib
import os
import socket
import threading
import time

import pytest
from lab import network
from lab.files import write
from lab.gate import CONFIG, SERVICE, SETTINGS
from listening import end_listening, serve_each
from raw_ssh import OPEN, OPEN_CONFIRMATION, OPEN_FAILURE, PACKET, WINDOW, in_namespace, raw_rep
from support import end_ssh, eventually, records, with_grant

WEB, OTHER, CLOSED, NOT_GRANTED = 443, 9100, 9400, 9999
HERE = 9443  # where the rep's own ssh listens
DIAL = f"dial4 {network.HMC1_4} . tcp . {WEB}"


def service(name, port):
    exposure = "wide" if port == WEB else "isolated"
    return f'[[service]]\nname = "{name}"\ncarriage = "through-ssh"\nport = {port}\nexposure = "{exposure}"\n'


def write_policy(channels=10):
    services = service("web", WEB) + service("other", OTHER) + service("closed", CLOSED)
    write(CONFIG / "policies/through.toml", f"[limits]\nchannels = {channels}\n{SERVICE}{services}")


@pytest.fixture
def through(site):
    """A grant for SSH and three ports inside it."""
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + f'isolated_networks = ["{network.REP4}/32", "{network.REP6}/128"]\n')
    write_policy()
    site.gate.start()
    site.grant = with_grant(site, policy="through")
    return site


@pytest.fixture
def wire(through):
    wire = raw_rep().log_in(through.kim)
    yield wire
    wire.close()


# ---- at the HMC

class HmcPort:
    """A port of the HMC; serve(connection) runs for each connection in a thread of its own."""

    def __init__(self, port, serve, receive_buffer=None):
        self.listener = in_namespace("hmc", lambda: socket.create_server((network.HMC1_4, port), backlog=64))
        if receive_buffer:  # what its connections inherit
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.serve, self.connections, self.answers = serve, [], []

    def __enter__(self):
        serve_each(self.listener, self.run)
        return self

    def __exit__(self, *_):
        end_listening(self.listener)
        for connection in self.connections:
            connection.close()

    def run(self, connection):
        self.connections.append(connection)
        try:
            self.answers.append(self.serve(connection))
            connection.close()
        except OSError as error:
            self.answers.append(error)


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def endless(connection):
    """Sends without end; the number of bytes that were taken."""
    sent = 0
    try:
        while True:
            sent += connection.send(bytes(65536))
    except OSError:
        return sent


def receive(connection):
    digest, count = hashlib.sha256(), 0
    while data := connection.recv(65536):
        digest.update(data)
        count += len(data)
    return digest.hexdigest(), count


def reads_nothing(connection):
    time.sleep(60)


# ---- at the rep

def at_the_rep(port=HERE):
    peer = in_namespace("rep", lambda: socket.create_connection(("127.0.0.1", port), 10))
    peer.settimeout(60)
    return peer


def exchange(peer, data):
    """Sends all of it, then the end; what came back until its end: hash and length."""
    def send():
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    heard = receive(peer)
    sender.join()
    return heard


def of(data):
    return hashlib.sha256(data).hexdigest(), len(data)


class Forwarding:
    """The rep's ssh in the background, with nothing but forwarded ports."""

    def __init__(self, lab, *ports, options=()):
        ports = ports or [f"127.0.0.1:{HERE}:localhost:{WEB}"]
        forwards = [word for port in ports for word in ("-L", port)]
        self.process = lab.kim.start_ssh(options=["-N", *forwards, "-o", "ExitOnForwardFailure=yes", *options])
        eventually(lambda: can_connect_here(lab, ports[0]), 10, "ssh's own listener")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        return end_ssh(self.process)[1]


def can_connect_here(lab, forward):
    return f":{forward.split(':')[1]} " in lab.run("rep", "ss", "-Htln").stdout


def direct(wire, host, port, mine=0):
    wire.say(OPEN, "direct-tcpip", mine, WINDOW, PACKET, host, port, "127.0.0.1", 40000)
    started = time.monotonic()
    kind, message = wire.hear(OPEN_CONFIRMATION, OPEN_FAILURE, seconds=5)
    assert message.get_int() == mine
    return kind, message.get_int(), time.monotonic() - started


def closed(lab, count):
    return eventually(lambda: len(records(lab, "session.channel_closed")) >= count and
                      records(lab, "session.channel_closed"), 10, "the record of the channel's end")


def processor_time(lab):
    worker, = lab.gate.workers()
    with open(f"/proc/{worker}/stat") as file:
        user, system = file.read().rsplit(")")[-1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
