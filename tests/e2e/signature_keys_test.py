"""Method ssh-signature: which keys open the gate: a security key by its rules, and what an admin enrols, shows, removes and
suspends."""
from lab.files import write
from lab.gate import CONFIG, SERVICE
from raw_ssh import USERAUTH_SUCCESS, raw_rep
from signing import (SecurityKey, accepted, challenge_on, enroll_keys, fingerprint, signer, signing,  # noqa: F401
                     verdict)
from support import assert_closes, with_grant

# ---- security keys

def sk_login(lab, key, name="kim"):
    rep = lab.reps[name]
    wire = raw_rep().ask_for_userauth()
    wire.answer(key.sign(challenge_on(wire, name, rep.password)))
    kind = verdict(wire)
    wire.close()
    assert_closes(lab) if kind == USERAUTH_SUCCESS else None
    return kind == USERAUTH_SUCCESS


def test_a_security_keys_counter_must_rise_over_restarts_too(signing):
    key = SecurityKey()
    assert enroll_keys(signing, "kim", key.line)["ok"]
    assert sk_login(signing, key)
    assert (accepted(signing)[-1]["key"], accepted(signing)[-1]["key_counter"]) == (key.fingerprint, 1)
    with_grant(signing)
    key.counter = 0  # a copy that was made before
    assert not sk_login(signing, key)
    signing.gate.kill()
    signing.gate.start()
    key.counter = 0
    assert not sk_login(signing, key)
    key.counter = 1
    assert sk_login(signing, key)
    assert accepted(signing)[-1]["key_counter"] == 2
    assert "may have been copied" in signing.gate.log()


def test_a_security_key_must_be_touched_and_verify_its_user_where_the_policy_says_so(signing):
    key = SecurityKey()
    assert enroll_keys(signing, "kim", key.line)["ok"]
    key.flags = 0
    assert not sk_login(signing, key)
    key.flags = 1
    assert sk_login(signing, key)
    write(CONFIG / "policies/strict.toml",
          '[login]\nmethods = ["ssh-signature"]\nuser_verification = true\n' + SERVICE)
    signing.gate.reload()
    with_grant(signing, policy="strict")
    assert not sk_login(signing, key)
    key.flags = 5
    assert sk_login(signing, key)
    with_grant(signing, policy="strict")
    assert not signing.kim.logs_in(), "a key without a verified user does not do"


# ---- enrolment

def test_a_policy_that_does_not_allow_the_method_refuses_the_grant(site):
    signer(site)
    write(CONFIG / "policies/old.toml", '[login]\nmethods = ["ocra"]\n' + SERVICE)
    site.gate.reload()
    reply = site.gate.ask(ask="enable", rep="kim", target="hmc1", policy="old", networks=["192.0.2.10/32"])
    assert not reply["ok"] and "ssh-signature" in reply["refused"] and "old" in reply["refused"]


def test_the_method_does_not_change_under_a_live_grant(signing):
    reply = signing.gate.ask(ask="rep.enroll", name="kim")
    assert not reply["ok"] and "live grant" in reply["refused"]
    assert signing.kim.logs_in()


def test_a_key_replaces_the_secret_and_a_secret_the_keys(site):
    secret, keys = CONFIG / "secrets/reps/kim", CONFIG / "secrets/rep-keys/kim"
    assert secret.exists() and not keys.exists()
    signer(site)
    assert keys.exists() and not secret.exists() and keys.stat().st_mode & 0o777 == 0o600
    site.enroll("kim")
    assert secret.exists() and not keys.exists()
    with_grant(site)
    assert site.reps["kim"].ssh("lshmc -V").returncode == 0


def test_what_cannot_be_enrolled_says_why(site):
    kim = signer(site)
    gate = site.gate
    for file, options, why in (("weak", ("-t", "rsa", "-b", "2048"), "2048 bits"), ("id", None, "private key")):
        line = kim.new_key(file, *options) and f"{file}.pub" if options else file
        done = gate.run_console("root", "rep", "enroll", "kim", "--key", str(kim.folder / line))
        assert done.returncode == 1 and why in done.stderr, done
    reply = enroll_keys(site, "kim", (kim.folder / "id").read_text())
    assert not reply["ok"] and "private key" in reply["refused"]
    reply = enroll_keys(site, "kim", (kim.folder / "id.pub").read_text())
    assert not reply["ok"] and "already" in reply["refused"]
    assert not enroll_keys(site, "kim", SecurityKey("https://bank.example").line)["ok"]
    assert not gate.ask("sam", ask="rep.enroll_keys", name="kim", role="key", text=kim.new_key("more"))["ok"]


def test_the_console_enrols_shows_and_removes_keys(site):
    kim = signer(site)
    ca = kim.new_key("ca")
    done = site.gate.run_console("root", "rep", "enroll", "kim", "--authority", str(kim.folder / "ca.pub"))
    assert done.returncode == 0 and fingerprint(kim, "ca") in done.stdout, done
    shown = site.gate.run_console("sam", "rep", "show", "kim")
    assert shown.returncode == 0 and "ssh-signature" in shown.stdout
    assert fingerprint(kim) in shown.stdout and fingerprint(kim, "ca") in shown.stdout and ca.split()[1] not in shown.stdout
    with_grant(site)
    done = site.gate.run_console("root", "rep", "unenroll", "kim", fingerprint(kim))
    assert done.returncode == 0, done
    assert not kim.logs_in()
    records = [record for record in site.gate.journal() if record["event"].startswith("rep.")]
    assert [record["event"] for record in records][-3:] == ["rep.enrolled", "rep.enrolled", "rep.unenrolled"]
    assert records[-1]["keys"] == [fingerprint(kim)] and records[-2]["authorities"] == [fingerprint(kim, "ca")]


def test_a_suspended_rep_is_a_stranger_until_resumed(signing):
    gate, kim = signing.gate, signing.kim
    done = gate.run_console("root", "rep", "suspend", "kim", "--reason", "laptop lost")
    assert done.returncode == 0, done
    assert not kim.logs_in()
    failed = [record for record in gate.journal() if record["event"] == "login.failed"]
    assert failed and "grant" not in failed[-1]
    reply = gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10/32"])
    assert not reply["ok"] and "suspended" in reply["refused"]
    gate.kill()
    gate.start()
    assert not kim.logs_in()
    assert "suspended" in gate.run_console("sam", "rep", "list").stdout
    assert gate.run_console("root", "rep", "resume", "kim").returncode == 0
    assert kim.logs_in()
