"""A target that says byte for byte what a test has it say, and keeps byte for byte what reaches it. Runs in: the lab."""
import contextlib
import re
import socket
import ssl
import subprocess
import time

from https_player import HMC_PORT, new_certificate, pin_of
from listening import serve_each

NOTHING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def size_of(heard):
    """How many bytes a request has, as the gate writes one; nothing while it is not whole."""
    head, empty, _ = heard.partition(b"\r\n\r\n")
    begin = len(head) + len(empty)
    if not empty:
        return None
    if re.search(rb"\r\nTransfer-Encoding: chunked(\r\n|$)", head):
        while chunk := re.compile(rb"([0-9a-fA-F]+)\r\n").match(heard, begin):
            begin = chunk.end()
            if int(chunk[1], 16) == 0:
                trailers = re.compile(rb"(?:[^\r\n]+\r\n)*\r\n").match(heard, begin)
                return trailers and trailers.end()
            begin += int(chunk[1], 16) + 2
        return None
    length = re.search(rb"\r\nContent-Length: (\d+)(\r\n|$)", head)
    whole = begin + (int(length[1]) if length else 0)
    return whole if len(heard) >= whole else None


class RawTarget:
    """`answer`: what to say to each request, as bytes or made from the request by a function; nothing: not a word."""

    def __init__(self, folder):
        self.key, self.certificate = new_certificate(folder, "raw", "hmc1.example")
        self.pin = pin_of(self.certificate)
        self.answer, self.ends_rudely = NOTHING, False
        self.streams, self.known = [], []  # of each connection, all that came; how much of it is forgotten
        self.busy = 0  # connections on which something came and that are not closed
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, self.key)

    def start(self, address="127.0.0.1", port=HMC_PORT):
        self.listener = socket.create_server((address, port), backlog=128)
        serve_each(self.listener, self.serve)

    def serve(self, connection):
        heard = bytearray()
        try:
            self.talk(connection, heard)
        finally:
            self.busy -= bool(heard)

    def talk(self, connection, heard):
        with contextlib.suppress(OSError), self.tls.wrap_socket(connection, server_side=True) as stream:
            stream.settimeout(60)
            self.streams.append(heard)
            begun = 0
            while got := stream.recv(1 << 16):
                if not heard:
                    self.busy += 1
                heard += got
                while (size := size_of(bytes(heard[begun:]))) is not None:
                    request, begun = bytes(heard[begun:begun + size]), begun + size
                    answer = self.answer(request) if callable(self.answer) else self.answer
                    if answer is None:
                        continue
                    stream.sendall(answer)
                    if b"Content-Length" not in answer and b"chunked" not in answer and not answer.startswith(b"HTTP/1.1 1"):
                        if not self.ends_rudely:
                            stream.unwrap()
                        return

    def stop(self):
        with self.listener, contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)

    def forget(self):
        time.sleep(0.1)
        self.known = [len(stream) for stream in self.streams]

    def heard(self):
        """What reached it, connection by connection; those without a byte are left out."""
        known = self.known + [0] * (len(self.streams) - len(self.known))
        return [bytes(stream[begin:]) for stream, begin in zip(self.streams, known) if len(stream) > begin]


@contextlib.contextmanager
def raw_target(folder, answer=NOTHING):
    """One that runs, on a loopback interface that is up."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    target = RawTarget(folder)
    target.answer = answer
    target.start()
    try:
        yield target
    finally:
        target.stop()
