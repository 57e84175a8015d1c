"""kill -9 of the monitor: nothing open, the worker gone, a consumed grant never admits again (I2, I4)."""
import os
import signal
import time

from support import Terminal, assert_closes, can_connect, eventually, state_of, time_to_die


def test_in_a_live_session(armed):
    terminal = Terminal(armed, armed.kim)
    os.kill(armed.gate.pid, signal.SIGKILL)
    time.sleep(time_to_die())
    assert "sallyport_live" not in armed.gate.tables()
    eventually(lambda: not armed.gate.workers(), 1, "the worker's end")
    assert armed.gate.listening() == []
    terminal.child.close(force=True)
    armed.gate.kill()
    armed.gate.start()
    assert state_of(armed, armed.grant) == "spent"
    assert not armed.gate.elements() and not armed.gate.listening()
    assert armed.kim.ssh("lshmc -V", options=["-o", "ConnectTimeout=1"]).returncode == 255


def test_while_a_login_is_going_on(armed):
    login = armed.kim.start_ssh("lshmc -V")
    eventually(armed.gate.workers, 5, "the worker")
    armed.gate.kill()
    eventually(lambda: not armed.gate.workers(), 1, "the worker's end")
    assert login.communicate(timeout=15)[0] == ""
    armed.gate.start()
    assert state_of(armed, armed.grant) in ("armed", "spent")


def test_ten_times_in_a_row_it_comes_back(site):
    grant = None
    for _ in range(10):
        site.gate.kill()
        site.gate.start()
        grant = grant or site.enable()
        assert can_connect(site) == "open"
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert_closes(site)


def test_a_second_monitor_does_not_start_beside_the_first(armed):
    first, armed.gate.process = armed.gate.process, None
    pid = armed.gate.pid
    assert armed.gate.start() is None
    assert armed.gate.process.wait(5) == 1
    armed.gate.process, armed.gate.pid = first, pid
    assert armed.gate.ask(ask="status")["ok"]
    assert armed.kim.ssh("lshmc -V").returncode == 0
