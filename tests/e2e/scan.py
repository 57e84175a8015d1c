"""Listeners that say where they are, and a scanner that asks many ports at once. Runs in: the lab.

As a program, in one network namespace: `scan.py listen NAME ADDRESS,… PORT,… PORT/tcp,…` or `scan.py ask ADDRESS PORT,… SECONDS`.
"""
import json
import selectors
import socket
import subprocess
import sys
import time

QUESTION = b"who?"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# ---- inside a namespace


def listen(name, addresses, ports, leave):
    """Answers on TCP and UDP with NAME, but for what `leave` names or somebody else has taken (port 22 of sshd)."""
    chooser = selectors.DefaultSelector()
    for address in addresses:
        for port in ports:
            for kind, word in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")):
                if f"{port}/{word}" in leave:
                    continue
                place = socket.socket(family_of(address), kind)
                if kind == socket.SOCK_STREAM:
                    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    place.bind((address, port))
                except OSError:
                    continue
                if kind == socket.SOCK_STREAM:
                    place.listen(64)
                place.setblocking(False)
                chooser.register(place, selectors.EVENT_READ, kind)
    print("ready", flush=True)
    while True:
        for key, _ in chooser.select():
            try:
                if key.data == socket.SOCK_STREAM:
                    connection, _ = key.fileobj.accept()
                    connection.sendall(name.encode())
                    connection.close()
                else:
                    _, asker = key.fileobj.recvfrom(64)
                    key.fileobj.sendto(name.encode(), asker)
            except OSError:
                continue


def ask(address, ports, seconds):
    """{"22/tcp": "ssh", "443/udp": "hmc"}: who answered; a port that did not answer is absent."""
    chooser = selectors.DefaultSelector()
    for port in ports:
        for kind, word in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")):
            place = socket.socket(family_of(address), kind)
            place.setblocking(False)
            place.connect_ex((address, port))
            if kind == socket.SOCK_DGRAM:
                try:
                    place.send(QUESTION)
                except OSError:
                    continue
            chooser.register(place, selectors.EVENT_READ, f"{port}/{word}")
    heard = {}
    end = time.monotonic() + seconds
    while chooser.get_map() and time.monotonic() < end:
        for key, _ in chooser.select(max(0.0, end - time.monotonic())):
            chooser.unregister(key.fileobj)
            try:
                said = key.fileobj.recv(64)
            except OSError:
                continue  # refused: nobody is there
            heard[key.data] = "ssh" if said.startswith(b"SSH-2.0") else said.decode() or "turned away"
    return heard


# ---- from a test


class Listener:
    def __init__(self, lab, namespace, addresses, ports, name=None, leave=()):
        from lab import network
        self.process = subprocess.Popen(
            network.inside(namespace, ["/usr/bin/python3", "-S", __file__, "listen", name or namespace,
                                       ",".join(addresses), ",".join(map(str, ports)), ",".join(leave)]),
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def scan(lab, namespace, address, ports, seconds=0.8):
    done = lab.run(namespace, "/usr/bin/python3", "-S", __file__, "ask", address, ",".join(map(str, ports)),
                   str(seconds))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        listen(sys.argv[2], sys.argv[3].split(","), [int(port) for port in sys.argv[4].split(",")], sys.argv[5].split(","))
    print(json.dumps(ask(sys.argv[2], [int(port) for port in sys.argv[3].split(",")], float(sys.argv[4]))))
