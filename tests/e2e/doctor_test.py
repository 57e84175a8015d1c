"""doctor: with one thing broken at a time its line turns bad, says what is wrong and what to do next."""
import ctypes
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import network
from lab.files import LAB, STATE, write
from lab.gate import CONFIG, RUN, console_environment
from support import base_table_of_another

PAM = Path("/etc/pam.d/sallyport")
NAMES = ["kernel", "clock", "groups", "worker", "programs", "pam", "config", "content", "permissions", "host keys",
         "secrets", "records", "sending", "daemon", "grants", "nftables", "base table", "host firewall", "mark bit",
         "forwarding", "reverse path", "addresses", "ports", "metrics"]


def doctor(lab, *wrapper):
    """Its lines by name, and its exit code."""
    command = network.inside("gate", [*wrapper, str(LAB / "bin/sallyport"), "doctor", "--json"])
    done = subprocess.run(command, text=True, capture_output=True, timeout=20, env=console_environment())
    told = json.loads(done.stdout)
    assert [line["check"] for line in told["checks"]] == NAMES
    assert told["verdict"] == max((line["verdict"] for line in told["checks"]), key=["ok", "warn", "FAIL"].index)
    assert (done.returncode == 1) == (told["verdict"] == "FAIL") and done.returncode < 2
    return {line["check"]: line for line in told["checks"]}


# ---- what breaks, and how it is mended

@contextmanager
def moved_away(path):
    shutil.move(path, str(path) + ".away")
    try:
        yield
    finally:
        shutil.move(str(path) + ".away", path)


@contextmanager
def content(path, text):
    before, mode = path.read_text(), path.stat().st_mode & 0o777
    write(path, text(before), mode)
    try:
        yield
    finally:
        write(path, before, mode)


@contextmanager
def mode(path, bits):
    before = path.stat().st_mode & 0o7777
    os.chmod(path, bits)
    try:
        yield
    finally:
        os.chmod(path, before)


@contextmanager
def owner(path, uid):
    os.chown(path, uid, -1)
    try:
        yield
    finally:
        os.chown(path, 0, -1)


@contextmanager
def command(lab, broken, mended):
    assert lab.run("gate", *broken).returncode == 0
    yield
    lab.run("gate", *mended)


@contextmanager
def stopped(lab):
    lab.gate.stop()
    yield
    lab.gate.start()


def host_table(lab, chains):
    return command(lab, shell(f"printf 'table inet host {{ {chains}\n}}' | nft -f -"), ["nft", "delete", "table", "inet", "host"])


def shell(script):
    return ["sh", "-e", "-c", script]


def second_way(lab):
    return command(lab, shell("ip link add second type veth peer name second-peer; ip link set second-peer up; ip link set second up; "
                              "ip route add 198.51.100.0/24 dev second metric 100; "
                              "echo 1 >/proc/sys/net/ipv4/conf/hmc0/rp_filter"),
                   shell("ip link del second; echo 0 >/proc/sys/net/ipv4/conf/hmc0/rp_filter"))


def port_taken(lab):
    return listening(22)


def forwarded_port_taken(lab):
    return listening(443)


@contextmanager
def listening(port):
    program = f"import socket,time\ns=socket.create_server(('{network.GATE4}',{port}))\nprint(1,flush=True)\ntime.sleep(60)"
    taker = subprocess.Popen(network.inside("gate", ["/usr/bin/python3", "-S", "-c", program]), stdout=subprocess.PIPE)
    taker.stdout.readline()
    yield
    taker.kill()
    taker.communicate()


def without(name):
    return lambda text: "".join(line for line in text.splitlines(True) if not line.startswith(name + ":"))


