"""Who is refused, and what it costs whom: closed-out sources, locked grants, accounts, PAM modules, orders, time."""
import itertools
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from crowd import all_done, many_addresses, wire_from
from dialogue import Dialogue, respond
from lab import network
from lab.files import LAB, write
from lab.gate import CONFIG, SETTINGS, Refused, pids_of
from ocra import ocra
from raw_ssh import GONE, INFO_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS, raw_rep
from support import eventually, grant_of, state_of, with_grant

ONE_TRY = ["-o", "NumberOfPasswordPrompts=1"]
OFFICE = ["192.0.2.0/24"]


def restart_with(lab, *login):
    lab.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + "\n[login]\n" + "\n".join(login) + "\n")
    lab.gate.start()


def fails(rep, times, namespace="rep"):
    """So many failed logins, one connection each."""
    for _ in range(times):
        dialogue = Dialogue(rep, options=ONE_TRY, namespace=namespace)
        dialogue.try_once("wrong", lambda challenge: "1234 5678")
        assert dialogue.ended(60)[0] == 255


def right_login(rep, namespace="rep"):
    dialogue = Dialogue(rep, options=ONE_TRY, namespace=namespace)
    dialogue.try_once(rep.password, lambda challenge: respond(rep, challenge))
    return dialogue.ended(60)[0] == 0


# ---- failures: whose they are

@pytest.fixture
def strict(site):
    site.gate.set_limits("failed_logins = 3")
    site.gate.reload()
    return site


def test_one_address_cannot_lock_anothers_grant(strict):
    grant = with_grant(strict, networks=OFFICE)
    fails(strict.kim, 4, "other")
    told = grant_of(strict, grant)
    assert told["state"] == "armed" and told["failed_logins"] == 3 and told["barred"] == [network.OTHER4 + "/32"]
    assert strict.gate.events(grant).count("grant.barred") == 1
    assert not right_login(strict.kim, "other"), "the right words come too late from there"
    assert state_of(strict, grant) == "armed"
    strict.gate.kill()
    strict.gate.start()
    assert not right_login(strict.kim, "other"), "nor after a restart"
    assert right_login(strict.kim)


def test_whoever_is_closed_out_sees_what_a_stranger_sees(strict):
    with_grant(strict, networks=OFFICE)
    fails(strict.kim, 3, "other")

    def seen(user, password, answer):
        wire = raw_rep(namespace="other").ask_for_userauth()
        shown = [wire.begin_attempt(user)]
        wire.answer(password)
        shown.append(wire.prompt())
        wire.answer(answer(shown[1]))
        _, message = wire.hear(USERAUTH_FAILURE, seconds=40)
        shown = [shown[0], re.sub("[A-Z0-9]", "X", shown[1]), message.asbytes(), list(wire.replies)]
        wire.close()
        return shown

    kim = strict.kim
    right = seen("kim", kim.password, lambda prompt: respond(kim, prompt.split("Challenge ")[1].split(",")[0]))
    assert right == seen("nobody-known", "anything", lambda prompt: "12345678")


def test_failures_from_several_addresses_lock_the_grant_and_unlock_opens_it_again(strict):
    grant = with_grant(strict, networks=OFFICE)
    all_done(("other", "near"), lambda namespace: fails(strict.kim, 3, namespace))
    assert state_of(strict, grant) == "armed"
    fails(strict.kim, 3)
    assert state_of(strict, grant) == "locked"
    assert not strict.gate.listening()
    with pytest.raises(Refused):
        strict.gate.console("alice", "unlock", "g-00000000")
    result = strict.gate.console("alice", "unlock", grant, "--reason", "caps lock")
    assert result["grant"]["state"] == "armed" and "barred" not in result["grant"]
    record = next(record for record in strict.gate.journal() if record["event"] == "grant.unlocked")
    assert (record["by"], record["reason"]) == ("alice", "caps lock")
    assert right_login(strict.kim)
    assert not strict.gate.ask("alice", ask="unlock", grant=grant)["ok"], "a used grant stays used"


def test_a_grant_for_one_address_locks_at_the_limit(strict):
    grant = with_grant(strict, networks=[network.REP4 + "/32"])
    fails(strict.kim, 3)
    assert state_of(strict, grant) == "locked"
    strict.gate.kill()
    strict.gate.start()
    assert state_of(strict, grant) == "locked" and not strict.gate.listening()
    assert strict.gate.ask("alice", ask="unlock", grant=grant)["ok"]
    assert right_login(strict.kim)


