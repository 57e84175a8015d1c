"""Packets that have no place where they come, from the rep: before, during and after a key exchange, the first and a later
one; and names that are no text. Another rep's session beside it does not notice."""
import os
import threading
from pathlib import Path

import paramiko
import pytest
import raw_ssh
from lab.files import STATE
from raw_ssh import (CHANNEL_REQUEST, CHANNEL_SUCCESS, CLOSE, DATA, EXT_INFO, EXTENDED_DATA, GLOBAL_REQUEST,
                     INFO_REQUEST, INFO_RESPONSE, OPEN, OPEN_CONFIRMATION, OPEN_FAILURE, PACKET, REQUEST_SUCCESS,
                     SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_FAILURE, USERAUTH_REQUEST, USERAUTH_SUCCESS, WINDOW,
                     WINDOW_ADJUST, Wire, connect, packed)
from support import Terminal, eventually, grant_id, state_of

SOON = 1
MIB = 1 << 20
KEXINIT, NEWKEYS, ECDH_INIT, ECDH_REPLY = 20, 21, 30, 31
FORBIDDEN = {USERAUTH_SUCCESS, REQUEST_SUCCESS, OPEN_CONFIRMATION, CHANNEL_SUCCESS}


class Meddler(Wire):
    """Says `words` once, just before its next message of kind `before`: as they are, in the clear or encrypted as it is then."""

    def __init__(self, sock, before=None, words=None, host_key=None):
        self.before, self.words, self.meddled = before, words, threading.Event()
        super().__init__(sock, host_key)

    def meddle(self, before, words):
        self.before, self.words = before, words
        self.meddled.clear()

    def _send_message(self, message):
        if self.words is not None and message.asbytes()[0] == self.before:
            words, self.words = self.words, None
            super()._send_message(paramiko.Message(packed(*words)))
            self.meddled.set()
        super()._send_message(message)


def memory(pid):
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) * 1024


@pytest.fixture(scope="module", autouse=True)
def frugal_sanitizer(lab):
    """It keeps what was freed, which would look like growth."""
    lab.gate.extra_environment["ASAN_OPTIONS"] = "detect_leaks=0:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
    yield
    del lab.gate.extra_environment["ASAN_OPTIONS"]


@pytest.fixture
def gate(site):
    """Kim has a grant. Lee is at work on the other console, and is so when the test is over, with the same monitor."""
    lee = site.enroll("lee")
    site.add_target("hmc2", hmc=site.hmc2)
    site.enable(rep="lee", target="hmc2")
    terminal = Terminal(site, lee, prompt=r"hscroot@hmc2:~> ")
    (site.other,) = site.gate.workers()
    site.add_target("box", user="tester")
    site.grant = grant_id(site.enable(target="box"))
    site.seen = len(site.hmc1.log)
    monitor, before = site.gate.pid, memory(site.gate.pid)
    yield site
    assert only_the_other(site)
    assert "V10R3" in terminal.type("lshmc -V")
    assert site.gate.pid == monitor and site.gate.process.poll() is None
    grown = memory(monitor) - before
    print(f"the monitor has grown by {grown // 1024} KiB")
    assert grown < 4 * MIB  # records and a sanitizer's own included
    terminal.leave()
    assert site.gate.run_console("sam", "audit", "verify").returncode == 0


def only_the_other(lab, seconds=SOON):
    return eventually(lambda: lab.gate.workers() == [lab.other], seconds, "the worker's end")


def assert_nothing_gained(lab, wire):
    assert not FORBIDDEN & set(wire.replies), wire.replies
    assert state_of(lab, lab.grant) == "armed"
    assert "Connection from" not in lab.hmc1.log[lab.seen:]


# ---- the first key exchange

OUT_OF_STATE = {
    "a channel": (OPEN, "session", 0, WINDOW, PACKET),
    "a request on a channel": (CHANNEL_REQUEST, 0, "exec", True, "id"),
    "data": (DATA, 0, b"id\n"),
    "a window": (WINDOW_ADJUST, 0, 0xFFFFFFFF),
    "a close": (CLOSE, 0),
    "a confirmation": (OPEN_CONFIRMATION, 0, 0, WINDOW, PACKET),
    "a forwarding": (GLOBAL_REQUEST, "tcpip-forward", True, "0.0.0.0", 9999),
    "a service": (SERVICE_REQUEST, "ssh-userauth"),
    "the service of the logged in": (SERVICE_REQUEST, "ssh-connection"),
    "the server's own service": (SERVICE_ACCEPT, "ssh-userauth"),
    "a login": (USERAUTH_REQUEST, "kim", "ssh-connection", "keyboard-interactive", "", ""),
    "the server's own yes": (USERAUTH_SUCCESS,),
    "the server's own question": (INFO_REQUEST, "", "", "", 1, "Password: ", False),
    "an answer": (INFO_RESPONSE, 1, "12345678"),
    "keys taken into use": (NEWKEYS,),
    "another KEXINIT": (KEXINIT, bytearray(16), *[""] * 10, False, 0),
    "half a KEXINIT": (KEXINIT, bytearray(16), bytearray(b"\xff" * 30)),
    "a point that is none": (ECDH_INIT, b"\0" * 32),
    "a point cut short": (ECDH_INIT, b"x"),
    "the server's own reply": (ECDH_REPLY, b"x" * 51, b"x" * 32, b"x" * 83),
    "message 0": (0,),
    "a message of nobody's": (199, b"x" * 1000),
}
HARMLESS = {  # what libssh may pass over at one of the places, and goes on as if it had not come
    "keys taken into use", "a message of nobody's", "message 0"}


