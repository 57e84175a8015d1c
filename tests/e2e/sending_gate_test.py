"""Sending on, as a site has it: the gate, rsyslog over TLS, TCP and a unix socket, sallyport-send without privileges;
and the gate itself never waits.

Runs in: packaging/lab's namespaces.
"""
import json
import os
import pwd
import re
import signal
import statistics
import subprocess
import time

import certificates
import pytest
from lab.files import LAB, STATE
from lab.gate import CONFIG, SETTINGS
from lab.network import inside
from rsyslog import Rsyslog, keys_in, tcp_input, unix_input
from sending import until

SEND, LOGS = STATE.parent / "sallyport-send", LAB / "syslog"
WAYS = {"tls": "tls:127.0.0.1:6514", "tcp": "tcp:127.0.0.1:6516",
        "local": f"unix:{LOGS}/socket"}


def rsyslog_for(way):
    if way == "local":
        source = unix_input(f"{LOGS}/socket")
    else:
        source = tcp_input(WAYS[way].rsplit(":", 1)[1], "ossl" if way == "tls" else None)
    return Rsyslog(LOGS, way, source, keys_in(LOGS / "keys", "siem"), lambda command: inside("gate", command))


def journal_lines():
    return [line for file in sorted((STATE / "journal").glob("*.jsonl")) for line in file.read_bytes().splitlines()]


def position(way):
    try:
        return json.loads((SEND / f"{way}.json").read_text()).get("seq", 0)
    except FileNotFoundError:
        return 0


def enable_and_revoke(lab, times):
    """How long each act took, in ms."""
    took = []
    for _ in range(times):
        begun = time.monotonic()
        reply = lab.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
        grant = reply["result"]["grant"]
        took.append(1000 * (time.monotonic() - begun))
        assert lab.gate.ask(ask="revoke", grant=grant["id"] if isinstance(grant, dict) else grant, reason="next")["ok"]
    return took


@pytest.fixture
def sending(site):
    (LOGS / "keys").mkdir(parents=True)
    tls = certificates.of_a_receiver(LOGS / "keys")
    account = pwd.getpwnam("sallyport-send")
    os.chown(LOGS / "keys/gate.key", 0, account.pw_gid)
    tables = "".join(f'[[send]]\nname = "{way}"\nto = "{to}"\npatience = "3s"\n' + (tls if to.startswith("tls") else "")
                     for way, to in WAYS.items())
    (CONFIG / "sallyport.toml").write_text(SETTINGS + tables)
    SEND.mkdir()
    os.chown(SEND, account.pw_uid, account.pw_gid)
    site.account, site.sender = account, None
    yield site
    if site.sender:
        site.sender.kill()
    subprocess.run(["rm", "-rf", LOGS, SEND], check=True)


def start_sender(site):
    """As the unit does: its own account, one more group, no capability, no new privileges."""
    account = site.account
    with open(LOGS / "send.log", "ab") as log:
        command = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--groups=2101",
                   "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", f"{LAB}/bin/sallyport-send"]
        site.sender = subprocess.Popen(inside("gate", command), stderr=log, stdout=log, stdin=subprocess.DEVNULL)


def test_rsyslog_restarts_and_dies_on_every_way_and_every_record_is_there(sending):
    site = sending
    start_sender(site)
    site.gate.console("root", "check")
    enable_and_revoke(site, 3)
    rsyslogs = {way: rsyslog_for(way) for way in WAYS}
    for rsyslog in rsyslogs.values():
        rsyslog.start()
    for number in (signal.SIGTERM, signal.SIGKILL):
        enable_and_revoke(site, 8)
        for way, rsyslog in rsyslogs.items():
            until(lambda: rsyslog.lines(), what=f"a record over {way}")
            rsyslog.stop(number)
        enable_and_revoke(site, 3)
        for rsyslog in rsyslogs.values():
            rsyslog.start()
    enable_and_revoke(site, 3)
    expected = journal_lines()
    for way, rsyslog in rsyslogs.items():
        until(lambda: position(way) == len(expected), 20, f"the position of {way}")
        until(lambda: set(rsyslog.lines()) >= set(expected), 5, f"every record over {way}")
        assert list(dict.fromkeys(rsyslog.lines())) == expected, way
        said = {each["name"]: each for each in site.gate.console("root", "audit", "sending")["destinations"]}
        assert said[way]["waiting"] == 0 and "problem" not in said[way], said
        said = {each["name"]: each for each in site.gate.console("alice", "status")["sending"]}
        assert said[way]["seq"] == len(expected) and said[way]["waiting"] == 0, said
    site.sender.terminate()
    assert site.sender.wait(10) == 0
    for rsyslog in rsyslogs.values():
        rsyslog.stop()


def test_doctor_tells_a_destination_that_is_far_behind(sending):
    enable_and_revoke(sending, 1)
    start_sender(sending)
    until(lambda: "refused" in (SEND / "tcp.json").read_text() if (SEND / "tcp.json").exists() else False)
    checks = json.loads(sending.gate.run_console("root", "--json", "doctor").stdout)["checks"]
    check = next(each for each in checks if each["check"] == "sending")
    assert check["verdict"] == "warn" and "refused" in check["text"] and "takes connections" in check["fix"], check
    shown = sending.gate.run_console("sam", "audit", "sending").stdout  # an auditor, without root
    assert "refused" in shown, shown
    head = journal_lines()
    for person in ("alice", "sam"):  # an admin may not read the journal
        shown = sending.gate.run_console(person, "status").stdout
        assert re.search(rf"^  sending      tcp: nothing is there yet, {len(head)} wait: .*refused, since \d{{4}}-", shown,
                         re.MULTILINE), shown
    told = {each["name"]: each for each in sending.gate.console("alice", "status")["sending"]}
    assert set(told) == set(WAYS) and told["tcp"]["head"] == told["tcp"]["waiting"] == len(head), told
    assert "refused" in told["tcp"]["problem"] and "late" not in told["tcp"], told


def test_the_gate_does_not_wait_for_a_receiver_that_takes_nothing(sending):
    """Acts beside a sender whose receivers are all stopped, and without one: the same journal, the same disk."""
    rsyslogs = [rsyslog_for(way) for way in WAYS]
    for rsyslog in rsyslogs:
        rsyslog.start()
    until(lambda: (LOGS / "socket").exists())
    time.sleep(0.5)
    for rsyslog in rsyslogs:
        rsyslog.process.send_signal(signal.SIGSTOP)
    without, beside = [], []
    for _ in range(3):
        without += enable_and_revoke(sending, 12)
        start_sender(sending)
        time.sleep(0.3)
        beside += enable_and_revoke(sending, 12)
        sending.sender.kill()
        sending.sender.wait()
        sending.sender = None
    for rsyslog in rsyslogs:
        rsyslog.process.send_signal(signal.SIGCONT)
        rsyslog.stop(signal.SIGKILL)
    alone, together = statistics.median(without), statistics.median(beside)
    print(f"enable: median {alone:.1f} ms alone, {together:.1f} ms beside a sender that cannot send")
    assert together < 2 * alone + 20
    assert max(beside) < 2000
