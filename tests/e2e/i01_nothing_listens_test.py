"""I1: with no grant armed or active, no service port of the gate answers, and nothing listens."""
from lab import network
from support import Terminal, assert_closes, can_connect, eventually, state_of, with_grant


def assert_shut(lab):
    assert lab.gate.listening() == []
    assert lab.gate.elements() == []
    for address in (network.GATE4, network.GATE6):
        assert can_connect(lab, address=address, seconds=0.3) == "dropped"


def test_a_new_gate_answers_nobody(site):
    assert_shut(site)


def test_it_answers_the_granted_network_while_a_grant_is_armed_and_no_other(armed):
    assert sorted(armed.gate.listening()) == sorted([f"{network.GATE4}:22", f"[{network.GATE6}]:22"])
    assert can_connect(armed, "rep", network.GATE4) == "open"
    assert can_connect(armed, "rep", network.GATE6) == "open"
    assert can_connect(armed, "other", network.GATE4, seconds=0.3) == "dropped"
    assert can_connect(armed, "other", network.GATE6, seconds=0.3) == "dropped"


def test_it_is_shut_after_a_revocation(armed):
    assert armed.gate.ask("alice", ask="revoke", grant=armed.grant, reason="not needed")["ok"]
    assert state_of(armed, armed.grant) == "revoked"
    assert_shut(armed)


def test_it_is_shut_after_the_connect_deadline(site):
    grant = with_grant(site, connect_within=1)
    eventually(lambda: state_of(site, grant) == "expired", 4, "the grant's expiry")
    assert_shut(site)


def test_it_is_shut_after_the_session(armed):
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert_closes(armed)
    assert_shut(armed)


def test_it_is_shut_after_the_daemon_was_stopped_and_while_it_is_down(armed):
    assert armed.gate.stop() == 0
    assert armed.gate.listening() == []
    assert armed.gate.elements() == []
    assert "sallyport_base" in armed.gate.tables(), "the refusing table stays"
    assert can_connect(armed, seconds=0.3) == "dropped"


def test_a_second_grant_keeps_the_door_of_the_first_as_it_was(armed):
    armed.enroll("lee")
    other = with_grant(armed, rep="lee", networks=[network.OTHER4 + "/32"])
    before = armed.gate.elements()
    terminal = Terminal(armed, armed.kim)
    assert can_connect(armed, "other") == "open"
    terminal.leave()
    eventually(lambda: state_of(armed, armed.grant) == "spent", 3, "the first session's end")
    assert state_of(armed, other) == "armed"
    assert armed.gate.elements() == [line for line in before if network.OTHER4 in line]
    assert can_connect(armed, "other") == "open"
    assert can_connect(armed, "rep", seconds=0.3) == "dropped"
