"""Sending on: whatever happens to the receiver or to us, nothing is lost, and nothing comes twice but after a break.

Runs in: namespaces of its own.
"""
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from conftest import SOURCE
from sending import Receiver, Sender, SETTINGS, each_at_least_once, journal, loopback, records_in, until  # noqa: F401 (fixtures, too)


def test_everything_arrives_once_and_the_chain_can_be_checked_from_what_arrived(tmp_path, journal):
    journal.append(1500)
    receiver = Receiver()
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: sender.position() == len(journal.lines), what="the position")
        for _ in range(20):  # as they come, segments that roll over among them
            journal.append(random.randrange(60))
            time.sleep(0.03)
        until(lambda: sender.position() == len(journal.lines), what="the position")
        assert sender.stop() == 0
    assert records_in(receiver.messages) == journal.lines
    (tmp_path / "arrived").write_bytes(b"".join(line + b"\n" for line in records_in(receiver.messages)))
    document = (SOURCE / "docs/JOURNAL.md").read_text()
    (tmp_path / "check.py").write_text(document.split("```python\n")[1].split("```")[0])
    command = ["/usr/bin/python3", tmp_path / "check.py", tmp_path / "arrived"]
    checked = subprocess.run(command, capture_output=True, text=True, check=True)
    assert checked.stdout.startswith(f"{len(journal.lines)} records, head {journal.prev}")


def test_a_receiver_that_is_down_at_first_and_restarts_misses_nothing(tmp_path, journal):
    journal.append(10)
    receiver = Receiver()
    port = receiver.port
    receiver.close()
    with Sender(tmp_path, f"tcp:127.0.0.1:{port}") as sender:
        until(lambda: "Connection refused" in sender.delivery().get("problem", ""))
        said = sender.console("audit", "sending")["destinations"][0]
        assert said["waiting"] == 10 and said["late"] and "refused" in said["problem"], said
        received = []
        for _ in range(2):
            receiver = Receiver(address=("127.0.0.1", port))
            journal.append(5)
            until(lambda: sender.position() == len(journal.lines))
            assert "problem" not in sender.delivery()
            receiver.close()
            received += receiver.messages
            journal.append(5)
        assert each_at_least_once(received, type("Until", (), {"lines": journal.lines[:-5]})) == 0
        assert sender.stop() == 0


def test_killed_at_any_moment_it_goes_on_from_what_was_confirmed(tmp_path, journal):
    receiver = Receiver()
    sender = Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}")
    journal.append(6000)
    chance = random.Random(os.environ.get("SALLYPORT_SEED", "1"))
    for _ in range(12):
        with sender:
            time.sleep(chance.uniform(0.02, 1.2))
            journal.append(chance.randrange(40))
            sender.kill()
    with sender:
        until(lambda: sender.position() == len(journal.lines), 20)
        assert sender.stop() == 0
    each_at_least_once(receiver.messages, journal)


def test_one_process_that_dies_is_started_again(tmp_path, journal):
    receiver = Receiver()
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        os.kill(sender.child(), signal.SIGKILL)
        journal.append(3)
        until(lambda: sender.position() == 3)
        assert "its process died" in sender.log()
        assert sender.stop() == 0
    assert each_at_least_once(receiver.messages, journal) == 0


def test_a_damaged_position_means_everything_again_rather_than_something_never(tmp_path, journal):
    receiver = Receiver()
    journal.append(20)
    sender = Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}")
    with sender:
        until(lambda: sender.position() == 20)
        sender.kill()
    file = sender.positions / "siem.json"
    file.write_bytes(file.read_bytes()[:-5])
    with sender:
        until(lambda: len(receiver.messages) == 40)
        until(lambda: "all records are sent again" in sender.log())
    assert each_at_least_once(receiver.messages, journal) == 20


def test_from_now_on_leaves_the_past_where_it_is(tmp_path, journal):
    receiver = Receiver()
    journal.append(1000)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}", 'from = "now"') as sender:
        until(lambda: sender.position() == len(journal.lines))
        past = len(journal.lines)
        journal.append(3)
        until(lambda: sender.position() == len(journal.lines))
        assert records_in(receiver.messages) == journal.lines[past:]


def test_a_break_is_told_once_and_the_sound_records_go_on(tmp_path, journal):
    journal.append(900)
    second = journal.folder / "journal-00000002.jsonl"
    second.write_bytes(second.read_bytes().replace(b'"rep":"kim"', b'"rep":"kit"', 1))
    receiver = Receiver()
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: sender.position() == len(journal.lines))
        journal.append(5)
        until(lambda: sender.position() == len(journal.lines))
        assert "journal-00000002.jsonl line 2" in sender.log()
    broken = [message for message in receiver.messages if b" journal.broken " in message]
    assert len(broken) == 1 and broken[0].startswith(b"<82>1 ") and b"journal-00000002.jsonl line 2" in broken[0]
    assert len(records_in(receiver.messages)) == len(journal.lines) - 1


def test_without_send_it_ends_at_once_and_says_so(tmp_path):
    sender = Sender(tmp_path, "journald")
    (sender.config / "sallyport.toml").write_text(SETTINGS)
    assert sender.start().process.wait(10) == 0
    assert "nothing to do: there is no [[send]]" in sender.log()


def test_bad_settings_are_refused_with_their_line(tmp_path):
    sender = Sender(tmp_path, "udp:127.0.0.1:514")
    assert sender.start().process.wait(10) == 1
    assert "sallyport.toml:6: 'to' in [[send]]" in sender.log()


def test_waiting_costs_nothing(tmp_path, journal):
    receiver = Receiver()
    journal.append(5)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: sender.position() == 5)
        status = Path(f"/proc/{sender.child()}/status")
        switches = lambda: int(status.read_text().split("voluntary_ctxt_switches:")[1].split()[0])  # noqa: E731
        before = switches()
        time.sleep(3)
        assert switches() - before <= 3
