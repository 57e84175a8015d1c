"""pause and resume: while a session is paused nothing of the rep's reaches the target; then all of it does, in order.
What reached the target is looked at there. Runs in: the lab."""
import hashlib
import os
import re
import subprocess
import threading
import time

import pytest
from lab import network
from lab.files import LAB, STATE, write
from lab.gate import CONFIG, SERVICE, SETTINGS
from raw_ssh import CHANNEL_REQUEST, OPEN, Target, raw_rep
from support import (Terminal, assert_closes, end_ssh, eventually, grant_of, records, state_of, with_grant,
                     worker_ends_within)
from through_ssh import HERE, WEB, Forwarding, HmcPort, at_the_rep, of, processor_time, service

MIB = 1 << 20
HOME = LAB / "home/tester"
LONG_ENOUGH = 1.0  # seconds in which what is not held would have arrived


@pytest.fixture
def box(site):
    """A grant to a target with a plain shell, whose files the test can read."""
    site.add_target("box", user="tester")
    site.grant = with_grant(site, target="box")
    for path in HOME.iterdir():
        if path.is_file() and not path.name.startswith("."):
            path.unlink()
    return site


def pause(lab, *more):
    return lab.gate.console("alice", "pause", lab.grant, *more)


def resume(lab, *more):
    return lab.gate.console("alice", "resume", lab.grant, *more)


def shell(lab, **more):
    terminal = Terminal(lab, lab.kim, prompt=r"\$ ", **more)
    terminal.prompt = r"ready> "
    terminal.child.sendline("PS1='re''ady> '")
    terminal.child.expect(terminal.prompt)
    return terminal


def connected(lab):
    return eventually(lambda: "session.channel" in lab.gate.events(), 10, "the program")


def size(name):
    path = HOME / name
    return path.stat().st_size if path.exists() else 0


def stands_still(name):
    """The size at which a file at the target stays, once what was on its way has arrived."""
    last = -1
    while last != (last := size(name)):
        time.sleep(0.5)
    time.sleep(LONG_ENOUGH)
    assert size(name) == last
    return last


def recordings():
    return sorted(STATE.glob("recordings/*/*.cast"))


# ---- a terminal

def test_what_is_typed_waits_and_then_arrives_in_order(box):
    terminal = shell(box)
    terminal.type("echo before > typed")
    assert (HOME / "typed").read_text() == "before\n"
    paused = pause(box, "--reason", "backup runs")["grant"]
    assert (paused["state"], paused["paused"], paused["paused_by"]) == ("active", True, "alice")
    terminal.child.expect(r"sallyport: alice has paused this session \(backup runs\); what you send waits")
    for number in range(20):
        terminal.child.sendline(f"echo {number} >> typed")
    time.sleep(LONG_ENOUGH)
    assert (HOME / "typed").read_text() == "before\n"
    assert "paused" not in resume(box)["grant"]
    terminal.child.expect("sallyport: alice lets this session go on")
    eventually(lambda: (HOME / "typed").read_text() == "before\n" + "".join(f"{n}\n" for n in range(20)), 5, "what was typed")
    assert terminal.leave() == 0
    assert_closes(box)
    marked = recordings()[0].read_text()
    assert '"m", "alice has paused this session (backup runs)' in marked and '"m", "alice lets this session go on"' in marked
    told = [record for record in box.gate.journal() if record["event"] in ("session.paused", "session.resumed")]
    session = grant_of(box, box.grant)["session"]
    assert [(r["event"], r["grant"], r["session"], r["by"], r.get("reason")) for r in told] == [
        ("session.paused", box.grant, session, "alice", "backup runs"),
        ("session.resumed", box.grant, session, "alice", None)]


def test_what_the_target_sends_goes_on_and_is_recorded(box):
    terminal = shell(box)
    terminal.child.sendline("for i in 1 2 3 4 5 6 7 8; do echo tick $((i*11)); sleep 0.3; done")
    terminal.child.expect("tick 11")
    pause(box)
    terminal.child.expect("tick 88", timeout=5)
    assert box.gate.events().count("session.resumed") == 0
    assert any("tick 88" in path.read_text() for path in recordings())


def test_a_change_of_the_window_passes(box):
    terminal = shell(box, size=(24, 80))
    terminal.child.sendline("while :; do stty size > size; sleep 0.1; done")
    eventually(lambda: size("size") and (HOME / "size").read_text() == "24 80\n", 5, "the first size")
    pause(box)
    terminal.child.setwinsize(40, 111)
    eventually(lambda: size("size") and (HOME / "size").read_text() == "40 111\n", 5, "the new size")


# ---- bulk

