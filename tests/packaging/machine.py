"""The gate's machine: a Debian in a folder, booted by systemd-nspawn in network namespace `gate`. Runs in: the lab.

Nothing of it outlives the lab's namespaces; its control groups are removed by tests/packaging/run.
"""
import os
import subprocess
import time
from pathlib import Path

from lab import network
from lab.files import LAB
from lab.telling import Failed

CONTROL_GROUP = "sallyport-packaging"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SETTLED = ("running", "degraded", "maintenance")


class Machine:
    def __init__(self, tree):
        self.tree = Path(tree)
        self.log = LAB / "console"
        self.process = self.leader = None

    # ---- power

    def boot(self, patience=60):
        """Returns the seconds until everything that starts at boot has started."""
        make_control_groups()
        begin = time.monotonic()
        command = ["systemd-nspawn", "--quiet", f"--directory={self.tree}", "--machine=gate", "--register=no", "--keep-unit",
                   "--network-namespace-path=/run/netns/gate", "--capability=CAP_NET_ADMIN", "--resolv-conf=off",
                   "--timezone=off", "--link-journal=no", "--boot"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=enter_control_group)
        while (state := self.state()) not in SETTLED:
            if self.process.poll() is not None or time.monotonic() > begin + patience:
                raise Failed(f"the machine did not boot ({state}):\n{self.log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.1)
        return time.monotonic() - begin

    def state(self):
        self.leader = first_child(self.process.pid)  # at first one that only prepares
        return self.run("systemctl", "is-system-running", expect=None).stdout.strip() if self.leader else "off"

    def power_off(self, patience=60):
        """An orderly shutdown. What its kernel held is still there: see forget_kernel()."""
        self.run("systemctl", "poweroff", "--no-block")
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise Failed(f"the machine did not shut down:\n{self.log.read_text(errors='replace')[-4000:]}") from None
        self.process = self.leader = None

    @staticmethod
    def forget_kernel():
        """The network namespace outlives the machine, for its cables; its rules must not, they were the old kernel's."""
        subprocess.run(network.inside("gate", ["nft", "flush", "ruleset"]), check=True)

    # ---- commands

    def inside(self, command):
        return ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
                "env", "-i", PATH, "LC_ALL=C.UTF-8", "TERM=xterm-256color", "DEBIAN_FRONTEND=noninteractive", *command]

    @staticmethod
    def as_person(user):
        """What to put before a command that this person types."""
        return [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]

    def run(self, *command, expect=0, timeout=60, **options):
        """As root on the machine; expect: its exit status, None for any."""
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        done = subprocess.run(self.inside(command), capture_output=True, text=True, timeout=timeout, **options)
        if expect is not None and done.returncode != expect:
            raise Failed(f"{' '.join(command)}: exit status {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def unit(self, name, *properties):
        """What systemd says about a unit, as texts."""
        said = self.run("systemctl", "show", name, "--property=" + ",".join(properties)).stdout
        values = dict(line.split("=", 1) for line in said.splitlines())
        return [values[name] for name in properties]

    def log_of(self, unit):
        return self.run("journalctl", "--no-pager", "--unit", unit, "--output=cat").stdout


def first_child(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def control_groups():
    """The folders of ours: where systemd keeps its own, one hierarchy or, on hosts with old ones, two."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(path, CONTROL_GROUP) for _, path, kind, options, *_ in mounts
            if kind == "cgroup2" or kind == "cgroup" and "name=systemd" in options.split(",")]


def make_control_groups():
    for folder in control_groups():
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise Failed(f"a systemd needs control groups of its own, and they cannot be made here: {error}") from None


def enter_control_group():
    for folder in control_groups():
        (folder / "cgroup.procs").write_text(str(os.getpid()))
