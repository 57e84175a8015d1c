"""I6: there is no unrecorded session: if recording fails, the session ends."""
import json

import pexpect
from i05_record_before_effect_test import fill_disk
from lab.files import STATE
from support import Terminal, assert_closes, eventually, grant_id, sha256, state_of


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


def test_a_recording_that_reaches_its_limit_ends_the_session_and_nothing_unrecorded_is_shown(site):
    site.gate.set_limits("[recording]", 'limit = "4KiB"')
    assert "stay" not in site.gate.reload()
    grant = grant_id(site.enable())
    terminal = Terminal(site, site.kim)
    shown = terminal.child.before
    for _ in range(100):
        terminal.child.sendline("lssyscfg -r lpar -m S1022-7A1B2C0 -F name,state")
        if terminal.child.expect([pexpect.EOF, terminal.prompt], timeout=5) == 0:
            break
        shown += terminal.child.before
    else:
        raise AssertionError("the session outlived its recording")
    shown += terminal.child.before
    assert "recorded" in shown.splitlines()[-1] or "recorded" in shown[-300:], shown[-300:]
    (ended,) = eventually(lambda: [record for record in site.gate.journal() if record["event"] == "session.ended"], 5,
                          "session.ended")
    assert "it could not be recorded" in ended["reason"] and "limit" in ended["reason"], ended
    assert_closes(site)
    assert state_of(site, grant) == "spent"
    (recording,) = recordings()
    assert 3000 < recording.stat().st_size <= 4096
    kept = "".join(event[2] for event in map(json.loads, recording.read_text().splitlines()[1:]) if event[1] == "o")
    assert shown.count("aix-db01,Running") == kept.count("aix-db01,Running") > 5
    (closed,) = [record for record in site.gate.journal() if record["event"] == "recording.closed"]
    assert (closed["size"], closed["sha256"]) == (recording.stat().st_size, sha256(recording))


def test_the_limit_is_of_each_recording_not_of_the_session(site):
    site.gate.set_limits("[recording]", 'limit = "4KiB"')
    assert "stay" not in site.gate.reload()
    site.enable()
    master = site.kim.folder / "master"
    first = Terminal(site, site.kim, options=["-M", "-S", str(master)])
    for _ in range(3):
        terminal = Terminal(site, site.kim, options=["-S", str(master), "-o", "ProxyCommand=false"])
        for _ in range(6):
            terminal.type("lssyscfg -r lpar -m S1022-7A1B2C0 -F name,state")
        assert terminal.leave() == 0
    assert sum(path.stat().st_size for path in recordings()) > 4096
    assert first.leave() == 0


def test_a_shell_without_a_terminal_is_recorded_too(armed):
    done = armed.kim.ssh(options=["-T"], input="lshmc -V\nlssyscfg -r sys -F name,type_model,serial_num\nexit\n")
    assert "9105-22A" in done.stdout
    assert_closes(armed)
    (recording,) = recordings()
    header, *events = [json.loads(line) for line in recording.read_text().splitlines()]
    assert header["version"] == 2
    shown = "".join(event[2] for event in events if event[1] == "o")
    assert "9105-22A" in shown and "V10R3" in shown
    (closed,) = [record for record in armed.gate.journal() if record["event"] == "recording.closed"]
    assert closed["sha256"] == sha256(recording) and closed["size"] == recording.stat().st_size
    (channel,) = [record for record in armed.gate.journal() if record["event"] == "session.channel"]
    assert (channel["kind"], channel["terminal"], channel["recording"]) == ("shell", False, closed["path"])


def test_a_command_on_a_terminal_is_recorded_and_one_without_is_named_in_the_journal(armed):
    armed.kim.ssh("lshmc -V", options=["-tt"])
    assert_closes(armed)
    (recording,) = recordings()
    assert "V10R3" in recording.read_text()
    armed.enable()
    armed.kim.ssh("lslogon -r ssh")
    assert_closes(armed)
    assert recordings() == [recording]
    channels = [record for record in armed.gate.journal() if record["event"] == "session.channel"]
    assert [(channel["kind"], channel["command"], "recording" in channel) for channel in channels] == [
        ("exec", "lshmc -V", True), ("exec", "lslogon -r ssh", False)]