def test_an_upload_that_is_held_in_the_middle_is_whole(box):
    data = os.urandom(24 * MIB)
    program = box.kim.start_ssh("cat > there", text=False)
    connected(box)
    program.stdin.write(data[:3 * MIB])
    program.stdin.flush()
    eventually(lambda: size("there") == 3 * MIB, 10, "the first part")
    pause(box)
    os.set_blocking(program.stdin.fileno(), False)
    rest, sent = memoryview(data)[3 * MIB:], 0
    for _ in range(30):  # until ssh takes no more: the rep is stopped, not the gate's memory filled
        try:
            sent += os.write(program.stdin.fileno(), rest[sent:sent + MIB])
        except BlockingIOError:
            time.sleep(0.1)
    assert 0 < sent < 12 * MIB
    assert stands_still("there") == 3 * MIB
    before = processor_time(box)
    time.sleep(1)
    assert processor_time(box) - before < 0.2, "a paused session costs no processor"
    resume(box)
    os.set_blocking(program.stdin.fileno(), True)
    program.communicate(input=bytes(rest[sent:]), timeout=60)
    assert program.returncode == 0
    assert hashlib.sha256((HOME / "there").read_bytes()).hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_file_over_sftp_that_is_held_in_the_middle_is_whole(box):
    data = os.urandom(48 * MIB)
    box.kim.file("here").write_bytes(data)
    os.chmod(box.kim.file("here"), 0o644)
    command = box.kim.as_laptop(["sftp", *box.kim.config(), "-l", "64000", box.kim.address])
    program = subprocess.Popen(command, env=box.kim.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, cwd=box.kim.folder)
    program.stdin.write("put here there\n")
    program.stdin.close()
    eventually(lambda: size("there") > 2 * MIB, 20, "the first part")
    pause(box)
    held = stands_still("there")
    assert held < len(data)
    resume(box)
    assert program.wait(60) == 0, program.stdout.read()
    assert hashlib.sha256((HOME / "there").read_bytes()).hexdigest() == hashlib.sha256(data).hexdigest()


def test_the_end_of_the_reps_bytes_waits_too(box):
    program = box.kim.start_ssh("cat > there; echo over > ended")
    connected(box)
    program.stdin.write("hello")
    program.stdin.flush()
    eventually(lambda: size("there") == 5, 5, "the first bytes")
    pause(box)
    program.stdin.close()
    time.sleep(LONG_ENOUGH)
    assert not (HOME / "ended").exists()
    resume(box)
    assert program.wait(10) == 0
    assert (HOME / "ended").exists() and (HOME / "there").read_text() == "hello"


def test_that_the_rep_reads_no_more_is_held_too(box):
    program = box.kim.start_ssh("yes; echo over > ended")
    assert program.stdout.readline() == "y\n"
    pause(box)
    program.stdout.close()
    time.sleep(LONG_ENOUGH)
    assert not (HOME / "ended").exists()
    resume(box)
    eventually(lambda: (HOME / "ended").exists(), 5, "the end of what nobody reads")
    program.stdin.close()
    program.wait(10)


def test_a_channel_that_the_rep_closes_is_closed_at_the_target_only_afterwards(box):
    control = f"{box.kim.folder}/control"
    master = box.kim.start_ssh(options=["-N", "-M", "-S", control])
    eventually(lambda: os.path.exists(control), 10, "the master")
    program = box.kim.start_ssh("cat > there; echo over > ended", options=["-S", control, "-o", "ControlMaster=no"])
    connected(box)
    program.stdin.write("first")
    program.stdin.flush()
    eventually(lambda: size("there") == 5, 5, "the first bytes")
    pause(box)
    program.stdin.write("held")
    program.stdin.flush()
    time.sleep(0.5)
    program.terminate()
    time.sleep(7)  # longer than a target may take to read what a rep left behind
    assert (HOME / "there").read_text() == "first" and not (HOME / "ended").exists()
    assert records(box, "session.channel_closed") == []
    resume(box)
    eventually(lambda: (HOME / "there").read_text() == "firstheld", 5, "what was held")
    eventually(lambda: (HOME / "ended").exists() and records(box, "session.channel_closed"), 5, "the close")
    end_ssh(master)


# ---- what would begin

