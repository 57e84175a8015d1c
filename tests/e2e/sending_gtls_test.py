"""Sending on to an rsyslog with the driver `gtls`, which ends TCP and never TLS: by default it is never believed, and
with receipt = "tcp" each record comes once.

Runs in: namespaces of its own.
"""
import signal
import time
from types import SimpleNamespace

import certificates
import pytest
from rsyslog import Rsyslog, keys_in, tcp_input
from sending import Sender, journal, loopback, until  # noqa: F401 (fixtures, too)

PORT = 6514


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return SimpleNamespace(folder=folder, ours=certificates.of_a_receiver(folder))


@pytest.fixture
def receiver(tmp_path, keys):
    with Rsyslog(tmp_path, "gtls", tcp_input(PORT, "gtls"), keys_in(keys.folder, "siem")) as running:
        yield running


def test_by_default_it_is_never_believed_and_what_to_do_is_told(tmp_path, keys, journal, receiver):
    journal.append(5)
    with Sender(tmp_path, f"tls:127.0.0.1:{PORT}", keys.ours) as sender:
        until(lambda: len(receiver.lines()) >= 10, 40, "the records for the second time")
        assert sender.position() == 0
        said = sender.console("audit", "sending")["destinations"][0]
        assert said["problem"] == "it ended TCP, but not TLS" and 'receipt = "tcp"' in said["fix"], said
        shown = sender.say("audit", "sending")
        assert "it ended TCP, but not TLS\nsiem, to do: " in shown and 'receipt = "tcp"' in shown, shown
    assert list(dict.fromkeys(receiver.lines())) == journal.lines


def test_with_tcp_s_end_for_the_receipt_each_record_comes_once(tmp_path, keys, journal, receiver):
    journal.append(1500)
    with Sender(tmp_path, f"tls:127.0.0.1:{PORT}", keys.ours + 'receipt = "tcp"') as sender:
        until(lambda: sender.position() == len(journal.lines), what="the position")
        for _ in range(3):
            journal.append(40)
            until(lambda: sender.position() == len(journal.lines), what="the position")
        said = sender.console("audit", "sending")["destinations"][0]
        assert said["waiting"] == 0 and "problem" not in said, said
        assert sender.stop() == 0
    until(lambda: len(receiver.lines()) >= len(journal.lines), what="rsyslog's file")
    assert receiver.lines() == journal.lines


def test_stopped_and_killed_in_the_midst_it_misses_nothing(tmp_path, keys, journal, receiver):
    """With it stopped the records fill its kernel's queue: when it dies over them, its kernel resets."""
    with Sender(tmp_path, f"tls:127.0.0.1:{PORT}", keys.ours + 'receipt = "tcp"') as sender:
        for number in (signal.SIGTERM, signal.SIGKILL):
            receiver.process.send_signal(signal.SIGSTOP)
            journal.append(500)
            time.sleep(0.5)
            before = sender.position()
            receiver.process.send_signal(number)
            receiver.process.send_signal(signal.SIGCONT)
            receiver.process.wait(10)
            journal.append(10)
            receiver.start()
            until(lambda: sender.position() == len(journal.lines), 20, "the position")
            assert before < len(journal.lines) - 500
        assert sender.stop() == 0
    until(lambda: set(receiver.lines()) >= set(journal.lines), what="every record")
    assert list(dict.fromkeys(receiver.lines())) == journal.lines
