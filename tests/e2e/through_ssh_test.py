"""Carriage through-ssh: ports of the HMC that the rep reaches inside its own SSH connection, with ssh -L and ssh -W,
and that nobody else reaches: nothing is opened for anybody's address. Runs in: the lab."""
import hashlib
import os
import re
import socket
import struct
import threading
import time

import pytest
from lab import network
from lab.files import ACCOUNTS, write
from lab.gate import CONFIG, SERVICE, SETTINGS
from raw_ssh import (CHANNEL_FAILURE, CHANNEL_REQUEST, CLOSE, DATA, DEBUG, EOF, GLOBAL_REQUEST, OPEN,
                     OPEN_CONFIRMATION, OPEN_FAILURE, PACKET, REQUEST_FAILURE, WINDOW, in_namespace, raw_rep)
from support import (Terminal, assert_closes, can_connect, end_ssh, eventually, records, state_of, with_grant,
                     worker_ends_within)

WEB, OTHER, CLOSED, NOT_GRANTED = 443, 9100, 9400, 9999
HERE = 9443  # where the rep's own ssh listens
MIB = 1 << 20
BIG = 64 * MIB
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


class HmcPort:
    """A port of the HMC; serve(connection) runs for each connection in a thread of its own."""

    def __init__(self, port, serve, receive_buffer=None):
        self.listener = in_namespace("hmc", lambda: socket.create_server((network.HMC1_4, port), backlog=64))
        if receive_buffer:  # what its connections inherit
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.serve, self.connections, self.answers = serve, [], []

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # closing would leave accept() waiting
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
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


def says_bye_and_listens(connection):
    connection.sendall(b"bye")
    connection.shutdown(socket.SHUT_WR)
    return receive(connection)


def reads_late(connection):
    time.sleep(1.5)
    return receive(connection)


def reads_nothing(connection):
    time.sleep(60)


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


def closed(lab, count):
    return eventually(lambda: len(records(lab, "session.channel_closed")) >= count and
                      records(lab, "session.channel_closed"), 10, "the record of the channel's end")


# ---- bytes

def test_a_port_of_the_hmc_answers_behind_ssh_L_and_both_ways_are_whole(through):
    data = os.urandom(BIG)
    with HmcPort(WEB, echo), Forwarding(through) as ssh:
        assert exchange(at_the_rep(), data) == of(data)
        told = closed(through, 1)[0]
        ssh.leave()
        assert_closes(through)
    opened = records(through, "session.channel")[0]
    assert opened["kind"] == "direct-tcpip" and opened["command"] == f"localhost:{WEB}"
    assert opened["reached"] == f"{network.HMC1_4}:{WEB}" and "recording" not in opened
    assert told["channel"] == opened["channel"] and "exit_status" not in told
    assert (told["to_target"], told["from_target"]) == (BIG, BIG)
    ended = records(through, "session.ended")[0]
    assert (ended["to_target"], ended["from_target"]) == (BIG, BIG)
    assert state_of(through, through.grant) == "spent"


def test_ssh_W_carries_standard_input_and_output(through):
    data = os.urandom(BIG)
    with HmcPort(WEB, echo):
        done = through.kim.ssh(options=["-W", f"{network.HMC1_4}:{WEB}"], input=data, text=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert of(done.stdout) == of(data)


def test_the_hmc_may_end_its_side_first(through):
    data = os.urandom(8 * MIB)
    with HmcPort(WEB, says_bye_and_listens) as hmc, Forwarding(through):
        peer = at_the_rep()
        assert receive(peer)[1] == 3
        peer.sendall(data)
        peer.close()
        eventually(lambda: hmc.answers, 10, "the end at the HMC")
        assert hmc.answers == [of(data)]
        assert closed(through, 1)[0]["to_target"] == len(data)


def test_eight_at_once(through):
    data = [os.urandom(8 * MIB) for _ in range(8)]
    heard = [None] * len(data)

    def run(number):
        heard[number] = exchange(at_the_rep(HERE + number % 2), data[number])

    with HmcPort(WEB, echo), HmcPort(OTHER, echo), Forwarding(
            through, f"127.0.0.1:{HERE}:localhost:{WEB}", f"127.0.0.1:{HERE + 1}:hmc1:{OTHER}"):
        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(data))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert heard == [of(part) for part in data]
        closed(through, 8)