# case: (line, verdict, what breaks it, a word of what is wrong, a word of what to do)
BROKEN = {
    "no PAM file": ("pam", "FAIL", lambda lab: moved_away(PAM), str(PAM), "packaging/pam.d/sallyport"),
    "a PAM module that is not there": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "pam_unix.so  nodelay", "pam_not_there.so")), "pam_not_there.so", "install"),
    "a PAM file that includes one that is not there": ("pam", "FAIL", lambda lab: content(
        PAM, lambda text: text + "@include common-nothing\n"), "common-nothing", "install"),
    "a PAM file without an account phase": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "account   required    pam_unix.so", "")), "no account phase", "account required pam_unix.so"),
    "a PAM file without an auth phase": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "auth      required", "session   required")), "no auth phase", "auth required pam_unix.so"),
    "a PAM stack that lets anybody in": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "pam_unix.so  nodelay", "pam_permit.so")), "lets anybody in", "docs/PAM.md"),
    "a directory that cannot be asked": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "pam_unix.so  nodelay", "pam_debug.so auth=authinfo_unavail")), "cannot be asked", "sssd"),
    "a module that does not work": ("pam", "FAIL", lambda lab: content(PAM, lambda text: text.replace(
        "pam_unix.so  nodelay", "pam_debug.so auth=service_err")), "does not work", "journalctl"),
    "an account phase that refuses nobody": ("pam", "warn", lambda lab: content(PAM, lambda text: text.replace(
        "account   required    pam_unix.so", "account   required    pam_permit.so")), "refuses nobody", "pam_unix.so"),
    "a config file that a group may write": ("config", "FAIL", lambda lab: mode(CONFIG / "sallyport.toml", 0o664),
                                             "sallyport.toml", "sallyport check"),
    "a config file of somebody else": ("config", "FAIL", lambda lab: owner(CONFIG / "sallyport.toml", 2003),
                                       "sallyport.toml", "sallyport check"),
    "a policy that is no TOML": ("config", "FAIL", lambda lab: content(
        CONFIG / "policies/hmc-ssh.toml", lambda text: text + "nonsense = [\n"), "hmc-ssh.toml", "sallyport check"),
    "a config folder that a group may write": ("permissions", "FAIL", lambda lab: mode(CONFIG, 0o775),
                                               str(CONFIG), "chmod 755"),
    "secrets that others may list": ("permissions", "FAIL", lambda lab: mode(CONFIG / "secrets", 0o755),
                                     "secrets", "chmod 700"),
    "a state folder that others may read": ("permissions", "FAIL", lambda lab: mode(STATE, 0o755),
                                            str(STATE), "chmod 750"),
    "a state folder of somebody else": ("permissions", "FAIL", lambda lab: owner(STATE, 2003), str(STATE),
                                        "chown root"),
    "a socket folder that others may write": ("permissions", "FAIL", lambda lab: mode(RUN, 0o777), str(RUN), "chmod"),
    "no group of admins": ("groups", "FAIL", lambda lab: content(Path("/etc/group"), without("sallyport-admin")),
                           "sallyport-admin", "groupadd"),
    "nobody in the group of admins": ("groups", "warn", lambda lab: content(
        Path("/etc/group"), lambda text: text.replace("sallyport-admin:x:2100:alice", "sallyport-admin:x:2100:")),
        "nobody", "usermod"),
    "no account for workers": ("worker", "FAIL", lambda lab: content(Path("/etc/passwd"), without("sallyport-ssh")),
                               "sallyport-ssh", "useradd"),
    "a worker account that is root": ("worker", "FAIL", lambda lab: content(
        Path("/etc/passwd"), lambda text: text.replace("sallyport-ssh:x:2000:", "sallyport-ssh:x:0:")),
        "root", "id of its own"),
    "a daemon that does not run": ("daemon", "FAIL", stopped, "sallyportd", "systemctl status sallyportd"),
    "another's base table": ("base table", "FAIL", base_table_of_another, "sallyport_base", "restart"),
    "forwarding switched off": ("forwarding", "FAIL", lambda lab: command(
        lab, shell("echo 0 >/proc/sys/net/ipv4/ip_forward"), shell("echo 1 >/proc/sys/net/ipv4/ip_forward")), "IPv4",
        "ip_forward=1"),
    "another's rule that sets the mark": ("mark bit", "FAIL", lambda lab: host_table(
        lab, "chain pre { type filter hook prerouting priority -300; meta mark set 0xffffffff; }"), "table inet host", "mark_bit"),
    "a host firewall that drops what is routed": ("host firewall", "FAIL", lambda lab: host_table(
        lab, "chain routed { type filter hook forward priority 0; policy drop; }"), "chain routed", "accept"),
    "a host firewall that drops the way to the HMC": ("host firewall", "FAIL", lambda lab: host_table(
        lab, "chain out { type filter hook output priority 0; tcp dport 22 drop; }"), "to the targets", "accept"),
    "two ways to the HMC under strict reverse-path filtering": ("reverse path", "warn", second_way, "rp_filter", "one route"),
    "somebody on a forwarded port": ("ports", "warn", forwarded_port_taken, "443", "another port"),
    "somebody on the gate's port": ("ports", "FAIL", port_taken, network.GATE4, "ListenAddress"),
    "a rep without a secret": ("content", "warn", lambda lab: moved_away(CONFIG / "secrets/reps/kim"), "kim",
                               "sallyport rep enroll kim"),
}


