"""Carriage through-ssh: anything but the granted ports of the target is refused at once, in words, and the session goes on.
Runs in: the lab."""
import re
import time

import pytest
from lab import network
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from raw_ssh import (CHANNEL_FAILURE, CHANNEL_REQUEST, CLOSE, DATA, DEBUG, EOF, GLOBAL_REQUEST, OPEN,
                     OPEN_CONFIRMATION, OPEN_FAILURE, PACKET, REQUEST_FAILURE, WINDOW, raw_rep)
from support import eventually, records, with_grant
from through_ssh import (CLOSED, DIAL, NOT_GRANTED, WEB, HmcPort, closed, direct, echo, through, wire,  # noqa: F401
                         write_policy)


@pytest.mark.parametrize(("host", "port", "reason"), [
    ("localhost", NOT_GRANTED, "port 9999 is not granted inside SSH"),
    ("localhost", 22, "port 22 is not granted inside SSH"),
    ("localhost", 0, "port 0 is not granted inside SSH"),
    (network.HMC2_4, WEB, "198.51.100.21 is not the granted target"),
    (network.GATE4, WEB, "192.0.2.1 is not the granted target"),
    ("127.0.0.1", WEB, "127.0.0.1 is not the granted target"),
    ("www.example.org", WEB, "www.example.org is not the granted target"),
    ("", WEB, " is not the granted target"),
    ("x" * 5000, WEB, "the host's name is longer than 255 bytes"),
], ids=lambda value: value[:20] if isinstance(value, str) else value)
def test_anything_but_the_granted_ports_of_the_target_is_refused_at_once(through, wire, host, port, reason):
    with HmcPort(WEB, echo) as hmc:
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, host, port, "127.0.0.1", 40000)
        started = time.monotonic()
        _, message = wire.hear(DEBUG)
        message.get_boolean()
        assert message.get_text() == "sallyport: " + reason
        _, message = wire.hear(OPEN_FAILURE)
        assert time.monotonic() - started < 2
        assert (message.get_int(), message.get_int()) == (0, 1)  # RFC 4254, 5.1: administratively prohibited
        assert not hmc.connections
        assert DIAL not in through.gate.elements()
        assert direct(wire, "localhost", WEB)[0] == OPEN_CONFIRMATION, "and the session goes on"
    assert len(records(through, "session.channel")) == 1
    if len(host) < 256:
        assert reason in through.gate.log()


def test_stock_ssh_says_why_when_it_is_asked(through):
    started = time.monotonic()
    done = through.kim.ssh(options=["-v", "-W", f"localhost:{NOT_GRANTED}"])
    assert done.returncode == 255 and time.monotonic() - started < 5
    assert "open failed: administratively prohibited" in done.stderr
    assert f"Remote: sallyport: port {NOT_GRANTED} is not granted inside SSH" in done.stderr


def test_a_grant_without_such_a_service_opens_no_port(armed):
    with HmcPort(WEB, echo) as hmc:
        wire = raw_rep().log_in(armed.kim)
        kind, _, seconds = direct(wire, "localhost", WEB)
        assert kind == OPEN_FAILURE and seconds < 2
        assert not hmc.connections
        wire.close()


def test_the_rep_offers_no_ports_of_its_own(through, wire):
    for name in ("tcpip-forward", "streamlocal-forward@openssh.com"):
        wire.say(GLOBAL_REQUEST, name, True, "", 0)
        wire.hear(REQUEST_FAILURE, seconds=2)
    for kind in ("forwarded-tcpip", "x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com",
                 "tun@openssh.com"):
        wire.say(OPEN, kind, 3, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 9)
        wire.hear(OPEN_FAILURE, seconds=2)
    done = [address for address in through.gate.listening() if not address.endswith(":22")]
    assert not done
    assert not records(through, "session.channel")


def test_ssh_R_is_refused(through):
    done = through.kim.ssh("true", options=["-R", "9002:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"])
    assert done.returncode == 255 and "remote port forwarding failed" in done.stderr


def test_a_port_that_is_closed_at_the_hmc_is_refused_at_once(through, wire):
    kind, _, seconds = direct(wire, "localhost", CLOSED)
    assert kind == OPEN_FAILURE and seconds < 2
    assert not [element for element in through.gate.elements() if str(CLOSED) in element]
    assert "Connection refused" in through.gate.log()


def test_a_port_that_does_not_answer_is_given_up_and_nothing_waits_for_it(through, wire):
    through.run("hmc", "nft", "add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; "
                              f"add rule inet quiet in tcp dport {CLOSED} drop")
    try:
        wire.say(OPEN, "direct-tcpip", 7, WINDOW, PACKET, "localhost", CLOSED, "127.0.0.1", 40000)
        started = time.monotonic()
        with HmcPort(WEB, echo):
            assert direct(wire, "localhost", WEB, mine=8)[0] == OPEN_CONFIRMATION
            assert time.monotonic() - started < 2
        _, message = wire.hear(OPEN_FAILURE, seconds=8)
        assert message.get_int() == 7 and time.monotonic() - started < 5
    finally:
        through.run("hmc", "nft", "delete table inet quiet")


def test_channels_have_a_limit_which_counts_those_that_wait(site):
    write_policy(channels=4)
    write(CONFIG / "sallyport.toml", SETTINGS + f'isolated_networks = ["{network.REP4}/32", "{network.REP6}/128"]\n')
    site.gate.stop()
    site.gate.start()
    with_grant(site, policy="through")
    wire = raw_rep().log_in(site.kim)
    with HmcPort(WEB, echo):
        for mine in range(12):
            wire.say(OPEN, "direct-tcpip", mine, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        kinds = [wire.hear(OPEN_CONFIRMATION, OPEN_FAILURE) for _ in range(12)]
        opened = [message for kind, message in kinds if kind == OPEN_CONFIRMATION]
        assert len(opened) == 4
        opened[0].get_int()
        wire.say(CLOSE, opened[0].get_int())
        wire.hear(CLOSE)
        # The gate says CLOSE a moment before it counts again.
        eventually(lambda: direct(wire, "localhost", WEB, mine=20)[0] == OPEN_CONFIRMATION, 2, "a free place")
    wire.close()


def test_requests_on_such_a_channel_are_refused(through, wire):
    with HmcPort(WEB, echo):
        wire.say(OPEN, "direct-tcpip", 0, WINDOW, PACKET, "localhost", WEB, "127.0.0.1", 40000)
        _, message = wire.hear(OPEN_CONFIRMATION)
        message.get_int()
        channel = message.get_int()
        for request in (("shell", True), ("exec", True, "id"), ("pty-req", True, "xterm", 80, 24, 0, 0, ""),
                        ("auth-agent-req@openssh.com", True), ("nonsense", True)):
            wire.say(CHANNEL_REQUEST, channel, *request)
            wire.hear(CHANNEL_FAILURE, seconds=2)
        wire.say(DATA, channel, b"still here")
        _, message = wire.hear(DATA)
        message.get_int()
        assert message.get_text() == "still here"
        wire.say(EOF, channel)
        wire.hear(EOF), wire.hear(CLOSE)
        wire.say(CLOSE, channel)
    closed(through, 1)
    assert not re.search(r"shell|exec", str(records(through, "session.channel")))
