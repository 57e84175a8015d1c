"""Carriage through-ssh: nothing is open for anybody's address, and what is open for the gate lasts as long as its channel,
whoever ends that. Runs in: the lab."""
import os
import socket
import struct
import threading
import time

from lab import network
from lab.files import ACCOUNTS
from raw_ssh import CLOSE, DATA, OPEN, OPEN_CONFIRMATION, PACKET, WINDOW
from support import assert_closes, can_connect, eventually, records, worker_ends_within
from through_ssh import (DIAL, WEB, Forwarding, HmcPort, at_the_rep, closed, echo, endless, of, receive, through,
                         wire)  # noqa: F401 (fixtures, too)


def test_nothing_is_opened_for_anybodys_address(through):
    with HmcPort(WEB, echo), Forwarding(through):
        assert DIAL not in through.gate.elements()
        before = through.gate.elements()
        peer = at_the_rep()
        peer.sendall(b"x")
        assert peer.recv(1) == b"x"
        assert sorted(through.gate.elements()) == sorted([*before, DIAL])
        assert through.gate.listening() and all(address.endswith(":22") for address in through.gate.listening())
        for namespace in ("rep", "near", "other"):
            assert can_connect(through, namespace, network.GATE4, WEB) != "open"
            assert can_connect(through, namespace, network.GATE6, WEB) != "open"
        # The gate's own way is root's: no other account of the gate shares it.
        uid = ACCOUNTS["laptop"][0]
        program = f"import socket; socket.create_connection(('{network.HMC1_4}',{WEB}),1)"
        tried = through.run("gate", "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                            "/usr/bin/python3", "-S", "-c", program)
        assert tried.returncode != 0
        peer.close()
        eventually(lambda: through.gate.elements() == before, 5, "the end of the way")
        peer = at_the_rep()  # and again
        peer.sendall(b"y")
        assert peer.recv(1) == b"y"
    assert_closes(through)


def test_two_channels_to_one_port_share_the_way_until_the_last(through):
    with HmcPort(WEB, echo), Forwarding(through):
        one, two = at_the_rep(), at_the_rep()
        for peer in (one, two):
            peer.sendall(b"x")
            assert peer.recv(1) == b"x"
        one.close()
        closed(through, 1)
        assert DIAL in through.gate.elements()
        two.sendall(b"z")
        assert two.recv(1) == b"z"
        two.close()
        eventually(lambda: DIAL not in through.gate.elements(), 5, "the end of the way")


# ---- ends

def test_the_consoles_end_cuts_the_flow_at_once_and_counts_it(through):
    with HmcPort(WEB, endless) as hmc, Forwarding(through) as ssh:
        peer, heard = at_the_rep(), []
        reader = threading.Thread(target=lambda: heard.append(receive_until_broken(peer)))
        reader.start()
        time.sleep(1)
        started = time.monotonic()
        through.gate.console("alice", "end", through.grant, "--reason", "enough")
        eventually(lambda: hmc.answers, 2, "the end at the HMC")
        assert time.monotonic() - started < 1
        assert "enough" in ssh.process.communicate(timeout=5)[1]
        reader.join(5)
        assert_closes(through)
    told, = closed(through, 1)
    ended, = records(through, "session.ended")
    assert 0 < heard[0] <= told["from_target"] <= hmc.answers[0]
    assert told["to_target"] == 0
    assert (ended["to_target"], ended["from_target"]) == (0, told["from_target"])
    assert "enough" in ended["reason"]
    order = through.gate.events()
    assert order.index("session.channel_closed") < order.index("session.ended")


def receive_until_broken(peer):
    count = 0
    try:
        while data := peer.recv(65536):
            count += len(data)
    except OSError:
        pass
    return count


def test_a_rep_that_vanishes_leaves_nothing_at_the_hmc(through):
    with HmcPort(WEB, echo) as hmc, Forwarding(through) as ssh:
        peer = at_the_rep()
        peer.sendall(b"x")
        assert peer.recv(1) == b"x"
        ssh.process.kill()
        eventually(lambda: hmc.answers, 2, "the end at the HMC")
        worker_ends_within(through, 2)
    assert_closes(through)
    assert closed(through, 1)[0]["from_target"] == 1


def test_a_channel_that_the_rep_closes_without_a_word_is_closed_at_the_hmc(through, wire):
    with HmcPort(WEB, receive) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        wire.say(DATA, channel, b"last words")
        wire.say(CLOSE, channel)
        wire.hear(CLOSE)
        eventually(lambda: hmc.answers, 5, "the end at the HMC")
        assert hmc.answers == [of(b"last words")]


def reads_late(connection):
    time.sleep(1.5)
    return receive(connection)


def test_the_last_bytes_reach_an_hmc_that_reads_after_the_rep_has_closed(through, wire):
    data = os.urandom(30000)
    with HmcPort(WEB, reads_late, receive_buffer=2048) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        wire.say(DATA, channel, data)
        wire.say(CLOSE, channel)
        wire.hear(CLOSE)
        assert closed(through, 1)[0]["to_target"] == len(data)
        assert DIAL in through.gate.elements()
        eventually(lambda: hmc.answers, 5, "the end at the HMC")
        assert hmc.answers == [of(data)]
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")


def test_an_hmc_that_sends_hears_that_the_rep_has_gone(through):
    with HmcPort(WEB, endless) as hmc, Forwarding(through):
        peer = at_the_rep()
        assert peer.recv(65536)
        peer.close()
        eventually(lambda: hmc.answers, 3, "the end at the HMC")
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")


def resets(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_an_hmc_that_resets_ends_the_channel_and_its_way(through):
    with HmcPort(WEB, resets), Forwarding(through):
        peer = at_the_rep()
        assert endless(peer) > 0
        peer.close()
        eventually(lambda: DIAL not in through.gate.elements(), 1, "the end of the way")
