"""A monitor killed at any system call that writes, syncs, renames or sends leaves nothing open and forgets nothing.

Each round runs the whole main job under strace, which kills the monitor as it enters its Nth call of one kind; N
grows until a run ends by itself, for each kind that an undisturbed run makes. After each kill: nothing is open, the
worker is gone; after the restart every acknowledged grant is known, and a claimed one admits nobody.
"""
import collections
import contextlib
import itertools
import os
import re
import signal
import time

from lab.files import LAB
from support import eventually

CALLS = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range", "rename",
         "renameat", "renameat2", "ftruncate", "fallocate", "sendto", "sendmsg", "sendmmsg", "unlink", "unlinkat",
         "mkdir", "mkdirat")
TRACE = LAB / "sweep"
SECONDS = float(os.environ.get("SALLYPORT_SWEEP_SECONDS", "840"))  # all rounds together
FIRST, STEP = map(int, os.environ.get("SALLYPORT_SWEEP_PART", "1/1").split("/"))  # "2/3": every third call from the second


def tracer(*inject):
    return ["strace", "-qq", "-o", str(TRACE), "-s", "0", "-e", "trace=" + ",".join(CALLS),
            *(["-e", "inject={}:signal=SIGKILL:when={}".format(*inject)] if inject else [])]


class Round:
    """One run of the main job."""

    def __init__(self, lab, *inject):
        self.lab, self.inject = lab, inject
        self.enabled = None    # the grant that the console acknowledged
        self.admitted = False  # whether the rep's command ran

    def __str__(self):
        return "killed at {} number {}".format(*self.inject) if self.inject else "undisturbed"

    def run(self):
        """The main job; True when the monitor was killed on the way."""
        if self.lab.gate.start(wrapper=tracer(*self.inject), wait=30) is not None and self.enable():
            self.work()
            if self.lab.gate.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):  # killed, and strace has not ended yet
                    os.kill(self.lab.gate.pid, signal.SIGTERM)
        return self.died()

    def enable(self):
        reply = self.lab.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
        if reply["ok"]:
            grant = reply["result"]["grant"]
            self.enabled = grant["id"] if isinstance(grant, dict) else grant
        return reply["ok"]

    def work(self):
        rep = self.lab.kim.start_ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=5"])
        while rep.poll() is None and self.lab.gate.process.poll() is None:
            time.sleep(0.01)
        if rep.poll() is None:  # its peer is gone and its packets are dropped: it would wait for long
            time.sleep(0.05)
            rep.kill()
        self.admitted = "V10R3" in rep.communicate()[0]
        while self.lab.gate.process.poll() is None and not self.is_over():
            time.sleep(0.01)

    def is_over(self):
        reply = self.lab.gate.ask(ask="show", grant=self.enabled)
        return not reply["ok"] or reply["result"]["grant"]["state"] != "active"

    def died(self):
        code = self.lab.gate.process.wait(20)
        killed = code in (-signal.SIGKILL, 128 + signal.SIGKILL)
        assert killed or code == 0, f"{self}: sallyportd ended with {code}\n{self.lab.gate.log()[-1500:]}"
        time.sleep(0.010)
        assert "sallyport_live" not in self.lab.gate.tables(), f"{self}: the live table is still there"
        eventually(lambda: not self.lab.gate.workers(), 1, f"{self}: the worker's end")
        assert self.lab.gate.listening() == [], str(self)
        self.lab.gate.process = None
        return killed

    def check_after_restart(self):
        before = self.lab.gate.journal()
        named = lambda event: {record["grant"] for record in before if record["event"] == event}  # noqa: E731
        used = named("grant.claimed") - named("grant.released")
        if self.enabled:
            assert self.enabled in named("grant.enabled"), f"{self}: an acknowledged grant is missing"
        if self.admitted:
            assert self.enabled in used, f"{self}: a session without a record of its claim"
        assert self.lab.gate.start() is not None, f"{self}: no restart\n{self.lab.gate.log()[-1500:]}"
        for grant in self.lab.gate.ask(ask="list", all=True)["result"]["grants"]:
            if grant["id"] in used:
                assert grant["state"] in ("spent", "revoked"), f"{self}: {grant}"
            if grant["state"] == "armed":
                assert self.lab.gate.ask(ask="revoke", grant=grant["id"], reason="next round")["ok"]
        assert self.lab.gate.listening() == [] and self.lab.gate.elements() == [], f"{self}: open after the restart"
        assert self.lab.gate.stop() == 0


def counts():
    """How often the undisturbed run made each call."""
    return collections.Counter(re.match(r"(\w+)\(", line)[1] for line in TRACE.read_text().splitlines()
                               if re.match(r"\w+\(", line))


def test_the_main_job_killed_at_every_call(lab):
    lab.kim = lab.fresh()
    assert lab.gate.stop() == 0
    whole = Round(lab)
    assert not whole.run() and whole.admitted, "the run that nobody kills does the main job"
    kinds = counts()
    whole.check_after_restart()
    assert kinds["fdatasync"] >= 3 and kinds["sendmsg"] + kinds["sendto"] >= 3, kinds
    started, rounds, enabled, admitted = time.monotonic(), 0, 0, 0
    for kind in kinds:
        for number in itertools.count(FIRST, STEP):
            rounds += 1
            one = Round(lab, kind, number)
            killed = one.run()
            one.check_after_restart()
            enabled, admitted = enabled + bool(one.enabled), admitted + one.admitted
            assert time.monotonic() - started < SECONDS, f"only {rounds} rounds in {SECONDS:.0f} s, calls: {kinds}"
            if not killed:
                break
        assert one.admitted, f"{one}: the run that ended by itself did the main job"
    print(f"{rounds} rounds in {time.monotonic() - started:.0f} s, {enabled} with a grant acknowledged, {admitted} with "
          f"the rep's command run; calls of one run: {dict(kinds)}")
