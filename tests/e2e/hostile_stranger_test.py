"""A hostile SSH client that is not logged in: no channel, its worker ends soon, and the next rep works as ever."""
import socket
import struct
import threading
import time

import pytest
import raw_ssh
from lab import network
from lab.files import write
from lab.gate import CONFIG
from raw_ssh import (CHANNEL_REQUEST, CLOSE, DATA, EOF, GLOBAL_REQUEST, INFO_REQUEST, INFO_RESPONSE, OPEN,
                     OPEN_CONFIRMATION, PACKET, REQUEST_SUCCESS, SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_BANNER,
                     USERAUTH_FAILURE, USERAUTH_REQUEST, USERAUTH_SUCCESS, WINDOW, WINDOW_ADJUST, packed, raw_rep)
from support import assert_closes, eventually

SOON = 2
FORBIDDEN = {USERAUTH_SUCCESS, REQUEST_SUCCESS, OPEN_CONFIRMATION}


def assert_nothing_gained(lab, wire):
    assert not FORBIDDEN & set(wire.replies), wire.replies
    assert "grant.claimed" not in lab.gate.events()
    assert "Connection from" not in lab.hmc1.log[lab.seen:]


def assert_the_next_rep_works(lab):
    done = lab.kim.ssh("lshmc -V")
    assert done.returncode == 0 and "V10R3" in done.stdout, done
    assert_closes(lab)
    assert lab.gate.run_console("sam", "audit", "verify").returncode == 0


@pytest.fixture
def gate(armed):
    armed.seen = len(armed.hmc1.log)
    return armed


OUT_OF_TURN = {
    "a channel": (OPEN, "session", 0, WINDOW, PACKET),
    "a forwarding channel": (OPEN, "direct-tcpip", 0, WINDOW, PACKET, "198.51.100.20", 22, "192.0.2.10", 9),
    "a request on a channel": (CHANNEL_REQUEST, 0, "exec", True, "lshmc -V"),
    "data for a channel": (DATA, 0, b"lshmc -V\n"),
    "a window": (WINDOW_ADJUST, 0, 0xFFFFFFFF),
    "the end of a channel": (EOF, 0),
    "a channel's close": (CLOSE, 0),
    "a forwarding": (GLOBAL_REQUEST, "tcpip-forward", True, "0.0.0.0", 9999),
    "the server's own yes": (USERAUTH_SUCCESS,),
    "the server's own no": (USERAUTH_FAILURE, "none", True),
    "the server's own banner": (USERAUTH_BANNER, "x" * 1000, ""),
    "the server's own service": (SERVICE_ACCEPT, "ssh-connection"),
    "the service of the logged in": (SERVICE_REQUEST, "ssh-connection"),
    "an unknown service": (SERVICE_REQUEST, "x" * 30000),
    "a confirmed channel": (OPEN_CONFIRMATION, 0, 0, WINDOW, PACKET),
    "an unknown message": (199, b"x" * 1000),
    "an answer without a question": (INFO_RESPONSE, 1, "12345678"),
    "a billion answers": (INFO_RESPONSE, 1 << 30, "12345678"),
}


@pytest.mark.parametrize("asked_for_userauth", [False, True], ids=["first", "later"])
def test_a_message_out_of_turn_ends_the_worker(gate, asked_for_userauth):
    for what, message in OUT_OF_TURN.items():
        wire = raw_rep()
        if asked_for_userauth:
            wire.ask_for_userauth()
        wire.say(*message)
        wire.say(OPEN, "session", 0, WINDOW, PACKET)
        assert wire.ends_within(SOON), f"after {what} the worker goes on: {wire.replies}"
        assert_nothing_gained(gate, wire)
        eventually(lambda: not gate.gate.workers(), 1, "the worker's end")
    assert_the_next_rep_works(gate)


def login_by(method, *more):
    return (USERAUTH_REQUEST, "kim", "ssh-connection", method, *more)


FLOODS = {
    "none": login_by("none"),
    "passwords": login_by("password", False, "secret"),
    "keys offered": login_by("publickey", False, "ssh-ed25519", b"x" * 20000),
    "keys signed": login_by("publickey", True, "ssh-ed25519", b"x" * 51, b"y" * 20000),
    "hostbased": login_by("hostbased", "a", b"b", "c", "d", b"e"),
    "gssapi": login_by("gssapi-with-mic", bytearray(b"\xff" * 20000)),
    "unknown methods": login_by("x" * 1000),
    "attempts": login_by("keyboard-interactive", "", ""),
    "long names": (USERAUTH_REQUEST, "x" * 30000, "ssh-connection", "keyboard-interactive", "", ""),
    "another service": (USERAUTH_REQUEST, "kim", "ssh-other", "none"),
    "services": (SERVICE_REQUEST, "ssh-userauth"),
    "nothing": (raw_ssh.IGNORE, b"x" * 30000),
}


