"""sallyport setup: from installed to ready, by a file of answers, by flags, or in a dialogue; a second run keeps all."""
import json
import os
import pty
import subprocess

import pytest
from lab import network
from lab.files import LAB, write
from lab.gate import CONFIG, console_environment
from lab.rep import Rep
from support import eventually, grant_id

ANSWERS = LAB / "answers.toml"
SETTINGS = CONFIG / "sallyport.toml"


@pytest.fixture
def installed(lab):
    """As the package leaves it: policies, but no settings, no host key, nobody known; the monitor does not run."""
    lab.gate.stop()
    lab.gate.forget()
    SETTINGS.unlink()
    for key in CONFIG.glob("ssh_host_*"):
        key.unlink()
    write(LAB / "hmc-password", lab.hmc_password() + "\n", 0o600)
    yield lab
    lab.gate.stop()
    lab.gate.configure()


def answers(lab, **changes):
    """changes: table_key, with the TOML value; None leaves it out."""
    hmc = lab.hmc1
    told = {"gate_name": '"gate"', "gate_addresses": '["wan0"]', "target_addresses": json.dumps(hmc.addresses),
            "target_login": '"password"', "target_secret_file": f'"{LAB}/hmc-password"',
            "target_expect": f'["{hmc.fingerprint}"]', "rep_name": '"kim"', **changes}
    tables = {}
    for name, value in told.items():
        table, _, key = name.partition("_")
        if value is not None:
            tables.setdefault(table, []).append(f"{key} = {value}")
    write(ANSWERS, "".join(f"[{table}]\n" + "\n".join(lines) + "\n" for table, lines in tables.items()))


def run_setup(lab, *flags):
    return lab.gate.run_console("root", "setup", *flags)


def steps(done):
    return {step["step"]: step["outcome"] for step in json.loads(done.stdout)["steps"]}


def files():
    return {path: path.read_bytes() for path in CONFIG.rglob("*") if path.is_file()}


def set_up_all(lab):
    """Without a service manager the monitor is started by hand, in between."""
    before = run_setup(lab, "--answers", str(ANSWERS), "--json")
    assert before.returncode == 3 and "start it" in json.loads(before.stdout)["refused"], before
    lab.gate.start()
    return run_setup(lab, "--answers", str(ANSWERS), "--json")


def test_a_file_of_answers_makes_a_gate_that_a_rep_can_use(installed):
    answers(installed)
    done = set_up_all(installed)
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert told["doctor"]["verdict"] != "FAIL" and {line["verdict"] for line in told["doctor"]["checks"]} <= {"ok", "warn"}
    assert steps(done)["target"] == steps(done)["rep"] == "made"
    rep = installed.reps["kim"] = Rep("kim")
    rep.give_password(installed.new_secret("pw-"))
    rep.know_secret(told["enrollment"]["suite"], told["enrollment"]["secret"])
    grant_id(installed.enable())
    assert "V10R3" in rep.ssh("lshmc -V").stdout


def test_a_second_run_keeps_everything_and_says_so(installed):
    answers(installed)
    assert set_up_all(installed).returncode == 0
    before = files()
    again = run_setup(installed, "--answers", str(ANSWERS), "--json")
    assert again.returncode == 0 and set(steps(again).values()) == {"kept"}, again
    plain = run_setup(installed)  # names nothing, is asked nothing
    assert plain.returncode == 0 and "kept" in plain.stdout and "made" not in plain.stdout, plain
    assert files() == before


def test_the_key_is_one_that_openssh_takes(installed):
    answers(installed)
    run_setup(installed, "--answers", str(ANSWERS))
    key = CONFIG / "ssh_host_ed25519_key"
    assert key.stat().st_mode & 0o777 == 0o600
    derived = subprocess.run(["ssh-keygen", "-y", "-f", key], capture_output=True, text=True, check=True).stdout
    assert derived.split()[:2] == (CONFIG / "ssh_host_ed25519_key.pub").read_text().split()[:2]


def test_a_run_that_was_killed_between_two_files_is_gone_on_with(installed):
    """The public half is written before the private one, the settings after both."""
    answers(installed)
    write(CONFIG / "ssh_host_ed25519_key.pub", installed.hmc1.public_key + "\n")
    assert run_setup(installed, "--answers", str(ANSWERS)).returncode == 3
    made = (CONFIG / "ssh_host_ed25519_key").read_bytes()
    assert installed.hmc1.public_key.split()[1] not in (CONFIG / "ssh_host_ed25519_key.pub").read_text()
    SETTINGS.unlink()
    assert run_setup(installed, "--answers", str(ANSWERS)).returncode == 3
    assert SETTINGS.exists() and (CONFIG / "ssh_host_ed25519_key").read_bytes() == made


def test_a_host_key_without_its_public_half_is_not_replaced(installed):
    answers(installed)
    key = CONFIG / "ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    key.with_suffix(".pub").unlink()
    before = files()
    done = run_setup(installed, "--answers", str(ANSWERS))
    assert done.returncode == 1 and f"ssh-keygen -y -f {key} > {key}.pub" in done.stderr, done
    assert files() == before


