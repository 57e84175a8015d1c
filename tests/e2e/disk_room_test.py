"""The disk's reserve: nothing is enabled, and nobody let in, when there is no room for the record; who is in is told and
goes in order before the disk is full, with all of it on record at once.

Runs in: packaging/lab's namespaces.
"""
import os

import pytest
from lab.files import STATE
from support import Terminal, assert_closes, eventually, records, sha256, state_of

LEAST = 16 << 20  # RecordingOptions::least_room


def free():
    space = os.statvfs(STATE)
    return space.f_bavail * space.f_frsize


@pytest.fixture
def room(armed):
    """Leaves so many bytes free on the state's disk; all comes back."""
    filler = STATE / "filler"

    def leave(size):
        with open(filler, "ab") as file:
            os.posix_fallocate(file.fileno(), 0, max(filler.stat().st_size + free() - size, 1))
        assert abs(free() - size) < 65536
    yield leave
    filler.unlink(missing_ok=True)


def test_without_room_nothing_is_enabled_and_the_sentence_says_why(armed, room):
    room(LEAST + (1 << 20))
    assert armed.gate.ask("alice", ask="revoke", grant=armed.grant)["ok"]
    words = ["enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from", "192.0.2.10/32"]
    assert armed.gate.run_console("alice", *words).returncode == 0
    room(LEAST - (1 << 20))
    before = armed.gate.elements()
    refused = armed.gate.run_console("alice", *words)
    assert refused.returncode == 1 and "is full" in refused.stderr and "a recording needs 16384" in refused.stderr, refused
    assert armed.gate.elements() == before and len(records(armed, "grant.enabled")) == 2


def test_who_comes_when_there_is_no_room_is_not_let_in_and_keeps_the_grant(armed, room):
    room(LEAST - (1 << 20))
    assert armed.kim.ssh("lshmc -V").returncode == 255
    assert state_of(armed, armed.grant) == "armed" and records(armed, "grant.claimed") == []
    (STATE / "filler").unlink()
    assert "V10R3" in armed.kim.ssh("lshmc -V").stdout
    assert_closes(armed)


def test_who_is_in_is_told_and_goes_before_the_disk_is_full(armed, room):
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    room(LEAST - (1 << 20))
    told = terminal.ended(5)
    assert "is full" in told, told[-500:]
    assert_closes(armed)
    # On record now, not when there is room again; and the recording is whole.
    (ended,) = eventually(lambda: records(armed, "session.ended"), 2, "the record")
    assert ended["reason"].startswith("it cannot be recorded: the disk of ") and free() > 8 << 20, ended
    (closed,) = records(armed, "recording.closed")
    assert closed["sha256"] == sha256(STATE / closed["path"])
    assert records(armed, "firewall.closed")[-1]["left"] == []
    assert armed.gate.console("sam", "audit", "verify")["whole"]
