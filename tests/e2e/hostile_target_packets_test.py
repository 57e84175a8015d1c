"""Packets that have no place where they come, from the target: before, during and after a key exchange; targets that drip,
ask or do not answer; and names that are no text. Another rep's session beside it does not notice."""
import time

import pytest
import raw_ssh
from hostile_packets_test import (BAD_PACKETS, ECDH_REPLY, EVIL, KEXINIT, NEWKEYS, Meddler,
                                  assert_nothing_evil_is_kept, ended, frugal_sanitizer, gate, only_the_other,
                                  spoil_next_packet)
from raw_ssh import (CHANNEL_REQUEST, DATA, EXTENDED_DATA, INFO_REQUEST, OPEN, OPEN_CONFIRMATION,
                     OPEN_FAILURE, PACKET, SERVICE_REQUEST, USERAUTH_FAILURE, USERAUTH_REQUEST,
                     USERAUTH_SUCCESS, WINDOW, Target, Wire, connect)
from support import grant_id, state_of


class MeddlingTarget(Target):
    """Its words come before its own message of kind `before`."""

    def __init__(self, before=None, words=None, version=None, port=2222):
        self.before, self.words, self.version = before, words, version
        super().__init__(port)

    def serve(self, connection):
        wire = Meddler(connection, self.before, self.words, self.key)
        if self.version:
            wire.local_version = self.version
        self.wires.append(wire)
        wire.shake_hands()
        while wire.active:
            kind, message = wire.heard.get()
            if kind is raw_ssh.GONE:
                return
            self.heard.append(kind)
            self.answer(wire, kind, message)


FROM_A_TARGET = {
    "its yes": (USERAUTH_SUCCESS,),
    "its no": (USERAUTH_FAILURE, "password", False),
    "a question": (INFO_REQUEST, "", "", "", 1, "Password: ", False),
    "a channel": (OPEN, "session", 0, WINDOW, PACKET),
    "a confirmed channel": (OPEN_CONFIRMATION, 0, 0, WINDOW, PACKET),
    "data": (DATA, 0, b"evil"),
    "half a KEXINIT": (KEXINIT, bytearray(16), bytearray(b"\xff" * 30)),
    "a reply of nonsense": (ECDH_REPLY, b"x" * 51, b"\0" * 32, b"x" * 83),
}


def test_packets_of_a_targets_in_the_middle_of_the_key_exchange_let_nobody_in_and_spend_nothing(gate):
    for number, (what, words) in enumerate(FROM_A_TARGET.items()):
        for before in (KEXINIT, ECDH_REPLY, NEWKEYS):
            with MeddlingTarget(before, words) as target:
                if "odd" not in gate.gate.run_console("root", "target", "list").stdout:
                    gate.add_target("odd", hmc=target, port=target.port)
                    gate.odd = grant_id(gate.enable(target="odd"))
                started = time.monotonic()
                wire = Wire(connect()).shake_hands().ask_for_userauth()
                wire.begin_attempt("kim+odd")
                wire.answer(gate.kim.password)
                wire.answer(raw_ssh.response_to(gate.kim, wire.prompt()))
                wire.hear(USERAUTH_SUCCESS)  # to be told why
                channel = wire.open_channel()
                wire.say(CHANNEL_REQUEST, channel, "exec", True, "id")
                _, message = wire.hear(EXTENDED_DATA)
                message.get_int(), message.get_int()
                assert "sallyport: the target" in message.get_text(), (what, before)
                wire.close()
                assert time.monotonic() - started < 5
                assert target.wires[-1].meddled.wait(3) and USERAUTH_REQUEST not in target.heard
            assert state_of(gate, gate.odd) == "armed", (what, before)
    only_the_other(gate, 3)


class Bold(MeddlingTarget):
    """Answers the question for a service, or for a login, with what was not asked for."""

    def __init__(self, at, words):
        self.at, self.surprise = at, words
        super().__init__()

    def answer(self, wire, kind, message):
        if kind == self.at:
            wire.say(*self.surprise)
        super().answer(wire, kind, message)


@pytest.mark.parametrize("at", [SERVICE_REQUEST, USERAUTH_REQUEST], ids=["service", "login"])
def test_what_a_target_says_before_the_login_reaches_no_rep(gate, at):
    for what in ("a channel", "a confirmed channel", "data", "its yes", "a question"):
        with Bold(at, FROM_A_TARGET[what]) as target:
            name = f"bold-{at}-{what.replace(' ', '-')}"
            gate.add_target(name, hmc=target, port=target.port)
            gate.enable(target=name)
            done = gate.kim.ssh("id", user=f"kim+{name}", timeout=10)
            assert "evil" not in done.stdout + done.stderr, (what, done)
            assert done.returncode in (0, 255), (what, done)
            if done.returncode == 255:
                assert "sallyport: the target" in done.stderr, (what, done)
        only_the_other(gate, 3)


class Spoiler(MeddlingTarget):
    def __init__(self, how):
        self.how = how
        super().__init__()

    def on_program(self, wire, channel):
        wire.say(DATA, channel, "first words\n")
        time.sleep(0.1)
        spoil_next_packet(wire, self.how)


