"""sallyport-respond as the askpass program of stock ssh, at the real gate: signatures of every kind of key, session
information and mutual authentication; and refusals, after which no login was accepted and nothing was signed."""
import subprocess

import pytest
from lab.files import LAB, write
from lab.rep import UID, Rep
from signing import Signer, agent_for, signer
from support import state_of, with_grant

SESSION = "OCRA-1:HOTP-SHA256-8:QA10-S064"
MUTUAL = "OCRA-1:HOTP-SHA256-8:C-QA10-S064"
ONE_TRY = ["-o", "NumberOfPasswordPrompts=1"]


class Responder(Signer):
    """A signing rep whose askpass program is ours; ssh-keygen is watched."""

    expect = {}

    def environment(self, **more):
        return Rep.environment(self, SALLYPORT_KEY=str(self.sign_with), PATH=f"{self.folder}/bin:{LAB}/bin:/usr/bin:/bin",
                               SALLYPORT_ACCEPT_NEW_GATE="1", **self.more, **self.expect, **more)

    def watch_keygen(self):
        (self.folder / "bin").mkdir(exist_ok=True)
        write(self.folder / "bin/ssh-keygen", f"#!/bin/sh\necho \"$@\" >>{self.folder}/started\nexec /usr/bin/ssh-keygen \"$@\"\n", 0o755)
        (self.folder / "started").unlink(missing_ok=True)

    @property
    def has_signed(self):
        return (self.folder / "started").exists()

    def connect(self, **expect):
        self.expect = {f"SALLYPORT_{name.upper()}": value for name, value in expect.items()}
        return self.ssh("lshmc -V", options=ONE_TRY)


def responder(lab, *options, role="key"):
    kim = signer(lab, "kim", *options, role=role)
    kim.__class__ = Responder
    (kim.folder / ".config/sallyport/known_gates").unlink(missing_ok=True)
    kim.watch_keygen()
    return kim


def known_gates(rep):
    return (rep.folder / ".config/sallyport/known_gates").read_text()


def logged_in(done):
    return done.returncode == 0 and "V10R3" in done.stdout


@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "ecdsa"), ("-t", "rsa", "-b", "4096")], ids=" ".join)
def test_a_signature_by_askpass_opens_the_gate(site, options):
    kim = responder(site, *options)
    grant = with_grant(site)
    done = kim.connect(target="hmc1", grant=grant, services="ssh", gate="gate")
    assert logged_in(done), done.stderr
    assert known_gates(kim).startswith(f"gate {site.gate.fingerprint} ")
    assert kim.has_signed
    left = kim.folder / ".cache/sallyport"
    assert not left.exists() or list(left.iterdir()) == []


def test_a_certificate_with_its_key_in_the_agent(site):
    kim = responder(site, role="authority")
    kim.new_key("id")
    (kim.folder / "id-cert.pub").unlink(missing_ok=True)
    kim.keygen("-s", "ca", "-I", "kim at vendor", "-n", "kim", "id.pub")
    agent = agent_for(kim, "id")
    try:
        (kim.folder / "id").unlink()
        kim.sign_with = kim.folder / "id-cert.pub"
        with_grant(site)
        done = kim.connect(target="hmc1")
        assert logged_in(done), done.stderr
    finally:
        agent.kill()
        agent.wait()


@pytest.mark.parametrize("expect", [{"target": "hmc2"}, {"grant": "g-00000000"}, {"services": "ssh,https", "target": "hmc1"},
                                    {"gate": "gate2", "target": "hmc1"}], ids=str)
def test_what_is_not_expected_is_not_signed(site, expect):
    kim = responder(site)
    grant = with_grant(site)
    done = kim.connect(**expect)
    assert done.returncode == 255 and "you expect" in done.stderr
    assert not kim.has_signed and state_of(site, grant) == "armed"
    assert "login.accepted" not in site.gate.events()


def test_a_gate_whose_host_key_is_not_the_known_one_gets_no_signature(site):
    kim = responder(site)
    write(kim.folder / ".config/sallyport/known_gates", f"gate SHA256:{'A' * 43} 2026-01-31T23:59:59Z\n", 0o600, UID)
    grant = with_grant(site)
    done = kim.connect(target="hmc1")
    assert done.returncode == 255 and "another host key" in done.stderr
    assert not kim.has_signed and state_of(site, grant) == "armed"