@pytest.mark.parametrize("before", [KEXINIT, ECDH_INIT, NEWKEYS], ids=["KEXINIT", "ECDH_INIT", "NEWKEYS"])
def test_packets_in_the_middle_of_the_key_exchange_end_the_worker(gate, before):
    for what, words in OUT_OF_STATE.items():
        wire = Meddler(connect(), before, words)
        wire.shake_hands()
        assert wire.meddled.wait(3)
        if what in HARMLESS and not wire.ends_within(0.1):
            wire.close()
        assert wire.ends_within(SOON), f"after {what} the worker goes on: {wire.replies}"
        assert_nothing_gained(gate, wire)
        only_the_other(gate)


# Below the messages: each makes of one encrypted packet something else.
BAD_PACKETS = {
    "a wrong MAC": lambda out: out[:-1] + bytes([out[-1] ^ 1]),
    "a wrong byte inside": lambda out: out[:20] + bytes([out[20] ^ 1]) + out[21:],
    "a packet of 4 GiB": lambda out: b"\xff" * 4 + out[4:] + os.urandom(5000),
    "a packet of nothing": lambda out: bytes(5000),
    "noise": lambda out: os.urandom(5000),
    "another protocol": lambda out: b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n" * 100,
}


def spoil_next_packet(wire, how):
    send = wire.packetizer.write_all
    wire.packetizer.write_all = lambda out: send(how(out))
    wire.say(raw_ssh.IGNORE, b"x" * 100)
    wire.packetizer.write_all = send


def test_bad_packets_after_the_key_exchange_end_the_worker(gate):
    for what, how in BAD_PACKETS.items():
        wire = Meddler(connect()).shake_hands()
        spoil_next_packet(wire, how)
        assert wire.ends_within(SOON), what
        assert_nothing_gained(gate, wire)
        only_the_other(gate)


# ---- within the session

@pytest.fixture
def inside(gate):
    """Logs Kim in, again and again; the next grant comes with each."""
    wires = []

    def log_in():
        if wires:
            eventually(lambda: state_of(gate, gate.grant) == "spent", 3, "the session's end")
            gate.grant = grant_id(gate.enable(target="box"))
        wires.append(Meddler(connect()))
        return wires[-1].shake_hands().log_in(gate.kim)

    yield log_in
    for wire in wires:
        wire.close()


def assert_serves(wire, mine=77):
    wire.start_program("echo still here", mine)
    _, message = wire.hear(DATA)
    assert (message.get_int(), message.get_text()) == (mine, "still here\n")


def ended(lab):
    return eventually(lambda: [record for record in lab.gate.journal() if record["event"] == "session.ended"
                               and record["grant"] == lab.grant], SOON, "session.ended")[0]


def test_bad_packets_within_the_session_end_it(gate, inside):
    for what, how in BAD_PACKETS.items():
        wire = inside()
        wire.start_program("sleep 60")
        spoil_next_packet(wire, how)
        assert wire.ends_within(SOON), what
        ended(gate)
        only_the_other(gate)


AT_A_LATER_EXCHANGE = {
    "data": (DATA, 0, b"some words\n"),
    "errors": (EXTENDED_DATA, 0, 1, b"x"),
    "a program": (CHANNEL_REQUEST, 0, "exec", True, "echo second"),
    "a channel": (OPEN, "session", 9, WINDOW, PACKET),
    "another login": (USERAUTH_REQUEST, "kim", "ssh-connection", "none"),
    "the server's own yes": (USERAUTH_SUCCESS,),
    "a service": (SERVICE_REQUEST, "ssh-userauth"),
    "what the client can": (EXT_INFO, 1, "server-sig-algs", "x" * 30000),
    "keys taken into use": (NEWKEYS,),
    "half a KEXINIT": (KEXINIT, bytearray(16), bytearray(b"\xff" * 30)),
    "a point that is none": (ECDH_INIT, b"\0" * 32),
    "a message of nobody's": (199, b"x" * 1000),
}


