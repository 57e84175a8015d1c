"""What happens to a gate in years of service: reboot, a killed monitor, an upgrade, a purge. Runs in: the lab."""
import os
import re
import shutil
import signal
import time
from pathlib import Path

from booted_gate import UNIT
from installation import CLOSED, KEEP, no_unit_failed
from lab import network
from lab.files import write
from lab.story import Terminal, clean
from lab.telling import wait_for

PROMPT = "hscroot@hmc1:~> "


def enable(story, rep):
    told = story.console("alice", "enable", "--rep", rep, "--target", "hmc1", "--policy", "hmc-ssh", "--from",
                         "192.0.2.0/26", "--connect-within", "30m", show=False)
    return re.search(r"g-[0-9a-z]{8}", told)[0]


def session(story, rep):
    """A running one: the rep is at the HMC's prompt."""
    story.command("rep", f"ssh {rep}@{network.GATE4}")
    terminal = Terminal(story.lab.reps[rep], PROMPT)
    terminal.until(PROMPT)
    return terminal


def states(story, *grants):
    return [story.gate.grant(grant)["state"] for grant in grants]


def keep(story):
    story.step("A day later, the timer's service compresses the recordings that are over")
    gate, machine, service = story.gate, story.lab.machine, KEEP.replace(".timer", ".service")
    session = next(record["session"] for record in gate.journal() if record["event"] == "session.ended")
    folder = gate.state / "recordings" / session
    a_day_later(machine, service)
    machine.run("systemctl", "start", service)
    story.output(machine.log_of(service))
    story.check("it did its work", machine.unit(service, "Result", "ExecMainStatus") == ["success", "0"])
    story.check("they are compressed", {path.suffix for path in folder.iterdir()} == {".zst"}, list(folder.iterdir()))
    seen = story.console("sam", "replay", session, "--text", most=8)
    story.check("and can be replayed", "9105-22A,7A1B2C0" in seen)


