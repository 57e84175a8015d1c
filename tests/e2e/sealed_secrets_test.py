"""I9: with a credential of the service manager's, no secret lies on the disk as it is; whoever changes, swaps or loses
one lets nobody in."""
import secrets
import statistics
import threading
import time
from types import SimpleNamespace

import pytest
from crowd import all_done, many_addresses, wire_from
from doctor_test import doctor
from lab.files import LAB, write
from lab.gate import CONFIG
from ocra import ocra
from raw_ssh import USERAUTH_FAILURE
from support import assert_closes, grant_id, records, state_of

REPS, TARGETS = CONFIG / "secrets/reps", CONFIG / "secrets/targets"
CREDENTIALS = LAB / "credentials"
CREDENTIAL = CREDENTIALS / "sallyport-secrets"


@pytest.fixture
def sealed(site):
    """The site's gate, given a credential: its rep's and its target's secrets were stored before that."""
    CREDENTIALS.mkdir(exist_ok=True, mode=0o700)
    write(CREDENTIAL, secrets.token_hex(32), 0o400)
    restart(site, CREDENTIALS)
    yield site
    site.gate.extra_environment.pop("CREDENTIALS_DIRECTORY", None)
    CREDENTIAL.unlink(missing_ok=True)


def restart(lab, credentials):
    assert lab.gate.stop() == 0
    if credentials:
        lab.gate.extra_environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    else:
        lab.gate.extra_environment.pop("CREDENTIALS_DIRECTORY")
    assert lab.gate.start() is not None


def works(lab):
    grant = grant_id(lab.enable())
    assert "V10R3" in lab.kim.ssh("lshmc -V").stdout
    assert_closes(lab)
    return state_of(lab, grant) == "spent"


def is_refused(lab, reason):
    """In the usual words; why is for the admin, in the journal."""
    grant = grant_id(lab.enable())
    done = lab.kim.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1"])
    refused = done.returncode == 255 and "Permission denied" in done.stderr and state_of(lab, grant) == "armed"
    lab.gate.ask(ask="revoke", grant=grant, reason="the next")
    told = records(lab, "rep.secret_unusable")[-1]
    return refused and told["rep"] == "kim" and reason in told["problem"]


def test_a_gate_that_is_given_a_credential_seals_what_it_has_and_works_on(sealed):
    for folder, secret in ((REPS, sealed.kim.secret.rstrip("=")), (TARGETS, sealed.hmc_password())):
        for path in folder.iterdir():
            assert path.read_text().startswith("sealed-v1 ") and secret not in path.read_text()
            assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_uid == 0
    assert [record["secrets"] for record in records(sealed, "secrets.sealed")] == [["reps/kim", "targets/hmc1"]]
    assert works(sealed)
    restart(sealed, CREDENTIALS)
    assert len(records(sealed, "secrets.sealed")) == 1, "what is sealed is left alone"


def test_what_is_stored_from_then_on_is_sealed_at_once(sealed):
    sealed.kim = sealed.enroll("kim", suite="OCRA-1:HOTP-SHA256-8:QA10")
    sealed.add_target("box", user="tester")
    for path in (REPS / "kim", TARGETS / "box"):
        assert path.read_text().startswith("sealed-v1 ")
    assert works(sealed)
    assert len(records(sealed, "secrets.sealed")) == 1


def test_a_secret_that_was_put_there_by_hand_is_sealed_by_the_next_reload(sealed):
    write(TARGETS / "hmc1", sealed.hmc_password() + "\n", 0o600)
    sealed.gate.reload()
    assert (TARGETS / "hmc1").read_text().startswith("sealed-v1 ")
    assert records(sealed, "secrets.sealed")[-1]["secrets"] == ["targets/hmc1"]
    assert works(sealed)


def test_a_changed_secret_lets_nobody_in(sealed):
    text = (REPS / "kim").read_text()
    middle = len(text) // 2
    write(REPS / "kim", text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:], 0o600)
    assert is_refused(sealed, "altered")


