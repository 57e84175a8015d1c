"""What a security team does with the records: finds a session, looks through the terminals, reports a month, hands a
session on as a bundle that anybody checks without the gate. Whoever reads a recording is on record.

Runs in: packaging/lab's namespaces.
"""
import json
import os
import random
import subprocess
import tarfile
import time

import pytest
from lab.files import ACCOUNTS, LAB, STATE
from lab.gate import SETTINGS
from support import Terminal, assert_closes, eventually

EVIL = "</script><img src=x onerror=document.title=1>"


def sam_folder():
    folder = LAB / "sam"
    folder.mkdir(exist_ok=True)
    os.chown(folder, ACCOUNTS["sam"][0], ACCOUNTS["sam"][0])
    return folder


def typed_session(site, text):
    """A session in which `text` was typed at the target's shell; its name."""
    terminal = Terminal(site, site.kim)
    terminal.type("lshmc -V")
    terminal.type(text)
    terminal.leave()
    assert_closes(site)
    return [record["session"] for record in site.gate.journal() if record["event"] == "session.ended"][-1]


def readings(site):
    return [(record["by"], record["purpose"]) for record in site.gate.journal() if record["event"] == "recording.read"]


def test_a_session_is_found_by_what_is_known_of_it(armed):
    session = typed_session(armed, "lshmc -v")
    ask = lambda *words: armed.gate.console("sam", "audit", "list", *words)  # noqa: E731
    row = ask()[0]
    assert row["session"] == session and row["rep"] == "kim" and row["enabled_by"] == "alice", row
    assert row["state"] == "spent" and row["end_reason"] == "the rep left", row
    for words in (["--rep", "kim"], ["--target", "hmc1"], ["--admin", "alice"], ["--sessions"], ["--since", "1h"],
                  ["--ended", "rep left"]):
        assert [each["session"] for each in ask(*words)] == [session], words
    for words in (["--rep", "lee"], ["--alarms"], ["--files"], ["--until", "2020-01-01"], ["--ticket", "none"]):
        assert ask(*words) == [], words
    text = armed.gate.run_console("sam", "audit", "list")
    assert session in text.stdout and text.returncode == 0, text
    month = time.strftime("%Y-%m", time.gmtime())
    report = armed.gate.console("sam", "audit", "report", "--month", month)
    assert report["sessions"] == 1 and report["records"]["whole"], report
    page = armed.gate.run_console("sam", "audit", "report", "--month", month, "--html").stdout
    assert session in page and "default-src 'none'" in page


def test_what_was_on_a_terminal_is_found_and_each_reading_is_on_record(armed):
    session = typed_session(armed, "lssyscfg --needle")
    found = armed.gate.console("sam", "audit", "grep", "need.e")
    assert found and all(line["session"] == session and line["rep"] == "kim" for line in found), found
    assert armed.gate.console("sam", "audit", "grep", "never on it") == []
    assert readings(armed) == [("sam", "search")] * 2
    assert armed.gate.run_console("sam", "replay", session, "--text").returncode == 0
    assert readings(armed)[-1] == ("sam", "replay")
    begun = time.monotonic()
    hostile = armed.gate.run_console("sam", "audit", "grep", "((a*)*)*(x+x+)+y$")
    assert hostile.returncode == 0 and time.monotonic() - begun < 10, hostile


ASK_UNTIL_REFUSED = """
import json, socket, sys
gate = socket.socket(socket.AF_UNIX)
gate.settimeout(10)
gate.connect("/run/sallyport/control.sock")
answers = gate.makefile("rb")
for given in range(4000):
    gate.sendall(sys.argv[1].encode() + b"\\n")
    if not json.loads(answers.readline())["ok"]:
        sys.exit(print(given))
sys.exit("never refused")
"""


def test_a_gate_that_cannot_write_who_reads_hands_nothing_out(armed):
    session = typed_session(armed, "lshmc -v")
    filler = STATE / "filler"
    subprocess.run(f"dd if=/dev/zero of={filler} bs=4k", shell=True, stderr=subprocess.DEVNULL)
    try:
        question = json.dumps({"ask": "recording.read", "session": session, "channel": 1, "purpose": "replay"})
        asked = subprocess.run(["/usr/bin/python3", "-c", ASK_UNTIL_REFUSED, question], text=True, capture_output=True)
        assert asked.returncode == 0, asked
        refused = armed.gate.run_console("sam", "replay", session, "--text")
        assert refused.returncode == 1 and "V10R3" not in refused.stdout, refused
    finally:
        filler.unlink()
    assert len(readings(armed)) == int(asked.stdout)


