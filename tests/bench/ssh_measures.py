"""What the SSH benchmark measures, one function a part; each returns plain figures. Runs in: the lab."""
import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.files import ACCOUNTS, write
from lab.rep import UID
from ssh_site import DATA, WAYS, wait_until

MIB, GIB = 1 << 20, 1 << 30
TESTER = ACCOUNTS["tester"][0]
UP, DOWN = DATA / "up", DATA / "down"  # random, at the representative's and at the target's
UP_THERE, DOWN_HERE = DATA / "up.there", DATA / "down.here"
# A program at the target says on standard error that it runs: the clock starts there, after the login.
TRANSFERS = {
    "up": f"echo go >&2; cat >{UP_THERE}",
    "down": f"echo go >&2; cat {DOWN}",
    "both": f"echo go >&2; cat {DOWN} & cat >{UP_THERE}; wait",
}
PROMPTED = {"sallyport": "sallyport", "double": "double-prompted", "jump": "jump-prompted"}


class Failed(Exception):
    pass


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def make_payload(path, size, owner):
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    os.chown(path, owner, owner)
    return digest(path)


def empty(path, owner):
    path.unlink(missing_ok=True)
    write(path, b"", 0o600, owner)
    return path


# ---- throughput and processor time


class Throughput:
    """Every way takes its turn in every round, in each direction."""

    def __init__(self, site, size):
        self.site, self.size = site, size
        self.digests = {UP: make_payload(UP, size, UID), DOWN: make_payload(DOWN, size, TESTER)}

    def measure(self, rounds, progress):
        found = {direction: {way: [] for way in WAYS} for direction in TRANSFERS}
        for number in range(rounds):
            for direction in TRANSFERS:
                order = WAYS[number % len(WAYS):] + WAYS[:number % len(WAYS)]
                for way in order:
                    progress(f"round {number + 1} of {rounds}: {direction}, {way}")
                    found[direction][way].append(self.transfer(way, direction))
        return found

    def transfer(self, way, direction):
        """Seconds and the gate's processor seconds of one transfer, from the program's start to the client's end."""
        up, down = direction in ("up", "both"), direction in ("down", "both")
        there, here = empty(UP_THERE, TESTER), empty(DOWN_HERE, UID)
        if way == "sallyport":
            self.site.arm()
        group = self.site.group_of(way)
        taken = group.seconds if group else lambda: 0.0
        with open(UP if up else os.devnull, "rb") as source, open(here, "wb") as sink:
            child = self.site.start(way, TRANSFERS[direction], stdin=source, stdout=sink, stderr=subprocess.PIPE)
            words = b""
            while b"go\n" not in words:
                some = os.read(child.stderr.fileno(), 4096)
                if not some:
                    raise Failed(f"{way}, {direction}: {words.decode()}")
                words += some
            began, before = time.monotonic(), taken()
            status = child.wait()
            seconds = time.monotonic() - began
        if way == "sallyport":
            self.site.settle()
        cpu = taken() - before
        rest = child.stderr.read().decode()
        child.stderr.close()
        if status != 0:
            raise Failed(f"{way}, {direction}: ended with {status}: {rest}")
        if (up and digest(there) != self.digests[UP]) or (down and digest(here) != self.digests[DOWN]):
            raise Failed(f"{way}, {direction}: what arrived is not what was sent")
        there.unlink()
        here.unlink()
        size = self.size * (up + down)
        return {"mib_s": size / MIB / seconds, "cpu_s_per_gib": cpu / (size / GIB)}


# ---- login


def logins(site, rounds, progress):
    """Seconds of `ssh WAY true`, from starting ssh to its end, all prompts answered; alternating."""
    ways = tuple(PROMPTED)
    found = {way: [] for way in ways}
    for number in range(rounds + 1):  # the first is not counted: programs come from the disk
        for way in ways[number % 3:] + ways[:number % 3]:
            progress(f"login {number + 1} of {rounds + 1}: {way}")
            seconds = login(site, way)
            if number > 0:
                found[way].append(seconds)
    return found


