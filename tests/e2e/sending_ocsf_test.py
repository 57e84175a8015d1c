"""Sending on as OCSF: each message is, over the wire, the event that `sallyport audit records --ocsf` prints for its record.

Runs in: packaging/lab's namespaces.
"""
import json
import shutil

from lab.files import STATE
from sending import HEADER, Receiver, Sender, journal, loopback, until  # noqa: F401 (fixtures, too)


def sent(folder, count):
    """What a receiver gets of `count` records in `folder`'s journal, and what the console prints of them."""
    receiver = Receiver()
    with Sender(folder, f"tcp:127.0.0.1:{receiver.port}", 'format = "ocsf"') as sender:
        until(lambda: sender.position() == count, what="the position")
        printed = [json.loads(line) for line in sender.say("audit", "records", "--ocsf").splitlines()]
        assert sender.stop() == 0
    headers = [HEADER.match(message) for message in receiver.messages]
    assert all(headers), receiver.messages
    events = [json.loads(message[message.index(b"] {") + 2:]) for message in receiver.messages]
    return headers, events, printed


def test_a_session_s_records_arrive_as_the_console_prints_them(armed, tmp_path):
    assert "V10R3" in armed.kim.ssh("lshmc", "-V").stdout
    assert armed.kim.ssh("lshmc", "-V").returncode == 255  # the grant is spent
    until(lambda: "session.ended" in armed.gate.events(armed.grant))
    armed.gate.stop()
    records = armed.gate.journal()
    shutil.copytree(STATE / "journal", tmp_path / "state/journal")
    shutil.copy(STATE / "journal-key.pub", tmp_path / "state")  # in which the gate's name stands
    headers, events, printed = sent(tmp_path, len(records))
    assert {record["event"] for record in records} >= {"grant.enabled", "login.accepted", "session.channel", "session.ended"}
    assert len(events) == len(records) and events == printed
    for header, event, record in zip(headers, events, records):
        assert header.group(1, 2, 3) == tuple(str(record[key]).encode() for key in ("event", "seq", "hash"))
        assert event["metadata"]["uid"] == record["hash"] and event["metadata"]["sequence"] == record["seq"]
        assert event["class_uid"] > 0 and event["type_uid"] == 100 * event["class_uid"] + event["activity_id"], event


def test_a_break_in_the_journal_is_an_event_too(tmp_path, journal):
    journal.append(5)
    journal.file.write_bytes(journal.file.read_bytes().replace(b'"rep":"kim"', b'"rep":"kit"', 1))
    headers, events, _ = sent(tmp_path, 5)
    assert [header[1] for header in headers].count(b"journal.broken") == 1 and len(events) == 5
    broken = next(event for header, event in zip(headers, events) if header[1] == b"journal.broken")
    assert broken["class_name"] == "Detection Finding" and broken["severity"] == "Critical", broken
    assert "journal-00000001.jsonl line 1" in broken["message"], broken
