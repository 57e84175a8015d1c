"""I5: a privileged act takes effect only after its record is on stable storage; else it is refused."""
import contextlib
import re
import signal
import subprocess
import time
from pathlib import Path

from lab.files import LAB, STATE
from support import Terminal, eventually, grant_id, state_of


def fill_disk():
    path = STATE / "filler"
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return path


def test_nothing_is_enabled_on_a_full_disk_and_it_recovers_without_restart(site):
    filler = fill_disk()
    reply = site.gate.ask("alice", ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
    assert not reply["ok"] and reply["refused"].count("\n") == 0, reply
    assert site.gate.listening() == [] and site.gate.elements() == []
    filler.unlink()
    assert site.enable()
    assert site.kim.ssh("lshmc -V").returncode == 0


def test_no_session_begins_on_a_full_disk(armed):
    filler = fill_disk()
    assert armed.kim.ssh("lshmc -V").returncode == 255
    assert state_of(armed, armed.grant) == "armed"
    filler.unlink()
    time.sleep(1)
    assert armed.kim.ssh("lshmc -V").returncode == 0


@contextlib.contextmanager
def failing_disk(lab):
    """While it lasts every sync of the monitor fails, as on a disk that breaks."""
    tracer = subprocess.Popen(["strace", "-qq", "-o", str(LAB / "trace"), "-p", str(lab.gate.pid), "-e", "trace=fdatasync,fsync",
                               "-e", "inject=fdatasync,fsync:error=EIO"], stdin=subprocess.DEVNULL)
    eventually(lambda: f"TracerPid:\t{tracer.pid}" in Path(f"/proc/{lab.gate.pid}/status").read_text(), 3, "the tracer")
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()


def test_nothing_is_enabled_when_the_disk_fails_and_it_recovers_without_restart(site):
    with failing_disk(site):
        assert not site.gate.ask("alice", ask="enable", rep="kim", target="hmc1", policy="hmc-ssh",
                                 networks=["192.0.2.10/32"])["ok"]
        assert site.gate.listening() == [] and site.gate.elements() == []
    site.enable()
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert site.gate.run_console("root", "audit", "verify").returncode == 0


def test_no_session_begins_when_the_disk_fails(armed):
    before = armed.hmc1.log.count("Accepted")
    with failing_disk(armed):
        assert armed.kim.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1"]).returncode == 255
        assert armed.hmc1.log.count("Accepted") == before, "the target has seen nobody"
    assert armed.gate.run_console("root", "audit", "verify").returncode == 0
    assert armed.kim.ssh("lshmc -V").returncode == 0


def test_a_live_session_ends_when_the_disk_fails(armed):
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    with failing_disk(armed):
        # Any act that must be recorded finds out; an idle disk says nothing.
        assert not armed.gate.ask("alice", ask="enable", rep="kim", target="hmc1", policy="hmc-ssh",
                                  networks=["192.0.2.10/32"])["ok"]
        assert "record" in terminal.ended(5)
        eventually(lambda: not armed.gate.elements(), 3, "closing")
    eventually(lambda: "session.ended" in armed.gate.events(armed.grant), 5, "the record, once the disk works")
    assert armed.gate.run_console("root", "audit", "verify").returncode == 0
    assert state_of(armed, armed.grant) == "spent"


def test_the_record_is_synced_before_the_port_listens(site):
    site.gate.stop()
    trace = LAB / "trace"
    site.gate.start(wrapper=["strace", "-qq", "-o", str(trace), "-s", "4096", "-e",
                             "trace=write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,listen,sendmsg,sendto"])
    grant = grant_id(site.enable())
    assert site.kim.ssh("lshmc -V").returncode == 0
    eventually(lambda: state_of(site, grant) == "spent", 3, "the session's end")
    site.gate.stop()
    calls = trace.read_text(errors="replace").splitlines()

    def first(pattern, after=0):
        return next(index for index, line in enumerate(calls) if index > after and re.search(pattern, line))

    enabled = first(r'write.*grant\.enabled')
    synced = first(r"f(data)?sync\(.*= 0", enabled)
    listens = [index for index, line in enumerate(calls) if line.startswith("listen(")]
    assert len([index for index in listens if index < enabled]) == 1, "before that, only the console's own socket"
    assert enabled < synced < first(r"listen\(", enabled)
    assert synced < first(r"NFT_MSG_NEWSETELEM", enabled), "nothing is opened in the kernel before the record"
    claimed = first(r'write.*grant\.claimed')
    assert claimed < first(r"f(data)?sync\(.*= 0", claimed) < first(r'write.*session\.connected')
