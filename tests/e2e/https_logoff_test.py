"""Sessions of the HMC's REST API that a rep leaves behind are ended by the gate, whatever ends its own."""
import os
import re
import signal

import pytest
from https_gate_fixtures import console, ended, log_in, web  # noqa: F401 (fixtures, too)
from lab import network
from lab.files import STATE
from support import assert_closes, eventually, records, state_of

LOGON = ("/rest/api/web/Logon", "-X", "PUT", "-d", "<LogonRequest><UserID>hscroot</UserID></LogonRequest>")


def log_on(kim):
    return re.search(r"<X-API-Session[^>]*>(.*?)<", kim.text(*LOGON)).group(1)


def deletions(lab):
    """The tokens of the logoffs that the HMC has heard."""
    return [dict(fact["headers"]).get("X-API-Session") for fact in lab.console_log.heard()
            if fact.get("method") == "DELETE" and fact.get("path") == "/rest/api/web/Logon"]


def log_out(lab, kim):
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")


def end_by_admin(lab, _):
    assert lab.gate.ask("alice", ask="end", grant=lab.grant, reason="enough")["ok"]


def kill_worker(lab, _):
    for worker in lab.gate.workers():
        os.kill(worker, signal.SIGKILL)


def stop_gate(lab, _):
    assert lab.gate.stop() == 0


@pytest.mark.parametrize("finish", [log_out, end_by_admin, kill_worker, stop_gate])
def test_what_is_left_over_is_logged_off_whatever_ends_the_session(web, finish):
    kim = log_in(web)
    left, ended_by_rep, other = log_on(kim), log_on(kim), log_on(kim)
    assert kim.status("/rest/api/web/Logon", "-X", "DELETE", "-H", f"X-API-Session: {ended_by_rep}") == "204"
    finish(web, kim)
    ended(web)
    assert deletions(web) == [ended_by_rep, left, other]
    begun, done = records(web, "session.logoff")[-1], records(web, "session.logged_off")[-1]
    assert begun["count"] == 2 and (done["ended"], done["failed"]) == (2, 0) and "reason" not in done
    events = web.gate.events(web.grant)
    assert events.index("session.logoff") < events.index("session.logged_off") < events.index("session.ended")
    kept = web.gate.log() + "".join(one.read_text() for one in STATE.rglob("*") if one.suffix in (".cast", ".jsonl"))
    assert "session.logoff" in kept and left not in kept and other not in kept, "I9"
    if finish is not stop_gate:
        assert_closes(web, 8)
        assert state_of(web, web.grant) == "spent"


def test_without_one_nothing_is_asked_of_the_hmc(web):
    kim = log_in(web)
    token = log_on(kim)
    kim.text("/rest/api/web/Logon", "-X", "DELETE", "-H", f"X-API-Session: {token}")
    before = len(web.console_log.heard())
    log_out(web, kim)
    ended(web)
    assert not records(web, "session.logoff") and len(web.console_log.heard()) == before


def test_an_hmc_that_does_not_answer_delays_the_end_by_three_seconds_at_most(web):
    kim = log_in(web)
    log_on(kim)
    os.kill(web.console_log.process.pid, signal.SIGSTOP)
    try:
        log_out(web, kim)
        end = eventually(lambda: records(web, "session.ended"), 6)[-1]
        done = records(web, "session.logged_off")[-1]
        assert (done["ended"], done["failed"]) == (0, 1) and done["reason"]
        assert end["reason"].endswith("logged out")
        assert_closes(web)
    finally:
        os.kill(web.console_log.process.pid, signal.SIGCONT)


def test_whoever_has_the_hmcs_address_by_then_and_another_certificate_is_told_nothing(web):
    kim, hmc, place = log_in(web), web.console_log, (network.HMC1_4, 443, network.inside("hmc", []))
    token = log_on(kim)
    hmc.stop()
    impostor = type(hmc)(web.folder)
    impostor.start(*place)
    try:
        log_out(web, kim)
        ended(web)
        assert records(web, "session.logged_off")[-1]["failed"] == 1
        assert token not in impostor.log_file.read_text() and not impostor.requests()
    finally:
        impostor.stop()
        hmc.start(*place)
