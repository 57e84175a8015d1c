"""sd_notify: what a service manager hears of the monitor: ready, alive, reading its files again, stopping."""
import os
import signal
import statistics
import time

import pytest
from lab.files import write
from lab.gate import CONFIG, service_manager
from support import Terminal, eventually

WATCHDOG = 0.4  # seconds; a sign of life is due every half of it


class Manager:
    def __init__(self, lab):
        self.lab = lab
        self.socket = service_manager()

    def start(self, **environment):
        self.lab.gate.extra_environment = environment
        return self.lab.gate.start(manager=self.socket)

    def hear(self, seconds):
        """What is said within that time: (moment, line)."""
        heard, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                said = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            heard += [(time.monotonic(), line) for line in said.splitlines()]
        return heard

    def words(self, seconds):
        return [line for _, line in self.hear(seconds)]


@pytest.fixture
def manager(lab):
    """A service manager; the gate is newly installed and does not run yet."""
    lab.gate.forget()
    manager = Manager(lab)
    yield manager
    assert lab.gate.stop() in (0, None)
    lab.gate.extra_environment = {}
    manager.socket.close()


def watched(**more):
    return {"WATCHDOG_USEC": str(int(WATCHDOG * 1_000_000)), **more}


def test_it_is_ready_when_it_says_so_and_says_it_once(manager):
    assert manager.start() is not None
    assert manager.lab.gate.ask(ask="status")["ok"]
    assert manager.words(0.3) == []


def test_it_shows_that_it_lives_at_least_every_half_of_the_watchdogs_time(manager):
    manager.start(**watched())
    ready = time.monotonic()
    heard = manager.hear(6 * WATCHDOG)
    assert {line for _, line in heard} == {"WATCHDOG=1"}
    moments = [moment for moment, _ in heard]
    gaps = [later - earlier for earlier, later in zip([ready, *moments], moments)]
    assert len(heard) >= 10, gaps
    # A busy machine may hold one back; what must never be is a whole watchdog's time of silence.
    assert statistics.median(gaps) < 0.55 * WATCHDOG and max(gaps) < WATCHDOG, gaps


def test_a_monitor_that_does_not_run_shows_no_life(manager):
    pid = manager.start(**watched())
    assert "WATCHDOG=1" in manager.words(WATCHDOG)
    os.kill(pid, signal.SIGSTOP)
    try:
        manager.words(0.05)  # what was said before
        assert manager.words(2 * WATCHDOG) == []
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "WATCHDOG=1" in manager.words(WATCHDOG)


@pytest.mark.parametrize("environment", [watched(WATCHDOG_PID="1"), {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}],
                         ids=["another process", "zero", "a word"])
def test_without_a_watchdog_it_keeps_silent(manager, environment):
    manager.start(**environment)
    assert manager.words(WATCHDOG) == []


def test_a_watchdog_meant_for_this_very_process_is_heeded(manager):
    # nsenter becomes sallyportd, so a shell in between can tell it its own process id, as systemd does.
    manager.lab.gate.extra_environment = watched()
    manager.lab.gate.start(wrapper=["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh"], manager=manager.socket)
    assert "WATCHDOG=1" in manager.words(WATCHDOG)


def test_reading_the_files_again_is_announced_and_ended_good_or_bad(manager):
    pid = manager.start()
    bad = CONFIG / "policies/bad.toml"
    for change in (lambda: write(bad, "nonsense = ["), bad.unlink):
        change()
        os.kill(pid, signal.SIGHUP)
        assert manager.words(0.5) == ["RELOADING=1", "READY=1"]


def test_stopping_is_said_at_once_even_while_a_session_is_being_ended(manager):
    pid = manager.start()
    manager.lab.add_target()
    kim = manager.lab.enroll()
    manager.lab.enable()
    terminal = Terminal(manager.lab, kim)
    asked = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    heard = manager.hear(1)
    assert [line for _, line in heard] == ["STOPPING=1"]
    assert heard[0][0] - asked < 0.3
    terminal.ended(5)
    eventually(lambda: manager.lab.gate.process.poll() is not None, 5, "the monitor's end")
    assert manager.lab.gate.stop() == 0


def test_a_gate_that_cannot_start_never_says_that_it_is_ready(manager):
    write(CONFIG / "sallyport.toml", "nonsense = [")
    assert manager.start() is None
    assert manager.words(0.2) == []
    assert manager.lab.gate.process.returncode == 1
    manager.lab.gate.process = None


def test_a_manager_that_is_gone_or_cannot_be_named_does_no_harm(manager):
    manager.lab.gate.extra_environment = watched()
    manager.lab.gate.start()  # its socket closes once the gate is ready
    time.sleep(WATCHDOG)
    assert manager.lab.gate.ask(ask="status")["ok"]
