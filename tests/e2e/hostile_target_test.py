"""A faulty or hostile target: the rep hears a sentence or sees the session end, nothing reaches the rep but the
program's output, and a credential goes to the pinned host key only."""
import contextlib
import threading
import time
from pathlib import Path

import pytest
from lab.gate import CONFIG
from raw_ssh import (CHANNEL_REQUEST, CLOSE, DATA, EOF, EXTENDED_DATA, GLOBAL_REQUEST, INFO_REQUEST, INFO_RESPONSE,
                     OPEN, OPEN_CONFIRMATION, OPEN_FAILURE, PACKET, REQUEST_SUCCESS, SERVICE_REQUEST, USERAUTH_BANNER,
                     USERAUTH_FAILURE, USERAUTH_REQUEST, USERAUTH_SUCCESS, WINDOW, WINDOW_ADJUST, Target)
from support import assert_closes, eventually, grant_id, state_of

SOON = 2
MIB = 1 << 20


def grant_to(lab, target, name="odd", **more):
    lab.add_target(name, hmc=target, port=target.port, **more)
    return grant_id(lab.enable(target=name))


def ended(lab, grant, seconds=3):
    (record,) = eventually(lambda: [record for record in lab.gate.journal() if record["event"] == "session.ended"
                                    and record["grant"] == grant], seconds, "session.ended")
    return record


def assert_all_is_well(lab):
    assert_closes(lab)
    lab.enable()
    assert "V10R3" in lab.kim.ssh("lshmc -V", user="kim+hmc1").stdout
    assert_closes(lab)
    assert lab.gate.run_console("sam", "audit", "verify").returncode == 0


# ---- before the session

class MuteAt(Target):
    """Says nothing more from the `last` kind of message on."""

    def __init__(self, last, port):
        self.last = last
        super().__init__(port)

    def serve(self, connection):
        if self.last == "banner":
            connection.sendall(b"SSH-2.0-mute\r\n")
            time.sleep(20)
        super().serve(connection)

    def answer(self, wire, kind, message):
        password = kind == USERAUTH_REQUEST and self.heard.count(kind) > 1
        if kind != self.last and not (self.last == "login" and password):
            super().answer(wire, kind, message)


def test_a_target_silent_at_any_step_is_told_within_ten_seconds_and_spends_nothing(site):
    steps = ["banner", SERVICE_REQUEST, USERAUTH_REQUEST, "login"]
    targets = [MuteAt(last, 2222 + number) for number, last in enumerate(steps)]
    grants = [grant_to(site, target, f"mute{number}") for number, target in enumerate(targets)]
    started = time.monotonic()
    reps = [site.kim.start_ssh("lshmc -V", user=f"kim+mute{number}") for number in range(len(steps))]
    said = [rep.communicate(timeout=20)[1] for rep in reps]
    assert time.monotonic() - started < 10
    for step, words, rep, grant, target in zip(steps, said, reps, grants, targets, strict=True):
        assert rep.returncode == 255 and "does not answer" in words, (step, words)
        assert state_of(site, grant) == "armed", step
        (failed,) = [record for record in site.gate.journal()
                     if record["event"] == "target.failed" and record["grant"] == grant]
        assert "does not answer" in failed["reason"], failed
        target.__exit__()
    assert targets[2].heard.count(USERAUTH_REQUEST) == 1, "the question for the methods, and no password"
    assert site.kim.ssh("true", user="kim+mute1", timeout=20).returncode == 255  # refused now, at once
    site.enable()
    assert site.kim.ssh("lshmc -V", user="kim+hmc1").returncode == 0


BABBLE = {
    "a long banner": b"SSH-2.0-" + b"x" * 9000 + b"\r\n",
    "SSH 1": b"SSH-1.5-old\r\n",
    "many lines": b"hello\r\n" * 10_000,
    "zeros": b"\0" * 5000,
    "a packet of 4 GiB": b"SSH-2.0-x\r\n" + b"\xff" * 5000,
    "escapes": b"SSH-2.0-\x1b[2Jevil\r\n" + b"\0\0\0" + b"\1" * 13,
    "nothing": b"",
}


@pytest.mark.parametrize("words", BABBLE.values(), ids=BABBLE)
def test_a_target_that_does_not_speak_ssh_is_told_at_once(site, words):
    class Babbler(Target):
        def serve(self, connection):
            with connection:
                connection.sendall(words)

    with Babbler() as target:
        grant = grant_to(site, target)
        started = time.monotonic()
        done = site.kim.ssh("lshmc -V")
    assert done.returncode == 255 and "sallyport: the target" in done.stderr and "\x1b" not in done.stderr, done
    assert time.monotonic() - started < 5
    assert state_of(site, grant) == "armed"
    assert "\x1b" not in site.gate.log()


class Changed(Target):
    """Another host key than the pinned one; whatever reaches it of a login is kept."""

    def on_login(self, wire, *words):
        self.words = words
        super().on_login(wire, *words)

    def on_program(self, wire, channel):
        wire.say(DATA, channel, "served\n")
        super().on_program(wire, channel)


