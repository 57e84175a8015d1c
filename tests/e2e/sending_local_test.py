"""Sending on to the host's own log, by a unix socket of syslog's (journald: sending_journald_test.py).

Runs in: namespaces of its own.
"""
import os
import socket
import time

from sending import Sender, each_at_least_once, journal, records_in, until  # noqa: F401 (fixtures, too)


class Log:
    """A datagram socket at a path; reads only when asked."""

    def __init__(self, path):
        self.path, self.messages = path, []
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(0.1)

    def read(self, most=10**9):
        try:
            while len(self.messages) < most:
                self.messages.append(self.socket.recv(1 << 20))
        except TimeoutError:
            pass
        return self.messages

    def close(self):
        self.socket.close()


def test_a_unix_socket_gets_everything_and_a_full_one_is_waited_for(tmp_path, journal):
    journal.append(300)
    log = Log(tmp_path / "log")
    with Sender(tmp_path, f"unix:{log.path}") as sender:
        time.sleep(1)
        assert sender.position() == 0  # its queue holds a few; nobody has read them
        until(lambda: len(log.read()) == 300)
        until(lambda: sender.position() == 300)
    assert each_at_least_once(log.messages, journal) == 0


def test_what_a_receiver_died_over_is_sent_to_the_next_one(tmp_path, journal):
    journal.append(20)
    first = Log(tmp_path / "log")
    with Sender(tmp_path, f"unix:{first.path}") as sender:
        until(lambda: len(first.read(3)) == 3)
        first.close()  # with unread messages in its queue
        second = Log(first.path)
        until(lambda: len(second.read()) >= 20)
        until(lambda: sender.position() == 20)
    assert each_at_least_once(first.messages + second.messages, journal) == 3


def test_a_receiver_that_died_and_left_its_socket_has_not_read(tmp_path, journal):
    log = Log(tmp_path / "log")
    journal.append(2)
    with Sender(tmp_path, f"unix:{log.path}") as sender:
        time.sleep(0.5)
        log.close()
        until(lambda: "refused" in sender.delivery().get("problem", ""))
        assert sender.position() == 0


def test_the_longest_record_passes_whole_and_a_socket_too_small_gets_its_number(tmp_path, journal):
    journal.append(1, reason="x" * 130_000)
    assert 130_000 < len(journal.lines[0]) < 128 * 1024
    log = Log(tmp_path / "log")
    with Sender(tmp_path, f"unix:{log.path}") as sender:
        until(lambda: log.read() and sender.position() == 1)
        sender.stop()
    assert records_in(log.messages) == journal.lines
    before = open("/proc/sys/net/core/wmem_max").read() if os.path.exists("/proc/sys/net/core/wmem_max") else None
    assert before is None or int(before) >= 128 * 1024, "the host's limit is smaller than a record"
