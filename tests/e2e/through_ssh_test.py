"""Carriage through-ssh: what goes through such a port arrives whole, both ways, beside others and beside a shell.
Runs in: the lab."""
import os
import socket
import threading
import time

import pytest
from lab import network
from support import Terminal, assert_closes, eventually, records, state_of
from through_ssh import (CLOSED, HERE, OTHER, WEB, Forwarding, HmcPort, at_the_rep, closed, echo, endless,  # noqa: F401
                         exchange, of, processor_time, reads_nothing, receive, through)

MIB = 1 << 20
BIG = 64 * MIB


def says_bye_and_listens(connection):
    connection.sendall(b"bye")
    connection.shutdown(socket.SHUT_WR)
    return receive(connection)


def test_a_port_of_the_hmc_answers_behind_ssh_L_and_both_ways_are_whole(through):
    data = os.urandom(BIG)
    with HmcPort(WEB, echo), Forwarding(through) as ssh:
        assert exchange(at_the_rep(), data) == of(data)
        told = closed(through, 1)[0]
        ssh.leave()
        assert_closes(through)
    opened = records(through, "session.channel")[0]
    assert opened["kind"] == "direct-tcpip" and opened["command"] == f"localhost:{WEB}"
    assert opened["reached"] == f"{network.HMC1_4}:{WEB}" and "recording" not in opened
    assert told["channel"] == opened["channel"] and "exit_status" not in told
    assert (told["to_target"], told["from_target"]) == (BIG, BIG)
    ended = records(through, "session.ended")[0]
    assert (ended["to_target"], ended["from_target"]) == (BIG, BIG)
    assert state_of(through, through.grant) == "spent"


def test_ssh_W_carries_standard_input_and_output(through):
    data = os.urandom(BIG)
    with HmcPort(WEB, echo):
        done = through.kim.ssh(options=["-W", f"{network.HMC1_4}:{WEB}"], input=data, text=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert of(done.stdout) == of(data)


def test_the_hmc_may_end_its_side_first(through):
    data = os.urandom(8 * MIB)
    with HmcPort(WEB, says_bye_and_listens) as hmc, Forwarding(through):
        peer = at_the_rep()
        assert receive(peer)[1] == 3
        peer.sendall(data)
        peer.close()
        eventually(lambda: hmc.answers, 10, "the end at the HMC")
        assert hmc.answers == [of(data)]
        assert closed(through, 1)[0]["to_target"] == len(data)


def test_eight_at_once(through):
    data = [os.urandom(8 * MIB) for _ in range(8)]
    heard = [None] * len(data)

    def run(number):
        heard[number] = exchange(at_the_rep(HERE + number % 2), data[number])

    with HmcPort(WEB, echo), HmcPort(OTHER, echo), Forwarding(
            through, f"127.0.0.1:{HERE}:localhost:{WEB}", f"127.0.0.1:{HERE + 1}:hmc1:{OTHER}"):
        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(data))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert heard == [of(part) for part in data]
        closed(through, 8)


@pytest.mark.parametrize("slow", ["the HMC", "the rep"])
def test_who_does_not_read_stops_its_own_channel_and_no_other(through, slow):
    with HmcPort(WEB, reads_nothing if slow == "the HMC" else endless) as hmc, HmcPort(OTHER, echo), Forwarding(
            through, f"127.0.0.1:{HERE}:localhost:{WEB}", f"127.0.0.1:{HERE + 1}:localhost:{OTHER}"):
        peer = at_the_rep()
        if slow == "the HMC":
            threading.Thread(target=endless, args=(peer,), daemon=True).start()
        eventually(lambda: hmc.connections, 5, "the connection")
        last = held = None
        while last is None or held > last:  # until nothing moves any more
            time.sleep(1)
            last, held = held if held is not None else -1, memory(through)
        data = os.urandom(8 * MIB)
        assert exchange(at_the_rep(HERE + 1), data) == of(data)
        assert memory(through) - held < 64 * MIB
        peer.close()


def bye_and_wait(connection):
    connection.shutdown(socket.SHUT_WR)
    time.sleep(60)


def test_a_channel_in_which_nothing_moves_costs_no_processor(through):
    """Idle; ended by one side only; full in one direction."""
    with HmcPort(WEB, reads_nothing), HmcPort(OTHER, bye_and_wait), HmcPort(CLOSED, endless), Forwarding(
            through, *(f"127.0.0.1:{HERE + i}:localhost:{port}" for i, port in enumerate((WEB, OTHER, CLOSED)))):
        idle, ended, full, bye, flood = (at_the_rep(HERE + i) for i in (0, 0, 0, 1, 2))
        ended.shutdown(socket.SHUT_WR)
        threading.Thread(target=endless, args=(full,), daemon=True).start()
        time.sleep(2)
        before = processor_time(through)
        time.sleep(2)
        assert processor_time(through) - before < 0.2
        for peer in (idle, ended, full, bye, flood):
            peer.close()


def memory(lab):
    worker, = lab.gate.workers()
    with open(f"/proc/{worker}/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_a_shell_beside_it_keeps_working(through):
    terminal = Terminal(through, through.kim, options=["-L", f"127.0.0.1:{HERE}:localhost:{WEB}"])
    data, heard = os.urandom(BIG), []
    with HmcPort(WEB, echo):
        thread = threading.Thread(target=lambda: heard.append(exchange(at_the_rep(), data)))
        thread.start()
        while thread.is_alive():
            started = time.monotonic()
            assert "V10R3" in terminal.type("lshmc -V")
            assert time.monotonic() - started < 3
        assert heard == [of(data)]
    assert terminal.leave() == 0
    assert_closes(through)