def test_unlocking_is_for_admins(strict):
    grant = with_grant(strict, networks=[network.REP4 + "/32"])
    fails(strict.kim, 3)
    for person in ("sam", "mallory"):
        assert not strict.gate.ask(person, ask="unlock", grant=grant)["ok"]
    assert state_of(strict, grant) == "locked"


def test_a_bar_does_not_show_in_the_question(strict):
    """Else ten failures would tell that the name has a grant, and which."""
    strict.enroll("kim", suite="OCRA-1:HOTP-SHA256-8:QA10-S064")
    with_grant(strict, networks=OFFICE)

    def shown():
        wire = raw_rep(namespace="other").ask_for_userauth()
        wire.begin_attempt("kim")
        wire.answer("wrong")
        prompt = wire.prompt()
        wire.answer("12345678")
        wire.hear(USERAUTH_FAILURE, seconds=40)
        wire.close()
        return prompt.split(" for ")[1]

    assert len({shown() for _ in range(5)}) == 1
    assert strict.gate.events().count("grant.barred") == 1


# ---- accounts

def set_shadow(account, *, changed="19000", most="99999", expires=""):
    path = Path("/etc/shadow")
    lines = [line.split(":") for line in path.read_text().splitlines()]
    for fields in lines:
        if fields[0] == account:
            fields[2], fields[4], fields[7] = changed, most, expires
    write(path, "\n".join(":".join(fields) for fields in lines) + "\n", 0o640)


def test_an_account_that_expired_or_whose_password_is_too_old_lets_nobody_in(armed):
    days = int(time.time()) // 86400
    for why in ({"expires": str(days - 1)}, {"changed": str(days - 100), "most": "10"}, {"changed": "0"}):
        set_shadow("kim", **why)
        assert not right_login(armed.kim), why
        assert state_of(armed, armed.grant) == "armed"
    set_shadow("kim")
    assert right_login(armed.kim)


# ---- PAM modules of other people

@pytest.fixture
def slow_module(site):
    """A module that hangs for the account lee and lets PAM go on for everybody else."""
    program, service = LAB / "hangs-for-lee", Path("/etc/pam.d/sallyport")
    before = service.read_text()
    write(program, '#!/bin/sh\n[ "$PAM_USER" = lee ] || exit 0\nexec sleep 60\n', 0o755)
    write(service, f"auth required pam_exec.so quiet {program}\n" + before)
    restart_with(site, 'helper_deadline = "6s"')
    site.lee = site.enroll("lee")
    with_grant(site, rep="lee", networks=OFFICE)
    with_grant(site, rep="kim", networks=OFFICE)
    yield site
    write(service, before)


def helpers_of(gate):
    """Of the monitor's own: a module's program bears the helper's name, too, until it has started."""
    parents = {pid: Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
               for pid in pids_of("sallyport-auth")}
    return [pid for pid, parent in parents.items() if int(parent) == gate.pid]


def test_a_module_that_hangs_costs_that_login_and_no_other(slow_module):
    hanging = Dialogue(slow_module.lee, options=ONE_TRY)
    begun = time.monotonic()
    hanging.try_once(slow_module.lee.password, lambda challenge: respond(slow_module.lee, challenge))
    eventually(lambda: pids_of("sallyport-auth"), 3)
    assert right_login(slow_module.kim, "near")
    assert time.monotonic() - begun < 6, "kim did not wait for lee's module"
    assert hanging.ended(20)[0] == 255
    assert 6 <= time.monotonic() - begun < 12
    eventually(lambda: not pids_of("sallyport-auth"), 3, "the helper's end")


def test_a_helper_that_crashes_costs_that_login_and_no_other(slow_module):
    crashing = Dialogue(slow_module.lee, options=ONE_TRY)
    crashing.give_password(slow_module.lee.password)
    helper = eventually(lambda: helpers_of(slow_module.gate), 3)[0]
    crashing.challenge()
    os.kill(helper, signal.SIGABRT)  # not SIGSEGV, which a sanitizer would take for our bug
    crashing.answer("1234 5678")
    assert crashing.ended(20)[0] == 255
    assert right_login(slow_module.kim)
    assert not list(Path("/").glob("core*")), "no core file"


