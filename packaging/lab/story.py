#!/usr/bin/python3
"""The quickstart's story: the main job step by step, on real parts, each step checked. Runs in: the lab."""
import argparse
import os
import pty
import re
import select
import sys
import termios
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import network  # noqa: E402
from lab.files import write  # noqa: E402
from lab.gate import SETTINGS  # noqa: E402
from lab.keep import leave_running  # noqa: E402
from lab.lab import Lab  # noqa: E402
from lab.rep import Rep  # noqa: E402
from lab.story_web import picture_it, web  # noqa: E402
from lab.telling import Failed, Story, wait_for  # noqa: E402


def before(story):
    story.step("Before: nothing is enabled")
    story.check("nothing listens", story.listeners() == [])
    story.check("nothing is open in the kernel", story.kernel() == [])
    for address in (network.GATE4, network.GATE6):
        story.check("port 22 stays silent", story.connect("rep", address) == "no answer at all")


def enroll(story):
    story.step("Once: the admin enrolls the representative kim and pins the HMC's host key")
    story.console("alice", "rep", "add", "kim", "--full-name", "Kim Doe")
    story.command("alice", "sallyport rep enroll kim  # prints the secret once, as text and as a QR code")
    enrolled = story.gate.console("alice", "rep", "enroll", "kim")
    rep = story.lab.reps["kim"] = Rep("kim")
    rep.give_password(story.lab.new_secret("pw-"))
    rep.know_secret(enrolled["suite"], enrolled["secret"])
    story.output(f"suite {enrolled['suite']}, secret {enrolled['secret'][:4]}... (kim stores it: sallyport-respond --save)")
    password_file = Path("/run/lab/hmc-password")
    write(password_file, story.lab.hmc_password() + "\n", 0o600)
    hmc = story.lab.hmc1
    story.console("root", "target", "add", "hmc1", "--address", ",".join(hmc.addresses), "--user", "hscroot", "--login",
                  "password", "--secret-file", str(password_file), "--expect", hmc.fingerprint)
    story.check("the pinned key is the HMC's own",
                hmc.fingerprint in str(story.gate.console("root", "target", "list")))
    wait_for(lambda: not story.gate.elements())
    story.check("the way on which the key was read is closed again", story.gate.elements() == [])
    return rep


def enable(story):
    story.step("The admin enables one session")
    told = story.console("alice", "enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from",
                         "192.0.2.0/26,2001:db8:1::/64", "--connect-within", "30m", "--for", "4h", "--ticket",
                         "PMR 12345", "--reason", "replace the adapter in slot C5")
    grant = re.search(r"g-[0-9a-z]{8}", told)[0]
    story.check("it tells the gate's own fingerprint", story.gate.fingerprint in told)
    elements = story.kernel()
    story.check("open for the granted networks, and for no other", len(elements) == 2
                and any("192.0.2.0" in line for line in elements) and any("2001:db8:1::" in line for line in elements))
    story.check("a host in another network gets no answer", story.connect("other", network.GATE4) == "no answer at all")
    story.check("a wrong password is refused, and the HMC has seen nothing", wrong_login(story))
    return grant


def wrong_login(story):
    rep, hmc = story.lab.reps["kim"], story.lab.hmc1
    right, seen = rep.password, hmc.log
    rep.know_password("not the password")
    story.command("rep", "ssh kim@192.0.2.1 lshmc -V  # with a wrong password")
    done = rep.ssh("lshmc", "-V", options=["-o", "NumberOfPasswordPrompts=1"])
    story.output(without_warnings(done.stderr))
    rep.know_password(right)
    return done.returncode == 255 and "Permission denied" in done.stderr and hmc.log == seen


def without_warnings(text):
    return "\n".join(line for line in text.splitlines() if "Permanently added" not in line and line.strip())


def work(story, grant):
    story.step("The representative logs in with stock OpenSSH: password, challenge, response, then the HMC")
    story.command("rep", "ssh kim@192.0.2.1  # SSH_ASKPASS=sallyport-respond answers the challenge")
    rep = story.lab.reps["kim"]
    terminal = Terminal(rep, "hscroot@hmc1:~> ")
    seen = terminal.until(terminal.prompt)
    seen += terminal.type("lssyscfg -r sys -F name,type_model,serial_num")
    seen += terminal.type("lslogon -r ssh")
    story.output(clean(seen))
    story.check("the HMC answered", "9105-22A,7A1B2C0" in seen and f"access_location={network.GATE_INSIDE4}" in seen)
    during(story, grant)
    story.command("rep", "exit")
    seen, status = terminal.leave()
    story.output(clean(seen))
    story.check("ssh ended with the HMC's exit status", status == 0)


