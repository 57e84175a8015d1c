"""I2: a grant admits at most one session, ever. The race and the kill sweep have files of their own."""
from support import assert_closes, eventually, state_of, with_grant


def test_a_second_use_is_refused(armed):
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert_closes(armed)
    assert state_of(armed, armed.grant) == "spent"
    assert armed.kim.ssh("lshmc -V", options=["-o", "ConnectTimeout=1"]).returncode == 255
    assert armed.gate.events(armed.grant).count("grant.claimed") == 1


def test_a_second_use_is_refused_while_the_first_lasts(armed):
    first = armed.kim.start_ssh("-tt")
    eventually(lambda: state_of(armed, armed.grant) == "active", 10, "the first login")
    assert armed.kim.ssh("lshmc -V").returncode == 255
    first.stdin.close()
    first.kill()
    first.wait()
    assert armed.gate.events(armed.grant).count("grant.claimed") == 1


def test_a_used_grant_stays_used_across_restarts(armed):
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert_closes(armed)
    for stop in (armed.gate.stop, armed.gate.kill):
        stop()
        armed.gate.start()
        assert state_of(armed, armed.grant) == "spent"
        assert armed.gate.listening() == []


def test_an_armed_grant_comes_back_armed_and_works_once(armed):
    armed.gate.kill()
    armed.gate.start()
    assert state_of(armed, armed.grant) == "armed"
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert_closes(armed)
    assert state_of(armed, armed.grant) == "spent"


def test_an_active_session_does_not_come_back_after_a_restart(armed):
    session = armed.kim.start_ssh("-tt")
    eventually(lambda: "session.connected" in armed.gate.events(armed.grant), 10, "the session")
    armed.gate.kill()
    armed.gate.start()
    ended = [record for record in armed.gate.journal() if record["event"] == "session.ended"]
    assert [record["reason"] for record in ended] == ["gateway restarted"]
    assert state_of(armed, armed.grant) == "spent"
    session.kill()
    session.wait()


def test_two_grants_of_one_rep_are_two_sessions(armed):
    second = with_grant(armed)
    for _ in range(2):
        assert armed.kim.ssh("lshmc -V").returncode == 0
    eventually(lambda: state_of(armed, second) == "spent" == state_of(armed, armed.grant), 3, "both grants' end")
    assert armed.kim.ssh("lshmc -V", options=["-o", "ConnectTimeout=1"]).returncode == 255