@pytest.mark.parametrize("by", ["command", "reload"])
def test_a_changed_host_key_gets_no_credential_and_the_grant_works_once_it_is_pinned(site, by):
    with Changed() as target:
        new, target.public_key = target.public_key, site.hmc1.public_key
        grant = grant_to(site, target)
        done = site.kim.ssh("true")
        assert done.returncode == 255 and "shows another host key than the pinned one" in done.stderr
        assert target.heard == [], "not even the name of the user"
        (failed,) = [record for record in site.gate.journal() if record["event"] == "target.failed"]
        assert "which is not pinned" in failed["reason"]
        assert state_of(site, grant) == "armed"
        if by == "command":
            assert site.gate.ask(ask="target.pin", name="odd", host_keys=[new])["ok"]
        else:
            file = CONFIG / "targets/odd.toml"
            file.write_text(file.read_text().replace(site.hmc1.public_key.split()[1], new.split()[1]))
            assert "refused" not in site.gate.reload()
        assert site.kim.ssh("true").stdout == "served\n"
    assert_closes(site)
    assert state_of(site, grant) == "spent"


def test_a_target_that_asks_for_more_than_a_password_is_not_answered_blindly(site):
    class Curious(Target):
        def on_login(self, wire, user, service, method):
            if method == "keyboard-interactive":
                wire.say(INFO_REQUEST, "", "", "", 2, "Password: ", False, "Your mother's maiden name: ", False)
            else:
                wire.say(USERAUTH_FAILURE, "keyboard-interactive", False)

    with Curious() as target:
        grant = grant_to(site, target)
        done = site.kim.ssh("true")
    assert done.returncode == 255 and "does not let the rep in" in done.stderr
    assert INFO_RESPONSE not in target.heard
    assert state_of(site, grant) == "armed"


def test_a_target_that_asks_without_end_is_given_up(site):
    class Insatiable(Target):
        def answer(self, wire, kind, message):
            if kind in (USERAUTH_REQUEST, INFO_RESPONSE) and self.heard.count(USERAUTH_REQUEST) > 1:
                wire.say(INFO_REQUEST, "", "", "", 0)
            elif kind == USERAUTH_REQUEST:
                wire.say(USERAUTH_FAILURE, "keyboard-interactive", False)
            else:
                super().answer(wire, kind, message)

    with Insatiable() as target:
        grant = grant_to(site, target)
        started = time.monotonic()
        assert site.kim.ssh("true", timeout=20).returncode == 255
        assert time.monotonic() - started < 10
    assert target.heard.count(INFO_RESPONSE) <= 50
    assert state_of(site, grant) == "armed"


# ---- within the session

class Misbehaving(Target):
    """Runs do_it(wire, channel) as the program."""

    def __init__(self, do_it, port=2222):
        self.do_it = do_it
        super().__init__(port)

    def on_program(self, wire, channel):
        self.do_it(wire, channel)


def test_what_a_target_asks_of_the_rep_is_refused_and_the_session_goes_on(site):
    requests = [(OPEN, "forwarded-tcpip", 7, WINDOW, PACKET, "127.0.0.1", 80, "127.0.0.1", 9),
                (OPEN, "x11", 8, WINDOW, PACKET, "a", 1),
                (OPEN, "auth-agent@openssh.com", 9, WINDOW, PACKET), (OPEN, "session", 10, WINDOW, PACKET),
                (OPEN, "x" * 20000, 11, WINDOW, PACKET), (GLOBAL_REQUEST, "keepalive@openssh.com", True),
                (GLOBAL_REQUEST, "tcpip-forward", True, "0.0.0.0", 9999),
                (GLOBAL_REQUEST, "hostkeys-00@openssh.com", False, b"x" * 51)]

    def ask_it_all(wire, channel):
        for request in requests:
            wire.say(*request)
        wire.say(CHANNEL_REQUEST, channel, "shell", True)
        wire.say(CHANNEL_REQUEST, channel, "exec", True, "touch /tmp/evil")
        wire.say(DATA, channel, "the end\n")
        Target.finish(wire, channel)

    with Misbehaving(ask_it_all) as target:
        grant = grant_to(site, target)
        done = site.kim.ssh("lshmc", "-V", options=["-A", "-X"])
        assert (done.returncode, done.stdout) == (0, "the end\n"), done
        assert "\x1b" not in done.stderr
        ended(site, grant)
        assert target.heard.count(OPEN_FAILURE) == 5, target.heard
        assert OPEN_CONFIRMATION not in target.heard
        assert target.heard.count(REQUEST_SUCCESS) <= 1, "a keepalive may be answered either way"


