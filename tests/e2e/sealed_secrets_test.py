"""I9: with a credential of the service manager's, no secret lies on the disk as it is; whoever changes, swaps or loses
one lets nobody in."""
import secrets

import pytest
from doctor_test import doctor
from lab.files import LAB, write
from lab.gate import CONFIG
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


@pytest.mark.parametrize("how", ["another", "none"])
def test_without_the_right_credential_nobody_comes_in_and_doctor_knows_why(sealed, how):
    write(CREDENTIAL, secrets.token_hex(32), 0o400)
    restart(sealed, CREDENTIALS if how == "another" else None)
    assert is_refused(sealed, "sealed with another key" if how == "another" else "without the credential")
    finding = doctor(sealed)["secrets"]
    assert finding["verdict"] == ("ok" if how == "another" else "FAIL"), finding


def test_a_credential_that_is_too_short_keeps_the_gate_from_starting(sealed):
    assert sealed.gate.stop() == 0
    write(CREDENTIAL, "short", 0o400)
    assert sealed.gate.start() is None
    assert "less than 32 bytes" in sealed.gate.log()
    write(CREDENTIAL, secrets.token_hex(32), 0o400)
    assert sealed.gate.start() is not None