@pytest.mark.parametrize("slow", ["the HMC", "the rep"])
def test_who_does_not_read_stops_its_own_channel_and_no_other(through, slow):
    with HmcPort(WEB, reads_nothing if slow == "the HMC" else endless) as hmc, HmcPort(OTHER, echo), Forwarding(
            through, f"127.0.0.1:{HERE}:localhost:{WEB}", f"127.0.0.1:{HERE + 1}:localhost:{OTHER}"):
        peer = at_the_rep()
        if slow == "the HMC":
            threading.Thread(target=endless, args=(peer,), daemon=True).start()
        eventually(lambda: hmc.connections, 5, "the connection")
        last = held = None
        while last is None or held > last:  # until nothing moves any more
            time.sleep(1)
            last, held = held if held is not None else -1, memory(through)
        data = os.urandom(8 * MIB)
        assert exchange(at_the_rep(HERE + 1), data) == of(data)
        assert memory(through) - held < 64 * MIB
        peer.close()


def bye_and_wait(connection):
    connection.shutdown(socket.SHUT_WR)
    time.sleep(60)


def test_a_channel_in_which_nothing_moves_costs_no_processor(through):
    """Idle; ended by one side only; full in one direction."""
    with HmcPort(WEB, reads_nothing), HmcPort(OTHER, bye_and_wait), HmcPort(CLOSED, endless), Forwarding(
            through, *(f"127.0.0.1:{HERE + i}:localhost:{port}" for i, port in enumerate((WEB, OTHER, CLOSED)))):
        idle, ended, full, bye, flood = (at_the_rep(HERE + i) for i in (0, 0, 0, 1, 2))
        ended.shutdown(socket.SHUT_WR)
        threading.Thread(target=endless, args=(full,), daemon=True).start()
        time.sleep(2)
        before = processor_time(through)
        time.sleep(2)
        assert processor_time(through) - before < 0.2
        for peer in (idle, ended, full, bye, flood):
            peer.close()