def during(story, grant):
    story.step("Meanwhile, in the kernel and at the console")
    elements = story.kernel()
    story.check("narrowed to the representative's own address", any(network.REP4 in line for line in elements)
                and not any("192.0.2.0" in line or "2001:db8:1::" in line for line in elements), elements)
    story.check("a host in the granted network gets no answer any more",
                story.connect("near", network.GATE4) == "no answer at all")
    story.console("alice", "list")
    story.check("the worker is confined", confined(story))


def confined(story):
    (pid,) = story.gate.workers()
    facts = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    story.command("gate", "grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$(pgrep sallyport-ssh)/status")
    story.output("\n".join(f"{name}: {facts[name].split()[0]}" for name in ("Uid", "CapEff", "NoNewPrivs", "Seccomp")))
    return (facts["Uid"].split()[0] != "0" and int(facts["CapEff"], 16) == 0 and facts["NoNewPrivs"] == "1"
            and facts["Seccomp"] == "2")


def after(story, grant):
    story.step("After that one use")
    wait_for(lambda: not story.gate.listening() and not story.gate.elements() and not story.gate.workers())
    story.check("nothing listens", story.listeners() == [])
    story.check("nothing is open in the kernel", story.kernel() == [])
    story.command("rep", "ssh kim@192.0.2.1 lshmc -V  # the same credentials, a second time")
    done = story.lab.reps["kim"].ssh("lshmc", "-V", options=["-o", "ConnectTimeout=1"])
    story.output(without_warnings(done.stderr))
    story.check("a second use is refused", done.returncode == 255)
    story.check("the grant is spent", "spent" in story.console("alice", "list", "--all"))


def review(story, grant):
    story.step("The security team reviews it")
    shown = story.console("sam", "audit", "show", grant)
    for event in ("grant.enabled", "grant.claimed", "session.connected", "session.ended"):
        if event not in shown:
            raise Failed(f"audit show lacks {event}")
    story.check("each step is in the journal", True)
    story.console("sam", "audit", "verify")
    session = next(record["session"] for record in story.gate.journal() if record["event"] == "session.ended")
    seen = story.console("sam", "replay", session, "--text", most=8)
    story.check("the recording holds what was on the screen", "9105-22A,7A1B2C0" in seen)
    refused = story.console("sam", "enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from",
                            "192.0.2.10/32", expect=1)
    story.check("the security team cannot enable a session", refused == "")


class Terminal:
    """What a person at a terminal does: starts ssh, waits for the prompt, types."""

    def __init__(self, rep, prompt):
        self.prompt = prompt
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 100))
        self.process = rep.start_ssh(options=["-o", "LogLevel=ERROR"], stdin=slave, stdout=slave, stderr=slave, text=False)
        os.close(slave)

    def until(self, wanted, seconds=15):
        seen, end = "", time.monotonic() + seconds
        while wanted is None or wanted not in seen:  # what the gate says by itself may come after the prompt
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            try:
                data = os.read(self.master, 4096) if ready else b""
            except OSError:  # the other side of the terminal is closed
                data = b""
            if not data:
                if wanted is None and ready:
                    return seen
                self.process.kill()
                raise Failed(f"the HMC's prompt did not come: {seen}")
            seen += data.decode(errors="replace")
        return seen

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")
        return self.until(self.prompt)

    def leave(self):
        os.write(self.master, b"exit\n")
        seen = self.until(None)
        return seen, self.process.wait(10)


def clean(text):
    return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text)


def tell(story):
    before(story)
    enroll(story)
    grant = enable(story)
    work(story, grant)
    after(story, grant)
    web(story)
    review(story, grant)


def main():
    arguments = argparse.ArgumentParser(prog="packaging/quickstart")
    arguments.add_argument("--programs", required=True)
    arguments.add_argument("--scripts", help="folder on the host for the scripts that enter the site; keeps it running")
    arguments.add_argument("--no-color", action="store_true")
    chosen = arguments.parse_args()
    color = sys.stdout.isatty() and not chosen.no_color and "NO_COLOR" not in os.environ
    sys.stdout.reconfigure(line_buffering=True)
    started = time.monotonic()
    lab = Lab(chosen.programs)
    lab.gate.configure(SETTINGS + "[https]\n")
    lab.gate.start()
    story = Story(lab, color)
    try:
        tell(story)
        if chosen.scripts:
            picture_it(story, Path(chosen.scripts))
    except Failed as failure:
        print(f"\nFAILED in step {story.number}: {failure}\n\nsallyportd said:\n{lab.gate.log()[-4000:]}")
        return 1
    print(f"\n{story.bold}Every step held, in {time.monotonic() - started:.1f} s.{story.plain}")
    if chosen.scripts:
        leave_running(story, Path(chosen.scripts))
    lab.gate.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
