"""Fixtures of the tests of sallyport-https by itself: the worker between a played monitor, a stand-in HMC and its rep; and
what a client says to it byte for byte. Runs in: the lab."""
import socket
import ssl
import subprocess
import time

import pytest
from https_player import GATE, GATE_PORT, NAME, Browser, Player, WebHmc


@pytest.fixture(scope="module")
def hmc(tmp_path_factory):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = WebHmc(tmp_path_factory.mktemp("hmc"))
    server.start()
    yield server
    server.stop()


def played(folder, hmc, **more):
    player = Player(folder, hmc, **more)
    hmc.forget()
    return player


@pytest.fixture
def player(tmp_path, hmc):
    made = played(tmp_path, hmc)
    yield made
    made.stop()
    assert made.complaints() == ""


@pytest.fixture
def stranger(tmp_path, player):
    return Browser(tmp_path, player.certificate)


@pytest.fixture
def kim(stranger, hmc):
    stranger.log_in()
    return stranger


def connect(player, timeout=20, receive_buffer=None):
    """With a small receive buffer little is taken that the client does not read."""
    context = ssl.create_default_context(cafile=player.certificate)
    plain = socket.socket()
    if receive_buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.settimeout(timeout)
    plain.connect((GATE, player.port))
    return context.wrap_socket(plain, server_hostname=NAME)


def raw(player, *pieces, pause=0.0):
    """All that comes back until the gate closes."""
    with connect(player) as connection:
        for piece in pieces:
            connection.sendall(piece.encode("latin-1") if isinstance(piece, str) else piece)
            time.sleep(pause)
        return read_all(connection)


def read_all(connection):
    answer = b""
    try:
        while got := connection.recv(1 << 16):
            answer += got
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return answer.decode("latin-1")


def cookie_line(browser):
    return f"Cookie: __Host-sallyport={browser.cookies()['__Host-sallyport']}\r\n"


def head(browser, first="GET /console HTTP/1.1", more=""):
    return f"{first}\r\nHost: {NAME}:{GATE_PORT}\r\n{cookie_line(browser)}{more}"


class Inside:
    """kim, logged in at a worker of her own."""

    def __init__(self, folder, hmc, **more):
        self.player = played(folder, hmc, **more)
        port = self.player.port
        self.kim = Browser(folder, self.player.certificate, origin=f"https://{NAME}:{port}", resolve=f"{NAME}:{port}:{GATE}").log_in()
        self.hmc = hmc

    def says(self, first, rest="\r\n", pause=0.0):
        """What the gate answers to one head with kim's cookie and what is behind it, until it closes."""
        return raw(self.player, head(self.kim, first), rest, pause=pause)

    def stop(self):
        self.player.stop()
        assert self.player.complaints() == ""


@pytest.fixture(scope="module")
def inside(tmp_path_factory, hmc):
    """One session for a file whose tests leave it as it was."""
    made = Inside(tmp_path_factory.mktemp("inside"), hmc)
    yield made
    made.stop()
