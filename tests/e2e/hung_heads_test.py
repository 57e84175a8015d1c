"""Signed heads go into a folder that may be another host's. When that hangs, the gate does not.

Runs in: packaging/lab's namespaces.
"""
import ctypes
import os
import re
import time

import pytest
from lab.files import LAB, STATE
from lab.gate import SETTINGS
from support import Terminal, assert_closes, eventually

COPIES = LAB / "copies"
MS_NOSUID, MS_NODEV, MNT_DETACH = 2, 4, 2
libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def hung(lab):
    """A folder of a file system whose server answers nothing: whoever looks into it waits for ever. Returns what ends it."""
    COPIES.mkdir(exist_ok=True)
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40777,user_id=0,group_id=0,allow_other".encode()
    assert libc.mount(b"hung", str(COPIES).encode(), b"fuse", MS_NOSUID | MS_NODEV, options) == 0, ctypes.get_errno()
    open_now = [device]

    def end():
        while open_now:
            libc.umount2(str(COPIES).encode(), MNT_DETACH)
            os.close(open_now.pop())  # whoever waits gets an error
    yield end
    end()


def signed():
    """How many records the last head covers."""
    return int(re.findall(r"^\S+/journal\n(\d+)\n", (STATE / "heads").read_text(), re.MULTILINE)[-1])


def work(lab):
    lab.enable()
    begun = time.monotonic()
    terminal = Terminal(lab, lab.kim)
    terminal.type("lshmc -V")
    terminal.leave()
    assert_closes(lab)
    return time.monotonic() - begun


def test_a_folder_for_heads_that_hangs_holds_up_nothing(lab, hung):
    lab.kim = lab.fresh()
    usual = work(lab)
    assert lab.gate.stop() == 0
    lab.gate.configure(SETTINGS + f'\n[journal]\ncopy_heads_to = "{COPIES}"\n')
    assert lab.gate.start(wait=10) is not None, lab.gate.log()[-1000:]
    for _ in range(3):
        assert work(lab) < usual + 3
        end = [record["seq"] for record in lab.gate.journal() if record["event"] == "session.ended"][-1]
        eventually(lambda: signed() >= end, 5, "a head over the session's end")
    assert "the last copy still hangs" in lab.gate.log()
    begun = time.monotonic()
    assert lab.gate.stop() == 0 and time.monotonic() - begun < 5
    assert lab.gate.console("root", "audit", "verify")["whole"]
    # The other host is back: the next head makes up for what was left out.
    hung()
    assert lab.gate.start() is not None
    work(lab)
    eventually(lambda: [path for path in COPIES.iterdir() if path.suffix == ".note"], 10, "a copied head")
    lab.gate.stop()
    kept = max(COPIES.glob("*.note"))
    assert lab.gate.run_console("root", "audit", "verify", "--head", str(kept)).returncode == 0
