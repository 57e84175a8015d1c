"""The journal in segments, with signed heads, as an admin and an auditor meet them; and no kill while a new segment
begins loses an acknowledged act or the journal.

Runs in: packaging/lab's namespaces.
"""
import collections
import contextlib
import os
import re
import signal
import time

from lab.files import LAB, STATE
from lab.gate import SETTINGS
from support import eventually

# Not write: unit_gateway_audit kills at each of those too, and every one here is a start of the gate.
CALLS = ("fsync", "fdatasync", "rename", "ftruncate", "fallocate", "unlink")
SHORT = SETTINGS + "\n[journal]\nsegment_records = 10\n"
TRACE = LAB / "segments-trace"


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
    enable_and_revoke(lab, 6)
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
    return ["strace", "-qq", "-o", str(TRACE), "-s", "0", "-e", "trace=" + ",".join(CALLS),
            *(["-e", f"inject={kind}:signal=SIGKILL:when={number}"] if kind else [])]


def one_round(lab, kind=None, number=0):
    """Starts, does acts over more than one segment, is killed on the way; True if it was."""
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


def test_killed_at_every_call_while_segments_begin(lab):
    lab.kim = lab.fresh()
    assert lab.gate.stop() == 0
    lab.gate.configure(SHORT)
    assert not one_round(lab)
    kinds = collections.Counter(re.match(r"(\w+)\(", line)[1] for line in TRACE.read_text().splitlines()
                                if re.match(r"\w+\(", line))
    assert kinds["rename"] >= 1 and kinds["fdatasync"] >= 8, kinds
    rounds, started = 0, time.monotonic()
    for kind in kinds:
        killed, number = True, 0
        while killed:
            number, rounds = number + 1, rounds + 1
            killed = one_round(lab, kind, number)
    assert lab.gate.start() is not None, lab.gate.log()[-1500:]
    said = verified(lab)
    assert said["whole"], said
    assert lab.gate.ask(ask="list")["result"]["grants"] == []
    assert lab.gate.stop() == 0
    print(f"{rounds} rounds in {time.monotonic() - started:.0f} s over {len(segments())} segments; {dict(kinds)}")
