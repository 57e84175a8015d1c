"""The parts of the firewall benchmark in which the real sallyportd runs, in packaging/lab's site. Runs in: the lab."""
import json
import os
import re
import shutil
import signal
import socket
import time
from datetime import datetime

from lab.files import STATE, tmpfs, write
from lab.gate import CONFIG, RUN, service_manager
from lab.lab import Lab
from lab import network

SAMPLE_SECONDS = 0.02
WATCHDOG_SECONDS = 2.0  # WatchdogSec of the unit that we play


class Daemon:
    def __init__(self, programs, progress):
        self.progress = progress
        progress("building the site")
        self.lab = Lab(programs)
        self.gate = self.lab.gate

    def ask(self, **question):
        """A question to the control socket, as root."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20)
            control.connect(str(RUN / "control.sock"))
            control.sendall(json.dumps(question).encode() + b"\n")
            reply = json.loads(control.makefile("rb").readline())
        if not reply["ok"]:
            raise SystemExit(f"\nfirewall: {question['ask']}: {reply['refused']}")
        return reply["result"]

    # ---- SIGSTOP

    def stop(self):
        self.progress("SIGSTOP of sallyportd")
        late = self.stopped_until_the_deadline()
        self.progress("SIGSTOP of sallyportd under a watchdog")
        return {"after_deadline_s": late, **self.stopped_under_a_watchdog()}

    def armed(self, seconds, **options):
        self.gate.stop()
        self.gate.forget()
        self.gate.start(**options)
        self.lab.add_target()
        self.lab.enroll()
        grant = self.ask(ask="enable", rep="kim", target="hmc1", policy="hmc", connect_within=seconds,
                         networks=[network.REP4 + "/32", "192.0.2.64/26", network.REP6 + "/128"])["grant"]
        assert self.gate.elements(), "nothing was opened"
        return deadline_of(grant)

    def wait_until_closed(self, meanwhile=lambda: None):
        while self.gate.elements():
            meanwhile()
            time.sleep(SAMPLE_SECONDS)
        return time.time()

    def stopped_until_the_deadline(self):
        deadline = self.armed(4)
        pid = self.gate.pid
        os.kill(pid, signal.SIGSTOP)
        closed = self.wait_until_closed()
        os.kill(pid, signal.SIGCONT)
        self.gate.stop()
        return closed - deadline

    def stopped_under_a_watchdog(self):
        """We play systemd: no WATCHDOG=1 for WATCHDOG_SECONDS, and it sends SIGABRT, then SIGCONT, as systemd does."""
        self.gate.extra_environment = {"WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
        manager = service_manager()
        deadline = self.armed(120, manager=manager)
        heard = wait_for_sign(manager, time.monotonic())
        stopped = time.time()
        os.kill(self.gate.pid, signal.SIGSTOP)

        def watch():
            nonlocal heard
            heard = wait_for_sign(manager, heard, wait=0)
            if heard and time.monotonic() - heard > WATCHDOG_SECONDS:
                os.kill(self.gate.pid, signal.SIGABRT)
                os.kill(self.gate.pid, signal.SIGCONT)
                heard = None

        closed = self.wait_until_closed(watch)
        manager.close()
        self.gate.extra_environment = {}
        self.gate.process.wait(10)
        self.gate.process = self.gate.pid = None
        return {"watchdog_before_deadline_s": deadline - closed, "watchdog_closed_s": closed - stopped}

    # ---- many grants that expire together

    def burst(self, grants, together):
        """`grants` armed, of as many reps, targets and networks, `together` of which have a deadline in one second."""
        self.gate.stop()
        self.gate.forget()
        tmpfs(STATE, "1g", "750")  # each arming journals all that is open
        self.write_people(grants)
        self.gate.start(wait=60)
        began = time.monotonic()
        for number in range(grants - together):
            self.enable(number, 3600)
            self.progress(f"arming {number + 1} of {grants} grants")
        pace = (time.monotonic() - began) / max(1, grants - together)
        end = int(time.time() + together * pace * 2.5 + 6)
        deadlines = {}
        for number in range(grants - together, grants):
            # Whole seconds: the last that ends before `end`, so that all end in the second before it.
            deadlines[address_of(number)] = self.enable(number, int(end - time.time()))
            self.progress(f"arming {number + 1} of {grants} grants")
        if max(deadlines.values()) - min(deadlines.values()) > 1.1 or min(deadlines.values()) < time.time():
            raise SystemExit("\nfirewall: the grants could not be armed to expire in one second")
        outlived = self.watch_expiry(deadlines)
        settled = self.settled(deadlines)
        self.gate.stop()
        return {"expire_burst_s": outlived, "expire_burst_settled_s": settled, "arm_ms": pace * 1e3}

    def write_people(self, count):
        """Reps and targets, as the console would have written them one by one."""
        self.gate.start()
        self.lab.add_target()
        self.lab.enroll()
        self.gate.stop()
        rep, target = (CONFIG / "reps/kim.toml").read_text(), (CONFIG / "targets/hmc1.toml").read_text()
        for number in range(count):
            name = f"n{number}"
            write(CONFIG / f"reps/{name}.toml", rep)
            write(CONFIG / f"targets/{name}.toml", target_like(target, number))
            for kind, pattern in (("reps", "kim"), ("targets", "hmc1")):
                shutil.copy(CONFIG / f"secrets/{kind}/{pattern}", CONFIG / f"secrets/{kind}/{name}")

    def enable(self, number, seconds):
        name = f"n{number}"
        # One in two a single address, the others a network: sets of either kind.
        networks = [address_of(number) + ("/32" if number % 2 else "/28")]
        return deadline_of(self.ask(ask="enable", rep=name, target=name, policy="hmc", networks=networks,
                                    connect_within=seconds)["grant"])

    def watch_expiry(self, deadlines):
        """The longest that one of these addresses was seen open after its deadline, in seconds."""
        first = min(deadlines.values())
        worst = 0.0
        self.progress("waiting for the deadline")
        time.sleep(max(0, first - 0.5 - time.time()))
        if len(self.open_addresses() & set(deadlines)) < len(deadlines):
            raise SystemExit("\nfirewall: not all grants are open before their time is up")
        while True:
            now = time.time()
            there = self.open_addresses() & set(deadlines)
            worst = max([worst, *(now - deadlines[address] for address in there)])
            if not there:
                return worst
            if now > first + 60:
                raise SystemExit("\nfirewall: grants stay open after their time")

    def open_addresses(self):
        return set(re.findall(r"(10\.\d+\.\d+\.\d+)(?:/28|-10\.\d+\.\d+\.\d+)? \. tcp", self.gate.nft()))

    def settled(self, deadlines):
        """Until the daemon has journaled the last of them as closed, with nothing left."""
        limit = time.monotonic() + 60
        while True:
            records = [record for record in self.gate.journal() if record["event"] in ("grant.expired", "firewall.closed")]
            expired = {record["grant"] for record in records if record["event"] == "grant.expired"}
            closed = [record for record in records if record["event"] == "firewall.closed" and record["grant"] in expired]
            if len(closed) >= len(deadlines):
                if any(record["left"] for record in closed):
                    raise SystemExit("\nfirewall: something was left open")
                return max(map(lambda record: when(record["time"]), closed)) - max(deadlines.values())
            if time.monotonic() > limit:
                raise SystemExit(f"\nfirewall: of {len(deadlines)} expired grants {len(closed)} were closed")
            time.sleep(0.5)


def wait_for_sign(manager, since, wait=5.0):
    """When the daemon last said that it lives, at most `wait` from now."""
    manager.settimeout(wait or 0.001)
    try:
        while b"WATCHDOG=1" not in manager.recv(4096):
            continue
        return time.monotonic()
    except (TimeoutError, BlockingIOError):
        return since


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def deadline_of(grant):
    return when(grant["connect_by"])


def address_of(number):
    return f"10.{number >> 8}.{number & 255}.16"


def target_like(text, number):
    return re.sub(r"^addresses = .*$", f'addresses = ["198.18.{number >> 8}.{number & 255}"]', text, flags=re.MULTILINE) \
        .replace("hmc1", f"n{number}")