def test_another_reps_secret_lets_nobody_in(sealed):
    sealed.enroll("ann")
    write(REPS / "kim", (REPS / "ann").read_text(), 0o600)
    sealed.kim.know_secret(sealed.reps["ann"].suite, sealed.reps["ann"].secret)
    assert is_refused(sealed, "is another's")


def one_try(rep, source, quiet, response=None):
    """Right password, right response unless one is given: what was shown, and how long the refusal took.

    quiet: held until the response is on its way, so that key exchanges come one after the other."""
    with quiet:
        wire = wire_from(source)
        shown = [wire.begin_attempt(rep.name)]
        wire.answer(rep.password)
        question = wire.prompt().split("Challenge ")[1].split(",")[0].replace(" ", "")
        answered = time.monotonic()
        wire.answer(response or ocra(rep.suite, rep.secret, question))
    _, message = wire.hear(USERAUTH_FAILURE, seconds=12)
    took = time.monotonic() - answered
    wire.close()
    return rep.name, repr([*shown, message.asbytes(), list(wire.replies)]), took


def test_a_spoilt_secret_looks_and_takes_like_a_wrong_response(sealed):
    reps = {}
    for name in ("whole", "changed", "cut", "ann", "gone"):
        assert sealed.gate.ask(ask="rep.add", name=name, account="kim")["ok"]
        told = sealed.gate.ask(ask="rep.enroll", name=name)["result"]
        reps[name] = SimpleNamespace(name=name, suite=told["suite"], secret=told["secret"], password=sealed.kim.password)
        sealed.enable(rep=name, networks=["192.0.2.0/24"])
    text = (REPS / "changed").read_text()
    write(REPS / "changed", text[:30] + ("A" if text[30] != "A" else "B") + text[31:], 0o600)
    write(REPS / "cut", (REPS / "cut").read_text()[:-20] + "\n", 0o600)
    write(REPS / "ann", (REPS / "kim").read_text(), 0o600)
    reps["ann"].secret = sealed.kim.secret
    (REPS / "gone").unlink()
    with many_addresses() as sources:
        quiet = threading.Lock()
        tries = all_done(zip([*reps.values()] * 9, sources, strict=False), at_once=8, act=lambda item: one_try(
            *item, quiet, "00000000" if item[0].name == "whole" else None))
    assert len({shown for _, shown, _ in tries}) == 1, {shown for _, shown, _ in tries}
    medians = {name: statistics.median(took for other, _, took in tries if other == name) for name in reps}
    print({name: f"{value * 1000:.1f} ms" for name, value in medians.items()})
    # Answers come on a beat of two seconds: work that shows shows as a whole one. The rest is the machine's noise.
    assert max(medians.values()) - min(medians.values()) < 0.05, medians
    assert {record["rep"] for record in records(sealed, "rep.secret_unusable")} == {*reps} - {"whole"}


@pytest.mark.parametrize("how", ["another", "none"])
def test_without_the_right_credential_nobody_comes_in_and_doctor_knows_why(sealed, how):
    write(CREDENTIAL, secrets.token_hex(32), 0o400)
    restart(sealed, CREDENTIALS if how == "another" else None)
    assert is_refused(sealed, "sealed with another key" if how == "another" else "without the credential")
    finding = doctor(sealed)["secrets"]
    assert finding["verdict"] == "FAIL" and "reps/kim, targets/hmc1 sealed with a key" in finding["text"], finding


def test_a_credential_that_is_too_short_keeps_the_gate_from_starting(sealed):
    assert sealed.gate.stop() == 0
    write(CREDENTIAL, "short", 0o400)
    assert sealed.gate.start() is None
    assert "less than 32 bytes" in sealed.gate.log()
    write(CREDENTIAL, secrets.token_hex(32), 0o400)
    assert sealed.gate.start() is not None
