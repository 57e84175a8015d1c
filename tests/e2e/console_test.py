"""The console: who may do what, exit codes, --json, and one line for every bad input."""
import json
import re
import select
import signal
import subprocess

import pytest
from lab import network
from lab.gate import console_environment
from support import Terminal, assert_closes, eventually, grant_id

ENABLE = ["enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from", "192.0.2.10/32"]
COMMANDS = [["enable"], ["list"], ["show"], ["revoke"], ["end"], ["status"], ["watch"], ["audit"], ["audit", "list"],
            ["audit", "show"], ["audit", "verify"], ["replay"], ["rep"], ["rep", "add"], ["rep", "list"],
            ["rep", "remove"], ["rep", "enroll"], ["rep", "show"], ["rep", "unenroll"], ["rep", "suspend"],
            ["rep", "resume"], ["target"], ["target", "add"], ["target", "list"],
            ["target", "scan"], ["check"], ["doctor"], ["setup"]]


def replaced(option, value):
    line = list(ENABLE)
    line[line.index(option) + 1] = value
    return line


# ---- what it prints

@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example(lab, command):
    lab.gate.configure()
    done = lab.gate.run_console("alice", *command, "--help")
    assert done.returncode == 0
    if len(command) > 1 or command[0] not in ("audit", "rep", "target"):
        assert "xample" in done.stdout, done.stdout


def test_enable_tells_what_to_tell_the_rep(site):
    done = site.gate.run_console("alice", *ENABLE, "--ticket", "PMR 4711", "--reason", "disk swap")
    assert done.returncode == 0, done
    assert re.search(r"ssh .*kim@", done.stdout) and site.gate.fingerprint in done.stdout
    (record,) = [record for record in site.gate.journal() if record["event"] == "grant.enabled"]
    assert (record["ticket"], record["reason"], record["enabled_by"]) == ("PMR 4711", "disk swap", "alice")


def test_every_listing_is_json_when_asked(armed):
    for command in (["list"], ["show", armed.grant], ["status"], ["rep", "list"], ["target", "list"], ["check"],
                    ["audit", "list"], ["audit", "verify"]):
        done = armed.gate.run_console("root", *command, "--json")
        assert done.returncode == 0, (command, done)
        json.loads(done.stdout)


def test_watch_shows_records_as_they_come(armed):
    watch = subprocess.Popen(armed.gate.console_command("sam", ["watch", "--json"]), stdout=subprocess.PIPE, text=True,
                             env=console_environment())
    eventually(lambda: armed.gate.reload() is not None and select.select([watch.stdout], [], [], 0.2)[0], 10, "that it watches")
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert_closes(armed)
    watch.send_signal(signal.SIGINT)
    seen = [json.loads(line).get("event") for line in watch.communicate(timeout=5)[0].splitlines()]
    assert "grant.claimed" in seen and "session.ended" in seen


def test_replay_shows_what_was_seen(armed):
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    terminal.leave()
    assert_closes(armed)
    session = [record["session"] for record in armed.gate.journal() if record["event"] == "session.ended"][0]
    done = armed.gate.run_console("sam", "replay", session, "--text")
    assert done.returncode == 0, done
    assert "V10R3" in done.stdout


def test_doctor_finds_the_hosts_own_firewall_in_the_way(site):
    assert site.gate.run_console("root", "doctor").returncode == 0, site.gate.run_console("root", "doctor")
    ruleset = "table inet host {\n chain input {\n type filter hook input priority 0; policy drop;\n }\n}\n"
    assert site.run("gate", "nft", "-f", "-", input=ruleset).returncode == 0
    try:
        done = site.gate.run_console("root", "doctor")
        assert done.returncode == 1 and "host" in done.stdout, done
    finally:
        site.run("gate", "nft", "delete", "table", "inet", "host")


# ---- who may do what

