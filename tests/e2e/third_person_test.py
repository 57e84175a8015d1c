"""A third person checks what the gate wrote with nothing but the scripts of docs/JOURNAL.md, as they stand there: the
journal over several segments, its signed heads, the proofs of a session; and finds each of them out when it was changed.

Runs in: packaging/lab's namespaces.
"""
import re
import subprocess

import pytest
from conftest import SOURCE
from lab.files import LAB, STATE
from lab.gate import SETTINGS
from support import Terminal, assert_closes, records

FOLDER = LAB / "third"


def scripts():
    """The document's blocks: sh, then the two in Python."""
    text = (SOURCE / "docs/JOURNAL.md").read_text()
    shell, = re.findall(r"```sh\n(#!/bin/sh\n# usage: check.sh.*?)```", text, re.S)
    check, heads = re.findall(r"```python\n(# usage: (?:check|heads)\.py.*?)```", text, re.S)
    assert shell.count("\n") <= 15
    return {"check.sh": shell, "check.py": check, "heads.py": heads}


@pytest.fixture
def third(site):
    """Sessions over several segments, and the gate at rest."""
    assert site.gate.stop() == 0
    site.gate.configure(SETTINGS + "\n[journal]\nsegment_records = 15\n")
    assert site.gate.start() is not None
    for _ in range(2):
        site.enable(reason='Ä "quoted" \\ reason', ticket="PMR 4711")
        terminal = Terminal(site, site.kim)
        terminal.type("lshmc -V")
        terminal.leave()
        assert_closes(site)
    assert site.gate.stop() == 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in scripts().items():
        (FOLDER / name).write_text(text)
    return site


def run(*words):
    return subprocess.run([str(word) for word in words], cwd=FOLDER, capture_output=True, text=True, timeout=120)


def test_a_third_person_checks_the_journal_the_heads_and_the_proofs(third):
    files = sorted((STATE / "journal").glob("journal-*.jsonl"))
    assert len(files) >= 3
    session = records(third, "session.ended")[-1]["session"]
    verified = third.gate.console("root", "audit", "verify")
    told = f"{verified['records']} records, head {verified['head']}\n"
    assert run("sh", "check.sh", *files).stdout == told
    assert run("python3", "check.py", *files).stdout == told
    key, heads, proofs = STATE / "journal-key.pub", STATE / "heads", FOLDER / "proofs"
    continued = run("python3", "heads.py", key, heads, *files)
    assert re.fullmatch(rf"[1-9]\d* heads, {verified['records']} records\n", continued.stdout), continued
    assert third.gate.run_console("root", "audit", "prove", session, "--out", str(proofs)).returncode == 0
    proved = run("python3", "heads.py", key, proofs)
    assert re.fullmatch(r"[1-9]\d* records proved\n", proved.stdout), proved

    # One letter, in a segment in the middle.
    middle = FOLDER / files[1].name
    lines = files[1].read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if '"rep":"kim"' in line)
    middle.write_text("".join([*lines[:at], lines[at].replace('"rep":"kim"', '"rep":"kin"'), *lines[at + 1:]]))
    changed = [files[0], middle, *files[2:]]
    number = len(files[0].read_text().splitlines()) + at + 1
    for script in (["sh", "check.sh"], ["python3", "check.py"]):
        done = run(*script, *changed)
        assert done.returncode == 1 and f"record {number}: broken" in done.stdout + done.stderr, done
    # The end cut off: whole by itself, and the heads tell.
    assert run("sh", "check.sh", *files[:-1]).returncode == 0
    assert "shortened" in run("python3", "heads.py", key, heads, *files[:-1]).stderr
    proofs.write_text(proofs.read_text().replace("kim", "kin", 1))
    assert run("python3", "heads.py", key, proofs).returncode == 1