# case: (changed answers, a word of the one sentence)
REFUSED = {
    "an address that the host has not": ({"gate_addresses": '["192.0.2.200"]'}, "wan0 192.0.2.1"),
    "an interface that is not there": ({"gate_addresses": '["eth9"]'}, "eth9"),
    "the target's address is the gate's": ({"target_addresses": f'["{network.GATE4}"]'}, "gate's own"),
    "no name of a rep": ({"rep_name": None}, "--rep"),
    "no fingerprint, and nobody to show it to": ({"target_expect": None}, "--expect"),
    "a password that is nowhere": ({"target_secret_file": None}, "--target-secret-file"),
    "a policy that is not there": ({"policy": None}, "no-such"),
    "a misspelt key": ({"gate_adress": '["wan0"]'}, "answers.toml:"),
    "a name that no host has": ({"gate_name": '"a b"'}, "answers.toml:2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_answer_is_refused_in_one_sentence_and_nothing_is_written(installed, case):
    changes, wanted = REFUSED[case]
    answers(installed, **changes)
    before = files()
    flags = ["--policy", "no-such"] if case == "a policy that is not there" else []
    done = run_setup(installed, "--answers", str(ANSWERS), *flags)
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1 and wanted in said[0], done
    assert len(said) <= 2, said  # check's summary may follow
    assert files() == before


def test_a_policy_that_the_answers_do_not_fit_is_refused_before_anything_is_written(installed):
    answers(installed)
    before = files()
    done = run_setup(installed, "--answers", str(ANSWERS), "--policy", "hmc-web")
    assert done.returncode == 1 and "HTTPS" in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert files() == before


def test_another_key_than_the_expected_one_pins_nothing_and_a_later_run_goes_on(installed):
    answers(installed, target_expect='["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]')
    done = set_up_all(installed)
    assert done.returncode == 1 and "expected key" in json.loads(done.stdout)["refused"], done
    assert not list((CONFIG / "targets").iterdir())
    answers(installed)
    again = run_setup(installed, "--answers", str(ANSWERS), "--json")
    assert again.returncode == 0 and steps(again)["settings"] == "kept" and steps(again)["target"] == "made", again


def test_files_with_problems_are_left_alone(installed):
    answers(installed)
    write(SETTINGS, f'[gate]\nname = 1\naddresses = ["{network.GATE4}"]\n')
    before = files()
    done = run_setup(installed, "--answers", str(ANSWERS))
    assert done.returncode == 1 and "sallyport check" in done.stderr and f"{SETTINGS}:2" in done.stderr, done
    assert files() == before


def test_sshd_in_the_way_is_named_with_what_to_type_and_stays_where_it_is(installed):
    answers(installed)
    key = LAB / "sshd/host_key_in_the_way"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    sshd = subprocess.Popen(network.inside("gate", ["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", str(key), "-o",
                                                    f"ListenAddress={network.GATE4}"]))
    try:
        eventually(lambda: f"{network.GATE4}:22" in installed.gate.listening(), 5, "sshd")
        before = files()
        done = run_setup(installed, "--answers", str(ANSWERS))
        assert done.returncode == 1 and "sshd listens on" in done.stderr and "Port 2222" in done.stderr, done
        assert files() == before and f"{network.GATE4}:22" in installed.gate.listening()
        moved = run_setup(installed, "--answers", str(ANSWERS), "--ssh-port", "2022")
        assert moved.returncode == 3 and "port 2022" in moved.stdout, moved
    finally:
        sshd.kill()
        sshd.wait()


def test_only_root_sets_up(installed):
    answers(installed)
    done = installed.gate.run_console("alice", "setup", "--name", "gate")
    assert done.returncode == 1 and "sudo sallyport setup" in done.stderr, done


def test_a_person_is_asked_and_asked_again_after_a_bad_answer(installed):
    write(SETTINGS, f'[gate]\nname = "gate"\naddresses = ["{network.GATE4}"]\n')
    installed.gate.configure(SETTINGS.read_text())
    installed.gate.start()
    lines = ["", "198.51.100.300", network.HMC1_4, "", "", "prompt", "kim", "Kim Example", "", "", "y"]
    seen, code = dialogue(installed, lines)
    assert code == 0, seen
    assert "an answer is needed" not in seen and "198.51.100.300" in seen and "cannot be used" in seen
    assert installed.hmc1.fingerprint in seen and "The secret of kim" in seen
    (target,) = installed.gate.console("root", "target", "list")["targets"]
    assert target["name"] == "hmc1" and target["login"] == "prompt" and target["user"] == "hscroot"


def test_a_person_makes_a_new_gate(installed):
    lines = ["gate", "eth9", "wan0", "", "443",  # the gate
             "hmc2", network.HMC2_4, "", "", "", "",  # the HMC, without its web interface
             "kim", "", "", "", "hmc-ssh"]
    seen, code = dialogue(installed, lines)
    assert code == 3 and "start it" in seen, seen
    assert f"wan0 {network.GATE4}" in seen and "eth9 is neither an address nor an interface" in seen
    assert SETTINGS.read_text().endswith(f'addresses = ["{network.GATE4}", "{network.GATE6}"]\nssh_port = 22\n\n'
                                         "[https]\nport = 443\n")
    assert installed.gate.run_console("root", "check").returncode == 0


def test_an_end_of_the_answers_is_an_end(installed):
    installed.gate.configure()
    installed.gate.start()
    seen, code = dialogue(installed, ["hmc1", "\x04"])
    assert code == 1 and "no more answers" in seen, seen
    assert not list((CONFIG / "targets").iterdir())


def dialogue(lab, lines):
    """What setup shows a person who types `lines`, each when it waits for one; and its exit code."""
    master, slave = pty.openpty()
    command = lab.gate.console_command("root", ["setup"])
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=console_environment(),
                               start_new_session=True)
    os.close(slave)
    seen = ""
    try:
        for line in lines:
            seen += until(master, (": ", "[y/N] "))
            os.write(master, (line if line == "\x04" else line + "\n").encode())
        seen += until(master, None)
    finally:
        os.close(master)
        process.wait(20)
    return seen, process.returncode


def until(master, endings):
    seen = ""
    while endings is None or not seen.endswith(endings):
        try:
            data = os.read(master, 4096)
        except OSError:  # the other side is closed
            data = b""
        if not data:
            return seen
        seen += data.decode(errors="replace")
    return seen