@pytest.mark.parametrize("allowed", [False, True])
def test_an_admin_reads_recordings_only_where_the_settings_say_so(armed, allowed):
    session = typed_session(armed, "lshmc -v")
    assert armed.gate.stop() == 0
    armed.gate.configure(SETTINGS + f"\n[recordings]\nadmins_may_read = {str(allowed).lower()}\n")
    assert armed.gate.start() is not None
    done = armed.gate.run_console("alice", "replay", session, "--text")
    assert ("V10R3" in done.stdout) == allowed and done.returncode == (0 if allowed else 1), done
    assert (("alice", "replay") in readings(armed)) == allowed
    assert armed.gate.run_console("mallory", "replay", session, "--text").returncode == 1
    refused = armed.gate.ask("mallory", ask="recording.read", session=session, channel=1, purpose="replay")
    assert not refused["ok"], refused


def bundle_of(site, session):
    path = sam_folder() / f"{session}.tar"
    # The last head is signed at the session's end, the records of its closing come behind it.
    eventually(lambda: site.gate.run_console("sam", "audit", "export", session, "--out", str(path)).returncode == 0, 90,
               "a bundle")
    os.chmod(path, 0o644)
    os.chmod(path.parent, 0o755)
    return path


def verified(site, path, *words):
    return site.gate.run_console("mallory", "audit", "verify-bundle", str(path), *words)


def test_a_session_is_handed_on_whole_and_any_damage_to_it_is_found(armed):
    session = typed_session(armed, EVIL)
    path = bundle_of(armed, session)
    assert ("sam", "export") in readings(armed)
    key = LAB / "journal-key.pub"
    key.write_bytes((STATE / "journal-key.pub").read_bytes())
    assert armed.gate.stop() == 0
    done = verified(armed, path, "--key", str(key))
    assert done.returncode == 0 and done.stdout.endswith("whole\n") and "note:" not in done.stdout, done
    assert "compare it with the gate's" in verified(armed, path).stdout
    # Stock tools read it.
    unpacked = sam_folder() / "unpacked"
    with tarfile.open(path) as archive:
        archive.extractall(unpacked)
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=unpacked, stdout=subprocess.DEVNULL).returncode == 0
    cast = next(unpacked.glob("recordings/*/*.cast"))
    assert json.loads(cast.read_text().splitlines()[0])["version"] == 2
    facts = json.loads((unpacked / "session.json").read_text())
    assert facts["grant"]["session"] == session and facts["firewall"] and facts["login"], facts
    assert "password" not in facts["login"][0]
    whole, dice = path.read_bytes(), random.Random(7)
    for _ in range(40):
        at = dice.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1:])
        assert verified(armed, path, "--key", str(key)).returncode == 1, at
    path.write_bytes(whole[:len(whole) // 2])
    assert "cut short" in verified(armed, path).stderr
    path.write_bytes(whole)


def test_the_page_of_a_bundle_plays_in_a_browser_and_runs_nothing_of_a_peers(armed):
    session = typed_session(armed, EVIL)
    with tarfile.open(bundle_of(armed, session)) as archive:
        page = archive.extractfile("report.html").read()
    assert b"<img" not in page
    file = sam_folder() / "report.html"
    file.write_bytes(page)
    dom = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000",
                          f"--user-data-dir={sam_folder()}/chromium", "--dump-dom", f"file://{file}"], text=True,
                         capture_output=True, timeout=60)
    assert dom.returncode == 0, dom.stderr[-2000:]
    assert "<img" not in dom.stdout and f"<title>Sallyport: {session}</title>" in dom.stdout, dom.stdout[:500]
    # The script of ours has run, under the page's own policy: there is a screen with what was typed.
    assert '<pre class="screen">' in dom.stdout and "&lt;/script&gt;" in dom.stdout


def test_recordings_are_deleted_when_they_are_old_and_not_before(armed):
    session = typed_session(armed, "lshmc -v")
    keep = lambda: armed.gate.console("root", "audit", "keep")  # noqa: E731
    plain = STATE / "recordings" / session / "1.cast"
    assert keep() == {"compressed": 0, "deleted": 0, "segments_deleted": 0, "problems": []}
    closed = [record for record in armed.gate.journal() if record["event"] == "recording.closed"][0]
    ask = {"ask": "recording.delete", "session": session, "channel": 1, "sha256": closed["sha256"],
           "closed": "2020-01-01T00:00:00.000000Z"}
    refused = armed.gate.ask(**ask)
    assert not refused["ok"] and "not 400 days old" in refused["refused"], refused
    assert not armed.gate.ask("alice", **ask)["ok"] and plain.exists()
    # A file that was last written long ago, as the journal says.
    os.utime(plain, (1_500_000_000, 1_500_000_000))
    assert armed.gate.ask(**{**ask, "closed": closed["time"]})["ok"] is False
    assert armed.gate.ask(**ask)["ok"] and not plain.exists()
    deleted = [record for record in armed.gate.journal() if record["event"] == "recording.deleted"]
    assert [record["sha256"] for record in deleted] == [closed["sha256"]] and deleted[0]["by"] == "root"
    assert armed.gate.console("sam", "audit", "verify")["recordings"] == {"checked": 1, "deleted": 1, "faults": []}