@pytest.mark.parametrize("user, allowed", [("root", True), ("alice", True), ("sam", False), ("mallory", False)])
def test_only_admins_enable(site, user, allowed):
    done = site.gate.run_console(user, *ENABLE)
    assert done.returncode == (0 if allowed else 1), done
    if not allowed:
        assert "sallyport-admin" in done.stdout + done.stderr
        assert "grant.enabled" not in site.gate.events()


@pytest.mark.parametrize("command", [["list"], ["status"], ["rep", "list"], ["target", "list"]], ids=" ".join)
def test_auditors_look_and_others_do_not(site, command):
    assert site.gate.run_console("sam", *command).returncode == 0
    done = site.gate.run_console("mallory", *command)
    assert done.returncode == 1
    assert "sallyport-admin" in done.stderr and "sallyport-auditor" in done.stderr


def test_an_auditor_cannot_end_revoke_or_change_anything(armed):
    for command in (["end", armed.grant], ["revoke", armed.grant], ["rep", "add", "new"], ["rep", "remove", "kim"],
                    ["rep", "enroll", "kim"]):
        assert armed.gate.run_console("sam", *command).returncode == 1, command
    assert armed.gate.events(armed.grant).count("grant.revoked") == 0


# ---- exit codes

def test_wrong_usage_is_two(site):
    for command in (["frobnicate"], ["enable", "--nonsense"], ["enable"], ["show"], []):
        assert site.gate.run_console("alice", *command).returncode == 2, command


def test_an_unreachable_daemon_is_three(site):
    site.gate.stop()
    done = site.gate.run_console("alice", "list")
    assert done.returncode == 3 and "sallyportd" in done.stderr, done


# ---- bad input: one line, what is wrong and what is known, nothing journaled as done

BAD = {
    "an unknown rep": (replaced("--rep", "nobody"), "kim"),
    "an unknown target": (replaced("--target", "nowhere"), "hmc1"),
    "an unknown policy": (replaced("--policy", "anything"), "hmc-ssh"),
    "a malformed network": (replaced("--from", "192.0.2.0/33"), "192.0.2.0/33"),
    "a network that is a name": (replaced("--from", "example.com"), "example.com"),
    "the whole internet": (replaced("--from", "0.0.0.0/0"), "0.0.0.0/0"),
    "a network with bits beyond its length": (replaced("--from", "192.0.2.10/24"), "192.0.2"),
    "one bad network of two": (replaced("--from", "192.0.2.10/32,nonsense"), "nonsense"),
    "a connect time of 0": ([*ENABLE, "--connect-within", "0s"], "0"),
    "a connect time over the policy's limit": ([*ENABLE, "--connect-within", "365d"], "policy"),
    "a session of 0": ([*ENABLE, "--for", "0m"], "0"),
    "a session over the policy's limit": ([*ENABLE, "--for", "1000h"], "policy"),
    "a duration that is none": ([*ENABLE, "--for", "soon"], "soon"),
    "a negative duration": ([*ENABLE, "--for", "-5m"], "-5m"),
    "an escape sequence in the ticket": ([*ENABLE, "--ticket", "\x1b[2J"], "ticket"),
    "a reason of a megabyte": ([*ENABLE, "--reason", "x" * 100_000], "reason"),
}


@pytest.mark.parametrize("case", BAD)
def test_enable_refuses(site, case):
    command, word = BAD[case]
    before = len(site.gate.journal())
    done = site.gate.run_console("alice", *command)
    assert done.returncode in (1, 2), done
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert word in lines[0] and "\x1b" not in lines[0], lines
    assert len(site.gate.journal()) == before
    assert site.gate.listening() == []


@pytest.mark.parametrize("command", [["show", "g-00000000"], ["revoke", "g-00000000"], ["end", "g-00000000"],
                                     ["rep", "remove", "nobody"], ["rep", "enroll", "nobody"],
                                     ["rep", "add", "../../etc/passwd"], ["rep", "add", "kim"],
                                     ["replay", "s-00000000"], ["target", "scan", "nowhere"]], ids=" ".join)
