"""The journal in segments, with signed heads, as an admin and an auditor meet them; and no kill while a new segment
begins loses an acknowledged act or the journal.

Runs in: packaging/lab's namespaces.
"""
import contextlib
import os
import re
import signal
import subprocess
import time

from lab.files import LAB, STATE
from lab.gate import SETTINGS
from support import eventually

CALLS = ("write", "fsync", "fdatasync", "rename", "ftruncate", "fallocate", "unlink")
SHORT = SETTINGS + "\n[journal]\nsegment_records = 10\n"
TRACE, BEFORE = LAB / "segments-trace", LAB / "state-before"


def segments():
    return sorted((STATE / "journal").glob("*.jsonl"))


def enable_and_revoke(lab, times=1):
    """Acknowledged grants, each revoked again: four records each."""
    ids = []
    for _ in range(times):
        reply = lab.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
        if not reply["ok"]:
            break
        grant = reply["result"]["grant"]
        ids.append(grant["id"] if isinstance(grant, dict) else grant)
        if not lab.gate.ask(ask="revoke", grant=ids[-1], reason="next")["ok"]:
            break
    return ids


def verified(lab, *words):
    return lab.gate.console("root", "audit", "verify", *words)


def test_segments_heads_and_proofs_as_people_meet_them(lab):
    lab.kim = lab.fresh()
    assert lab.gate.stop() == 0
    lab.gate.configure(SHORT)
    assert lab.gate.start() is not None
    enable_and_revoke(lab, 8)
    assert len(segments()) >= 3
    first = segments()[0].read_bytes()
    assert lab.gate.stop() == 0
    assert lab.gate.start() is not None
    assert segments()[0].read_bytes() == first
    said = verified(lab)
    assert said["whole"] and said["heads"]["checked"] >= 1, said
    # A head that was carried away; more happens; it is continued. Then the end is cut off.
    kept = LAB / "kept-heads"
    kept.write_bytes((STATE / "heads").read_bytes())
    enable_and_revoke(lab, 2)
    assert verified(lab, "--head", str(kept))["whole"]
    grant = enable_and_revoke(lab)[0]
    assert lab.gate.stop() == 0  # signs the last head
    proofs = LAB / "proofs"
    assert lab.gate.run_console("root", "audit", "prove", grant, "--out", str(proofs)).returncode == 0
    key = str(STATE / "journal-key.pub")
    proven = lab.gate.run_console("root", "audit", "verify-proof", str(proofs), "--key", key)
    assert proven.returncode == 0 and "grant.revoked" in proven.stdout, proven

    whole = {path: path.read_bytes() for path in segments()}
    last = segments()[-1]
    lines = last.read_bytes().splitlines(keepends=True)
    last.write_bytes(b"".join(lines[:-1]))
    assert lab.gate.start() is None and "rolled back" in lab.gate.log()[-2000:]
    assert "shortened" in lab.gate.run_console("root", "audit", "verify", "--head", str(STATE / "heads")).stdout
    last.write_bytes(whole[last])
    # A damaged record in the last segment: refused, acknowledged, and the gate runs again with nothing live.
    last.write_bytes(whole[last].replace(b'"seq"', b'"sEq"', 1))
    assert lab.gate.start() is None and "acknowledge" in lab.gate.log()[-2000:]
    done = lab.gate.run_console("root", "audit", "acknowledge", "--reason", "a test")
    assert done.returncode == 0, done
    assert lab.gate.start() is not None
    assert "acknowledged by" in lab.gate.run_console("root", "audit", "verify").stdout
    assert lab.gate.ask(ask="list")["result"]["grants"] == []
    assert enable_and_revoke(lab, 2)
    assert lab.gate.stop() == 0


def tracer(kind, number):
    return ["strace", "-qq", "-o", str(TRACE), "-s", "200", "-e", "trace=" + ",".join(CALLS),
            *(["-e", f"inject={kind}:signal=SIGKILL:when={number}"] if kind else [])]


def one_round(lab, kind=None, number=0):
    """Starts, does acts over more than one segment, is killed on the way; True if it was."""
    subprocess.run(f"find {STATE} -mindepth 1 -delete && cp -a {BEFORE}/. {STATE}", shell=True, check=True)
    acknowledged = []
    if lab.gate.start(wrapper=tracer(kind, number), wait=30) is not None:
        before = len(segments())
        while len(segments()) == before and lab.gate.process.poll() is None:
            done = enable_and_revoke(lab)
            acknowledged += done
            if not done:
                break
        acknowledged += enable_and_revoke(lab)
        if lab.gate.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(lab.gate.pid, signal.SIGTERM)
    code = lab.gate.process.wait(20)
    lab.gate.process = None
    killed = code in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert killed or code == 0, f"{kind} {number}: ended with {code}\n{lab.gate.log()[-1500:]}"
    eventually(lambda: "sallyport_live" not in lab.gate.tables(), 1, f"{kind} {number}: the live table's end")
    known = {record["grant"] for record in lab.gate.journal() if record["event"] == "grant.enabled"}
    assert set(acknowledged) <= known, f"{kind} {number}: {set(acknowledged) - known} is lost"
    return killed


def calls_of_a_new_segment():
    """(kind, how many of its kind came before and with it) of each call while the traced run began a segment."""
    lines = [(re.match(r"(\w+)\(", line)[1], line) for line in TRACE.read_text().splitlines() if re.match(r"\w+\(", line)]
    end = next(i for i, (kind, line) in enumerate(lines) if kind == "rename" and "journal.draft" in line)
    begin = max(i for i, (kind, line) in enumerate(lines[:end]) if kind == "unlink" and "journal.draft" in line)
    kinds = [kind for kind, _ in lines]
    return [(kinds[i], kinds[:i + 1].count(kinds[i])) for i in range(begin - 1, min(end + 5, len(lines)))]


def test_killed_at_every_call_while_a_segment_begins(lab):
    lab.kim = lab.fresh()
    assert lab.gate.stop() == 0
    lab.gate.configure(SHORT)
    subprocess.run(["cp", "-a", str(STATE), str(BEFORE)], check=True)
    assert not one_round(lab)
    calls, started = calls_of_a_new_segment(), time.monotonic()
    assert {"write", "fsync", "fdatasync", "rename", "fallocate", "ftruncate"} <= {kind for kind, _ in calls}, calls
    for kind, number in calls:
        assert one_round(lab, kind, number), f"{kind} {number} was not made"
        assert lab.gate.start() is not None, f"{kind} {number}: no restart\n{lab.gate.log()[-1500:]}"
        said = verified(lab)
        assert said["whole"], f"{kind} {number}: {said}"
        for grant in lab.gate.ask(ask="list")["result"]["grants"]:
            assert lab.gate.ask(ask="revoke", grant=grant["id"], reason="next round")["ok"], grant
        assert lab.gate.elements() == [] and lab.gate.listening() == [], f"{kind} {number}"
        assert lab.gate.stop() == 0
    print(f"killed at {calls} in {time.monotonic() - started:.0f} s")
