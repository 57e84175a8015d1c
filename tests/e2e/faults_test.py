"""Faults around a session: the rep sees a sentence within 10 s, the journal the reason, the grant is not spent."""
import subprocess
import time
from pathlib import Path

import pytest
from lab import network
from lab.files import STATE, write
from lab.gate import CONFIG
from support import assert_closes, eventually, grant_id, state_of


def assert_sentence_and_not_spent(lab, grant, *words):
    started = time.monotonic()
    done = lab.kim.ssh("lshmc -V", timeout=20)
    assert time.monotonic() - started < 10
    assert done.returncode == 255, done
    assert any(word in done.stderr.lower() for word in words), done.stderr
    assert state_of(lab, grant) == "armed"
    (released,) = [record for record in lab.gate.journal() if record["event"] == "grant.released"][-1:]
    assert any(word in released["reason"].lower() for word in words), released
    assert not [line for line in lab.gate.elements() if "198.51.100" in line], "the way to the target is closed"


def grant_to(lab, name, **target):
    lab.add_target(name, **target)
    return grant_id(lab.enable(target=name))


def test_a_refusing_target(site):
    grant = grant_to(site, "refusing", port=23)
    assert_sentence_and_not_spent(site, grant, "refused", "reach")


def test_a_silent_target(site):
    grant = grant_to(site, "silent", addresses=[network.SILENT4])
    assert_sentence_and_not_spent(site, grant, "reach", "timed out", "answer")


def test_a_target_that_accepts_and_says_nothing(site):
    program = "import socket,time\ns=socket.create_server(('198.51.100.20',2222))\nk=[s.accept() for i in range(9)]"
    mute = subprocess.Popen(network.inside("hmc", ["/usr/bin/python3", "-c", program]))
    try:
        grant = grant_to(site, "mute", port=2222, addresses=[network.HMC1_4])
        eventually(lambda: ":2222" in site.run("hmc", "ss", "-Htln").stdout, 3, "the mute server")
        assert_sentence_and_not_spent(site, grant, "answer", "timed out", "reach")
    finally:
        mute.kill()
        mute.wait()


def test_a_target_with_another_host_key_gets_no_credential(site):
    reply = site.gate.ask(ask="target.add", name="swapped", addresses=site.hmc2.addresses, user="hscroot",
                          login="password", host_keys=[site.hmc1.public_key], secret=site.hmc_password())
    assert reply["ok"], reply
    before = site.hmc2.log
    grant = grant_id(site.enable(target="swapped"))
    assert_sentence_and_not_spent(site, grant, "host key")
    new = site.hmc2.log[len(before):]
    assert "Failed" not in new and "Accepted" not in new, new


def test_a_target_that_refuses_the_stored_password(site):
    grant = grant_to(site, "wrong", secret="not-the-password")
    assert_sentence_and_not_spent(site, grant, "does not let the rep in")


def test_the_same_grant_works_once_the_target_is_back(site):
    grant = grant_id(site.enable())
    site.hmc1.stop()
    assert_sentence_and_not_spent(site, grant, "refused", "reach")
    site.hmc1.start()
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert_closes(site)
    assert state_of(site, grant) == "spent"


def test_the_second_address_is_tried_when_the_first_is_silent(site):
    grant_to(site, "two", addresses=[network.SILENT4, network.HMC1_4])
    assert site.kim.ssh("lshmc -V", timeout=20).returncode == 0


def test_the_policy_can_say_that_a_failed_dial_spends_the_grant(site):
    site.gate.set_limits("failed_dial_spends = true")
    site.gate.reload()
    site.add_target("refusing", port=23)
    for _ in range(4):  # once more than once: the end must not overtake the sentence
        grant = grant_id(site.enable(target="refusing"))
        done = site.kim.ssh("lshmc -V", timeout=10)
        assert done.returncode == 255 and "reach" in done.stderr
        eventually(lambda: state_of(site, grant) == "spent", 3, "the grant's end")
        assert_closes(site)


def test_a_pam_module_that_hangs_costs_that_login_only(site):
    pam = Path("/etc/pam.d/sallyport")
    old, settings = pam.read_text(), (CONFIG / "sallyport.toml").read_text()
    site.gate.stop()
    write(CONFIG / "sallyport.toml", settings + '\n[login]\nhelper_deadline = "2s"\n')
    site.gate.start()
    grant = grant_id(site.enable())
    write(pam, "auth required pam_exec.so quiet /bin/sleep 60\n" + old)
    try:
        started = time.monotonic()
        assert site.kim.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1"]).returncode == 255
        assert time.monotonic() - started < 10
    finally:
        write(pam, old)
    assert site.gate.ask(ask="status")["ok"]
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert_closes(site)
    assert state_of(site, grant) == "spent"


@pytest.mark.parametrize("length", [1, 40, 200])
def test_a_torn_last_line_is_cut_off_and_noted(armed, length):
    armed.gate.kill()
    (journal,) = sorted(STATE.rglob("journal-*.jsonl"))[-1:]
    last = journal.read_bytes().splitlines()[-1]
    with open(journal, "ab") as file:
        file.write(last[:length])
    armed.gate.start()
    assert state_of(armed, armed.grant) == "armed"
    assert "journal.recovered" in armed.gate.events()
    assert armed.gate.run_console("root", "audit", "verify").returncode == 0


def test_a_changed_record_is_an_alarm_and_nothing_is_armed(armed):
    armed.gate.kill()
    (journal,) = sorted(STATE.rglob("journal-*.jsonl"))[-1:]
    text = journal.read_bytes()
    journal.write_bytes(text.replace(b'"rep":"kim"', b'"rep":"kin"', 1))
    started = armed.gate.start()
    if started:
        reply = armed.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
        assert not reply["ok"]
    else:
        assert "journal" in armed.gate.log()
        armed.gate.process.wait(5)
        armed.gate.process = None
    assert armed.gate.listening() == [] and armed.gate.elements() == []
    done = armed.gate.run_console("root", "audit", "verify")
    assert done.returncode == 1 and done.stdout + done.stderr