def test_there_are_never_more_than_sixteen_helpers(slow_module):
    restart_with(slow_module, 'helper_deadline = "20s"', "unauthenticated = 40", "unauthenticated_per_source = 40",
                 "connections_a_second = 100")
    wires = [raw_rep().ask_for_userauth() for _ in range(20)]
    for wire in wires:
        wire.begin_attempt("lee")
        wire.answer(slow_module.lee.password)
        assert "Challenge" in wire.prompt(), "everybody is asked"
    assert len(helpers_of(slow_module.gate)) == 16
    for wire in wires:
        wire.close()
    eventually(lambda: not pids_of("sallyport-auth"), 10, "the helpers' end")
    assert right_login(slow_module.kim)


# ---- orders, replays, time

def assert_no_helper_was_missing(lab):
    """Else a login would have been refused without a look at its answers."""
    assert "login helpers are at work already" not in lab.gate.log()


def test_in_a_sample_of_orders_only_both_good_let_in(site):
    """tests/unit/auth/attempt_test.cpp tries every order; here some over the wire, three tries a connection at most."""
    choices = [*itertools.product(("none", "good", "bad"), repeat=2)]
    bad = [one for one in choices if one != ("good", "good")]
    rng = random.Random(7)
    orders = [[one] for one in bad] + [rng.sample(bad, 2) for _ in range(6)] + [rng.sample(bad, 3) for _ in range(3)]
    orders += [[one, ("good", "good")] for one in rng.sample(bad, 3)]
    site.gate.set_limits("failed_logins = 1000")
    site.gate.reload()
    kim = site.kim
    with many_addresses() as sources:
        grants = {index: with_grant(site, networks=[f"{sources[index]}/32"]) for index in range(len(orders))}

        def act(item):
            index, order = item
            wire, kind = wire_from(sources[index]), None
            for password, response in order:
                wire.begin_attempt("kim")
                wire.answer({"none": "", "good": kim.password, "bad": "wrong"}[password])
                question = wire.prompt().split("Challenge ")[1].split(",")[0].replace(" ", "")
                right = ocra(kim.suite, kim.secret, question)
                wire.answer({"none": "", "good": right, "bad": "00000000"}[response])
                kind, _ = wire.hear(USERAUTH_FAILURE, USERAUTH_SUCCESS, GONE, INFO_REQUEST, seconds=12)
                assert (kind == USERAUTH_SUCCESS) == ((password, response) == ("good", "good")), (order, kind)
            wire.close()
            return order[-1] == ("good", "good")

        # The longest first, and all at once as far as helpers go.
        admitted = all_done(sorted(enumerate(orders), key=lambda item: -len(item[1])), act, at_once=8)
    assert_no_helper_was_missing(site)
    assert sum(admitted) == 3
    assert site.gate.events().count("session.connected") == 3
    assert len(grants) == len(orders)


def test_of_100_replays_of_five_kinds_none_is_admitted(site):
    kim, lee = site.kim, site.enroll("lee", suite="OCRA-1:HOTP-SHA256-8:QA10-S064")
    site.gate.set_limits("failed_logins = 1000")
    site.gate.reload()
    false_gate = "SHA256:" + "B" * 43
    with many_addresses() as sources:
        with_grant(site, rep="kim", networks=OFFICE)
        grant = with_grant(site, rep="lee", networks=OFFICE)

        def question_on(wire, rep):
            wire.begin_attempt(rep.name)
            wire.answer(rep.password)
            return wire.prompt().split("Challenge ")[1].split(",")[0].split(" for ")[0].replace(" ", "")

        def refused(wire):
            return wire.hear(USERAUTH_FAILURE, USERAUTH_SUCCESS, GONE, seconds=12)[0] == USERAUTH_FAILURE

        def same_connection(wire, _):
            old = ocra(kim.suite, kim.secret, question_on(wire, kim))
            wire.answer("00000000")
            assert refused(wire)
            question_on(wire, kim)
            wire.answer(old)

        def other_connection(wire, second):
            other = wire_from(second)
            seen = ocra(kim.suite, kim.secret, question_on(other, kim))
            question_on(wire, kim)
            wire.answer(seen)
            other.close()

        def other_grant(wire, _):
            question = question_on(wire, lee)
            wire.answer(ocra(lee.suite, lee.secret, question, place=(site.gate.fingerprint, "g-00000000")))

        def other_rep(wire, _):
            wire.answer(ocra(lee.suite, kim.secret, question_on(wire, lee), place=(site.gate.fingerprint, grant)))

        def other_gate(wire, _):
            wire.answer(ocra(lee.suite, lee.secret, question_on(wire, lee), place=(false_gate, grant)))

        def act(item):
            (replay, _), source, second = item
            wire = wire_from(source)
            replay(wire, second)
            verdict = refused(wire)
            wire.close()
            return verdict

        kinds = [*itertools.product((same_connection, other_connection, other_grant, other_rep, other_gate), range(20))]
        verdicts = all_done(zip(kinds, sources[:100], sources[100:200], strict=True), act, at_once=8)
    assert_no_helper_was_missing(site)
    assert verdicts == [True] * 100
    assert "grant.claimed" not in site.gate.events()


