"""The rep is warned 15, 5 and 1 minutes before a session's longest time is over, and not before it began."""
import time

from lab.files import STATE
from support import Terminal, eventually, with_grant

SOON = 4  # seconds of the session before its first warning
MINUTES = {15: 900, 5: 300, 1: 60}


def warning(terminal, words, seconds):
    terminal.child.expect(words, timeout=seconds)
    return terminal.child.after


def shown():
    """What each terminal showed, as its recording has it."""
    return [path.read_text() for path in STATE.rglob("*.cast")]


def sessions_of(lab, *lengths):
    """One terminal for each length, all at once."""
    terminals = []
    for length in lengths:
        with_grant(lab, session=length)
        terminals.append((time.monotonic(), Terminal(lab, lab.kim)))
    return terminals


def test_the_warnings_come_15_5_and_1_minutes_before_the_end_and_to_terminals_only(site):
    site.add_target("box", user="tester")
    with_grant(site, target="box", session=60 + SOON // 2)
    program = site.kim.start_ssh("sleep 4; echo done")
    eventually(lambda: "session.connected" in site.gate.events(), 5, "the program's session")
    terminals = sessions_of(site, *(seconds + SOON for seconds in MINUTES.values()))
    for minutes, (began, terminal) in zip(MINUTES, terminals):
        warning(terminal, rf"this session ends in {minutes}m\b", SOON + 3)
        assert time.monotonic() - began > SOON - 1, "not before its time"
        assert "ends in" not in terminal.child.before, "no other warning came first"
    for minutes in MINUTES:
        assert sum(f"this session ends in {minutes}m" in text for text in shown()) == 1, "it is in the recording"
    for _, terminal in terminals:
        assert "V10R3" in terminal.type("lshmc -V"), "and the session goes on"
        assert "ends in" not in terminal.child.before, "each is given once"
        terminal.leave()
    assert program.communicate(timeout=10)[0] == "done\n", "what a program reads is not mixed with it"


def test_a_session_that_is_short_from_the_start_does_not_begin_with_a_warning(site):
    terminals = sessions_of(site, 14 * 60, 4 * 60, 50)
    time.sleep(2.5)
    recordings = shown()
    assert len(recordings) == 3 and all("hscroot@hmc1" in text for text in recordings)
    assert not [text for text in recordings if "ends in" in text]
    for _, terminal in terminals:
        terminal.leave()
