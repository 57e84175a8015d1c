"""sallyport watch, as an admin sees it on a terminal and as a program reads it."""
import json
import re
import subprocess
from datetime import datetime, timedelta

import pexpect
import pytest
from lab.gate import console_environment
from support import Terminal, assert_closes, watching, with_grant


def session(lab):
    lab.enable(ticket="PMR 4711")
    assert lab.kim.ssh("lshmc -V").returncode == 0
    assert_closes(lab)


def interrupted(child):
    """Ctrl-C as the terminal sends it: the exit code, and all that was shown."""
    child.expect([r"\x00", pexpect.TIMEOUT], timeout=0.5)
    shown = child.before
    child.sendcontrol("c")
    child.expect(pexpect.EOF, timeout=5)
    shown = child.before if child.before.startswith(shown) else shown + child.before
    child.close()
    assert child.signalstatus is None, "it ends in order, not by the signal"
    return child.exitstatus, shown.replace("^C", "")


@pytest.mark.parametrize("user", ["alice", "sam"])
def test_what_happens_is_shown_as_it_happens_until_ctrl_c(site, user):
    child = watching(site, user=user)
    session(site)
    code, shown = interrupted(child)
    assert code == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    grant = re.search(r"g-[0-9a-z]{8}", text)[0]
    wanted = [rf"{grant}.*enabled kim to hmc1 from .*ticket PMR 4711", rf"{grant}.*login accepted for kim",
              rf"{grant}.*has logged in from .*session s-", rf"{grant}.*connected to the target",
              rf"{grant}.*session s-[0-9a-z]+ has ended: the rep left", rf"{grant}.*the kernel closed"]
    lines = iter(text.splitlines())
    for sentence in wanted:
        assert any(re.search(sentence, line) for line in lines), f"no line {sentence!r}, in this order, in\n{text}"


def test_what_passes_in_a_session_is_shown_by_service(site):
    grant = with_grant(site)
    command = site.gate.console_command("sam", ["watch", grant, "--json"])
    with subprocess.Popen(command, env=console_environment(), stdout=subprocess.PIPE, text=True) as child:
        terminal = Terminal(site, site.kim)
        lines = (json.loads(line) for line in child.stdout)
        told = next(line for line in lines if line["event"] == "traffic")
        terminal.leave()
        ended = next(line for line in lines if line["event"] == "session.ended")
        child.terminate()
    ssh, final = told["traffic"][0], ended["traffic"][0]
    assert told["grant"] == grant and "seq" not in told
    assert (ssh["service"], ssh["transport"]) == ("ssh", "tcp") == (final["service"], final["transport"])
    for count in ("in_packets", "in_bytes", "out_packets", "out_bytes"):
        assert 0 < ssh[count] <= final[count]


def own(record):
    """An event's own fields."""
    return {name: value for name, value in record.items() if name not in ("time", "prev", "hash")}


def moment(record):
    return datetime.fromisoformat(record["time"])


def test_with_json_each_line_is_one_record_and_nothing_else_also_on_a_terminal(site):
    child = watching(site, "--json")
    session(site)
    code, shown = interrupted(child)
    assert code == 0
    records = [json.loads(line) for line in shown.splitlines() if line]
    known = {record["seq"]: record for record in site.gate.journal()}
    for record in records:
        kept = known[record["seq"]]
        # prev and hash are the file's; the time is taken once more for who watches, a moment later.
        assert own(record) == own(kept)
        assert abs(moment(record) - moment(kept)) < timedelta(seconds=1)
    assert [record["seq"] for record in records] == list(range(records[0]["seq"], records[-1]["seq"] + 1))
    events = [record["event"] for record in records]
    assert events.index("grant.enabled") < events.index("grant.claimed") < events.index("session.ended")


def test_of_one_grant_only_its_own_records_are_shown(site):
    other = site.enroll("lee")
    mine = site.enable()["grant"]
    mine = mine["id"] if isinstance(mine, dict) else mine
    command = site.gate.console_command("sam", ["watch", mine, "--json"])
    child = pexpect.spawn(command[0], command[1:], env=console_environment(), encoding="utf-8", timeout=10,
                          dimensions=(24, 300))
    child.expect([pexpect.TIMEOUT, r"\n"], timeout=0.7)
    site.enable(rep="lee")
    assert other.ssh("lshmc -V").returncode == 0
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert_closes(site)
    code, shown = interrupted(child)
    records = [json.loads(line) for line in shown.splitlines() if line]
    assert code == 0 and {record["grant"] for record in records if "grant" in record} == {mine}
    assert "session.ended" in [record["event"] for record in records]


def test_when_the_daemon_ends_it_says_so(site):
    child = watching(site)
    site.gate.stop()
    child.expect(pexpect.EOF, timeout=5)
    child.close()
    assert child.exitstatus == 3 and "hung up" in child.before, child.before


def test_who_may_not_look_sees_nothing(site):
    done = site.gate.run_console("mallory", "watch")
    assert done.returncode == 1 and done.stdout == "" and "sallyport-auditor" in done.stderr, done