def login(site, way, rep="kim"):
    if way == "sallyport":
        site.arm(rep)
    began = time.monotonic()
    child = site.start(PROMPTED[way], "true", rep=rep, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)
    words = child.stderr.read()
    status = child.wait()
    seconds = time.monotonic() - began
    child.stderr.close()
    if status != 0:
        raise Failed(f"login, {way}: ended with {status}: {words.decode()}")
    if way == "sallyport":
        site.settle()
    return seconds


# ---- memory


def memory(pid, field):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def pss(group):
    return sum(memory(pid, "Pss") for pid in group.pids())


def idle_sessions(site, reps, progress):
    """Memory (PSS) of the gate's processes for each of these idle terminals, each a session of its own."""
    site.settle()
    before = pss(site.gate_group)
    children = []
    try:
        for rep in reps:
            progress(f"idle sessions: {len(children) + 1} of {len(reps)}")
            site.arm(rep)
            child = site.start("sallyport", "echo ready; exec sleep 1000", rep=rep, options=["-tt"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            children.append(child)
            wait_for_word(child.stdout, b"ready")
        wait_until(lambda: len(site.gate.workers()) == len(reps) and len(site.gate_group.pids()) == len(reps) + 1, 5,
                   "one process for each session")
        time.sleep(1)
        after = pss(site.gate_group)
        workers = [pid for pid in site.gate_group.pids() if pid != site.gate.pid]
        private = sorted(memory(pid, "Private_Dirty") for pid in workers)[len(workers) // 2]
        return {"pss_mib": (after - before) / len(reps) / MIB, "worker_private_mib": private / MIB}
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.communicate()
        site.settle()


def wait_for_word(stream, word):
    words = b""
    while word not in words:
        some = os.read(stream.fileno(), 4096)
        if not some:
            raise Failed(f"a session ended before it said {word.decode()}: {words.decode()}")
        words += some


# ---- many sessions


class Daemon:
    """What must not grow in sallyportd, when it is at rest."""

    def __init__(self, site):
        site.rest()
        self.descriptors = len(os.listdir(f"/proc/{site.gate.pid}/fd"))
        self.rss = memory(site.gate.pid, "Rss")
        self.children = len(site.children())


def parallel(site, reps, size, progress):
    """One copy in each of these sessions, all at once: how many failed, and what sallyportd kept of it."""
    source = DATA / "parallel"
    expected = make_payload(source, size, UID)
    login(site, "sallyport")  # so that what is made once is made
    before = Daemon(site)
    signal = DATA / "start"
    children = []
    for number, rep in enumerate(reps):
        progress(f"parallel copies: session {number + 1} of {len(reps)}")
        site.arm(rep)
        there = f"{DATA}/parallel.{number}"
        remote = f"echo go >&2; until [ -e {signal} ]; do sleep 0.05; done; cat >{there}"
        with open(source, "rb") as file:
            child = site.start("sallyport", remote, rep=rep, stdin=file, stderr=subprocess.PIPE)
        wait_for_word(child.stderr, b"go\n")
        children.append((child, Path(there)))
    progress("parallel copies: copying")
    began = time.monotonic()
    signal.touch()
    with ThreadPoolExecutor(len(children)) as pool:
        ends = list(pool.map(lambda pair: pair[0].communicate(timeout=300), children))
    seconds = time.monotonic() - began
    errors = sum(child.returncode != 0 or bool(end[1]) or digest(there) != expected
                 for (child, there), end in zip(children, ends))
    for _, there in children:
        there.unlink()
    signal.unlink()
    site.settle()
    after = Daemon(site)
    return {"errors": errors, "mib_s": size * len(reps) / MIB / seconds,
            "fds_left": after.descriptors - before.descriptors, "rss_left_mib": (after.rss - before.rss) / MIB}


def serial(site, count, warm, progress):
    """Sessions one after another. Growth is counted from the one numbered `warm` on."""
    before = None
    began = time.monotonic()
    for number in range(count):
        if number == warm:
            before = Daemon(site)
        progress(f"serial session {number + 1} of {count}")
        login(site, "sallyport")
    seconds = time.monotonic() - began
    after = Daemon(site)
    return {"rss_growth": after.rss / before.rss - 1, "rss_mib": after.rss / MIB,
            "fds_left": after.descriptors - before.descriptors, "zombies": after.children, "seconds_each": seconds / count}
