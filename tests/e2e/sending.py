"""What the tests of sallyport-send share: a journal as the gate writes it, receivers, and the program itself.

Runs in: namespaces of the test's own.
"""
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from conftest import programs

HEADER = re.compile(rb"<\d+>1 \S+ gate sallyport - (\S+) "
                    rb"\[sallyport@32473 event=\"[^\"]*\"(?: seq=\"(\d+)\" hash=\"(\w+)\")?")
SETTINGS = '[gate]\nname = "gate"\naddresses = ["127.0.0.1"]\n'


# ---- fixtures: a file's tests get them by importing them

@pytest.fixture(scope="module", autouse=True)
def loopback():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@pytest.fixture
def journal(tmp_path):
    """That a Sender in tmp_path sends on. It rolls over now and then."""
    return Journal(tmp_path / "state/journal", segment_records=400)


def until(condition, seconds=15.0, what="it"):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.02)
    return value


def spelled(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Journal:
    """Lines and segments as docs/JOURNAL.md has them."""

    def __init__(self, folder, segment_records=10**9):
        self.folder, self.segment_records = folder, segment_records
        self.lines, self.prev, self.in_segment, self.number = [], "0" * 64, 0, 1
        folder.mkdir(parents=True)

    @property
    def file(self):
        return self.folder / f"journal-{self.number:08}.jsonl"

    def line(self, event, fields):
        record = {"seq": len(self.lines) + 1, "time": "2026-03-01T10:00:00.000000Z", "event": event,
                  "prev": self.prev, **fields}
        self.prev = record["hash"] = hashlib.sha256(spelled(record)).hexdigest()
        self.lines.append(spelled(record))
        self.in_segment += 1
        return self.lines[-1] + b"\n"

    def append(self, count=1, **fields):
        text = b""
        for _ in range(count):
            if self.in_segment >= self.segment_records:
                self.write(text)
                text, self.number, self.in_segment = b"", self.number + 1, 0
                nodes = ["00" * 32] * len(self.lines).bit_count()
                text = self.line("journal.segment", {"segment": self.number, "carried": 0, "tree": nodes})
            text += self.line("login.failed", {"peer": "192.0.2.7:40122", "rep": "kim", **fields})
        self.write(text)

    def write(self, text):
        with open(self.file, "ab", buffering=0) as file:
            file.write(text)


class Receiver:
    """A syslog receiver over TCP that reads to the end and then closes, unless a test says otherwise.

    Each connection is a list of messages in self.connections. behave(receiver, connection, number) may take a
    connection over. With a TLS context the messages come through that.
    """

    def __init__(self, behave=None, context=None, address=("127.0.0.1", 0)):
        self.behave, self.context = behave, context
        self.connections, self.errors, self.ends = [], [], []
        self.listener = socket.create_server(address)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                messages = []
                self.connections.append(messages)
                arguments = (connection, messages, len(self.connections))
                threading.Thread(target=self.serve, args=arguments, daemon=True).start()

    def serve(self, connection, messages, number):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            if not (self.behave and self.behave(self, connection, number)):
                self.read(connection, messages)
                self.ends.append(number)
                if self.context:
                    with contextlib.suppress(OSError):
                        connection.unwrap()
        except OSError as error:
            self.errors.append(error)
        finally:
            connection.close()

    def read(self, connection, messages, most=10**9):
        """Octet-counted messages until the end, or so many."""
        buffer = b""
        while len(messages) < most:
            data = connection.recv(65536)
            if not data:
                assert buffer == b"", "the stream ended inside a message"
                return
            buffer += data
            while (space := buffer.find(b" ")) >= 0 and len(messages) < most:
                end = space + 1 + int(buffer[:space])
                if len(buffer) < end:
                    break
                messages.append(buffer[space + 1:end])
                buffer = buffer[end:]

    @property
    def messages(self):
        return [message for messages in list(self.connections) for message in list(messages)]

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listener.close()


def reset(connection):
    """Ends it as a program does that dies with bytes unread."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Sender:
    """sallyport-send with one destination, its settings and its state in `folder`."""

    def __init__(self, folder, to, more=""):
        self.folder, self.state = folder, folder / "state"
        self.config = folder / "etc"
        self.config.mkdir(mode=0o755)
        self.positions = folder / "state-send"
        self.positions.mkdir()
        self.log_file = folder / "send.log"
        self.process = None
        self.configure(to, more)

    def configure(self, to, more=""):
        table = f'[[send]]\nname = "siem"\nto = "{to}"\npatience = "2s"\n{more}\n'
        (self.config / "sallyport.toml").write_text(SETTINGS + table)

    def start(self):
        command = [programs() + "/sallyport-send", "--config", str(self.config), "--state", str(self.state)]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        return self

    def child(self):
        """The process of the destination."""
        return int(until(lambda: subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True,
                                                text=True, check=False).stdout))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(12)
        self.process = None
        return code

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def log(self):
        return self.log_file.read_text()

    def delivery(self):
        with contextlib.suppress(FileNotFoundError):
            return json.loads((self.positions / "siem.json").read_text())
        return {}

    def position(self):
        return self.delivery().get("seq", 0)

    def console(self, *words):
        return json.loads(self.say("--json", *words))

    def say(self, *words):
        command = [programs() + "/sallyport", "--config", str(self.config), "--state", str(self.state), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.kill()
        log = self.log()
        for complaint in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "<2>bug: "):
            assert complaint not in log, log


def records_in(messages):
    """The journal's lines in messages, in order; each message is held against its header."""
    lines = []
    for message in messages:
        header = HEADER.match(message)
        assert header, message
        if header[2]:
            line = message[message.index(b"] {") + 2:]
            record = json.loads(line)
            assert header.group(1, 2, 3) == tuple(str(record[key]).encode() for key in ("event", "seq", "hash"))
            lines.append(line)
    return lines


def each_at_least_once(messages, journal):
    """Everything arrived, in order, but for repetitions that begin behind a break. Returns how many came twice."""
    lines = records_in(messages)
    first_seen = list(dict.fromkeys(lines))
    assert first_seen == journal.lines, f"{len(first_seen)} of {len(journal.lines)} arrived, or not in order"
    return len(lines) - len(first_seen)