def test_no_program_starts_meanwhile_and_the_rep_is_told_why(box):
    control = f"{box.kim.folder}/control"
    master = box.kim.start_ssh(options=["-N", "-M", "-S", control])
    eventually(lambda: os.path.exists(control), 10, "the master")
    second = ["-S", control, "-o", "ControlMaster=no"]
    assert box.kim.ssh("echo first > began", options=second).returncode == 0
    pause(box, "--reason", "wait")
    started = time.monotonic()
    refused = box.kim.ssh("echo second > began", options=second)
    assert refused.returncode == 255 and time.monotonic() - started < 2
    assert "alice has paused this session (wait); try again when it goes on" in refused.stderr, refused
    assert (HOME / "began").read_text() == "first\n"
    assert len(records(box, "session.channel")) == 1
    resume(box)
    assert box.kim.ssh("echo third > began", options=second).returncode == 0
    assert (HOME / "began").read_text() == "third\n"
    end_ssh(master)


class SlowToOpen(Target):
    """Opens a channel when the test says so."""

    def __init__(self):
        self.may_open = threading.Event()
        super().__init__()

    def on_open(self, wire, channel):
        assert self.may_open.wait(30)
        super().on_open(wire, channel)


def test_a_program_that_was_about_to_start_waits(site):
    with SlowToOpen() as target:
        site.add_target("slow", hmc=target, port=target.port)
        site.grant = with_grant(site, target="slow")
        program = site.kim.start_ssh("true")
        eventually(lambda: OPEN in target.heard, 10, "the channel's opening")
        pause(site)
        target.may_open.set()
        time.sleep(LONG_ENOUGH)
        assert CHANNEL_REQUEST not in target.heard and program.poll() is None
        resume(site)
        assert program.wait(10) == 0 and CHANNEL_REQUEST in target.heard


def test_a_signal_that_comes_meanwhile_is_dropped(box):
    wire = raw_rep().log_in(box.kim)
    channel = wire.start_program("trap 'echo got >> signalled' TERM; echo > up; while :; do sleep 0.1; done")
    eventually(lambda: size("up"), 5, "the program")

    def signals_at_the_target():
        return (HOME / "signalled").read_text().count("got") if (HOME / "signalled").exists() else 0

    def send():
        assert wire.say(CHANNEL_REQUEST, channel, "signal", False, "TERM")

    send()
    eventually(lambda: signals_at_the_target() == 1, 5, "the first signal")
    pause(box)
    time.sleep(0.3)
    send()
    time.sleep(LONG_ENOUGH)
    assert signals_at_the_target() == 1
    resume(box)
    time.sleep(LONG_ENOUGH)
    assert signals_at_the_target() == 1
    send()
    eventually(lambda: signals_at_the_target() == 2, 5, "the last signal")
    wire.close()


@pytest.fixture
def through(site):
    """A grant for SSH, and for a port of the HMC inside it."""
    write(CONFIG / "policies/through.toml", f"[limits]\nchannels = 10\n{SERVICE}{service('web', WEB)}")
    site.gate.reload()
    site.grant = with_grant(site, policy="through")
    return site


def test_a_port_inside_ssh_is_held_too_and_none_is_opened(through):
    heard = []

    def listen(connection):
        while data := connection.recv(65536):
            heard.append(data)
        heard.append(b"the end")

    data = os.urandom(3 * MIB)
    with HmcPort(WEB, listen) as hmc, Forwarding(through) as ssh:
        peer = at_the_rep()
        peer.sendall(b"first")
        eventually(lambda: heard == [b"first"], 5, "the first bytes")
        pause(through, "--reason", "wait")
        peer.setblocking(False)
        sent = 0
        for _ in range(20):
            try:
                sent += peer.send(data[sent:])
            except BlockingIOError:
                time.sleep(0.05)
        late = at_the_rep()
        late.settimeout(3)
        assert late.recv(1) == b"", "refused at once"
        time.sleep(LONG_ENOUGH)
        assert heard == [b"first"] and len(hmc.connections) == 1
        before = processor_time(through)
        time.sleep(1)
        assert processor_time(through) - before < 0.2
        resume(through)
        peer.settimeout(30)
        peer.sendall(data[sent:])
        peer.close()
        eventually(lambda: heard[-1] == b"the end", 10, "the end at the HMC")
        assert of(b"".join(heard[:-1])) == of(b"first" + data)
        ssh.leave()
    assert len(records(through, "session.channel")) == 1


def test_the_refusal_of_a_port_inside_ssh_says_who_has_paused(through):
    ssh = through.kim.start_ssh(options=["-v", "-N", "-L", f"127.0.0.1:{HERE}:localhost:{WEB}"])
    eventually(lambda: f":{HERE} " in through.run("rep", "ss", "-Htln").stdout, 10, "ssh's own listener")
    pause(through, "--reason", "wait")
    with HmcPort(WEB, lambda connection: None) as hmc:
        peer = at_the_rep()
        peer.settimeout(3)
        assert peer.recv(1) == b"" and not hmc.connections
    assert "alice has paused this session (wait)" in end_ssh(ssh)[1]