def test_a_challenge_can_be_answered_for_as_long_as_the_file_says(site):
    restart_with(site, 'response_lifetime = "5s"')
    with_grant(site)
    late = Dialogue(site.kim, options=ONE_TRY)
    late.give_password(site.kim.password)
    response = respond(site.kim, late.challenge())
    time.sleep(5.5)
    late.answer(response)
    assert late.ended()[0] == 255
    in_time = Dialogue(site.kim, options=ONE_TRY)
    in_time.give_password(site.kim.password)
    response = respond(site.kim, in_time.challenge())
    time.sleep(3)
    in_time.answer(response)
    assert in_time.ended()[0] == 0


# ---- I9

def test_a_canary_in_every_place_of_a_login_is_found_nowhere(site):
    """Password, PIN, the rep's question, a response; the OCRA secret in each form that it has."""
    from base64 import b32decode

    from i09_secrets_test import Watcher
    suite = "OCRA-1:HOTP-SHA256-8:QA10-PSHA256"
    kim = site.enroll("kim", suite=suite, mutual=True, pin="CANARYPIN")
    with_grant(site)
    watcher = Watcher()
    watcher.start()
    for password, response in (("CANARY-password", "CANARY-response"), (kim.password, None)):
        dialogue = Dialogue(kim, options=ONE_TRY)
        dialogue.give_password(password)
        dialogue.child.expect("Your question for the gate: ")
        dialogue.answer("CANARYQQQQ")
        dialogue.child.expect(r"The gate answers [0-9 ]+\. Challenge ([0-9A-Z ]+), response: ")
        right = ocra(suite, kim.secret, dialogue.child.match[1].replace(" ", ""), "CANARYQQQQ", pin="CANARYPIN")
        dialogue.answer(response or right)
        assert dialogue.ended()[0] == (255 if response else 0)
    watcher.stopping = True
    watcher.join()
    key = b32decode(kim.secret + "=" * (-len(kim.secret) % 8))
    secrets = [b"CANARY", kim.password.encode(), kim.secret.encode(), key, key.hex().encode(), right.encode()]
    written = {str(path): path.read_bytes() for path in Path("/var/lib/sallyport").rglob("*") if path.is_file()}
    written["log"] = site.gate.log().encode()
    written.update({f"/proc text {number}": text for number, text in enumerate(watcher.seen)})
    assert any("journal" in name for name in written) and len(watcher.seen) > 3
    for name, text in written.items():
        for secret in secrets:
            assert secret not in text, (name, secret)


def core_files():
    """Where a kernel or a service manager puts them; not deep, because the helper has seconds to live."""
    folders = [folder for folder in ("/", "/tmp", "/run", "/var/lib", "/var/crash", str(LAB)) if Path(folder).exists()]
    found = subprocess.run(["find", *folders, "-maxdepth", "2", "-xdev", "-name", "core*"], capture_output=True, text=True)
    return {line for line in found.stdout.splitlines() if not line.startswith("/proc")}


def test_no_helper_can_leave_a_core_file(slow_module):
    dialogue = Dialogue(slow_module.lee, options=ONE_TRY)
    dialogue.give_password("CANARY-password")
    helper = eventually(lambda: helpers_of(slow_module.gate), 3)[0]
    limits = Path(f"/proc/{helper}/limits").read_text()
    eventually(lambda: "Max core file size        0                    0" in Path(f"/proc/{helper}/limits").read_text(),
               3, limits)
    before = core_files()
    os.kill(helper, signal.SIGABRT)
    eventually(lambda: not pids_of("sallyport-auth"), 5)
    assert core_files() == before
    dialogue.child.close(force=True)