@pytest.mark.parametrize("before", [ECDH_INIT, NEWKEYS], ids=["ECDH_INIT", "NEWKEYS"])
def test_packets_in_the_middle_of_a_later_key_exchange_end_the_session_or_nothing(gate, inside, before):
    wire = inside()
    for what, words in AT_A_LATER_EXCHANGE.items():
        if not wire.active:
            wire = inside()
        wire.start_program("cat")
        wire.meddle(before, words)
        wire._send_kex_init()
        assert wire.meddled.wait(3), what
        if not wire.ends_within(0.3):
            assert_serves(wire)  # the keys were changed, and nothing came of it
            wire.close()
        assert wire.ends_within(SOON), what
        ended(gate)
        only_the_other(gate)


def test_key_exchanges_without_end_keep_nobody_from_his_work(gate, inside):
    """A change of keys is the dearest thing that a client can ask for."""
    wire = inside()
    wire.start_program("cat")
    for _ in range(20):
        done = threading.Event()
        wire.completion_event = done
        wire._send_kex_init()
        eventually(lambda: not wire.in_kex or not wire.active, 5, "new keys, or the end")
        if not wire.active:
            break
    else:
        assert_serves(wire)
    wire.close()
    only_the_other(gate)


# ---- names that are no text

EVIL = b"\x1b[2J\x1b]0;evil\x07\xff\xfe\x9b31m\r\n\0<b>"


def assert_nothing_evil_is_kept(lab):
    """In what people read: no escapes, and no bytes that are no UTF-8."""
    kept = [path for path in STATE.rglob("*") if path.is_file() and "journal" in str(path)]
    assert kept
    for path in kept:
        text = path.read_bytes().decode()  # raises when it is no UTF-8
        assert "\x1b" not in text and "\x9b" not in text, path
    for shown in (lab.gate.log(), lab.gate.run_console("sam", "audit", "records").stdout,
                  lab.gate.run_console("alice", "list", "--all").stdout):
        assert "\x1b" not in shown and "\x9b" not in shown, shown


def test_a_rep_whose_name_is_no_text_is_nobody(gate):
    for user in (EVIL, b"kim\0", b"kim+" + EVIL, b""):
        wire = Meddler(connect()).shake_hands().ask_for_userauth()
        wire.say(USERAUTH_REQUEST, user, "ssh-connection", "keyboard-interactive", "", "")
        heard, _ = wire.hear(INFO_REQUEST, USERAUTH_FAILURE, raw_ssh.GONE)
        if heard == INFO_REQUEST and wire.answer(gate.kim.password):
            heard, _ = wire.hear(INFO_REQUEST, USERAUTH_FAILURE, raw_ssh.GONE)
        wire.close()
        assert_nothing_gained(gate, wire)
    eventually(lambda: gate.gate.workers() == [gate.other], 5, "the workers' end")
    assert_nothing_evil_is_kept(gate)


def test_a_client_whose_version_is_no_text_is_served_or_not_and_recorded_safely(gate):
    wire = Meddler(connect())
    wire.local_version = "SSH-2.0-x" + EVIL.decode("latin1").replace("\r\n", "").replace("\0", "")
    wire.shake_hands()
    if wire.active:
        wire.log_in(gate.kim)
        assert_serves(wire)
    wire.close()
    only_the_other(gate)
    assert_nothing_evil_is_kept(gate)


def test_names_within_the_session_may_be_no_text(gate, inside):
    wire = inside()
    for number, request in enumerate([("exec", b"echo ran; : " + EVIL), ("exec", EVIL), ("exec", b""), ("subsystem", EVIL),
                                      ("subsystem", b"sftp\0" + EVIL), (EVIL, EVIL)]):
        channel = wire.open_channel(number)
        wire.say(CHANNEL_REQUEST, channel, "env", True, b"LC_" + EVIL, EVIL)
        wire.hear(raw_ssh.CHANNEL_FAILURE, CHANNEL_SUCCESS)
        wire.say(CHANNEL_REQUEST, channel, request[0], True, request[1])
        wire.hear(raw_ssh.CHANNEL_FAILURE, CHANNEL_SUCCESS)
        wire.say(CLOSE, channel)
    for kind in (EVIL, b"direct-tcpip"):
        wire.say(OPEN, kind, 50, WINDOW, PACKET, EVIL, 443, EVIL, 9)
        wire.hear(OPEN_FAILURE)
    wire.say(GLOBAL_REQUEST, EVIL, True, EVIL)
    wire.hear(raw_ssh.REQUEST_FAILURE, raw_ssh.UNIMPLEMENTED)
    assert_serves(wire)
    wire.close()
    only_the_other(gate)
    assert_nothing_evil_is_kept(gate)
