"""The main job: enable, log in with stock OpenSSH, work on the HMC, leave; nothing lost on the way."""
import hashlib
import os
import re
import time

import pytest
from lab import network
from lab.files import ACCOUNTS, LAB
from lab.hmc import allow_key, new_host_key
from support import Terminal, assert_closes, end_ssh, eventually, grant_id, sha256, state_of

BIG = 100 * 1024 * 1024


@pytest.fixture
def shell(site):
    """A grant on a target whose user has an ordinary shell, for what the HMC's restricted one cannot do."""
    site.add_target("box", user="tester")
    site.grant = grant_id(site.enable(target="box"))
    return site


def file_there(name):
    return LAB / "home/tester" / name


def big_file(path, uid=None):
    path.write_bytes(os.urandom(BIG))
    if uid is not None:
        os.chown(path, uid, uid)


# ---- terminal

def test_a_terminal_on_the_hmc(armed):
    terminal = Terminal(armed, armed.kim)
    assert "9105-42A" in terminal.type("lssyscfg -r sys -F name,type_model,serial_num")
    assert "not permitted" in terminal.type("rm -rf /")
    assert terminal.leave() == 0
    assert_closes(armed)


def test_over_ipv6_too(armed):
    assert "V10R3" in armed.kim.ssh("lshmc -V", gate=network.GATE6).stdout
    assert_closes(armed)


def test_a_target_with_only_an_ipv6_address(site):
    site.add_target("six", hmc=site.hmc2, addresses=[network.HMC2_6])
    site.enable(target="six")
    assert "V10R3" in site.kim.ssh("lshmc -V").stdout


def test_the_terminal_has_the_reps_size_follows_it_and_knows_its_type(shell):
    terminal = Terminal(shell, shell.kim, prompt=r"\$ ", size=(33, 111))
    assert "33 111" in terminal.type("stty size")
    terminal.child.setwinsize(44, 122)
    eventually(lambda: "44 122" in terminal.type("stty size"), 3, "the new size", every=0.2)
    assert "xterm-256color" in terminal.type("echo $TERM")
    terminal.leave()


def test_an_interrupt_reaches_the_program_at_the_target(shell):
    terminal = Terminal(shell, shell.kim, prompt=r"\$ ")
    terminal.child.sendline("sleep 60")
    time.sleep(0.3)
    terminal.child.sendcontrol("c")
    terminal.child.expect(r"\$ ", timeout=3)
    terminal.leave()


# ---- exec

def test_exit_status_output_and_errors_are_kept_apart(shell):
    done = shell.kim.ssh("echo out; echo err >&2; exit 42")
    assert (done.returncode, done.stdout) == (42, "out\n")
    assert "err\n" in done.stderr


def test_a_program_ended_by_a_signal_is_told(shell):
    assert shell.kim.ssh("kill -TERM $$").returncode not in (0, None)


def test_standard_input_reaches_the_command_whole(shell):
    done = shell.kim.ssh("sha256sum", input="line\n" * 100_000)
    assert done.stdout.split()[0] == hashlib.sha256(b"line\n" * 100_000).hexdigest()


def test_a_megabyte_each_way_at_once(shell):
    data = os.urandom(4 << 20)
    done = shell.kim.ssh("cat", input=data, text=False)
    assert done.returncode == 0 and done.stdout == data


# ---- files

def test_sftp_puts_gets_and_lists(shell):
    shell.kim.file("report").write_text("from the laptop")
    os.chown(shell.kim.file("report"), ACCOUNTS["laptop"][0], -1)
    done = shell.kim.copy("sftp", shell.kim.address,
                          input="put report\nls -l\nget report back\nrm report\nls\n")
    assert done.returncode == 0, done.stderr
    assert shell.kim.file("back").read_text() == "from the laptop"
    assert not file_there("report").exists()


