"""What the HTTPS benchmark measures, one class or function a part; each returns plain figures. Runs in: the lab."""
import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

import https_peers as peers
from https_site import BENCH, DATA, THERE, WAYS
from lab import network
from ssh_measures import Failed, digest, make_payload, pss, wait_for_word

MIB, GIB = 1 << 20, 1 << 30
CONNECTIONS = 32
PARTS = Path(__file__).resolve().parent / "https_parts"


def make_page():
    (DATA / "1k").write_bytes(os.urandom(1024))
    return digest(DATA / "1k")


def turn(number):
    """The ways, another first in each round."""
    return WAYS[number % len(WAYS):] + WAYS[:number % len(WAYS)]


class Work:
    """What all ways carry, in turns: small pages, one large body down, one up."""

    def __init__(self, site, size):
        self.site, self.size = site, size
        self.page = make_page()
        self.down = make_payload(DATA / "down", size, 0)
        self.up = make_payload(DATA / "up", size, 0)
        self.cookie = site.log_in()
        self.groups = {way: site.group.child(way) for way in WAYS}

    def measure(self, rounds, seconds, wanted, progress):
        kinds = {"rps": lambda way: self.pages(way, seconds), "down": self.download, "up": self.upload}
        found = {kind: {way: [] for way in WAYS} for kind in kinds if kind in wanted}
        for kind in found:  # not counted: connections to the target are made, memory is touched
            for way in WAYS:
                kinds[kind](way)
        for number in range(rounds):
            for kind, ways in found.items():
                for way in turn(number):
                    progress(f"round {number + 1} of {rounds}: {kind}, {way}")
                    ways[way].append(kinds[kind](way))
        return found

    def pages(self, way, seconds):
        """Requests a second over kept connections, with their latencies; before and after, the page itself is compared."""
        self.compare_page(way)
        before = self.groups[way].seconds()
        address = f"https://{network.GATE4}:{peers.PORTS[way]}/1k"
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10", "-s", PARTS / "figures.lua", "-H",
                   "Host: gate", "-H", f"Cookie: {self.cookie}", address]
        done = subprocess.run(network.inside("rep", command), capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"wrk, {way}: {done.stdout}{done.stderr}")
        found = json.loads(done.stdout.splitlines()[-1])
        if found["errors"] or found["bytes"] < 1024 * found["requests"] or not found["requests"]:
            raise Failed(f"wrk, {way}: {found}")
        cpu = self.groups[way].seconds() - before
        self.compare_page(way)
        return {"rps": found["requests"] / found["seconds"], "p50_us": found["p50_us"], "p99_us": found["p99_us"],
                "cpu_us_each": cpu * 1e6 / found["requests"]}

    def compare_page(self, way):
        if hashlib.sha256(self.site.curl("/1k", way=way, cookie=self.cookie)).digest() != self.page:
            raise Failed(f"{way}: the page that came is not the target's")

    def download(self, way):
        here = BENCH / "data/here"
        here.unlink(missing_ok=True)
        return self.transfer(way, "/down", ["-o", here], here, self.down)

    def upload(self, way):
        there = THERE / way
        there.unlink(missing_ok=True)
        return self.transfer(way, f"/there/{way}", ["-T", DATA / "up", "-o", os.devnull], there, self.up)

    def transfer(self, way, path, options, arrived, expected):
        """curl's own clock: from before it connects until the last byte of the answer."""
        before = self.groups[way].seconds()
        seconds = float(self.site.curl(path, *options, "-w", "%{time_total}", way=way, cookie=self.cookie))
        cpu = self.groups[way].seconds() - before
        if digest(arrived) != expected:
            raise Failed(f"{way}, {path}: what arrived is not what was sent")
        arrived.unlink()
        return {"mib_s": self.size / MIB / seconds, "cpu_s_per_gib": cpu / (self.size / GIB)}


# ---- memory


def idle(site, count, progress):
    """PSS of the gate's processes beyond the daemon's before, for each logged-in source address that has nothing open."""
    addresses = site.more_reps(count)
    before = pss(site.gate_group)
    alone = None
    for number, (rep, address) in enumerate(addresses.items()):
        progress(f"idle source addresses: {number + 1} of {count}")
        site.log_in(rep, address)
        if alone is None:
            time.sleep(1)
            alone = pss(site.gate_group) - before
    time.sleep(1)
    if len(site.gate.workers()) != count:
        raise Failed(f"{len(site.gate.workers())} workers for {count} source addresses")
    each = (pss(site.gate_group) - before) / count
    site.end_sessions()
    return {"pss_mib": each / MIB, "alone_mib": alone / MIB}


def idle_connections(site, count, progress):
    """PSS of the gate's processes beyond the daemon's before, with so many idle connections of one logged-in source."""
    make_page()
    before = pss(site.gate_group)
    cookie = site.log_in()
    one_source = pss(site.gate_group) - before
    progress(f"{count} idle connections")
    command = ["python3", PARTS / "idle_connections.py", network.GATE4, str(peers.PORTS["gate"]), BENCH / "gate.pem", cookie,
               str(count)]
    child = subprocess.Popen(network.inside("rep", command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        wait_for_word(child.stdout, b"ready")
        time.sleep(2)
        all_of_it = pss(site.gate_group) - before
    finally:
        child.communicate()
    site.end_sessions()
    return {"mib": all_of_it / MIB, "kib_each": (all_of_it - one_source) / 1024 / count}