def test_another_machine_that_passes_the_challenge_on_gets_no_signature(site):
    """ssh knows the machine that it is connected to by another key than the challenge names."""
    kim = responder(site)
    kim.new_key("other")
    other = (kim.folder / "other.pub").read_text()
    write(kim.folder / "false_known_hosts", f"{kim.gate} {other}", 0o600, UID)
    grant = with_grant(site)
    done = kim.connect(target="hmc1", known_hosts=str(kim.folder / "false_known_hosts"))
    assert done.returncode == 255 and "passes on" in done.stderr and not kim.has_signed
    assert state_of(site, grant) == "armed"
    assert logged_in(kim.connect(target="hmc1", known_hosts=str(kim.folder / "known_hosts")))


def test_in_front_of_ssh_with_options(site):
    kim = responder(site)
    with_grant(site)
    command = kim.ssh_command("lshmc -V", options=ONE_TRY)
    at = command.index("ssh")
    environment = {name: value for name, value in kim.environment().items()
                   if not name.startswith(("SSH_ASKPASS", "SALLYPORT_ACCEPT"))}
    done = subprocess.run([*command[:at], f"{LAB}/bin/sallyport-respond", "--target", "hmc1", "--accept-new-gate", "--",
                           *command[at:]], env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    assert logged_in(done), done.stderr


# ---- OCRA

@pytest.mark.parametrize("suite, options", [(SESSION, {}), (MUTUAL, {"mutual": True}),
                                            ("OCRA-1:HOTP-SHA512-10:QN08-T1M", {"mutual": True})])
def test_bound_and_mutual_responses_by_askpass(site, suite, options):
    kim = enrolled(site, suite, **options)
    expect = {"SALLYPORT_ACCEPT_NEW_GATE": "1"}
    for _ in range(2):
        grant = with_grant(site)
        if "S064" in suite:
            expect["SALLYPORT_GRANT"] = grant
        done = connect(kim, **expect)
        assert logged_in(done), done.stderr


def enrolled(site, suite, mutual=False):
    kim = site.enroll("kim", suite=suite, **({"mutual": True} if mutual else {}))
    if mutual:
        secret = kim.folder / ".config/sallyport/secret"
        write(secret, secret.read_text() + "mutual\n", 0o600, UID)
    (kim.folder / ".config/sallyport/known_gates").unlink(missing_ok=True)
    return kim


def connect(kim, **more):
    return subprocess.run(kim.ssh_command("lshmc -V", options=ONE_TRY), env=kim.environment(**more), text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=30)


def test_a_bound_response_is_refused_for_another_grant_or_gate(site):
    kim = enrolled(site, SESSION)
    grant = with_grant(site)
    for more in ({"SALLYPORT_GRANT": "g-00000000"}, {"SALLYPORT_GATE": "other"}, {"SALLYPORT_TARGET": "hmc1"}):
        done = connect(kim, SALLYPORT_ACCEPT_NEW_GATE="1", **more)
        assert done.returncode == 255 and "refused" in done.stderr
    done = connect(kim)
    assert done.returncode == 255 and "--add-gate gate " + site.gate.fingerprint in done.stderr
    assert state_of(site, grant) == "armed"


def test_a_gate_that_does_not_answer_first_gets_nothing_from_a_rep_who_expects_it(site):
    kim = enrolled(site, "OCRA-1:HOTP-SHA256-8:QA10")
    secret = kim.folder / ".config/sallyport/secret"
    write(secret, secret.read_text() + "mutual\n", 0o600, UID)
    grant = with_grant(site)
    done = connect(kim)
    assert done.returncode == 255 and "false one" in done.stderr and state_of(site, grant) == "armed"


def test_a_gate_that_does_not_know_the_secret_gets_no_response(site):
    kim = enrolled(site, MUTUAL, mutual=True)
    secret = kim.folder / ".config/sallyport/secret"
    lines = secret.read_text().splitlines()
    write(secret, "\n".join(["A" * len(lines[0]), *lines[1:]]) + "\n", 0o600, UID)
    counter = kim.folder / ".config/sallyport/secret.counter"
    counter.unlink(missing_ok=True)
    grant = with_grant(site)
    done = connect(kim, SALLYPORT_ACCEPT_NEW_GATE="1")
    assert done.returncode == 255 and "false gate" in done.stderr and state_of(site, grant) == "armed"
    assert not counter.exists()  # nothing was spent on it