@pytest.mark.parametrize("protocol", ["-s", "-O"])
def test_scp_a_hundred_mebibytes_up_and_down(shell, protocol):
    up = shell.kim.file("up")
    big_file(up, ACCOUNTS["laptop"][0])
    expected = sha256(up)
    done = shell.kim.copy("scp", protocol, "up", f"{shell.kim.address}:there")
    assert done.returncode == 0, done.stderr
    assert sha256(file_there("there")) == expected
    assert_closes(shell)
    shell.enable(target="box")
    done = shell.kim.copy("scp", protocol, f"{shell.kim.address}:there", "down")
    assert done.returncode == 0, done.stderr
    assert sha256(shell.kim.file("down")) == expected
    eventually(lambda: [record for record in shell.gate.journal() if record["event"] == "session.ended"
                        and record["from_target"] >= BIG], 3, "the counters of the download")


def test_a_hundred_mebibytes_through_exec_both_ways(shell):
    data = os.urandom(BIG)
    done = shell.kim.ssh("cat > there", input=data, text=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sha256(file_there("there")) == hashlib.sha256(data).hexdigest()
    assert_closes(shell)
    shell.enable(target="box")
    done = shell.kim.ssh("cat there", text=False, timeout=120)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


# ---- logging in there

def test_a_stored_key(site):
    key = LAB / "key"
    for path in LAB.glob("key*"):
        path.unlink()
    new_host_key(key, "gate")
    allow_key((LAB / "key.pub").read_text())
    site.add_target("keyed", login="key", secret=key.read_text())
    site.enable(target="keyed")
    assert "V10R3" in site.kim.ssh("lshmc -V").stdout
    assert "Accepted publickey" in site.hmc1.log


def test_the_targets_own_prompts_are_relayed(site):
    site.add_target("asking", login="prompt")
    site.enable(target="asking")
    # Without a password file sallyport-respond asks at the terminal; challenges it still answers by itself.
    terminal = Terminal(site, site.kim, prompt=None, environment=site.kim.environment(SALLYPORT_PASSWORD_FILE=""))
    for prompt, password in (("Gate password: ?", site.kim.password), (r"\) Password: ?", site.hmc_password())):
        terminal.child.expect(prompt)
        terminal.child.sendline(password)
    terminal.child.expect(r"hscroot@hmc1:~> ")
    terminal.prompt = r"hscroot@hmc1:~> "
    assert "V10R3" in terminal.type("lshmc -V")
    terminal.leave()


# ---- several at a time

def test_two_reps_work_at_two_targets_at_once(armed):
    lee = armed.enroll("lee")
    armed.add_target("hmc2", hmc=armed.hmc2)
    armed.enable(rep="lee", target="hmc2")
    first = Terminal(armed, armed.kim)
    second = Terminal(armed, lee, prompt=r"hscroot@hmc2:~> ")
    assert "V10R3" in first.type("lshmc -V")
    assert "V10R3" in second.type("lshmc -V")
    first.leave()
    assert "V10R3" in second.type("lshmc -V")
    second.leave()
    assert_closes(armed)


def test_several_channels_share_one_session(armed):
    socket = armed.kim.folder / "master"
    master = armed.kim.start_ssh("-N", options=["-M", "-S", str(socket)])
    eventually(socket.exists, 10, "the master connection")
    for _ in range(3):
        assert "V10R3" in armed.kim.ssh("lshmc -V", options=["-S", str(socket)]).stdout
    assert armed.gate.events(armed.grant).count("grant.claimed") == 1
    end_ssh(master)
    assert_closes(armed)
    assert state_of(armed, armed.grant) == "spent"


# ---- the story in the journal

def test_the_journal_tells_the_story_and_verifies(armed):
    armed.kim.ssh("lshmc -V")
    assert_closes(armed)
    events = armed.gate.events(armed.grant)
    order = ["grant.enabled", "grant.claimed", "session.connected", "session.ended"]
    assert [event for event in events if event in order] == order
    done = armed.gate.run_console("sam", "audit", "verify")
    assert done.returncode == 0, done
    assert re.search(r"\d", done.stdout)