def test_other_commands_refuse_what_is_not_there(site, command):
    done = site.gate.run_console("root", *command)
    assert done.returncode in (1, 2), done
    assert len(done.stderr.strip().splitlines()) == 1, done


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '{"ask":7}', '{"ask":"frobnicate"}', '{"ask":"enable"}',
                                  '{"ask":"enable","rep":7,"target":{},"policy":[],"networks":"x"}', '{"ask":"list"',
                                  '{"ask":"show","grant":"' + "g" * 70_000 + '"}', "\x00\xff" * 50])
def test_a_malformed_question_is_refused_and_the_monitor_lives(site, line):
    program = ("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.settimeout(3)\n"
               "s.connect('/run/sallyport/control.sock')\n"
               "try:\n    s.sendall(sys.stdin.buffer.read()+b'\\n'); s.shutdown(1); sys.stdout.buffer.write(s.recv(65536))\n"
               "except OSError as e: print(e)")
    done = subprocess.run(["/usr/bin/python3", "-c", program], input=line.encode(errors="surrogateescape"),
                          capture_output=True, timeout=10)
    assert b'"ok":true' not in done.stdout
    assert site.gate.ask(ask="status")["ok"]


# ---- targets and reps

def test_a_target_is_pinned_only_with_the_expected_key(site):
    add = ["target", "add", "second", "--address", network.HMC2_4, "--user", "hscroot", "--login", "prompt"]
    done = site.gate.run_console("root", *add, "--expect", site.hmc1.fingerprint)
    assert done.returncode == 1, done
    assert "second" not in json.dumps(site.gate.console("root", "target", "list"))
    done = site.gate.run_console("root", *add, "--expect", site.hmc2.fingerprint)
    assert done.returncode == 0, done
    assert site.hmc2.fingerprint in json.dumps(site.gate.console("root", "target", "list"))


def test_without_an_expected_key_it_shows_the_fingerprint_and_asks(site):
    add = ["target", "add", "second", "--address", network.HMC2_4, "--user", "hscroot", "--login", "prompt"]
    done = site.gate.run_console("root", *add, input="no\n")
    assert done.returncode == 1 and site.hmc2.fingerprint in done.stdout + done.stderr, done
    assert "second" not in json.dumps(site.gate.console("root", "target", "list"))


def test_enrolling_shows_the_secret_once_as_text_and_as_a_qr_code(site):
    assert site.gate.run_console("root", "rep", "add", "lee").returncode == 0
    done = site.gate.run_console("root", "rep", "enroll", "lee")
    assert done.returncode == 0, done
    assert re.search(r"[A-Z2-7]{4}", done.stdout) and re.search("[\u2580-\u259f]", done.stdout)
    listed = json.dumps(site.gate.console("root", "rep", "list"))
    secret = max(re.findall(r"[A-Z2-7]{16,}", done.stdout.replace(" ", "")), key=len, default="none")
    assert secret not in listed


def test_a_removed_rep_cannot_be_enabled(site):
    assert site.gate.run_console("root", "rep", "remove", "kim").returncode == 0
    assert site.gate.run_console("alice", *ENABLE).returncode == 1


def test_ending_a_live_session(armed):
    terminal = Terminal(armed, armed.kim)
    assert armed.gate.run_console("alice", "end", armed.grant, "--reason", "enough").returncode == 0
    assert "enough" in terminal.ended(5)
    assert_closes(armed)
    eventually(lambda: "session.ended" in armed.gate.events(armed.grant), 3, "the record")


def test_grants_are_listed_with_their_states(site):
    grant = grant_id(site.enable())
    assert grant in site.gate.run_console("sam", "list").stdout
    assert site.gate.run_console("alice", "revoke", grant).returncode == 0
    assert grant not in site.gate.run_console("sam", "list").stdout
    assert "revoked" in site.gate.run_console("sam", "list", "--all").stdout
