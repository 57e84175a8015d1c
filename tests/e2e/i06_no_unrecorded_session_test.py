"""I6: there is no unrecorded session: if recording fails, the session ends."""
import json

import pexpect
from i05_record_before_effect_test import fill_disk
from lab.files import STATE
from support import Terminal, assert_closes, eventually, sha256, state_of


def recordings():
    return sorted(STATE.rglob("*.cast"))


def test_a_terminal_is_recorded_and_the_journal_holds_its_size_and_digest(armed):
    terminal = Terminal(armed, armed.kim, size=(30, 100))
    assert "9105-22A" in terminal.type("lssyscfg -r sys -F name,type_model,serial_num")
    terminal.child.setwinsize(40, 120)
    terminal.type("lshmc -V")
    terminal.leave()
    assert_closes(armed)
    (recording,) = recordings()
    header, *events = [json.loads(line) for line in recording.read_text().splitlines()]
    assert header["version"] == 2 and (header["width"], header["height"]) == (100, 30)
    shown = "".join(event[2] for event in events if event[1] == "o")
    assert "9105-22A" in shown and "V10R3" in shown
    assert [event[2] for event in events if event[1] == "r"] == ["120x40"]
    said = [record for record in armed.gate.journal() if record["event"].startswith("recording.")
            and record.get("sha256")]
    assert said[-1]["sha256"] == sha256(recording)
    assert said[-1]["size"] == recording.stat().st_size


def test_stock_asciinema_plays_it(armed):
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    terminal.leave()
    assert_closes(armed)
    # It wants a terminal, for its keys.
    played, status = pexpect.run(f"asciinema cat {recordings()[0]}", withexitstatus=True, timeout=20)
    assert status == 0, played
    assert b"V10R3" in played


def test_a_live_session_ends_when_its_recording_cannot_grow(armed):
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    filler = fill_disk()
    terminal.child.sendline("help")
    for _ in range(200):
        if not terminal.child.isalive():
            break
        terminal.child.sendline("help")
        try:
            terminal.child.expect(terminal.prompt, timeout=0.2)
        except Exception:  # noqa: BLE001  the end of the session is what we wait for
            continue
    eventually(lambda: not terminal.child.isalive(), 5, "the session's end")
    assert_closes(armed)
    filler.unlink()
    eventually(lambda: "session.ended" in armed.gate.events(armed.grant), 5, "the record, once there is space")
    (ended,) = [record for record in armed.gate.journal() if record["event"] == "session.ended"]
    assert "record" in ended["reason"], ended
    assert state_of(armed, armed.grant) == "spent"


def test_no_terminal_without_a_recording_and_no_byte_of_exec_recorded(armed):
    assert "V10R3" in armed.kim.ssh("lshmc -V").stdout
    assert_closes(armed)
    for recording in recordings():
        assert "V10R3" not in recording.read_text()
