"""From an empty Debian to a gate that is ready, in the words of docs/INSTALL.md; its size and its speed. Runs in: the lab."""
import json
import re
import statistics
import time
from pathlib import Path

from booted_gate import UNIT
from lab import network
from lab.telling import wait_for

CLOSED, KEEP, METRICS = "sallyport-closed.service", "sallyport-keep.timer", "sallyport-metrics.service"
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
    story.step("The package, as docs/INSTALL.md says, with apt from a folder")
    machine = story.lab.machine
    for user in ("alice", "sam"):  # whom the site has anyway
        machine.run("useradd", user)
    follow(story, "The package")
    state = machine.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "sallyport").stdout
    story.check("apt needed nothing from elsewhere", state == "installed", state)  # there is no network to get it from
    follow(story, "Who may enable sessions, and who may look")
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


def follow(story, heading, **more):
    return story.lab.documents.follow(story, "INSTALL.md", heading, **more)


def not_without_configuration(machine):
    machine.run("systemctl", "start", UNIT)
    return machine.unit(UNIT, "ActiveState", "ConditionResult") == ["inactive", "no"]


def no_unit_failed(story):
    failed = story.lab.machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").stdout
    story.check("no unit has failed", failed == "", failed)


def sshd_in_the_way(story):
    story.step("The host's own sshd has the port: setup says what to do, and the admin does it")
    machine, gate = story.lab.machine, story.gate
    machine.run("apt-get", "-y", "-q", "install", "openssh-server", timeout=120)
    wait_for(lambda: "0.0.0.0:22" in gate.listening())
    refused = setup_by_flags(machine)
    story.command("root", "sallyport setup")
    story.output(refused.stderr)
    told = story.lab.documents.text("INSTALL.md", "If sshd has the port").strip()
    story.check("it refuses, with the words of the document", refused.returncode == 1 and told in refused.stderr)
    story.check("and has written nothing", not (gate.config / "sallyport.toml").exists())
    follow(story, "If sshd has the port")
    story.check("sshd is elsewhere now", gate.listening() == [])


def setup_by_flags(machine):
    return machine.run("sallyport", "setup", "--name", "gate", "--address", "wan0", "--rep", "kim", "--target-address",
                       network.HMC1_4, "--expect", "SHA256:unknown", expect=None)


def configure(story):
    story.step("It is set up, as docs/INSTALL.md says")
    machine, gate, lab = story.lab.machine, story.gate, story.lab
    follow(story, "If policies forward ports")
    kim = lab.give_password("kim")
    follow(story, "A representative's password", typed=f"{kim.password}\n" * 2)
    said = follow(story, "The first run", typed=lab.hmc_password() + "\n", expect=lab.hmc1.fingerprint)
    story.check("the monitor runs", machine.unit(UNIT, "ActiveState", "SubState") == ["active", "running"])
    story.check("closed: nothing listens, and the deny side is in the kernel", story.listeners() == [] and gate.base_table())
    secret, suite = (re.search(rf"^  {name}  +(.*)$", said, re.MULTILINE)[1] for name in ("secret", "suite"))
    kim.know_secret(suite, secret.replace(" ", ""))
    story.check("doctor was run at its end, and has found nothing in the way", "\nFAIL" not in said and "\nok " in said)
    before = gate.tables(), settings(gate)
    again = machine.run("sallyport", "setup", "--answers", "/root/answers.toml", "--json").stdout
    story.check("a second run keeps all", {step["outcome"] for step in json.loads(again)["steps"]} == {"kept"}
                and (gate.tables(), settings(gate)) == before)
    follow(story, "Secrets sealed for this machine")
    lab.new_rep("lee")


def settings(gate):
    return {path: path.read_bytes() for path in gate.config.rglob("*") if path.is_file()}


def first_session(story):
    story.step("The first session is enabled, as docs/INSTALL.md says")
    told = follow(story, "The first session")
    grant = re.search(r"g-[0-9a-z]{8}", told)[0]
    story.check("it tells the gate's own fingerprint", story.gate.fingerprint in told)
    story.console("alice", "revoke", grant, show=False)


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
    for unit in (UNIT, CLOSED, METRICS):
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
