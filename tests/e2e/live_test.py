"""sallyport watch SESSION: a session's terminal as it happens, for those who may look. Runs in: the lab."""
import json
import re
import subprocess
import time

import pexpect
import pytest
from lab.files import LAB, STATE
from lab.gate import console_environment
from support import Terminal, end_ssh, eventually, grant_of, with_grant

HOSTILE = "\\033]0;owned\\007\\033]52;c;b3duZWQ=\\007\\033[6n\\033[c\\033P$qm\\033\\\\\\033[31mred\\033[0m"


@pytest.fixture
def box(site):
    """A session at a target with a plain shell."""
    site.add_target("box", user="tester")
    site.grant = with_grant(site, target="box")
    site.terminal = shell(site)
    site.session = grant_of(site, site.grant)["session"]
    return site


def shell(lab, **more):
    terminal = Terminal(lab, lab.kim, prompt=r"\$ ", **more)
    terminal.prompt = r"ready> "
    terminal.child.sendline("PS1='re''ady> '")
    terminal.child.expect(terminal.prompt)
    return terminal


def view(lab, *arguments, user="sam", size=(24, 80)):
    command = lab.gate.console_command(user, ["watch", lab.session, *arguments])
    return pexpect.spawn(command[0], command[1:], env=console_environment(), encoding="utf-8", timeout=10,
                         dimensions=size, codec_errors="replace")


def ended(child, seconds=5):
    child.expect(pexpect.EOF, timeout=seconds)
    child.close()
    assert child.signalstatus is None
    return child.exitstatus, child.before


def watched(lab):
    return [record for record in lab.gate.journal() if record["event"] == "session.watched"]


@pytest.mark.parametrize("user", ["sam", "alice"])
def test_what_was_shown_comes_at_once_and_what_is_typed_within_a_second(box, user):
    box.terminal.type("echo so''far")
    child = view(box, user=user)
    child.expect(rf"sallyport: session {box.session}, channel 1, as it happens")
    child.expect("connected to box through gate; this session is recorded")
    child.expect("sofar")
    waits = []
    for number in range(10):
        word = f"live{number}"
        started = time.monotonic()
        box.terminal.child.send(f"echo {word[:2]}''{word[2:]}\n")
        child.expect(word, timeout=1)
        waits.append(time.monotonic() - started)
    assert sorted(waits)[5] < 0.2, waits
    told, = watched(box)
    assert (told["grant"], told["session"], told["by"], told["channel"]) == (box.grant, box.session, user, 1)
    box.terminal.leave()
    code, shown = ended(child)
    assert code == 0 and f"sallyport: session {box.session} has ended: the rep left" in shown


def test_it_ends_with_the_reason_of_the_end(box):
    child = view(box)
    child.expect("as it happens")
    box.gate.console("alice", "end", box.grant, "--reason", "work is done")
    code, shown = ended(child)
    assert code == 0 and "has ended: ended by alice: work is done" in shown


@pytest.mark.parametrize("leave", [lambda child: child.sendcontrol("c"), lambda child: child.send("q")], ids=["ctrl-c", "q"])
def test_the_viewer_leaves_and_the_session_goes_on(box, leave):
    child = view(box)
    child.expect("as it happens")
    child.expect("ready> ")
    leave(child)
    assert ended(child)[0] == 0
    assert "still" in box.terminal.type("echo st''ill")


def test_what_the_viewer_types_reaches_nobody(box):
    time.sleep(1.5)  # the counters follow within a second
    before = grant_of(box, box.grant)["to_target"]
    child = view(box)
    child.expect("as it happens")
    child.send("touch /run/lab/home/tester/typed-by-the-viewer\n\x1a\x1c xyz")
    time.sleep(1.5)
    assert not (LAB / "home/tester/typed-by-the-viewer").exists()
    assert grant_of(box, box.grant)["to_target"] == before
    recording, = STATE.glob("recordings/*/*.cast")
    assert "viewer" not in recording.read_text()
    assert child.isalive()
    with pytest.raises(pexpect.TIMEOUT):
        child.expect("xyz", timeout=0.3)  # not even echoed


@pytest.mark.parametrize("raw", [False, True])
def test_hostile_sequences_are_filtered_unless_asked_for(box, raw):
    child = view(box, *(["--raw"] if raw else []))
    child.expect("as it happens")
    box.terminal.child.send(f"printf '{HOSTILE}'; echo; echo fin''ished\n")
    child.expect("\r\nfinished")
    assert ("\x1b]0;owned" in child.before) == raw
    assert ("\x1b]52;" in child.before) == raw
    assert ("\x1b[6n" in child.before) == raw
    assert ("\x1bP$qm" in child.before) == raw
    assert "\x1b[31mred" in child.before, "colours are shown"


def test_a_smaller_terminal_is_told_so(box):
    child = view(box, size=(20, 70))
    child.expect("the rep's terminal is 80x24, this one 70x20")
    box.terminal.leave()
    assert ended(child)[0] == 0


