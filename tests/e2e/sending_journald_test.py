"""Sending on to the host's journald, the real one: every record is in its journal with its fields, through stops, restarts
and kills of it.

Runs in: namespaces of its own; journald has folders of its own there.
"""
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import SOURCE
from lab.init import mount
from sending import Sender, journal, until  # noqa: F401 (fixtures, too)

JOURNALD = "/lib/systemd/systemd-journald"
RUN, LOGS = Path("/run/systemd"), Path("/var/log/journal")
# The kernel's messages and its audit are the host's. Rates are limited for each unit: sallyport-send's lifts that.
SETTINGS = "[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\nReadKMsg=no\nAudit=\n"
# What the gate itself puts in; those of _… are journald's.
OURS = re.compile("(MESSAGE|MESSAGE_ID|PRIORITY|SYSLOG_.*|SALLYPORT_.*)$")


class Journald:
    def __init__(self):
        self.process = None

    def start(self):
        self.process = subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL)
        until(lambda: (RUN / "journal/socket").exists(), what="journald's socket")
        return self

    def end(self, number):
        self.process.send_signal(number)
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(10)
        (RUN / "journal/socket").unlink(missing_ok=True)  # so that start() waits for the next one's

    @staticmethod
    def entries(*matches):
        command = ["journalctl", "-D", LOGS, "-t", "sallyport", "--all", "-o", "json", "--no-pager", *matches]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
        return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def journald():
    for folder in ("/run", "/var/log"):
        mount("tmpfs", folder, "tmpfs")
    for folder in (RUN / "journal", RUN / "journald.conf.d", LOGS):
        folder.mkdir(parents=True)
    (RUN / "journald.conf.d/test.conf").write_text(SETTINGS)
    (RUN / "journal/flushed").touch()  # what is said goes to LOGS from the beginning
    running = Journald().start()
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)
    for folder in ("/run", "/var/log"):
        subprocess.run(["umount", "--lazy", folder], check=True)


def lines_of(entries):
    return [entry["SALLYPORT_RECORD"].encode() for entry in entries]


def test_each_record_is_there_once_with_its_fields(tmp_path, journal, journald):
    journal.append(500, grant="g-7k3m9q2x", target="hmc\n1")  # a line end is spelled in another way
    journal.append(1, reason="x" * 125_000, grant="g-other222")
    with Sender(tmp_path, "journald") as sender:
        until(lambda: sender.position() == len(journal.lines), what="the position")
        assert sender.stop() == 0
    entries = journald.entries()
    assert lines_of(entries) == journal.lines
    document = (SOURCE / "docs/JOURNAL.md").read_text()
    for entry, line in zip(entries, journal.lines):
        record, ours = json.loads(line), {key: entry[key] for key in entry if OURS.match(key)}
        names = {key: record[key] for key in ("seq", "grant", "rep", "target", "peer") if key in record}
        assert f"`{ours.pop('MESSAGE_ID')}`" in document
        assert ours.pop("SALLYPORT_RECORD").encode() == line
        assert ours == {
            "MESSAGE": " ".join([record["event"], *(f"{key}={value}" for key, value in names.items())]),
            "PRIORITY": "4" if record["event"] == "login.failed" else "6",
            "SYSLOG_FACILITY": "10",
            "SYSLOG_IDENTIFIER": "sallyport",
            "SALLYPORT_EVENT": record["event"],
            "SALLYPORT_TIME": record["time"],
            "SALLYPORT_HASH": record["hash"],
            **{f"SALLYPORT_{key.upper()}": str(value) for key, value in names.items()},
        }
    assert lines_of(journald.entries("SALLYPORT_GRANT=g-other222")) == journal.lines[-1:]


def test_stopped_restarted_and_killed_in_the_midst_it_has_every_record(tmp_path, journal, journald):
    with Sender(tmp_path, "journald") as sender:
        for number, queued in ((signal.SIGTERM, 5), (signal.SIGKILL, 5), (signal.SIGKILL, 200)):
            journal.append(100)
            until(lambda: sender.position() == len(journal.lines), 20, "the position")
            before = len(journal.lines)
            journald.process.send_signal(signal.SIGSTOP)  # so that it dies over what its socket has and it has not read
            journal.append(queued)
            time.sleep(2.5)
            assert sender.position() == before
            journald.end(number)
            journal.append(5)
            journald.start()
            until(lambda: sender.position() == len(journal.lines), 20, "the position")
        assert sender.stop() == 0
    assert list(dict.fromkeys(lines_of(journald.entries()))) == journal.lines


def test_killed_again_and_again_while_records_come_in_it_has_every_one(tmp_path, journal, journald):
    with Sender(tmp_path, "journald") as sender:
        for number in range(8):
            journal.append(400)
            time.sleep(0.1 * number)
            journald.end(signal.SIGKILL if number % 2 else signal.SIGTERM)
            journald.start()
        until(lambda: sender.position() == len(journal.lines), 30, "the position")
        assert sender.stop() == 0
    assert list(dict.fromkeys(lines_of(journald.entries()))) == journal.lines
