"""I3: not one byte of a peer reaches a target before the password AND the response were accepted."""
import time

from support import can_connect


def connections(lab):
    return lab.hmc1.log.count("Connection from")


def test_wrong_logins_never_reach_the_target(armed):
    before = connections(armed)
    armed.kim.know_password("wrong")
    assert armed.kim.ssh("lshmc -V").returncode == 255
    assert connections(armed) == before


def test_a_right_password_alone_does_not_reach_the_target(armed):
    before = connections(armed)
    armed.kim.know_secret(armed.kim.suite, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA")
    assert armed.kim.ssh("lshmc -V").returncode == 255
    assert connections(armed) == before
    assert "grant.claimed" not in armed.gate.events()


def test_bytes_sent_before_the_key_exchange_do_not_reach_the_target(armed):
    before = connections(armed)
    program = ("import socket,sys,time\ns=socket.create_connection((sys.argv[1],22),3)\n"
               "s.sendall(b'lshmc -V\\n'*1000)\ntime.sleep(0.5)")
    armed.run("rep", "/usr/bin/python3", "-c", program, armed.kim.gate)
    time.sleep(0.3)
    assert connections(armed) == before
    assert can_connect(armed) == "open", "the gate still serves the right rep"


def test_a_right_login_reaches_it_once(armed):
    before = connections(armed)
    assert armed.kim.ssh("lshmc -V").returncode == 0
    assert connections(armed) == before + 1


def test_the_gate_itself_cannot_reach_the_target_without_a_session(armed):
    assert can_connect(armed, "gate", armed.hmc1.addresses[0], seconds=0.3) == "dropped"
