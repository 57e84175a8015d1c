"""Which SSH algorithms the gate speaks: to representatives current ones alone, to a target what its file says."""
import json
import shutil

from lab import network
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from lab.hmc import Hmc, fingerprint, new_host_key
from support import eventually, grant_id, state_of

OLD = ("HostKeyAlgorithms ssh-rsa", "KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1")
OLD_AGREED = {"key_exchange": "diffie-hellman-group14-sha1", "cipher": "aes128-cbc", "mac": "hmac-sha1"}


class RsaHmc(Hmc):
    """A target without an ed25519 key."""

    def start(self):
        self.folder.mkdir(exist_ok=True)
        if not self.key_file.exists():
            new_host_key(self.key_file, self.name, "rsa")
        super().start()


def connected(lab, grant):
    (record,) = [record for record in lab.gate.journal()
                 if record["event"] == "session.connected" and record["grant"] == grant]
    return record


def restart(lab, settings):
    lab.gate.stop()
    write(CONFIG / "sallyport.toml", settings)
    lab.gate.start()


def audit(lab):
    """All that ssh-audit finds at the armed gate, as text; and what it calls a failure or a warning."""
    command = ["/usr/bin/ssh-audit", "-n", "--skip-rate-test"]
    help_text = lab.run("rep", "/usr/bin/ssh-audit", "--help").stdout
    command = [word for word in command if word != "--skip-rate-test" or word in help_text]
    said = lab.run("rep", *command, network.GATE4).stdout
    return said, [line for line in said.splitlines() if "[fail]" in line or "[warn]" in line]


def test_an_old_target_is_refused_with_the_way_out_and_reached_once_its_file_says_legacy(site):
    old = RsaHmc("old", [network.HMC2_4], OLD)
    site.hmc2.stop()
    old.start()
    try:
        site.add_target("old", hmc=old)
        grant = grant_id(site.enable(target="old"))
        said = site.kim.ssh("lshmc -V")
        assert said.returncode == 255 and "legacy = true" in said.stderr, said
        assert state_of(site, grant) == "armed", "the grant is not used up"

        file = CONFIG / "targets/old.toml"
        write(file, file.read_text().replace("[ssh]\n", "[ssh]\nlegacy = true\n"))
        assert site.gate.console("root", "target", "list", "--json")
        site.gate.reload()
        said = site.kim.ssh("-v", "lshmc -V")
        assert "V10R3" in said.stdout, said
        record = connected(site, grant)
        assert record["legacy"] is True and record["target_ssh"] == OLD_AGREED
        assert "sha1" not in json.dumps(record["rep_ssh"]) and "cbc" not in json.dumps(record["rep_ssh"])
        assert "kex: algorithm: diffie-hellman" not in said.stderr, "none of it reaches the rep's side"
    finally:
        old.stop()
        site.hmc2.start()


def test_the_console_scans_and_adds_an_old_target_and_pins_keep_its_lists(site):
    old = RsaHmc("old2", [network.HMC2_4], OLD)
    site.hmc2.stop()
    old.start()
    try:
        pin = fingerprint(str(old.key_file) + ".pub")
        site.gate.console("root", "target", "add", "old2", "--address", network.HMC2_4, "--user", "hscroot", "--login",
                          "password", "--secret-file", "-", "--legacy", "--yes", "--expect", pin,
                          input=site.hmc_password())
        file = CONFIG / "targets/old2.toml"
        assert "legacy = true" in file.read_text()
        write(file, file.read_text().replace("legacy = true\n", 'legacy = true\nciphers = ["aes128-cbc"]\n'))
        site.gate.reload()
        site.gate.console("root", "target", "scan", "old2", "--yes", "--expect", pin)
        assert 'ciphers = ["aes128-cbc"]' in file.read_text() and "legacy = true" in file.read_text()
        site.enable(target="old2")
        assert "V10R3" in site.kim.ssh("lshmc -V").stdout
    finally:
        old.stop()
        site.hmc2.start()


def test_a_targets_own_list_narrows_what_it_is_offered(site):
    file = CONFIG / "targets/hmc1.toml"
    write(file, file.read_text().replace("[ssh]\n", '[ssh]\nciphers = ["aes128-gcm@openssh.com"]\n'
                                         'key_exchanges = ["ecdh-sha2-nistp521"]\n'))
    site.gate.reload()
    grant = grant_id(site.enable())
    assert "V10R3" in site.kim.ssh("lshmc -V").stdout
    agreed = connected(site, grant)["target_ssh"]
    assert agreed["cipher"] == "aes128-gcm@openssh.com" and agreed["key_exchange"] == "ecdh-sha2-nistp521"

    write(file, file.read_text().replace('["aes128-gcm@openssh.com"]', '["aes128-cbc"]'))
    refused = site.gate.run_console("root", "check")
    assert refused.returncode == 1 and "hmc1.toml" in refused.stdout and "legacy = true" in refused.stdout


def test_ssh_audit_has_nothing_to_say_that_the_linked_library_lets_us_mend(site):
    site.gate.stop()
    for name in ("ssh_host_rsa_key", "ssh_host_rsa_key.pub"):
        (CONFIG / name).unlink()
    new_host_key(CONFIG / "ssh_host_rsa_key", "gate", "rsa", bits=3072)
    site.gate.start()
    site.enable()
    said, complaints = audit(site)
    assert "kex" in said and "curve25519-sha256" in said, said
    # The marker of strict key exchange is no algorithm; older versions of ssh-audit do not know it.
    assert not [line for line in complaints if "kex-strict-s-v00@openssh.com" not in line], said


def test_the_nist_profile_offers_nothing_else_and_needs_a_key_that_it_allows(site):
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + '[ssh]\nprofile = "nist-800-131a"\n')
    rsa = [CONFIG / name for name in ("ssh_host_rsa_key", "ssh_host_rsa_key.pub")]
    for path in rsa:
        shutil.move(path, f"{path}.away")
    site.gate.start()
    assert site.gate.process.poll() not in (0, None), "no key, no gate"
    assert "ssh-keygen -q -t ecdsa -b 384" in site.gate.log()

    new_host_key(CONFIG / "ssh_host_ecdsa_key", "gate", "ecdsa", bits=384)
    target = RsaHmc("rsa", [network.HMC2_4])
    site.hmc2.stop()
    target.start()
    try:
        site.gate.start()
        site.add_target("rsa", hmc=target)
        told = site.enable(target="rsa")
        assert any("ECDSA" in line for line in told["tell"]["fingerprints"]), told["tell"]
        said, _ = audit(site)
        assert "ecdh-sha2-nistp384" in said
        for foreign in ("25519", "chacha", "sntrup"):
            assert foreign not in said.replace("ssh-audit", ""), foreign
        session = site.kim.ssh("lshmc -V", options=("-o", f"UserKnownHostsFile={site.kim.folder}/nist"))
        assert "V10R3" in session.stdout, session
    finally:
        for path in CONFIG.glob("ssh_host_ecdsa_key*"):
            path.unlink()
        for path in rsa:
            shutil.move(f"{path}.away", path)
        target.stop()
        site.hmc2.start()


def test_both_sides_algorithms_are_in_the_record(armed):
    assert armed.kim.ssh("lshmc -V").returncode == 0
    record = eventually(lambda: connected(armed, armed.grant), what="the record")
    for leg in ("rep_ssh", "target_ssh"):
        assert set(record[leg]) == {"key_exchange", "cipher", "mac"} and all(record[leg].values()), record
    assert "legacy" not in record
