"""Files that pass the HTTPS door of a real gate: their names, sizes and hashes in the journal and in the record."""
import hashlib
import os
import re
import subprocess
import time

from https_gate_fixtures import console, ended, log_in, web  # noqa: F401 (fixtures, too)
from support import eventually, records


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def files(lab, count):
    """The session's files in the journal, once there are so many."""
    return eventually(lambda: found if len(found := records(lab, "session.file")) >= count else [], 5)


def leave(lab, kim):
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    return ended(lab)


def replayed(lab):
    return lab.gate.run_console("root", "replay", records(lab, "session.connected")[-1]["session"]).stdout


def test_a_file_up_and_a_file_down_are_journaled_with_their_hashes(web):
    kim, data = log_in(web), os.urandom(3_000_000)
    (web.folder / "fix.iso").write_bytes(data)
    assert sha256(data) in kim.text("/upload?token=geheim", "-T", web.folder / "fix.iso")
    got = kim.curl("/download?300000").stdout
    up, down = files(web, 2)
    assert (up["direction"], up["path"], up["size"], up["sha256"], up["complete"]) == (
        "to-target", "/upload", len(data), sha256(data), True)
    assert (down["direction"], down["path"], down["name"], down["sha256"], down["complete"]) == (
        "from-target", "/download", "dump.bin", sha256(got), True)
    channel = [one for one in records(web, "session.channel") if one["kind"] == "https"][0]
    assert up["channel"] == down["channel"] == channel["channel"] and up["grant"] == web.grant
    end = leave(web, kim)
    assert end["files"] == [{"direction": "to-target", "count": 1, "bytes": len(data)},
                            {"direction": "from-target", "count": 1, "bytes": 300000}]
    told = replayed(web)
    assert f"#1 file to the target: /upload, {len(data)} bytes, SHA-256 {sha256(data)}" in told
    assert f"#2 file from the target: dump.bin, 300000 bytes, SHA-256 {sha256(got)}" in told


def test_each_file_of_a_form_has_a_record_of_its_own(web):
    kim, first, second = log_in(web), os.urandom(200_000), os.urandom(5)
    (web.folder / "SYSDUMP.7812345.0A000001.20260301093007").write_bytes(first)
    (web.folder / "b.log").write_bytes(second)
    kim.text("/upload", "-F", f"f=@{web.folder}/SYSDUMP.7812345.0A000001.20260301093007", "-F", "password=geheim",
             "-F", f"g=@{web.folder}/b.log")
    dump, log = files(web, 2)
    assert (dump["name"], dump["sha256"], dump["kind"]) == (
        "SYSDUMP.7812345.0A000001.20260301093007", sha256(first), "platform system dump")
    assert (log["name"], log["sha256"], log["size"], log["kind"]) == ("b.log", sha256(second), 5, "unknown")


def test_i09_forms_logons_and_pages_leave_no_hash(web):
    kim = log_in(web)
    kim.text("/login", "-d", "user=hscroot&password=geheim")
    kim.text("/rest/api/web/Logon", "-X", "PUT", "-d", "<LogonRequest>geheim</LogonRequest>", "-H", "Content-Type:")
    kim.text("/console")
    kim.text("/upload", "-d", '{"password":"geheim"}', "-H", "Content-Type: application/json")
    leave(web, kim)
    assert not records(web, "session.file") and "SHA-256" not in replayed(web)


def test_the_record_tells_when_a_rest_session_begins_and_ends(web):
    kim = log_in(web)
    answer = kim.text("/rest/api/web/Logon", "-X", "PUT", "-d", "<LogonRequest><UserID>hscroot</UserID></LogonRequest>")
    token = re.search(r"<X-API-Session>(\w+)<", answer).group(1)
    kim.text("/rest/api/web/Logon", "-X", "DELETE", "-H", f"X-API-Session: {token}")
    leave(web, kim)
    told = replayed(web)
    assert "#1 begins a session of the target's REST API" in told and "#2 ends a session of the target's REST API" in told
    assert token not in told


def test_what_breaks_off_is_told_as_cut_short(web):
    kim = log_in(web)
    slow = subprocess.Popen([*kim.command, "--limit-rate", "200k", "-o", "/dev/null", "https://gate/download?50000000"])
    time.sleep(1)
    slow.kill()
    slow.wait()
    (down,) = files(web, 1)
    assert (down["name"], down["complete"]) == ("dump.bin", False) and 0 < down["size"] < 50_000_000


def test_what_is_under_way_when_the_session_ends_is_told_too(web):
    kim = log_in(web)
    slow = subprocess.Popen([*kim.command, "--limit-rate", "200k", "-o", "/dev/null", "https://gate/download?50000000"])
    time.sleep(1)
    assert web.gate.ask("alice", ask="end", grant=web.grant, reason="")["ok"]
    end = ended(web)
    slow.kill()
    slow.wait()
    (down,) = records(web, "session.file")
    assert not down["complete"] and 0 < down["size"] < 50_000_000 and end["files"][0]["count"] == 1


def test_a_websocket_leaves_a_hash_of_each_way(web):
    kim = log_in(web)
    kim.curl("/terminal", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Origin: https://gate", "--max-time", "1",
             "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--http1.1")
    leave(web, kim)
    told = replayed(web)
    assert re.search(r"#1 GET /terminal \(WebSocket\)", told), told
    assert f"SHA-256 in {sha256(b'')}, out " in told
