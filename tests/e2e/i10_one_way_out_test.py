"""I10: whatever ends a session, everything is closed, checked, and journaled with reason and counters."""
import signal

from raw_ssh import DISCONNECT, raw_rep, response_to
from support import Terminal, assert_closes, eventually, grant_id, state_of


def the_end(lab, grant, seconds=5):
    (record,) = eventually(lambda: [record for record in lab.gate.journal() if record["event"] == "session.ended"
                                    and record["grant"] == grant], seconds, "session.ended")
    return record


def the_hmc_hears_of_it(lab):
    """No shell of the rep's stays behind on the HMC."""
    connections = ["ss", "-Htn", "state", "established", "sport", "=", ":22"]
    eventually(lambda: lab.run("hmc", *connections).stdout == "", 3, "the end at the HMC")


def open_terminal(lab):
    terminal = Terminal(lab, lab.kim)
    terminal.type("lshmc -V")
    return terminal


def test_the_rep_leaves(armed):
    assert open_terminal(armed).leave() == 0
    record = the_end(armed, armed.grant)
    assert record["from_target"] > 100 and record["to_target"] > 5
    assert record["reason"] == "the rep left"
    assert_closes(armed)
    assert state_of(armed, armed.grant) == "spent"
    the_hmc_hears_of_it(armed)


def test_the_rep_leaves_in_the_middle_of_the_targets_login(site):
    site.add_target("asking", login="prompt")
    grant = grant_id(site.enable(target="asking"))
    rep = raw_rep().ask_for_userauth()
    rep.begin_attempt()
    rep.answer(site.kim.password)
    rep.answer(response_to(site.kim, rep.prompt()))
    assert "assword" in rep.prompt()  # the target's
    rep.say(DISCONNECT, 11, "disconnected by user", "")
    record = the_end(site, grant)
    assert record["reason"].startswith("the rep left: during the login") and "SSH_MSG" not in record["reason"]
    rep.close()
    assert_closes(site)


def test_the_admin_ends_it_and_the_rep_is_told_why(armed):
    terminal = open_terminal(armed)
    assert armed.gate.ask("alice", ask="end", grant=armed.grant, reason="maintenance is over")["ok"]
    assert "maintenance is over" in terminal.ended(3)
    record = the_end(armed, armed.grant)
    assert "maintenance is over" in record["reason"] or record.get("by") == "alice"
    assert_closes(armed)
    the_hmc_hears_of_it(armed)


def test_the_admin_revokes_it(armed):
    terminal = open_terminal(armed)
    assert armed.gate.ask("alice", ask="revoke", grant=armed.grant, reason="wrong person")["ok"]
    terminal.ended(3)
    the_end(armed, armed.grant)
    assert state_of(armed, armed.grant) == "revoked"
    assert_closes(armed)
    the_hmc_hears_of_it(armed)


def test_its_longest_duration_passes(site):
    grant = grant_id(site.enable(session=4))
    terminal = open_terminal(site)
    terminal.ended(8)
    assert "time" in the_end(site, grant)["reason"]
    assert_closes(site)
    the_hmc_hears_of_it(site)


def test_it_is_idle_too_long(site):
    site.gate.set_limits('idle = "3s"')
    site.gate.reload()
    grant = grant_id(site.enable())
    terminal = open_terminal(site)
    terminal.ended(8)
    assert "nothing happened for 3s" in the_end(site, grant)["reason"]
    assert_closes(site)
    the_hmc_hears_of_it(site)


def test_the_target_goes_away(armed):
    terminal = open_terminal(armed)
    armed.run("hmc", "bash", "-c", "for p in $(ss -Htnp state established sport = :22 | grep -o 'pid=[0-9]*' | "
                                   "cut -d= -f2 | sort -u); do kill -9 $p; done")
    terminal.ended(5)
    assert the_end(armed, armed.grant)["reason"]
    assert_closes(armed)


def test_the_reps_client_dies(armed):
    session = armed.kim.start_ssh("-tt")
    eventually(lambda: "session.connected" in armed.gate.events(armed.grant), 10, "the session")
    session.kill()
    session.wait()
    the_end(armed, armed.grant)
    assert_closes(armed)
    the_hmc_hears_of_it(armed)


def test_the_gate_is_stopped_in_order(armed):
    terminal = open_terminal(armed)
    assert armed.gate.stop(signal.SIGTERM) == 0
    terminal.ended(3)
    assert the_end(armed, armed.grant)["reason"]
    assert not armed.gate.elements() and not armed.gate.listening() and not armed.gate.workers()
    the_hmc_hears_of_it(armed)
