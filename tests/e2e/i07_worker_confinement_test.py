"""I7: a worker holds no capability and can reach nothing but its channel and its two peers."""
import os
import subprocess
from pathlib import Path

from lab import network
from lab.gate import LOG
from support import Terminal, eventually


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def assert_confined(lab, pid):
    facts = status(pid)
    assert all(int(uid) != 0 for uid in facts["Uid"].split()), facts["Uid"]
    assert all(int(gid) != 0 for gid in facts["Gid"].split()), facts["Gid"]
    assert facts["Groups"].split() in ([], [facts["Gid"].split()[0]])
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[name], 16) == 0, f"{name} {facts[name]}"
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert os.listdir(f"/proc/{pid}/root") == []


def confined_worker(lab):
    (pid,) = eventually(lab.gate.workers, 5, "a worker")
    return eventually(lambda: status(pid)["Seccomp"] == "2" and pid, 3, "the worker's confinement")


def test_a_worker_is_confined_before_it_reads_a_byte_of_its_peer(armed):
    program = ("import socket,sys,time\ns=socket.create_connection((sys.argv[1],22),3)\ntime.sleep(3)")
    peer = subprocess.Popen(network.inside("rep", ["/usr/bin/python3", "-c", program, armed.kim.gate]))
    assert_confined(armed, confined_worker(armed))
    peer.kill()
    peer.wait()


def test_a_worker_of_a_live_session_is_confined_and_its_files_are_few(armed):
    terminal = Terminal(armed, armed.kim)
    (pid,) = armed.gate.workers()
    assert_confined(armed, pid)
    kinds = sorted(os.readlink(path).split(":")[0] for path in Path(f"/proc/{pid}/fd").iterdir())
    files = [kind for kind in kinds if kind.startswith("/") and kind not in ("/dev/null", str(LOG))]
    assert len(files) == 1 and files[0].endswith(".cast"), kinds
    writer = next(path for path in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(path).endswith(".cast"))
    flags = int((Path(f"/proc/{pid}/fdinfo") / writer.name).read_text().split("flags:")[1].split()[0], 8)
    assert flags & os.O_ACCMODE == os.O_WRONLY and flags & os.O_APPEND
    assert kinds.count("socket") <= 3, kinds
    terminal.leave()


def test_workers_do_not_see_each_other(armed):
    armed.enroll("lee")
    armed.enable(rep="lee", networks=["192.0.2.10/32"])
    first, second = Terminal(armed, armed.kim), Terminal(armed, armed.reps["lee"])
    one, two = armed.gate.workers()
    assert os.readlink(f"/proc/{one}/ns/pid") != os.readlink(f"/proc/{two}/ns/pid")
    assert status(one)["NSpid"].split()[1:] == ["1"]
    first.leave(), second.leave()


def test_a_killed_worker_ends_its_session_and_the_monitor_lives(armed):
    terminal = Terminal(armed, armed.kim)
    os.kill(armed.gate.workers()[0], 9)
    (ended,) = eventually(lambda: [record for record in armed.gate.journal() if record["event"] == "session.ended"], 3,
                          "the session's end")
    assert ended["reason"]
    assert armed.gate.ask(ask="status")["ok"]
    assert not armed.gate.listening() and not armed.gate.elements()
    terminal.child.close(force=True)