def test_a_flood_before_login_is_cut_off(gate):
    for what, message in FLOODS.items():
        wire = raw_rep().ask_for_userauth()
        sent, end = 0, time.monotonic() + 6
        while time.monotonic() < end and wire.say(*message):
            sent += 1
        assert wire.ends_within(0.5), f"of {what} {sent} messages were taken"
        assert_nothing_gained(gate, wire)
    assert_the_next_rep_works(gate)


def test_a_flood_of_which_no_answer_is_read_is_cut_off(gate):
    wire = raw_rep(receive_buffer=4096).ask_for_userauth()
    wire.reading.clear()
    answered = 199  # as unimplemented, each
    threading.Thread(target=lambda: all(wire.say(answered) for _ in range(1_000_000)), daemon=True).start()
    eventually(lambda: not gate.gate.workers(), 8, "the worker's end")
    wire.reading.set()
    assert_nothing_gained(gate, wire)
    wire.close()
    assert_the_next_rep_works(gate)


def test_a_dialogue_may_not_skip_the_password(gate):
    wire = raw_rep().ask_for_userauth()
    wire.begin_attempt()
    wire.say(OPEN, "session", 0, WINDOW, PACKET)
    assert wire.ends_within(SOON)
    assert_nothing_gained(gate, wire)
    assert_the_next_rep_works(gate)


def test_answers_that_do_not_fit_the_question_are_no_answers(gate):
    for answers in [(0,), (2, "a", "b"), (0xFFFFFFFF, "a"), (1, bytearray(b"\x7f\xff\xff\xff"))]:
        wire = raw_rep().ask_for_userauth()
        wire.begin_attempt()
        wire.say(INFO_RESPONSE, *answers)
        wire.say(OPEN, "session", 0, WINDOW, PACKET)
        assert wire.ends_within(SOON), answers
        assert wire.replies.count(INFO_REQUEST) == 1, "no challenge is shown to who gave no password"
        assert_nothing_gained(gate, wire)
    assert_the_next_rep_works(gate)


# ---- below the messages: bytes before and instead of the key exchange

def unencrypted(payload):
    padding = 16 - (len(payload) + 5) % 8
    return b"SSH-2.0-x\r\n" + struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + b"x" * padding


BAD_BEGINNINGS = {
    "a banner of 9000 bytes": b"SSH-2.0-" + b"x" * 9000 + b"\r\n",
    "a banner without an end": b"SSH-2.0-" + b"x" * 100_000,
    "ten thousand lines": b"hello\r\n" * 10_000,
    "zero bytes": b"\0" * 10_000,
    "SSH 1": b"SSH-1.5-old\r\n",
    "another protocol": b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n",
    "a packet of 4 GiB": b"SSH-2.0-x\r\n" + b"\xff" * 5000,
    "a packet of nothing": b"SSH-2.0-x\r\n" + b"\0" * 5000,
    "half a KEXINIT": unencrypted(packed(20, bytearray(b"x" * 16), bytearray(b"\xff" * 18))),
    "an unencrypted request": unencrypted(packed(SERVICE_REQUEST, "ssh-userauth")),
    "an unencrypted channel": unencrypted(packed(OPEN, "session", 0, WINDOW, PACKET)),
}


def is_closed_within(peer, seconds):
    peer.settimeout(seconds)
    try:
        while peer.recv(65536):
            continue
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_bad_beginning_ends_the_worker(gate):
    for what, words in BAD_BEGINNINGS.items():
        with raw_ssh.connect() as peer:
            try:
                peer.sendall(words)
            except ConnectionError:
                pass
            assert is_closed_within(peer, SOON), what
        eventually(lambda: not gate.gate.workers(), 1, "the worker's end")
    assert_the_next_rep_works(gate)


def test_one_byte_at_a_time_is_cut_off_by_the_time_to_log_in(site):
    text = (CONFIG / "sallyport.toml").read_text() + '\n[login]\ntime = "5s"\n'
    site.gate.stop()
    write(CONFIG / "sallyport.toml", text)
    site.gate.start()
    site.enable()
    with raw_ssh.connect() as slow:
        started = time.monotonic()
        slow.settimeout(0.25)
        for byte in b"SSH-2.0-OpenSSH_9.2p1 with a very long comment":
            try:
                slow.sendall(bytes([byte]))
                while slow.recv(4096):
                    continue
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert 4 < time.monotonic() - started < 7
    eventually(lambda: not site.gate.workers(), 1, "the worker's end")
    assert_the_next_rep_works(site)


def test_a_first_packet_of_another_kind_is_refused_over_ipv6_too(gate):
    wire = raw_rep(address=network.GATE6)
    assert wire.sock.family == socket.AF_INET6
    wire.say(OPEN, "session", 0, WINDOW, PACKET)
    assert wire.ends_within(SOON)
    assert_nothing_gained(gate, wire)