NONSENSE = {
    "data after the end": [(EOF, 0), (DATA, 0, "late\n"), (EXTENDED_DATA, 0, 1, "late\n"), (CLOSE, 0)],
    "data after the close": [(EOF, 0), (CLOSE, 0), (DATA, 0, "late\n"), (EOF, 0), (CLOSE, 0), (WINDOW_ADJUST, 0, 9)],
    "two exit codes": [(CHANNEL_REQUEST, 0, "exit-status", False, code) for code in (1, 0)] + [(CLOSE, 0)],
    "an unknown signal": [(CHANNEL_REQUEST, 0, "exit-signal", False, "\x1b" * 5000, True, "x" * 20000, ""), (CLOSE, 0)],
    "channels that never were": [(DATA, 99, "x"), (CLOSE, 99), (OPEN_CONFIRMATION, 99, 0, WINDOW, PACKET), (CLOSE, 0)],
    "a channel confirmed twice": [(OPEN_CONFIRMATION, 0, 5, WINDOW, PACKET), (CLOSE, 0)],
    "errors of an unknown kind": [(EXTENDED_DATA, 0, 7, "x\n"), (CLOSE, 0)],
    "a second login": [(USERAUTH_SUCCESS,), (USERAUTH_FAILURE, "password", False), (CLOSE, 0)],
    "no close": [(EOF, 0)],
    "a banner": [(USERAUTH_BANNER, "\x1b[2Jevil", ""), (CLOSE, 0)],
    "unknown messages": [(199, b"x"), (INFO_REQUEST, "", "", "", 1, "Password: ", False), (CLOSE, 0)],
}


def test_nonsense_from_a_target_ends_the_program_or_the_session_soon(site):
    for what, messages in NONSENSE.items():
        def talk_nonsense(wire, channel, messages=messages):
            for kind, *fields in messages:
                wire.say(kind, *[channel if field == 0 else field for field in fields[:1]], *fields[1:])
            time.sleep(0.1)
            wire.close()

        with Misbehaving(talk_nonsense) as target:
            if what == next(iter(NONSENSE)):
                site.add_target("odd", hmc=target, port=target.port)
            grant = grant_id(site.enable(target="odd"))
            done = site.kim.ssh("lshmc -V", timeout=10)
            assert done.stdout in ("", "late\n", "x\n") and "evil" not in done.stderr, (what, done)
        ended(site, grant)
        assert_closes(site)
    assert_all_is_well(site)


def test_a_target_that_sends_beyond_the_window_costs_little_or_ends_the_session(site):
    with Misbehaving(lambda wire, channel: all(wire.say(DATA, channel, b"x" * 32000) for _ in range(2000))) as target:
        grant = grant_to(site, target)
        rep = site.kim.start_ssh("true", stdout=-1)  # nobody reads what it writes
        eventually(lambda: "session.channel" in site.gate.events(grant), 5, "the program")
        try:  # libssh 0.10 keeps what comes, so we end it
            assert "beyond its window" in ended(site, grant, 4)["reason"]
        except AssertionError:  # libssh 0.11 drops it
            (worker,) = site.gate.workers()
            assert memory_mib(worker) < 64
        rep.kill()
        rep.communicate()
    assert_all_is_well(site)


def test_a_target_with_packets_in_which_libssh_finds_no_room_ends_the_session(site):
    class Narrow(Target):
        def on_open(self, wire, channel):
            wire.say(OPEN_CONFIRMATION, channel, channel, WINDOW, 10)

        def on_program(self, wire, channel):
            pass

    with Narrow() as target:
        grant = grant_to(site, target)
        rep = site.kim.start_ssh("true")
        rep.stdin.write("typed\n")
        rep.stdin.flush()
        with contextlib.suppress(AssertionError):  # a libssh in which this is mended
            ended(site, grant, 6)
        site.gate.ask("alice", ask="end", grant=grant, reason="enough")
        ended(site, grant, SOON)
        rep.communicate(timeout=5)
    assert_all_is_well(site)


@pytest.mark.parametrize("leave", ["kill", "admin"])
def test_a_target_that_reads_nothing_keeps_nobody(site, leave):
    def stop_reading(wire, channel):
        wire.reading.clear()

    with Misbehaving(stop_reading) as target:
        grant = grant_to(site, target)
        rep = site.kim.start_ssh("cat", text=False)
        threading.Thread(target=lambda: write_much(rep.stdin), daemon=True).start()
        eventually(lambda: "session.channel" in site.gate.events(grant), 5, "the program")
        time.sleep(0.5)
        (worker,) = site.gate.workers()
        assert memory_mib(worker) < 100  # with the sanitizers' own
        if leave == "admin":
            assert site.gate.ask("alice", ask="end", grant=grant, reason="enough")["ok"]
        else:
            rep.kill()
        ended(site, grant, SOON)
        rep.wait(3)
    assert_all_is_well(site)


def write_much(pipe):
    try:
        while True:
            pipe.write(b"x" * 100_000)
    except (OSError, ValueError):
        pass


def memory_mib(pid):
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) // 1024


def test_a_target_that_goes_away_is_told(site):
    def vanish(wire, channel):
        wire.say(DATA, channel, "some output\n")
        time.sleep(0.2)
        wire.reset()

    with Misbehaving(vanish) as target:
        grant = grant_to(site, target)
        done = site.kim.ssh("lshmc -V")
    assert done.returncode == 255 and done.stdout == "some output\n"
    assert "sallyport: the target" in done.stderr, done
    assert "the target" in ended(site, grant)["reason"]
    assert_all_is_well(site)