def test_a_pause_is_seen_where_the_rep_sees_it(box):
    child = view(box)
    child.expect("ready> ")
    box.gate.console("alice", "pause", box.grant)
    child.expect("sallyport: alice has paused this session")
    box.gate.console("alice", "resume", box.grant)
    child.expect("sallyport: alice lets this session go on")


# ---- several terminals

@pytest.fixture
def shared(site):
    """One connection, in which the test opens programs; no terminal yet."""
    site.add_target("box", user="tester")
    site.grant = with_grant(site, target="box")
    control = f"{site.kim.folder}/control"
    master = site.kim.start_ssh(options=["-N", "-M", "-S", control])
    eventually(lambda: "session.connected" in site.gate.events(), 10, "the session")
    site.session = grant_of(site, site.grant)["session"]
    site.second = ["-S", control, "-o", "ControlMaster=no"]
    yield site
    end_ssh(master)


def test_without_a_terminal_it_waits_and_then_follows_each_in_turn(shared):
    child = view(shared)
    child.expect(f"session {shared.session} has no terminal now; waiting for one")
    assert shared.kim.ssh("echo not shown", options=shared.second).returncode == 0
    first = shell(shared, options=shared.second)
    child.expect("channel 2, as it happens")
    first.type("echo fi''rst")
    child.expect("first")
    second = shell(shared, options=shared.second)
    second.type("echo sec''ond")
    first.type("echo aga''in")
    child.expect("again")
    assert "second" not in child.before and "not shown" not in child.before
    first.leave()
    child.expect("channel 2 has closed")
    child.expect("channel 3, as it happens")
    child.expect("second")
    second.leave()
    child.expect("has no terminal now")
    shared.gate.console("alice", "end", shared.grant)
    assert ended(child)[0] == 0
    assert [record.get("channel") for record in watched(shared)] == [None, 2, 3, None]


def test_the_newest_terminal_is_shown_or_the_one_that_was_asked_for(shared):
    terminals = [shell(shared, options=shared.second) for _ in range(3)]
    for number, terminal in enumerate(terminals, 1):
        terminal.type(f"echo terminal''{number}")
    newest, chosen = view(shared), view(shared, "--channel", "2")
    newest.expect("channel 3, as it happens")
    newest.expect("terminal3")
    chosen.expect("channel 2, as it happens")
    chosen.expect("terminal2")
    code, shown = ended(view(shared, "--channel", "9"))
    assert code == 1 and f"channel 9 of session {shared.session} is not open" in shown


# ---- programs, and who may not

def test_with_json_each_event_is_a_line(box):
    command = box.gate.console_command("sam", ["watch", box.session, "--json"])
    with subprocess.Popen(command, env=console_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True) as child:
        header = json.loads(child.stdout.readline())
        assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
        box.terminal.type(f"printf '{HOSTILE}'; echo fin''ished")
        box.terminal.leave()
        lines = child.stdout.read().splitlines()
        said = child.stderr.read()
        assert child.wait(5) == 0
    events = [json.loads(line) for line in lines]
    recording, = STATE.glob("recordings/*/*.cast")
    kept = [json.loads(line) for line in recording.read_text().splitlines()[1:]]
    assert [event[1:] for event in events] == [event[1:] for event in kept]
    assert "has ended: the rep left" in said


def test_who_may_not_look_sees_nothing_and_nothing_is_watched_that_is_not_there(box):
    code, shown = ended(view(box, user="mallory"))
    assert code == 1 and "sallyport-auditor" in shown and "ready" not in shown
    assert watched(box) == []
    box.terminal.leave()
    eventually(lambda: "session.ended" in box.gate.events(), 5, "the end")
    code, shown = ended(view(box))
    assert code == 1 and f"sallyport replay {box.session}" in shown
    box.session = "s-nobody00"
    code, shown = ended(view(box))
    assert code == 1 and "no session 's-nobody00'" in shown
    assert watched(box) == []


def test_nobody_watches_when_it_cannot_be_journaled(box):
    from i05_record_before_effect_test import failing_disk
    with failing_disk(box):
        code, shown = ended(view(box))
    assert code in (0, 1) and "sofar" not in shown and "as it happens" not in shown, shown


def test_when_the_gate_goes_it_says_so(box):
    child = view(box)
    child.expect("as it happens")
    box.gate.kill()
    code, shown = ended(child)
    assert code == 3 and "hung up" in shown


def test_a_worker_that_writes_nonsense_into_its_recording_is_not_believed(box):
    child = view(box)
    child.expect("ready> ")
    recording, = STATE.glob("recordings/*/*.cast")
    with open(recording, "a") as file:
        file.write("\x1b]0;owned\x07 nonsense\n")
    code, shown = ended(child)
    assert code == 1 and re.search("a line that is no event", shown) and "owned" not in shown