# ---- the end

@pytest.mark.parametrize("how", ["end", "revoke", "leave"])
def test_what_was_held_never_reaches_the_target_after_the_end(box, how):
    program = box.kim.start_ssh("cat > there; sleep 30")
    connected(box)
    program.stdin.write("first")
    program.stdin.flush()
    eventually(lambda: size("there") == 5, 5, "the first bytes")
    pause(box)
    program.stdin.write("held" * 1000)
    program.stdin.close()
    time.sleep(LONG_ENOUGH)
    if how == "leave":
        program.kill()
    else:
        box.gate.console("alice", how, box.grant, "--reason", "enough")
    program.wait(10)
    worker_ends_within(box, 3)
    assert_closes(box)
    eventually(lambda: records(box, "session.ended"), 3, "the record of the end")
    time.sleep(LONG_ENOUGH)
    assert (HOME / "there").read_text() == "first"
    assert state_of(box, box.grant) == ("revoked" if how == "revoke" else "spent")
    assert records(box, "session.ended")[0]["to_target"] == 5


def test_the_idle_clock_stands_still_and_the_longest_time_does_not(site):
    site.add_target("box", user="tester")
    site.gate.set_limits('idle = "2s"', 'session = "10m"')
    site.gate.reload()
    site.grant = with_grant(site, target="box", session=7)
    began = time.monotonic()
    terminal = shell(site)
    pause(site)
    ended = terminal.ended(15)
    assert 6 < time.monotonic() - began < 11
    assert "its time is over" in ended
    assert_closes(site)
    assert records(site, "session.ended")[0]["reason"] == "its time is over"


def test_after_a_pause_the_idle_clock_goes_on(site):
    site.add_target("box", user="tester")
    site.gate.set_limits('idle = "3s"', 'session = "10m"')
    site.gate.reload()
    site.grant = with_grant(site, target="box")
    terminal = shell(site)
    pause(site)
    time.sleep(4.5)
    assert state_of(site, site.grant) == "active"
    resume(site)
    assert "nothing happened for 3s" in terminal.ended(8)


# ---- who, when, and what is said

def test_twice_is_refused_and_so_is_what_is_not_running(box):
    def refused(*arguments):
        done = box.gate.run_console("alice", *arguments)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, done
        return done.stderr

    assert re.search(r"grant \S+ is armed, no session is running", refused("pause", box.grant))
    assert "no grant or session 's-nobody00'" in refused("pause", "s-nobody00")
    terminal = shell(box)
    session = grant_of(box, box.grant)["session"]
    assert f"session {session} is not paused" in refused("resume", session)
    shown = box.gate.run_console("alice", "pause", session, "--reason", "lunch").stdout
    assert f"Grant {box.grant} is active, paused\n" in shown and re.search(r"paused +\d{4}.* by alice", shown), shown
    assert "Forwarded ports" not in shown
    assert f"session {session} is paused already, by alice" in refused("pause", box.grant)
    assert "active, paused" in box.gate.run_console("sam", "list").stdout
    assert "active, paused" in box.gate.run_console("sam", "show", session).stdout
    assert "0 armed, 1 active (1 paused)" in box.gate.run_console("sam", "status").stdout
    resume(box)
    assert "paused" not in box.gate.run_console("sam", "list").stdout
    terminal.leave()
    assert_closes(box)
    assert re.search(r"is spent already", refused("pause", session))
    assert len(records(box, "session.paused")) == len(records(box, "session.resumed")) == 1


def test_who_may_not_does_not(box):
    terminal = shell(box)
    for user in ("sam", "mallory"):
        done = box.gate.run_console(user, "pause", box.grant)
        assert done.returncode == 1 and "sallyport-admin" in done.stderr, done
    pause(box)
    assert box.gate.run_console("sam", "resume", box.grant).returncode == 1
    assert grant_of(box, box.grant)["paused"] is True
    resume(box)
    assert terminal.leave() == 0


def test_for_forwarded_ports_the_admin_is_told_that_they_are_not_paused(site):
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + f'isolated_networks = ["{network.REP4}/32", "{network.REP6}/128"]\n')
    site.gate.start()
    grant = with_grant(site, policy="hmc")
    terminal = Terminal(site, site.kim)
    done = site.gate.run_console("alice", "pause", grant)
    assert done.returncode == 0 and "Forwarded ports are not paused" in done.stdout, done
    resumed = site.gate.run_console("alice", "resume", grant)
    assert resumed.returncode == 0 and "Forwarded" not in resumed.stdout, resumed
    assert "V10R3" in terminal.type("lshmc -V")
