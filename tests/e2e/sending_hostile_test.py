"""Sending on to receivers that break off, stall, lie or crawl: what they did not read to the end is sent again.

Runs in: namespaces of its own.
"""
import socket
import time

from sending import Receiver, Sender, each_at_least_once, journal, loopback, reset, until  # noqa: F401 (fixtures, too)


def test_a_receiver_that_resets_is_sent_all_that_it_did_not_read(tmp_path, journal):
    def behave(receiver, connection, number):
        if number > 2:
            return False
        receiver.read(connection, receiver.connections[number - 1], most=(1, 700)[number - 1])
        reset(connection)
        return True
    receiver = Receiver(behave)
    journal.append(2000)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: sender.position() == len(journal.lines), 25)
        assert sender.log().count("nothing is sent") >= 1
    assert each_at_least_once(receiver.messages, journal) == 1 + 700


def test_a_receiver_that_closes_in_the_midst_does_not_move_the_position(tmp_path, journal):
    """It read what had come and closed in order: what was on its way is lost there, and is not to count as read."""
    def behave(receiver, connection, number):
        if number > 2:
            return False
        receiver.read(connection, receiver.connections[number - 1], most=300)
        connection.close()
        return True
    receiver = Receiver(behave)
    journal.append(1000)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: len(receiver.connections) >= 2)
        assert sender.position() == 0
        until(lambda: sender.position() == len(journal.lines), 25)
    each_at_least_once(receiver.messages, journal)


def test_a_window_that_a_receiver_never_closes_is_not_confirmed(tmp_path, journal):
    done = []
    def behave(receiver, connection, number):
        if number > 1:
            return False
        receiver.read(connection, receiver.connections[0], most=10)
        done.append(connection)
        time.sleep(8)
        return True
    receiver = Receiver(behave)
    journal.append(10)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: "did not close its side" in sender.delivery().get("problem", ""))
        assert sender.position() == 0
        until(lambda: sender.position() == 10)
    assert each_at_least_once(receiver.messages, journal) == 10


def test_one_that_accepts_and_never_reads_is_given_up_and_told(tmp_path, journal):
    def behave(_, connection, number):
        if number == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            time.sleep(5)
            reset(connection)
            return True
        return False
    receiver = Receiver(behave)
    journal.append(100, reason="x" * 100_000)
    with Sender(tmp_path, f"tcp:127.0.0.1:{receiver.port}") as sender:
        until(lambda: sender.delivery().get("problem"))
        assert sender.position() == 0
        until(lambda: sender.position() == 100, 20)
    each_at_least_once(receiver.messages, journal)


def test_a_slow_one_only_lags_and_the_other_destinations_do_not(tmp_path, journal):
    def slow(_, connection, __):
        while connection.recv(40_000):
            time.sleep(0.05)
        return True
    crawling, quick = Receiver(slow), Receiver()
    journal.append(40, reason="x" * 100_000)
    second = f'[[send]]\nname = "quick"\nto = "tcp:127.0.0.1:{quick.port}"'
    with Sender(tmp_path, f"tcp:127.0.0.1:{crawling.port}", second) as sender:
        until(lambda: len(quick.messages) == 40 and quick.ends)
        assert sender.position() == 0
        assert each_at_least_once(quick.messages, journal) == 0
        until(lambda: sender.position() == 40, 30)