def a_day_later(machine, unit):
    """For the one unit: a container's clock is its host's."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    shutil.copy(library, machine.tree / "usr/local/lib")
    lines = ["[Service]", f"Environment=LD_PRELOAD=/usr/local/lib/{library.name} FAKETIME=+25h"]
    machine.run("mkdir", "-p", f"/run/systemd/system/{unit}.d")
    machine.run("tee", f"/run/systemd/system/{unit}.d/later.conf", input="\n".join(lines) + "\n")
    machine.run("systemctl", "daemon-reload")


def reboot(story):
    story.step("A reboot with an armed grant, and with stored secrets that a systemd credential has sealed")
    gate, machine = story.gate, story.lab.machine
    grant, armed_at = enable(story, "lee"), time.time()
    story.command("root", "systemctl poweroff")
    machine.power_off()
    story.check("after the shutdown the deny side is in force, and nothing is open", gate.tables() == ["sallyport_base"])
    machine.forget_kernel()
    seconds = machine.boot()
    story.output(f"booted again in {seconds:.1f} s")
    closed, monitor = (int(machine.unit(unit, stamp)[0]) for unit, stamp in
                       ((CLOSED, "ActiveEnterTimestampMonotonic"), (UNIT, "ExecMainStartTimestampMonotonic")))
    story.check("the deny side was there before the monitor", 0 < closed < monitor)
    story.check("the grant is armed again", states(story, grant) == ["armed"])
    left, expected = gate.seconds_left(), 1800 - (time.time() - armed_at)
    story.output(f"left in the kernel: {left}; by the clock {expected:.0f} s")
    story.check("for the time that is left", len(left) == 1 and left[0][0] == "entry4" and abs(left[0][1] - expected) < 3)
    story.check("the secrets are sealed", "secrets.sealed" in gate.events() and not readable(gate, story))
    done = story.lab.reps["lee"].ssh("lshmc", "-V")
    story.check("and lee can use it", "V10R3" in done.stdout, done.stderr)
    wait_for(lambda: states(story, grant) == ["spent"])
    story.check("once", states(story, grant) == ["spent"])
    no_unit_failed(story)


def readable(gate, story):
    """Whether the HMC's password or a rep's secret lies on the disk as it is."""
    known = [story.lab.hmc_password(), *(rep.secret for rep in story.lab.reps.values())]
    files = [path.read_bytes() for path in (gate.config / "secrets").rglob("*") if path.is_file()]
    return not files or any(secret.encode() in content for content in files for secret in known)


def closed_at_boot(story):
    story.step("Before the monitor starts, the deny side that it last wrote is loaded")
    machine, gate = story.lab.machine, story.gate
    gate.stop()
    machine.forget_kernel()
    machine.run("systemctl", "restart", CLOSED)
    story.check("without the monitor, the table is there, and it alone", gate.tables() == ["sallyport_base"])
    gate.start()


def kill(story):
    story.step("kill -9, with one session running and one grant armed")
    gate, machine = story.gate, story.lab.machine
    active, terminal = enable(story, "kim"), session(story, "kim")
    armed = enable(story, "lee")
    story.check("both are open in the kernel", {name for name, _ in gate.elements_with_times()} >= {"admitted4", "entry4"})
    old = gate.process_id
    story.command("root", "kill -9 sallyportd")
    os.kill(old, signal.SIGKILL)
    begin = time.monotonic()
    wait_for(lambda: "sallyport_live" not in gate.tables(), 0.5)
    story.check("the kernel has closed everything, before any restart", gate.tables() == ["sallyport_base"]
                and gate.process_id is None)
    wait_for(lambda: machine.unit(UNIT, "ActiveState") == ["active"], 10)
    story.output(f"active again after {time.monotonic() - begin:.1f} s")
    story.check("systemd has started it again", machine.unit(UNIT, "ActiveState", "NRestarts") == ["active", "1"])
    ended = terminal.until(None)
    story.check("kim's ssh has ended", terminal.process.wait(10) != 0, ended)
    story.check("the session's grant is spent, the other one armed", states(story, active, armed) == ["spent", "armed"])
    story.check("the kernel has the armed one alone", {name for name, _ in gate.elements_with_times()} == {"entry4"})
    story.console("alice", "revoke", armed, show=False)


def upgrade(story):
    story.step("An upgrade, with a session running")
    gate, machine = story.gate, story.lab.machine
    active, terminal = enable(story, "kim"), session(story, "kim")
    waiting = enable(story, "lee")
    package, version = story.lab.newer_package()
    story.command("root", f"apt install {package}")
    machine.run("apt-get", "-y", "-q", "install", package, timeout=180)
    told = clean(terminal.until(None))
    terminal.process.wait(10)
    story.command("rep", "  # what kim sees")
    story.output(told)
    story.check("kim was told why", "sallyport: " in told, told)
    ended = [record for record in gate.journal() if record["event"] == "session.ended" and record["grant"] == active]
    story.output(f"journal: {ended[0]['reason']}")
    story.check("the session was ended in order, once, with its reason", len(ended) == 1 and "gateway restarted" not in
                ended[0]["reason"])
    story.check(f"version {version} runs", machine.unit(UNIT, "ActiveState") == ["active"] and machine.run(
        "dpkg-query", "-W", "-f", "${Version}", "sallyport").stdout == version)
    story.check("the grants are as they were to be", states(story, active, waiting) == ["spent", "armed"])
    story.check("the deny side stayed", machine.unit(CLOSED, "ActiveState") == ["active"] and gate.base_table())
    done = story.lab.reps["lee"].ssh("lshmc", "-V")
    story.check("and lee can use the other one", "V10R3" in done.stdout, done.stderr)
    no_unit_failed(story)


def purge(story):
    story.step("A purge that nobody was there to confirm, and a later installation")
    gate, machine = story.gate, story.lab.machine
    write(gate.config / "policies/site.toml", (gate.config / "policies/hmc-ssh.toml").read_text())
    before, head = kept(gate), len(gate.journal())
    story.command("root", "apt purge sallyport")
    machine.run("apt-get", "-y", "-q", "purge", "sallyport", timeout=180)
    story.check("the programs are gone, and the monitor with them", gate.process_id is None
                and not (machine.tree / "usr/sbin/sallyportd").exists())
    story.check("nothing of it is left in the kernel", gate.tables() == [])
    story.check("nor of its units", units_left(machine) == [])
    story.check("the journal, the recordings and the site's own settings have stayed", len(before) > 0 and before <= kept(gate))
    no_unit_failed(story)
    machine.run("apt-get", "-y", "-q", "install", story.lab.package, timeout=180)
    gate.start()
    story.check("a later installation goes on with them", len(gate.journal()) > head)
    story.console("sam", "audit", "verify")


def units_left(machine):
    """Of those that systemd knows, and of their links."""
    known = machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "sallyport*").stdout.split("\n")
    folders = [machine.tree / folder for folder in ("etc/systemd/system", "usr/lib/systemd/system")]
    return [line for line in known if line] + [path for folder in folders for path in folder.rglob("sallyport*")]


def kept(gate):
    """What is the site's: settings without the package's own policies, journal and recordings."""
    return {path for folder in (gate.config, gate.state) for path in folder.rglob("*")
            if path.is_file() and (path.parent.name != "policies" or path.name == "site.toml")}


def purge_all(story):
    story.step("A purge that was confirmed")
    gate, machine = story.gate, story.lab.machine
    machine.run("debconf-set-selections", input="sallyport sallyport/purge-records boolean true\n")
    machine.run("apt-get", "-y", "-q", "purge", "sallyport", timeout=180)
    story.check("journal, recordings, keys and settings are gone", not gate.state.exists() and not gate.config.exists())
    story.check("nothing is left in the kernel", gate.tables() == [])
    no_unit_failed(story)
