"""I4: the kernel never holds open more than the live grants imply; a dead monitor leaves nothing open."""
import os
import re
import signal
import time

from lab import network
from support import Terminal, assert_closes, can_connect, eventually, state_of, time_to_die, with_grant


def mentions(lab, address):
    return [line for line in lab.gate.elements() if address in line]


def test_armed_opens_for_the_granted_networks_only(site):
    with_grant(site, networks=["192.0.2.0/28"])
    assert mentions(site, "192.0.2.0/28") or mentions(site, "192.0.2.0-192.0.2.15")
    assert not [line for line in site.gate.elements() if "2001:db8" in line]
    assert can_connect(site, "rep") == "open"
    assert can_connect(site, "other", seconds=0.3) == "dropped"


def test_a_claim_narrows_it_to_the_reps_address(site):
    with_grant(site, networks=["192.0.2.0/24", "2001:db8:1::/64"])
    assert can_connect(site, "other") == "open"
    terminal = Terminal(site, site.kim)
    assert mentions(site, network.REP4)
    assert not mentions(site, "192.0.2.0")
    assert can_connect(site, "other", seconds=0.3) == "dropped"
    assert can_connect(site, "other", network.GATE6, seconds=0.3) == "dropped"
    terminal.leave()
    assert_closes(site)


def test_every_element_carries_a_kernel_deadline(site):
    with_grant(site, connect_within=600)
    elements = site.gate.elements_with_times()
    assert elements
    for _, element in elements:
        assert re.search(r"timeout (9m59s|10m\b)", element), element


def test_a_killed_monitor_leaves_nothing_open_after_ten_milliseconds(armed):
    terminal = Terminal(armed, armed.kim)
    pid = armed.gate.pid
    os.kill(pid, signal.SIGKILL)
    time.sleep(time_to_die())
    tables = armed.gate.tables()
    assert "sallyport_live" not in tables
    assert "sallyport_base" in tables
    eventually(lambda: not armed.gate.workers(), 1, "the worker's end")
    terminal.child.close(force=True)
    armed.gate.kill()


def test_packets_of_a_live_session_stop_with_the_monitor(armed):
    terminal = Terminal(armed, armed.kim)
    armed.gate.kill()
    assert can_connect(armed, seconds=0.3) == "dropped"
    assert can_connect(armed, "gate", armed.hmc1.addresses[0], seconds=0.3) == "dropped"
    terminal.child.close(force=True)


def test_a_hung_monitor_cannot_keep_a_door_open(site):
    grant = with_grant(site, connect_within=2)
    os.kill(site.gate.pid, signal.SIGSTOP)
    try:
        eventually(lambda: not site.gate.elements(), 4, "the kernel's own deadline")
        assert can_connect(site, seconds=0.3) == "dropped"
    finally:
        os.kill(site.gate.pid, signal.SIGCONT)
    eventually(lambda: state_of(site, grant) == "expired", 3, "the expiry in the journal")
