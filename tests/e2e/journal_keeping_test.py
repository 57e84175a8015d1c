"""A journal that is not kept for ever: its oldest segments go when they are old, on record first, and what is left is
whole, signed, proved and handed on as before.

Runs in: packaging/lab's namespaces.
"""
import hashlib
import json
import os
import re
import subprocess
from datetime import datetime, timedelta

import pytest
from conftest import SOURCE
from lab.files import LAB, STATE
from lab.gate import SETTINGS
from support import Terminal, assert_closes

KEEP = "[journal]\nsegment_records = 15\nkeep_days = 400\n"
FOLDER = LAB / "keeping"


def segments():
    return sorted((STATE / "journal").glob("journal-*.jsonl"))


def spelled(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(data):
    return hashlib.sha256(data).digest()


def make_older(days):
    """What the gate would have written so long ago: every time in the journal, the chain over it, the files' own times.
    The heads that were signed are gone with the key."""
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    earlier = lambda time: (datetime.strptime(time[0], form) - timedelta(days=days)).strftime(form)  # noqa: E731
    prev, tree = "0" * 64, []
    for file in segments():
        lines = []
        for line in file.read_text().splitlines():
            record = json.loads(re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z", earlier, line))
            del record["hash"]
            record["prev"] = prev
            if record["event"] == "journal.segment":
                record["tree"] = [node.hex() for _, node in tree]
            prev = record["hash"] = sha(spelled(record)).hex()
            lines.append(spelled(record) + b"\n")
            tree.append((1, sha(b"\0" + bytes.fromhex(prev))))
            while len(tree) > 1 and tree[-2][0] == tree[-1][0]:
                (count, left), (_, right) = tree[-2:]
                tree[-2:] = [(2 * count, sha(b"\1" + left + right))]
        file.write_bytes(b"".join(lines))
    then = datetime.now().timestamp() - days * 86400
    for file in [*segments(), *(STATE / "recordings").glob("*/*")]:
        os.utime(file, (then, then))
    for name in ("heads", "journal-key", "journal-key.pub"):
        (STATE / name).unlink()


def session(site, text):
    site.enable()
    terminal = Terminal(site, site.kim)
    terminal.type(text)
    terminal.leave()
    assert_closes(site)
    return [record["session"] for record in site.gate.journal() if record["event"] == "session.ended"][-1]


def keep(site):
    return site.gate.console("root", "audit", "keep")


def verified(site, *words):
    return site.gate.console("sam", "audit", "verify", *words)


@pytest.fixture
def old(site):
    """A gate with a session of 500 days ago, in more than one segment."""
    assert site.gate.stop() == 0
    site.gate.configure(SETTINGS + "\n" + KEEP)
    assert site.gate.start() is not None
    site.old = session(site, "lshmc -V")
    session(site, "lshmc -v")
    assert site.gate.stop() == 0 and len(segments()) >= 3
    make_older(500)
    site.all_old = segments()[:-1]  # the last one gets the new start's records
    assert site.gate.start() is not None, site.gate.log()
    FOLDER.mkdir(exist_ok=True)
    return site


def test_old_segments_go_with_their_recordings_and_what_is_left_is_as_good_as_before(old):
    gone = old.all_old
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in gone]
    last = [json.loads(file.read_bytes().splitlines()[-1]) for file in gone]
    assert keep(old) == {"compressed": 0, "deleted": 2, "segments_deleted": len(gone), "problems": []}
    assert len(segments()) >= 1 and not set(gone) & set(segments())
    words = [record for record in old.gate.journal() if record["event"] == "journal.segment_deleted"]
    assert [(word["segment"], word["last"], word["head"], word["sha256"], word["keep_days"], word["by"]) for word in words] == [
        (number + 1, record["seq"], record["hash"], hashes[number], 400, "root") for number, record in enumerate(last)]
    assert keep(old)["segments_deleted"] == 0  # and nothing more, a second time

    said = verified(old)
    assert said["whole"] and said["deleted"] == {"segments": len(gone), "records": last[-1]["seq"]}, said
    text = old.gate.run_console("sam", "audit", "verify").stdout
    assert f"{last[-1]['seq']} records in {len(gone)} segments were deleted as old" in text and "whole" in text, text
    events = [record["event"] for record in old.gate.console("sam", "audit", "show", old.old)]
    assert events[-1] == "recording.deleted" and "grant.claimed" not in events, events

    # A session as ever, over a restart; a stranger checks what there is of it.
    new = session(old, "lshmc -V")
    assert old.gate.stop() == 0 and old.gate.start() is not None
    assert verified(old)["whole"]
    proofs, bundle, key = FOLDER / "proofs", FOLDER / "bundle.tar", STATE / "journal-key.pub"
    for words in (["prove", new, "--out", proofs], ["verify-proof", proofs, "--key", key], ["export", new, "--out", bundle],
                  ["verify-bundle", bundle, "--key", key]):
        done = old.gate.run_console("root", "audit", *map(str, words))
        assert done.returncode == 0, done
    assert [row["session"] for row in old.gate.console("sam", "audit", "list", "--since", "1d")] == [new]


def test_a_third_person_checks_what_is_left_with_the_scripts_of_the_document(old):
    keep(old)
    session(old, "lshmc -V")
    assert old.gate.stop() == 0
    said, files = verified(old), segments()
    text = (SOURCE / "docs/JOURNAL.md").read_text()
    scripts = {"check.sh": "sh", "check.py": "python3", "heads.py": "python3"}
    for name in scripts:
        body, = re.findall(rf"```(?:sh|python)\n((?:#!/bin/sh\n)?# usage: {re.escape(name)}.*?)```", text, re.S)
        (FOLDER / name).write_text(body)
    run = lambda name, *words: subprocess.run([scripts[name], FOLDER / name, *words], capture_output=True, text=True,  # noqa: E731
                                              timeout=60)
    last = said["records"] + said["deleted"]["records"]
    for name in ("check.sh", "check.py"):
        assert run(name, *files).stdout == f"{last} records, head {said['head']}\n"
        # Without the record that tells of it, what is before is missing.
        assert run(name, files[-1]).returncode == (0 if len(files) == 1 else 1)
    done = run("heads.py", STATE / "journal-key.pub", STATE / "heads", *files)
    assert re.fullmatch(rf"[1-9]\d* heads, {last} records\n", done.stdout), done


def test_a_segment_that_was_removed_by_hand_is_missing(old):
    first, text = segments()[0], segments()[0].read_bytes()
    first.unlink()
    done = old.gate.run_console("sam", "audit", "verify")
    assert done.returncode == 1 and "journal-00000001.jsonl: it is missing" in done.stdout, done
    assert keep_fails(old)
    assert old.gate.stop() == 0
    assert old.gate.start() is None and "it is missing" in old.gate.log()[-2000:]
    first.write_bytes(text)
    assert old.gate.start() is not None and verified(old)["whole"]


def keep_fails(site):
    done = site.gate.run_console("root", "audit", "keep")
    return done.returncode == 1 and "the journal is broken" in done.stderr


def test_nobody_has_anything_deleted_that_is_not_old_or_not_the_oldest(old):
    ask = {"ask": "journal.delete", "segment": 1, "sha256": "0" * 64}
    refused = lambda **more: old.gate.ask(**{**ask, **more})["refused"]  # noqa: E731
    before = [file.name for file in segments()]
    assert "the oldest segment" in refused(segment=2) and "the oldest segment" in refused(segment=0)
    assert "64 hexadecimal digits" in refused(sha256="../../etc/passwd")
    assert "'segment'" in refused(segment=-1) and "'segment'" in refused(segment="1")
    # Somebody has touched the file since: it is not what it was 400 days ago.
    os.utime(segments()[0])
    assert "not 400 days old" in refused()
    assert old.gate.stop() == 0
    old.gate.configure(SETTINGS)
    assert old.gate.start() is not None
    assert "kept for ever" in refused()
    assert [file.name for file in segments()][:len(before)] == before
    assert not any(record["event"] == "journal.segment_deleted" for record in old.gate.journal())


def test_a_journal_that_is_young_is_left_alone(site):
    assert site.gate.stop() == 0
    site.gate.configure(SETTINGS + "\n" + KEEP)
    assert site.gate.start() is not None
    session(site, "lshmc -V")
    before = [file.name for file in segments()]
    assert len(before) >= 2
    assert keep(site)["segments_deleted"] == 0
    assert "not 400 days old" in site.gate.ask(ask="journal.delete", segment=1, sha256="0" * 64)["refused"]
    assert [file.name for file in segments()][:len(before)] == before