def test_bad_packets_of_a_targets_end_the_session_with_a_reason(gate):
    target = None
    for what, how in BAD_PACKETS.items():
        with Spoiler(how) as target:
            if what == next(iter(BAD_PACKETS)):
                gate.add_target("spoiler", hmc=target, port=target.port)
            gate.grant = grant_id(gate.enable(target="spoiler"))
            started = time.monotonic()
            done = gate.kim.ssh("id", user="kim+spoiler", timeout=10)
            assert (done.returncode, done.stdout) == (255, "first words\n"), (what, done)
            assert "sallyport: the target" in done.stderr, (what, done)
            assert time.monotonic() - started < 3, what
        ended(gate)
        only_the_other(gate)


def test_three_hundred_channels_that_a_target_asks_for_are_refused(gate):
    class Greedy(Target):
        def on_program(self, wire, channel):
            self.channel = channel
            for number in range(300):
                wire.say(OPEN, ("session", "x11", "forwarded-tcpip")[number % 3], 100 + number, WINDOW, PACKET, "a", 1, "b", 2)

        def answer(self, wire, kind, message):
            super().answer(wire, kind, message)
            if self.heard.count(OPEN_FAILURE) == 300:
                wire.say(DATA, self.channel, "the end\n")
                self.finish(wire, self.channel)

    with Greedy() as target:
        gate.add_target("greedy", hmc=target, port=target.port)
        gate.enable(target="greedy")
        done = gate.kim.ssh("id", user="kim+greedy", timeout=10)
        assert (done.returncode, done.stdout) == (0, "the end\n"), done
        assert OPEN_CONFIRMATION not in target.heard
    only_the_other(gate, 3)


class Unhelpful(Target):
    """Opens a channel with no room in its packets, or not at all, or never says whether the program runs."""

    def __init__(self, how, port):
        self.how = how
        super().__init__(port)

    def on_open(self, wire, channel):
        if self.how != "no channel":
            wire.say(OPEN_CONFIRMATION, channel, channel, WINDOW, {"no room": 0, "little room": 1}.get(self.how, PACKET))

    def answer(self, wire, kind, message):
        if kind != CHANNEL_REQUEST or self.how != "no program":
            super().answer(wire, kind, message)

    def on_program(self, wire, channel):
        wire.say(DATA, channel, "the end\n")
        self.finish(wire, channel)


def test_a_target_that_starts_no_program_is_told_soon(gate):
    told = {"no channel": "opens no channel", "no room": "opens no channel", "no program": "does not start this program",
            "little room": "\n"}
    targets = [Unhelpful(how, 2222 + number) for number, how in enumerate(told)]
    for number, target in enumerate(targets):
        gate.add_target(f"odd{number}", hmc=target, port=target.port)
        gate.enable(target=f"odd{number}")
    started = time.monotonic()
    reps = [gate.kim.start_ssh("id", user=f"kim+odd{number}") for number in range(len(targets))]
    for how, rep in zip(told, reps, strict=True):
        out, words = rep.communicate("typed\n", timeout=20)
        if how == "little room":
            assert (rep.returncode, out) == (0, "the end\n"), words
        else:
            assert rep.returncode == 255 and "sallyport: the target " + told[how] in words, (how, words)
    assert time.monotonic() - started < 12
    for target in targets:
        target.__exit__()
    only_the_other(gate, 3)


class Dripping(Target):
    """Sends its part of the key exchange, or its version before that, a byte at a time."""

    def serve(self, connection):
        if self.port % 2:
            connection.sendall(b"SSH-2.0-slow\r\n\0\0\4\0\10\x14")
        try:
            for byte in b"SSH-2.0-" + b"x" * 200:
                connection.sendall(bytes([byte]))
                time.sleep(0.25)
        except OSError:
            pass


def test_a_target_that_sends_a_byte_at_a_time_is_given_up_within_ten_seconds(gate):
    targets = [Dripping(2222 + number) for number in range(2)]
    for target in targets:
        gate.add_target(f"slow{target.port}", hmc=target, port=target.port)
        gate.enable(target=f"slow{target.port}")
    started = time.monotonic()
    reps = [gate.kim.start_ssh("id", user=f"kim+slow{target.port}") for target in targets]
    said = [rep.communicate(timeout=20)[1] for rep in reps]
    assert time.monotonic() - started < 10
    assert all("but does not answer" in words for words in said), said
    for target in targets:
        target.__exit__()
    only_the_other(gate, 3)


def test_a_target_whose_version_is_no_text_shows_the_rep_nothing_of_it(gate):
    with MeddlingTarget(version="SSH-2.0-x" + EVIL.decode("latin1").replace("\r\n", "").replace("\0", "")) as target:
        gate.add_target("odd", hmc=target, port=target.port)
        gate.enable(target="odd")
        done = gate.kim.ssh("id", user="kim+odd")
        assert "\x1b" not in done.stdout + done.stderr, done
    only_the_other(gate, 3)
    assert_nothing_evil_is_kept(gate)
