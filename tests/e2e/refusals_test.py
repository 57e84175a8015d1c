"""Everything but terminals, commands, sftp and scp is refused, quickly and without harm."""
import subprocess
import time

import pytest
from lab import network
from lab.files import ACCOUNTS
from support import can_connect, eventually, grant_id, state_of


@pytest.fixture
def shell(site):
    site.add_target("box", user="tester")
    site.grant = grant_id(site.enable(target="box"))
    return site


def test_agent_forwarding_is_refused(shell):
    agent = subprocess.run(["ssh-agent", "-a", str(shell.kim.folder / "agent")], capture_output=True, text=True,
                           user=ACCOUNTS["laptop"][0], group=ACCOUNTS["laptop"][0], extra_groups=[])
    assert agent.returncode == 0
    environment = shell.kim.environment(SSH_AUTH_SOCK=str(shell.kim.folder / "agent"))
    process = shell.kim.start_ssh("echo agent=[$SSH_AUTH_SOCK]", options=["-A"], environment=environment)
    assert "agent=[]" in process.communicate(timeout=15)[0]


def test_x11_forwarding_is_refused(shell):
    environment = shell.kim.environment(DISPLAY=":0")
    process = shell.kim.start_ssh("echo display=[$DISPLAY]", options=["-X"], environment=environment)
    assert "display=[]" in process.communicate(timeout=15)[0]


def test_a_local_forwarding_reaches_nothing(shell):
    process = shell.kim.start_ssh("sleep 5", options=["-L", "127.0.0.1:9001:198.51.100.20:22"])
    eventually(lambda: can_connect(shell, "rep", "127.0.0.1", 9001) == "open", 10, "ssh's own listener")
    program = ("import socket\ns=socket.create_connection(('127.0.0.1',9001),5)\ns.settimeout(3)\n"
               "try: print(repr(s.recv(100)))\nexcept OSError as e: print(repr(b''))")
    assert shell.run("rep", "/usr/bin/python3", "-c", program).stdout.strip() == "b''"
    process.kill()
    process.communicate()


def test_a_remote_forwarding_is_refused(shell):
    started = time.monotonic()
    done = shell.kim.ssh("true", options=["-R", "9002:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"])
    assert done.returncode == 255 and "forward" in done.stderr.lower()
    assert time.monotonic() - started < 10
    assert not [address for address in shell.gate.listening() if address.endswith(":9002")]


def test_using_the_gate_as_a_jump_host_is_refused(shell):
    started = time.monotonic()
    done = shell.kim.ssh(options=["-W", "198.51.100.20:22"])
    assert done.returncode != 0 and "SSH-2.0" not in done.stdout
    assert time.monotonic() - started < 10


def test_a_tunnel_device_is_refused(shell):
    done = shell.kim.ssh("true", options=["-w", "any:any"], timeout=15)
    assert not [line for line in shell.run("gate", "ip", "-br", "link").stdout.splitlines() if "tun" in line], done


def test_an_unknown_subsystem_is_refused(shell):
    started = time.monotonic()
    done = shell.kim.ssh("netconf", options=["-s"])
    assert done.returncode != 0
    assert time.monotonic() - started < 10


def test_the_reps_environment_is_not_passed_on(shell):
    process = shell.kim.start_ssh("echo [$LANG$LC_PAPER$FOO]", options=["-o", "SendEnv=FOO LC_PAPER"],
                                  environment=shell.kim.environment(FOO="inject", LC_PAPER="inject"))
    assert "inject" not in process.communicate(timeout=15)[0]


def test_too_many_channels_are_refused_and_the_session_lives(shell):
    socket = shell.kim.folder / "master"
    master = shell.kim.start_ssh("-N", options=["-M", "-S", str(socket)])
    eventually(socket.exists, 10, "the master connection")
    # Without a way to connect anew a client that gets no channel gives up.
    many = [shell.kim.start_ssh("sleep 3", options=["-S", str(socket), "-o", "ProxyCommand=false"]) for _ in range(14)]
    codes = [process.wait(20) for process in many]
    for process in many:
        process.communicate()
    assert 1 <= sum(code == 0 for code in codes) <= 10, codes
    master.kill()
    master.communicate()


def test_too_many_failed_logins_lock_the_grant(site):
    site.gate.set_limits("failed_logins = 3")
    site.gate.reload()
    grant = grant_id(site.enable(networks=[network.REP4 + "/32"]))
    right = site.kim.password
    site.kim.know_password("wrong")
    for _ in range(3):
        site.kim.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=1"])
    assert state_of(site, grant) == "locked"
    site.kim.know_password(right)
    assert site.kim.ssh("lshmc -V", options=["-o", "ConnectTimeout=1"]).returncode == 255
    assert not site.gate.listening()
