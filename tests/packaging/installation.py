"""From an empty Debian to a gate that is ready, in the README's words; its size and its speed. Runs in: the lab."""
import re
import statistics
import time
from pathlib import Path

from booted_gate import UNIT
from lab import network
from lab.files import write

CLOSED, KEEP = "sallyport-closed.service", "sallyport-keep.timer"
EXPOSURE, READY, MEMORY = 3.0, 0.3, 16 * 1024  # the most: of systemd-analyze's points, seconds, KiB


def boot(story):
    story.step("An empty Debian boots")
    machine = story.lab.machine
    seconds = machine.boot()
    story.output(f"{version(machine)}, {machine.state()} after {seconds:.1f} s")


def version(machine):
    release = (machine.tree / "etc/debian_version").read_text().strip()
    return f"Debian {release}, " + machine.run("systemctl", "--version").stdout.split(")")[0] + ")"


def install(story):
    story.step("The package, with apt from a folder")
    machine = story.lab.machine
    story.command("root", f"apt install {story.lab.package}")
    said = machine.run("apt-get", "-y", "-q", "install", story.lab.package, timeout=180).stdout
    story.output("\n".join(line for line in said.splitlines() if "newly installed" in line or "disk space" in line))
    story.output(machine.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Installed-Size} KiB\n", "sallyport").stdout)
    story.check("the deny side is in force, now and at each boot",
                machine.unit(CLOSED, "ActiveState", "UnitFileState") == ["active", "enabled"])
    story.check("the monitor will start at each boot, and does not without a configuration",
                machine.unit(UNIT, "ActiveState", "UnitFileState", "Result") == ["inactive", "enabled", "success"])
    story.check("asked to start, it still does not, and that is no failure", not_without_configuration(machine))
    story.check("recordings are looked after each day", machine.unit(KEEP, "ActiveState", "SubState", "UnitFileState")
                == ["active", "waiting", "enabled"])
    story.check("nothing listens", story.listeners() == [])
    no_unit_failed(story)


def not_without_configuration(machine):
    machine.run("systemctl", "start", UNIT)
    return machine.unit(UNIT, "ActiveState", "ConditionResult") == ["inactive", "no"]


def no_unit_failed(story):
    failed = story.lab.machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").stdout
    story.check("no unit has failed", failed == "", failed)


def configure(story):
    story.step("It is configured as the README says")
    machine, gate = story.lab.machine, story.gate
    for user, group in (("alice", "sallyport-admin"), ("sam", "sallyport-auditor")):
        machine.run("useradd", "--groups", group, user)
    shipped = (machine.tree / "usr/share/sallyport/sallyport.toml").read_text()
    write(gate.config / "sallyport.toml", filled_in(shipped))
    story.command("root", 'ssh-keygen -t ed25519 -N "" -f /etc/sallyport/ssh_host_ed25519_key')
    machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/sallyport/ssh_host_ed25519_key")
    story.command("root", "systemctl start sallyportd")
    gate.start()
    story.check("the monitor runs", machine.unit(UNIT, "ActiveState", "SubState") == ["active", "running"])
    story.check("closed: nothing listens, and the deny side is in the kernel", story.listeners() == [] and gate.base_table())
    story.lab.new_rep("kim")
    story.lab.new_rep("lee")
    write(machine.tree / "root/hmc-password", story.lab.hmc_password() + "\n", 0o600)
    hmc = story.lab.hmc1
    story.console("root", "target", "add", "hmc1", "--address", ",".join(hmc.addresses), "--user", "hscroot", "--login",
                  "password", "--secret-file", "/root/hmc-password", "--expect", hmc.fingerprint)
    story.console("root", "doctor")  # fails here if it finds what would keep a session out


def filled_in(shipped):
    """The shipped file as a site fills it in: name, addresses, and the HTTPS door switched on."""
    for pattern, replacement in ((r'^name = "[^"]*" *', 'name = "gate"'),
                                 (r"^addresses = \[[^\]]*\]", f'addresses = ["{network.GATE4}", "{network.GATE6}"]'),
                                 (r"^#\[https\]", "[https]")):
        shipped, changes = re.subn(pattern, replacement, shipped, flags=re.MULTILINE)
        assert changes == 1, pattern
    return shipped


def measure(story):
    story.step("What it costs, and how exposed it is")
    machine = story.lab.machine
    seconds = statistics.median(start_to_ready(machine) for _ in range(5))
    story.output(f"start to ready: {seconds * 1000:.0f} ms (median of 5)")
    story.check(f"ready within {READY} s", seconds <= READY)
    time.sleep(1)
    memory = proportional_set_size(story.gate.process_id)
    story.output(f"memory of the monitor at rest: {memory / 1024:.1f} MiB (PSS)")
    story.check(f"at most {MEMORY // 1024} MiB", memory <= MEMORY)
    for unit in (UNIT, CLOSED):
        said = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout.strip().splitlines()[-1]
        exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", said)[1])
        story.output(f"exposure of {unit}: {exposure}")
        story.check(f"at most {EXPOSURE}", exposure <= EXPOSURE)


def start_to_ready(machine):
    """Type=notify: active is when the monitor has said that it is ready."""
    machine.run("systemctl", "reset-failed", UNIT)  # else the unit's own limit on starts would count these
    machine.run("systemctl", "restart", UNIT)
    started, ready = machine.unit(UNIT, "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    return (int(ready) - int(started)) / 1e6


def proportional_set_size(process_id):
    return int(re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{process_id}/smaps_rollup").read_text(), re.MULTILINE)[1])
