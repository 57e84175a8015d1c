"""I9: what a target shows behind the words of a rule reaches the representative and no file of the gate's.

Runs in: packaging/lab's namespaces.
"""
import json
import os

import pexpect
import pytest
from lab.files import ACCOUNTS, LAB, STATE
from lab.gate import CONFIG
from support import Terminal, assert_closes, end_ssh, eventually, grant_id, records

CANARY = "CANARY-7fQ"
RULES = ["Secret:", "PIN for * is"]

# A target that shows what it should not: as one write for each piece of the line, cut at every byte in turn, with
# colours in prompt and secret, drawn again as a line editor does, and as the echo of what is typed.
TELLTALE = r"""
import os, sys, time
canary, prompt = "%s", "\x1b[1mSec\x1b[0mret\x1b]0;a title\x07: "
def put(text):
    os.write(1, text)
line = (prompt + canary[:4] + "\x1b[31m" + canary[4:] + "\x1b[0m\r\x1b[K" + prompt + canary + "\r\n").encode()
for at in range(1, len(line)):
    put(line[:at]); time.sleep(0.002); put(line[at:])
for at in range(len(line)):
    put(line[at:at + 1]); time.sleep(0.002)
put(f"the pin for ann is {canary}\r\n".encode())
put(b"Type: Secret: ")
said = sys.stdin.readline()
put(f"it had {len(said)} characters\r\n".encode())
""" % CANARY


@pytest.fixture
def masked(site):
    site.gate.set_limits("[recording]", "input = true", f"mask_after = {json.dumps(RULES)}")
    assert "stay" not in site.gate.reload()
    site.add_target("box", user="tester")
    site.grant = grant_id(site.enable(target="box"))
    program = LAB / "home/tester/telltale.py"
    program.write_text(TELLTALE)
    os.chown(program, ACCOUNTS["tester"][0], -1)
    return site


def live_view(site, session):
    command = site.gate.console_command("sam", ["watch", session])
    return pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=15, dimensions=(24, 80))


def tell_all(site):
    """The session in which the target shows the canary and the rep types it; what the rep has seen of it."""
    terminal = Terminal(site, site.kim, prompt=r"\$ ")
    (claimed,) = records(site, "grant.claimed")
    viewer = live_view(site, claimed["session"])
    terminal.drain()
    terminal.child.sendline("python3 telltale.py")
    terminal.child.expect("Type: Secret: ")
    seen = terminal.child.before
    terminal.child.send(CANARY)
    terminal.child.expect(CANARY)
    terminal.child.sendline("")
    terminal.child.expect(f"it had {len(CANARY) + 1} characters")
    seen += terminal.child.before
    viewer.expect("it had")
    shown_live = viewer.before
    viewer.close()
    terminal.leave()
    assert_closes(site)
    return claimed["session"], seen, shown_live


def test_a_canary_behind_a_prompt_is_shown_to_the_rep_and_is_in_no_file(masked):
    session, seen, shown_live = tell_all(masked)
    assert seen.count(CANARY) > 60, "the rep sees what the target sends"
    assert "‹masked›" in shown_live and CANARY not in shown_live
    cast = STATE / f"recordings/{session}/1.cast"
    events = [json.loads(line) for line in cast.read_text().splitlines()[1:]]
    kept = "".join(event[2] for event in events if event[1] == "o")
    assert kept.count("‹masked›") > 60 and "PIN for ann is‹masked›".lower() in kept.lower().replace("is ‹", "is‹"), kept[-500:]
    assert 'masked after "Secret:"' in [event[2] for event in events if event[1] == "m"]
    assert [event[2] for event in events if event[1] == "i"], "what is echoed elsewhere is recorded"
    (channel,) = records(masked, "session.channel")
    assert channel["masked_after"] == RULES
    # Found, played, handed on: the same.
    assert masked.gate.console("sam", "audit", "grep", CANARY[:6]) == []
    assert masked.gate.console("sam", "audit", "grep", "‹masked›")
    assert CANARY not in masked.gate.run_console("sam", "replay", session, "--text").stdout
    for path in [*STATE.rglob("*"), LAB / "sallyportd.log"]:
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_what_is_typed_where_the_terminal_does_not_echo_is_in_no_file_rules_or_none(masked):
    masked.gate.set_limits("[recording]", "input = true")
    assert "stay" not in masked.gate.reload()
    terminal = Terminal(masked, masked.kim, prompt=r"\$ ")
    terminal.drain()
    terminal.child.sendline("python3 -c 'import getpass; print(\"it had\", len(getpass.getpass(\"Code: \")))'")
    terminal.child.expect("Code: $")
    terminal.child.send(CANARY[:4])
    terminal.drain()
    terminal.child.sendline(CANARY[4:])
    terminal.child.expect(f"it had {len(CANARY)}")
    terminal.leave()
    assert_closes(masked)
    (cast,) = STATE.glob("recordings/*/*.cast")
    events = [json.loads(line) for line in cast.read_text().splitlines()[1:]]
    typed = "".join(event[2] for event in events if event[1] == "i")
    assert "getpass" in typed and "it had" in "".join(event[2] for event in events if event[1] == "o")
    assert not any(part in cast.read_text() for part in (CANARY, CANARY[:4], CANARY[4:])), typed
    assert "masked_after" not in records(masked, "session.channel")[0]


def test_a_rep_who_prints_a_prompt_hides_one_line_and_not_a_session(masked):
    terminal = Terminal(masked, masked.kim, prompt=r"\$ ")
    terminal.drain()
    terminal.child.sendline("printf Secret:; while :; do printf %08192d 1; sleep 0.01; done")
    shown = terminal.ended()
    assert "would be hidden from the recording" in shown, shown[-400:]
    assert_closes(masked)
    assert "could not be recorded" in records(masked, "session.ended")[-1]["reason"]


def test_a_policy_with_a_rule_that_cannot_be_applied_is_refused_and_the_one_in_force_stays(masked):
    masked.gate.set_limits("[recording]", 'mask_after = ["*:"]')
    assert "hmc-ssh.toml:3: 'mask_after' in [recording]" in masked.gate.reload()
    session, _, _ = tell_all(masked)
    assert CANARY not in (STATE / f"recordings/{session}/1.cast").read_text()


def test_of_a_policy_that_is_gone_nothing_new_is_recorded_because_its_rules_are_gone_too(masked):
    socket = masked.kim.folder / "master"
    master = masked.kim.start_ssh("-N", options=["-M", "-S", str(socket)])
    eventually(socket.exists, 10, "the master connection")
    assert masked.kim.ssh("true", options=["-S", str(socket)]).returncode == 0
    (CONFIG / "policies/hmc-ssh.toml").unlink()
    assert "stay" not in masked.gate.reload()
    refused = masked.kim.ssh("true", options=["-S", str(socket), "-tt"])
    assert refused.returncode != 0 and "too many channels" in refused.stdout + refused.stderr, refused
    assert not list(STATE.rglob("*.cast"))
    end_ssh(master)
    assert_closes(masked)