@pytest.fixture(scope="module")
def well(lab):
    """A gate in good health, for all tests of this file."""
    lab.fresh()
    yield lab
    lab.gate.stop()


def test_a_healthy_gate_has_nothing_wrong(well):
    lines = doctor(well)
    bad = {name: line for name, line in lines.items() if line["verdict"] != "ok" and name != "clock"}
    assert not bad, bad


@pytest.mark.parametrize("case", BROKEN)
def test_one_broken_thing_turns_its_line_and_says_what_to_do(well, case):
    name, verdict, broken, wrong, next_step = BROKEN[case]
    with broken(well):
        line = doctor(well)[name]
        shown = well.gate.run_console("root", "doctor").stdout
    assert line["verdict"] == verdict, line
    assert wrong in line["text"] and next_step in line["fix"], line
    assert f"{verdict:<4}  {name}" in shown and "to do: " in shown and next_step in shown, "people see the same"
    assert doctor(well)[name]["verdict"] == "ok", "it is well again, so it was that and nothing else"


def test_a_kernel_that_cannot_own_a_table_is_too_old(well):
    line = doctor(well, "setarch", "--uname-2.6")["kernel"]  # what uname(2) says, nothing else
    assert line["verdict"] == "FAIL" and "2.6" in line["text"] and "5.12" in line["fix"], line


def test_the_clocks_line_says_what_the_kernel_knows(well):
    state = ctypes.create_string_buffer(256)
    outcome = ctypes.CDLL(None).adjtimex(state)
    status = int.from_bytes(state.raw[40:44], "little")  # struct timex: modes, offset, freq, maxerror, esterror
    line = doctor(well)["clock"]
    if outcome == 5 or status & 0x40:  # TIME_ERROR, STA_UNSYNC
        assert line["verdict"] == "warn" and "not synchronised" in line["text"] and "chrony" in line["fix"], line
    else:
        assert line["verdict"] == "ok" and not line["fix"], line


def test_without_rights_it_says_so_and_does_not_call_the_gate_ill(well):
    done = well.gate.run_console("alice", "doctor", "--json")
    told = {line["check"]: line for line in json.loads(done.stdout)["checks"]}
    assert told["nftables"]["verdict"] == "warn" and "root" in told["nftables"]["fix"], told
    assert told["daemon"]["verdict"] == "ok"


def test_it_changes_nothing(well):
    before = (well.gate.nft(), well.gate.events(), sorted(map(str, CONFIG.rglob("*"))))
    doctor(well)
    assert (well.gate.nft(), well.gate.events(), sorted(map(str, CONFIG.rglob("*")))) == before