def processor_time(lab):
    worker, = lab.gate.workers()
    with open(f"/proc/{worker}/stat") as file:
        user, system = file.read().rsplit(")")[-1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def memory(lab):
    worker, = lab.gate.workers()
    with open(f"/proc/{worker}/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_a_shell_beside_it_keeps_working(through):
    terminal = Terminal(through, through.kim, options=["-L", f"127.0.0.1:{HERE}:localhost:{WEB}"])
    data, heard = os.urandom(BIG), []
    with HmcPort(WEB, echo):
        thread = threading.Thread(target=lambda: heard.append(exchange(at_the_rep(), data)))
        thread.start()
        while thread.is_alive():
            started = time.monotonic()
            assert "V10R3" in terminal.type("lshmc -V")
            assert time.monotonic() - started < 3
        assert heard == [of(data)]
    assert terminal.leave() == 0
    assert_closes(through)


# ---- what is refused

def direct(wire, host, port, mine=0):
    wire.say(OPEN, "direct-tcpip", mine, WINDOW, PACKET, host, port, "127.0.0.1", 40000)
    started = time.monotonic()
    kind, message = wire.hear(OPEN_CONFIRMATION, OPEN_FAILURE, seconds=5)
    assert message.get_int() == mine
    return kind, message.get_int(), time.monotonic() - started


@pytest.fixture
def wire(through):
    wire = raw_rep().log_in(through.kim)
    yield wire
    wire.close()


@pytest.mark.parametrize(("host", "port", "reason"), [
    ("localhost", NOT_GRANTED, "port 9999 is not granted inside SSH"),
    ("localhost", 22, "port 22 is not granted inside SSH"),
    ("localhost", 0, "port 0 is not granted inside SSH"),
    (network.HMC2_4, WEB, "198.51.100.21 is not the granted target"),
    (network.GATE4, WEB, "192.0.2.1 is not the granted target"),
    ("127.0.0.1", WEB, "127.0.0.1 is not the granted target"),
    ("www.example.org", WEB, "www.example.org is not the granted target"),
    ("", WEB, " is not the granted target"),
    ("x" * 5000, WEB, "the host's name is longer than 255 bytes"),
], ids=lambda value: value[:20] if isinstance(value, str) else value)
def test_anything_but_the_granted_ports_of_the_target_is_refused_at_once(through, wire, host, port, reason):
    with HmcPort(WEB, echo) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, host, port, "127.0.0.1", 40000)
        started = time.monotonic()
        _, message = wire.hear(DEBUG)
        message.get_boolean()
        assert message.get_text() == "sallyport: " + reason
        _, message = wire.hear(OPEN_FAILURE)
        assert time.monotonic() - started < 2
        assert (message.get_int(), message.get_int()) == (0, 1)  # RFC 4254, 5.1: administratively prohibited
        assert not hmc.connections
        assert DIAL not in through.gate.elements()
        assert direct(wire, "localhost", WEB)[0] == OPEN_CONFIRMATION, "and the session goes on"
    assert len(records(through, "session.channel")) == 1
    if len(host) < 256:
        assert reason in through.gate.log()


def test_stock_ssh_says_why_when_it_is_asked(through):
    started = time.monotonic()
    done = through.kim.ssh(options=["-v", "-W", f"localhost:{NOT_GRANTED}"])
    assert done.returncode == 255 and time.monotonic() - started < 5
    assert "open failed: administratively prohibited" in done.stderr
    assert f"Remote: sallyport: port {NOT_GRANTED} is not granted inside SSH" in done.stderr


def test_a_grant_without_such_a_service_opens_no_port(armed):
    with HmcPort(WEB, echo) as hmc:
        wire = raw_rep().log_in(armed.kim)
        kind, _, seconds = direct(wire, "localhost", WEB)
        assert kind == OPEN_FAILURE and seconds < 2
        assert not hmc.connections
        wire.close()


def test_the_rep_offers_no_ports_of_its_own(through, wire):
    for name in ("tcpip-forward", "streamlocal-forward@openssh.com"):
        wire.say(GLOBAL_REQUEST, name, True, "", 0)
        wire.hear(REQUEST_FAILURE, seconds=2)
    for kind in ("forwarded-tcpip", "x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com",
                 "tun@openssh.com"):
        wire.say(OPEN, kind, 3, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 9)
        wire.hear(OPEN_FAILURE, seconds=2)
    done = [address for address in through.gate.listening() if not address.endswith(":22")]
    assert not done
    assert not records(through, "session.channel")


def test_ssh_R_is_refused(through):
    done = through.kim.ssh("true", options=["-R", "9002:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"])
    assert done.returncode == 255 and "remote port forwarding failed" in done.stderr


def test_a_port_that_is_closed_at_the_hmc_is_refused_at_once(through, wire):
    kind, _, seconds = direct(wire, "localhost", CLOSED)
    assert kind == OPEN_FAILURE and seconds < 2
    assert not [element for element in through.gate.elements() if str(CLOSED) in element]
    assert "Connection refused" in through.gate.log()


def test_a_port_that_does_not_answer_is_given_up_and_nothing_waits_for_it(through, wire):
    through.run("hmc", "nft", "add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; "
                              f"add rule inet quiet in tcp dport {CLOSED} drop")
    try:
        wire.say(OPEN, "direct-tcpip", 7, WINDOW, PACKET, "localhost", CLOSED, "127.0.0.1", 40000)
        started = time.monotonic()
        with HmcPort(WEB, echo):
            assert direct(wire, "localhost", WEB, mine=8)[0] == OPEN_CONFIRMATION
            assert time.monotonic() - started < 2
        _, message = wire.hear(OPEN_FAILURE, seconds=8)
        assert message.get_int() == 7 and time.monotonic() - started < 5
    finally:
        through.run("hmc", "nft", "delete table inet quiet")


def test_channels_have_a_limit_which_counts_those_that_wait(site):
    write_policy(channels=4)
    write(CONFIG / "sallyport.toml", SETTINGS + f'isolated_networks = ["{network.REP4}/32", "{network.REP6}/128"]\n')
    site.gate.stop()
    site.gate.start()
    with_grant(site, policy="through")
    wire = raw_rep().log_in(site.kim)
    with HmcPort(WEB, echo):
        for mine in range(12):
            wire.say(OPEN, "direct-tcpip", mine, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        kinds = [wire.hear(OPEN_CONFIRMATION, OPEN_FAILURE) for _ in range(12)]
        opened = [message for kind, message in kinds if kind == OPEN_CONFIRMATION]
        assert len(opened) == 4
        opened[0].get_int()
        wire.say(CLOSE, opened[0].get_int())
        wire.hear(CLOSE)
        # The gate says CLOSE a moment before it counts again.
        eventually(lambda: direct(wire, "localhost", WEB, mine=20)[0] == OPEN_CONFIRMATION, 2, "a free place")
    wire.close()


# ---- nothing is open for the rep, and what is open for the gate lasts as long as its channel

def test_nothing_is_opened_for_anybodys_address(through):
    with HmcPort(WEB, echo), Forwarding(through):
        assert DIAL not in through.gate.elements()
        before = through.gate.elements()
        peer = at_the_rep()
        peer.sendall(b"x")
        assert peer.recv(1) == b"x"
        assert sorted(through.gate.elements()) == sorted([*before, DIAL])
        assert through.gate.listening() and all(address.endswith(":22") for address in through.gate.listening())
        for namespace in ("rep", "near", "other"):
            assert can_connect(through, namespace, network.GATE4, WEB) != "open"
            assert can_connect(through, namespace, network.GATE6, WEB) != "open"
        # The gate's own way is root's: no other account of the gate shares it.
        uid = ACCOUNTS["laptop"][0]
        program = f"import socket; socket.create_connection(('{network.HMC1_4}',{WEB}),1)"
        tried = through.run("gate", "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                            "/usr/bin/python3", "-S", "-c", program)
        assert tried.returncode != 0
        peer.close()
        eventually(lambda: through.gate.elements() == before, 5, "the end of the way")
        peer = at_the_rep()  # and again
        peer.sendall(b"y")
        assert peer.recv(1) == b"y"
    assert_closes(through)


def test_two_channels_to_one_port_share_the_way_until_the_last(through):
    with HmcPort(WEB, echo), Forwarding(through):
        one, two = at_the_rep(), at_the_rep()
        for peer in (one, two):
            peer.sendall(b"x")
            assert peer.recv(1) == b"x"
        one.close()
        closed(through, 1)
        assert DIAL in through.gate.elements()
        two.sendall(b"z")
        assert two.recv(1) == b"z"
        two.close()
        eventually(lambda: DIAL not in through.gate.elements(), 5, "the end of the way")


# ---- ends

def test_the_consoles_end_cuts_the_flow_at_once_and_counts_it(through):
    with HmcPort(WEB, endless) as hmc, Forwarding(through) as ssh:
        peer, heard = at_the_rep(), []
        reader = threading.Thread(target=lambda: heard.append(receive_until_broken(peer)))
        reader.start()
        time.sleep(1)
        started = time.monotonic()
        through.gate.console("alice", "end", through.grant, "--reason", "enough")
        eventually(lambda: hmc.answers, 2, "the end at the HMC")
        assert time.monotonic() - started < 1
        assert "enough" in ssh.process.communicate(timeout=5)[1]
        reader.join(5)
        assert_closes(through)
    told, = closed(through, 1)
    ended, = records(through, "session.ended")
    assert 0 < heard[0] <= told["from_target"] <= hmc.answers[0]
    assert told["to_target"] == 0
    assert (ended["to_target"], ended["from_target"]) == (0, told["from_target"])
    assert "enough" in ended["reason"]
    order = through.gate.events()
    assert order.index("session.channel_closed") < order.index("session.ended")


def receive_until_broken(peer):
    count = 0
    try:
        while data := peer.recv(65536):
            count += len(data)
    except OSError:
        pass
    return count


def test_a_rep_that_vanishes_leaves_nothing_at_the_hmc(through):
    with HmcPort(WEB, echo) as hmc, Forwarding(through) as ssh:
        peer = at_the_rep()
        peer.sendall(b"x")
        assert peer.recv(1) == b"x"
        ssh.process.kill()
        eventually(lambda: hmc.answers, 2, "the end at the HMC")
        worker_ends_within(through, 2)
    assert_closes(through)
    assert closed(through, 1)[0]["from_target"] == 1


def test_a_channel_that_the_rep_closes_without_a_word_is_closed_at_the_hmc(through, wire):
    with HmcPort(WEB, receive) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        wire.say(DATA, channel, b"last words")
        wire.say(CLOSE, channel)
        wire.hear(CLOSE)
        eventually(lambda: hmc.answers, 5, "the end at the HMC")
        assert hmc.answers == [of(b"last words")]


def test_the_last_bytes_reach_an_hmc_that_reads_after_the_rep_has_closed(through, wire):
    data = os.urandom(30000)
    with HmcPort(WEB, reads_late, receive_buffer=2048) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        wire.say(DATA, channel, data)
        wire.say(CLOSE, channel)
        wire.hear(CLOSE)
        assert closed(through, 1)[0]["to_target"] == len(data)
        assert DIAL in through.gate.elements()
        eventually(lambda: hmc.answers, 5, "the end at the HMC")
        assert hmc.answers == [of(data)]
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")


def test_an_hmc_that_sends_hears_that_the_rep_has_gone(through):
    with HmcPort(WEB, endless) as hmc, Forwarding(through):
        peer = at_the_rep()
        assert peer.recv(65536)
        peer.close()
        eventually(lambda: hmc.answers, 3, "the end at the HMC")
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")


def resets(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_an_hmc_that_resets_ends_the_channel_and_its_way(through):
    with HmcPort(WEB, resets), Forwarding(through):
        peer = at_the_rep()
        assert endless(peer) > 0
        peer.close()
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")


def test_requests_on_such_a_channel_are_refused(through, wire):
    with HmcPort(WEB, echo):
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        for request in (("shell", True), ("exec", True, "id"), ("pty-req", True, "xterm", 80, 24, 0, 0, ""),
                        ("auth-agent-req@openssh.com", True), ("nonsense", True)):
            wire.say(CHANNEL_REQUEST, channel, *request)
            wire.hear(CHANNEL_FAILURE, seconds=2)
        wire.say(DATA, channel, b"still here")
        _, message = wire.hear(DATA)
        message.get_int()
        assert message.get_text() == "still here"
        wire.say(EOF, channel)
        wire.hear(EOF), wire.hear(CLOSE)
        wire.say(CLOSE, channel)
    closed(through, 1)
    assert not re.search(r"shell|exec", str(records(through, "session.channel")))
