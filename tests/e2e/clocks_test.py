"""Clocks that somebody sets: deadlines follow the boot clock; over a restart nothing is won. Runs in: the lab.

The host's clock is not touched: the daemon alone sees a wall clock of its own, through a preloaded clock_gettime, or
another boot clock, in a time namespace.
"""
import os
import re
import struct
import subprocess
import time

import pytest
from lab.files import LAB
from lab.gate import sanitizers
from support import Terminal, assert_closes, eventually, state_of, with_grant

HOUR = 3600
SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static const volatile long *offset;
__attribute__((constructor)) static void begin(void) {
  const int file = open(OFFSET, O_RDONLY | O_CLOEXEC);
  void *const page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  offset = page == MAP_FAILED ? NULL : page;
  close(file);
}
int clock_gettime(clockid_t id, struct timespec *now) {
  const int done = (int)syscall(SYS_clock_gettime, id, now);
  if (id == CLOCK_REALTIME && offset != NULL) now->tv_sec += *offset;
  return done;
}
"""


class WallClock:
    """What the daemon takes for the time of day: the machine's, and an offset."""

    def __init__(self):
        self.page, self.library = LAB / "wall_clock", LAB / "wall_clock.so"
        self.set(0)
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.library, f'-DOFFSET="{self.page}"'],
                       input=SOURCE, text=True, check=True)

    def set(self, seconds):
        with open(self.page, "r+b" if self.page.exists() else "w+b") as page:
            page.write(struct.pack("l", seconds).ljust(4096, b"\0"))

    def environment(self):
        # The sanitizers want to be the first library; here they may be the second.
        return {"LD_PRELOAD": str(self.library),
                "ASAN_OPTIONS": sanitizers()["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}


@pytest.fixture(scope="module")
def clock(lab):
    return WallClock()


@pytest.fixture
def wall(site, clock):
    """The site's wall clock, right at first."""
    clock.set(0)
    site.gate.stop()
    site.gate.extra_environment = clock.environment()
    site.gate.start()
    yield clock
    site.gate.extra_environment = {}


UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}


def left(lab):
    """Seconds for which the kernel still holds a door open, at the most."""
    times = [re.search(r"expires (\S+)", element)[1] for _, element in lab.gate.elements_with_times()]
    return max((sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[dhms])", text))
                for text in times), default=0)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["an hour forward", "an hour back"])
def test_while_the_gate_runs_setting_the_clock_changes_no_deadline_and_admits_nobody_twice(site, wall, jump):
    unused = with_grant(site, rep=site.enroll("lee").name, connect_within=3)
    enabled = time.monotonic()
    used = with_grant(site, connect_within=1800, session=3)
    wall.set(jump)
    assert 1790 < left(site) < 1800
    begun = time.monotonic()
    terminal = Terminal(site, site.kim)
    wall.set(-jump)
    assert site.kim.ssh("lshmc -V").returncode == 255
    terminal.ended(6)
    assert 2 < time.monotonic() - begun < 6
    eventually(lambda: state_of(site, unused) == "expired", 3, "the end of the unused one")
    assert 2.5 < time.monotonic() - enabled < 7
    assert_closes(site)
    (ended,) = [record for record in site.gate.journal() if record["event"] == "session.ended"]
    assert "time" in ended["reason"], ended
    assert state_of(site, used) == "spent" and site.gate.events(used).count("grant.claimed") == 1


def test_over_a_restart_with_the_clock_set_back_an_armed_grant_gets_only_what_is_left(site, wall):
    grant = with_grant(site, connect_within=6)
    enabled = time.monotonic()
    time.sleep(3)
    site.gate.stop()
    wall.set(-HOUR)
    site.gate.start()
    assert state_of(site, grant) == "armed"
    assert left(site) < 3.5
    eventually(lambda: state_of(site, grant) == "expired", 5, "its end")
    assert time.monotonic() - enabled < 8
    assert site.gate.listening() == [] and site.gate.elements() == []


def test_over_a_restart_with_the_clock_set_forward_it_has_ended(site, wall):
    grant = with_grant(site, connect_within=1800)
    site.gate.kill()
    wall.set(HOUR)
    site.gate.start()
    assert state_of(site, grant) == "expired"
    assert site.gate.listening() == [] and site.gate.elements() == []


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/time"), reason="the kernel has no time namespaces")
@pytest.mark.parametrize("boot", [-1000, 86400 * 300])
def test_after_a_reboot_with_another_boot_clock_a_grant_has_what_was_left_of_it(site, boot):
    boot = max(boot, -int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 5)
    grant = with_grant(site, connect_within=1800)
    site.gate.kill()
    site.gate.start(wrapper=["unshare", "--time", "--boottime", str(boot), "--monotonic", "0"])
    assert state_of(site, grant) == "armed"
    assert 1780 < left(site) < 1800
    assert site.kim.ssh("lshmc -V").returncode == 0
    assert_closes(site)
    assert state_of(site, grant) == "spent"
