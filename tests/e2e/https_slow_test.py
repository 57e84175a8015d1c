"""Clients that keep the gate waiting: cut after ten seconds, or when they move too little; and those that may take their time.
They all begin at once, and each test looks at one of them. Runs in: the lab."""
import contextlib
import hashlib
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from https_fixtures import Inside, connect, head, hmc, inside, read_all  # noqa: F401 (fixtures, too)
from https_player import GATE, GATE_PORT, HOLD, NAME, text

MIB = 1 << 20
WAITING = 22  # seconds that nobody is given who does nothing


def dribbles(inside, begin, bytes_a_second=1, longest=40.0):
    """How long it is listened to, sending so slowly."""
    with connect(inside.player) as connection:
        started = time.monotonic()
        connection.sendall(begin.encode())
        connection.settimeout(1)
        while time.monotonic() - started < longest:
            with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                if connection.recv(1) == b"":
                    break
            try:
                connection.sendall(b"1" * bytes_a_second)
            except OSError:
                break
        return time.monotonic() - started


def no_handshake(inside):
    with socket.create_connection((GATE, GATE_PORT), timeout=40) as connection:
        started = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            connection.recv(1)
        return time.monotonic() - started


def chunk_dribbles(inside):
    """A chunk of one byte each second."""
    with connect(inside.player) as connection:
        started = time.monotonic()
        connection.sendall(head(inside.kim, "PUT /upload HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n").encode())
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 40:
                connection.sendall(b"1\r\na\r\n")
                time.sleep(1)
        return time.monotonic() - started


def uploads_slowly(inside, seconds=25, bytes_a_second=700):
    data = b"x" * bytes_a_second * seconds
    with connect(inside.player, 40) as connection:
        connection.sendall(head(inside.kim, "PUT /upload HTTP/1.1", f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n").encode())
        for second in range(seconds):
            connection.sendall(data[second * bytes_a_second:(second + 1) * bytes_a_second])
            time.sleep(1)
        return hashlib.sha256(data).hexdigest() in read_all(connection)


def reads(inside, bytes_a_second, size, seconds=WAITING):
    """How many bytes of a download are there to be read after it was read so slowly for a while."""
    with connect(inside.player, 40, receive_buffer=4096) as connection:
        connection.sendall(head(inside.kim, f"GET /download?{size} HTTP/1.1", "Connection: close\r\n\r\n").encode())
        got = 0
        for _ in range(seconds):
            if bytes_a_second:
                got += len(connection.recv(bytes_a_second))
            time.sleep(1)
        return got + len(read_all(connection))


def websocket_rests(inside):
    with connect(inside.player, 40) as connection:
        connection.sendall(head(inside.kim, "GET /terminal HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        assert b"101 Switching" in connection.recv(4096)
        for _ in range(2):
            connection.sendall(b"\x81\x82\0\0\0\0hi")
            assert connection.recv(100) == b"\x81\x02hi"
            time.sleep(WAITING / 2 + 1)
        connection.sendall(b"\x81\x82\0\0\0\0hi")
        return connection.recv(100) == b"\x81\x02hi"


def head_of(inside, first, more=""):
    return head(inside.kim, first, more)


CLIENTS = {
    "no handshake": no_handshake,
    "headers": lambda inside: dribbles(inside, f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX: "),
    "form": lambda inside: dribbles(inside, f"POST /.sallyport/login HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n"
                                    "Content-Type: application/x-www-form-urlencoded\r\n\r\nuser="),
    "body": lambda inside: dribbles(inside, head_of(inside, "PUT /upload HTTP/1.1", "Content-Length: 100000\r\n\r\n")),
    "body at 200 a second": lambda inside: dribbles(inside, head_of(inside, "PUT /upload HTTP/1.1", "Content-Length: 100000\r\n\r\n"), 200),
    "chunk size": lambda inside: dribbles(inside, head_of(inside, "PUT /upload HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n")),
    "chunks": chunk_dribbles,
    "slow upload": uploads_slowly,
    "no reader": lambda inside: reads(inside, 0, 50 * MIB),
    "slow reader": lambda inside: reads(inside, 1, 50 * MIB),
    "patient reader": lambda inside: reads(inside, 8192, 20 * MIB, 28),
    "websocket": websocket_rests,
    "long poll": lambda inside: inside.kim.text(f"/wait?{WAITING}"),
}


@pytest.fixture(scope="module")
def client(inside):
    with ThreadPoolExecutor(len(CLIENTS)) as at_once:
        running = {name: at_once.submit(act, inside) for name, act in CLIENTS.items()}
        yield lambda name: running[name].result(60)


@pytest.mark.parametrize("name", ["no handshake", "headers", "form"])
def test_who_does_not_come_to_its_point_is_cut_after_ten_seconds(client, name):
    assert 9 < client(name) < 14


@pytest.mark.parametrize("name", ["body", "body at 200 a second", "chunk size", "chunks"])
def test_a_body_that_comes_too_slowly_is_cut(client, name):
    assert 9 < client(name) < 20


@pytest.mark.parametrize("name", ["no reader", "slow reader"])
def test_a_reader_that_takes_too_little_is_cut(client, name):
    assert client(name) < 50 * MIB


def test_a_slow_line_is_served(client):
    assert client("slow upload") and client("patient reader") > 20 * MIB


def test_who_waits_for_the_target_waits_as_long_as_it_likes(client):
    assert client("websocket") and client("long poll") == "at last"


def test_a_paused_session_is_not_cut_for_being_held(tmp_path, hmc):
    """The gate does not read on meanwhile, so the representative owes nothing."""
    held, data = Inside(tmp_path, hmc, port=GATE_PORT + 1), b"x" * (8 * MIB)
    with connect(held.player, 60) as connection:
        connection.sendall(head_of(held, "PUT /upload HTTP/1.1", f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n").encode())
        connection.sendall(data[:100_000])
        time.sleep(1)  # it is under way
        held.player.tell(HOLD, b"\1" + text("alice has paused this session"))
        time.sleep(0.3)
        connection.sendall(data[100_000:200_000])
        time.sleep(WAITING - 6)
        held.player.tell(HOLD, b"\0" + text("alice lets this session go on"))
        connection.sendall(data[200_000:])
        assert hashlib.sha256(data).hexdigest() in read_all(connection)
    held.stop()
