"""The gate: sallyportd in namespace gate, its files, its console, what its kernel holds."""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from . import files, network
from .files import ACCOUNTS, LAB, STATE, write
from .hmc import fingerprint, new_host_key

CONFIG, RUN = Path("/etc/sallyport"), Path("/run/sallyport")
FOLDERS = ("", "policies", "targets", "reps", "secrets", "secrets/targets", "secrets/reps", "secrets/rep-keys",
           "secrets/rep-webauthn")
NOTIFY, LOG = LAB / "notify", LAB / "sallyportd.log"

SETTINGS = f"""\
[gate]
name = "gate"
addresses = ["{network.GATE4}", "{network.GATE6}"]
"""

SERVICE = """
[[service]]
name = "ssh"
port = 22
carriage = "ssh"
exposure = "wide"
"""


class Refused(Exception):
    """The console said no; the text is what it said."""


class Gate:
    config, state = CONFIG, STATE
    how_to_reload = "pkill -HUP sallyportd  # as systemctl reload does"

    def __init__(self, source):
        self.source = source
        self.process = None
        self.pid = None
        self.extra_environment = {}

    # ---- files

    def configure(self, settings=SETTINGS):
        for folder in FOLDERS:
            (CONFIG / folder).mkdir(exist_ok=True, mode=0o700 if "secrets" in folder else 0o755)
        RUN.mkdir(exist_ok=True, mode=0o755)
        for shipped in (self.source / "policies").glob("*.toml"):
            write(CONFIG / "policies" / shipped.name, shipped.read_text())
        write(CONFIG / "sallyport.toml", settings)
        for kind in ("ed25519", "rsa"):
            key = CONFIG / f"ssh_host_{kind}_key"
            if not key.exists():
                new_host_key(key, "gate", kind)

    def set_limits(self, *lines, name="hmc-ssh"):
        """A policy for SSH with these lines in [limits]; in force after start() or reload()."""
        write(CONFIG / f"policies/{name}.toml", "\n".join(["[limits]", *lines]) + "\n" + SERVICE)

    @property
    def fingerprint(self):
        return fingerprint(self.config / "ssh_host_ed25519_key.pub")

    def forget(self):
        """As if newly installed: no history, no targets, no reps. The daemon must be stopped."""
        files.new_state()
        for folder in FOLDERS[1:]:
            for path in (CONFIG / folder).iterdir():
                if not path.is_dir():
                    path.unlink()
        self.configure()
        LOG.unlink(missing_ok=True)

    # ---- the daemon

    def start(self, wrapper=(), wait=15.0, manager=None):
        """Starts it and returns when it says that it is ready. wrapper: e.g. an strace command line. manager: the
        caller's service_manager(), which stays open and hears what is said after that."""
        ready = manager or service_manager()
        command = [*wrapper, str(LAB / "bin/sallyportd"), "--config", str(CONFIG), "--state", str(STATE),
                   "--run", str(RUN), "--libexec", str(LAB / "bin")]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": str(NOTIFY), "LC_ALL": "C.UTF-8",
                       **sanitizers(), **self.extra_environment}
        with open(LOG, "ab") as log:
            self.process = subprocess.Popen(network.inside("gate", command), env=environment, stderr=log,
                                            stdout=log, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self.pid = self.wait_until_ready(ready, wait)
        finally:
            if manager is None:
                ready.close()
        return self.pid

    def wait_until_ready(self, ready, wait):
        ready.settimeout(0.02)
        end = time.monotonic() + wait
        while time.monotonic() < end:
            try:
                data, control, _, _ = ready.recvmsg(4096, socket.CMSG_SPACE(12))
            except TimeoutError:
                if self.process.poll() is not None:
                    return None  # it ended by itself; the caller looks at process.returncode and log()
                continue
            if b"READY=1" in data:
                return struct.unpack("iii", control[0][2][:12])[0]
        raise RuntimeError("sallyportd did not become ready:\n" + self.log())

    def stop(self, number=signal.SIGTERM, wait=10.0):
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.kill(self.pid or self.process.pid, number)
        try:
            self.process.wait(wait)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise RuntimeError("sallyportd did not end:\n" + self.log()) from None
        code, self.process, self.pid = self.process.returncode, None, None
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)

    def reload(self):
        """SIGHUP; returns what the log says about it, once the journal has the outcome."""
        outcomes = lambda: sum(event.startswith("config.") for event in self.events())  # noqa: E731
        mark, before = len(self.log()), outcomes()
        os.kill(self.pid, signal.SIGHUP)
        for _ in range(300):
            if outcomes() > before:
                break
            time.sleep(0.01)
        refused = [event for event in self.events() if event.startswith("config.")][-1:] == ["config.refused"]
        for _ in range(100 if refused else 0):  # the daemon journals first, and then says it
            if len(self.log()) > mark:
                break
            time.sleep(0.01)
        return self.log()[mark:]

    def log(self):
        return LOG.read_text(errors="replace") if LOG.exists() else ""

    # ---- the console

    def console_command(self, user, arguments):
        uid = 0 if user == "root" else ACCOUNTS[user][0]
        groups = [] if user == "root" else [str(files.GROUPS[name]) for name in ACCOUNTS[user][1]]
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--groups=" + ",".join(groups)] if groups else [
            "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        return network.inside("gate", [*become, str(LAB / "bin/sallyport"), *arguments])

    def run_console(self, user, *arguments, input=None, timeout=20):
        """The console as `user`, whatever it answers: a CompletedProcess with text."""
        return subprocess.run(self.console_command(user, arguments), input=input, text=True, capture_output=True,
                              timeout=timeout, env=console_environment(), **({} if input is not None else
                                                                             {"stdin": subprocess.DEVNULL}))

    def console(self, user, *arguments, **options):
        """The console with --json; returns its result. Raises Refused when it says no."""
        done = self.run_console(user, *arguments, "--json", **options)
        if done.returncode != 0:
            raise Refused(f"sallyport {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def ask(self, person="root", **question):
        """One question straight to the control socket (docs/WIRE.md), for what a console would not send."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            try:
                connect_as(person, control, RUN / "control.sock")
                control.sendall(json.dumps(question).encode() + b"\n")
                line = control.makefile("rb").readline()
            except OSError as error:
                return {"ok": False, "refused": str(error)}
        return json.loads(line) if line else {"ok": False, "refused": "the gate hung up"}

    # ---- what is true

    def journal(self):
        """Every record, oldest first, as the files hold them."""
        records = []
        for path in sorted(self.state.glob("journal/*.jsonl")) + sorted(self.state.glob("journal*.jsonl")):
            for line in path.read_text(errors="replace").splitlines():
                try:
                    records.append(json.loads(line))
                except ValueError:
                    continue  # a torn tail
        return sorted(records, key=lambda record: record["seq"])

    def events(self, grant=None):
        return [record["event"] for record in self.journal() if grant in (None, record.get("grant"))]

    def nft(self):
        """The gate's whole ruleset. As text: the JSON of nft 1.0.6 is broken for a table with flag owner."""
        return subprocess.run(network.inside("gate", [*self.nft_program(), "list", "ruleset"]), text=True,
                              capture_output=True, check=True).stdout

    def nft_program(self):
        return ["nft"]

    def tables(self):
        return re.findall(r"^table inet (\S+) {", self.nft(), re.MULTILINE)

    def elements_with_times(self):
        """What is open: (set, element) of the live table, e.g. ("entry4", "192.0.2.0/26 . tcp . 22 timeout 30m ...").

        Without the sets that open nothing: the gate's own addresses, and the meters.
        """
        live = re.search(r"^table inet sallyport_live {.*?^}", self.nft(), re.MULTILINE | re.DOTALL)
        sets = re.findall(r"^\t(?:set|map) (\S+) {(.*?)^\t}", live[0], re.MULTILINE | re.DOTALL) if live else []
        found = []
        for name, body in sets:
            if name.startswith(("gate", "meters")):
                continue
            elements = re.search(r"elements = {(.*?)}", body, re.DOTALL)
            found += [(name, " ".join(element.split())) for element in elements[1].split(",")] if elements else []
        return sorted(found)

    def elements(self):
        """The same without times: "entry4 192.0.2.0/26 . tcp . 22"."""
        return [f"{name} {element.split(' timeout')[0].split(' expires')[0]}"
                for name, element in self.elements_with_times()]

    def listening(self):
        """Addresses on which anything in the gate accepts TCP connections."""
        done = subprocess.run(network.inside("gate", ["ss", "-Htln"]), capture_output=True, text=True)
        return [line.split()[3] for line in done.stdout.splitlines()]

    def proc(self):
        """The daemon's folder in /proc."""
        return Path(f"/proc/{self.pid}")

    def workers(self):
        """Process ids of the worker programs."""
        return pids_of("sallyport-ssh") + pids_of("sallyport-https")


def connect_as(person, control, path):
    """Connects a socket of ours as somebody else: the kernel remembers for its peer who called connect(2), not who asks.

    A child does it, because an account is the whole process's; to start a Python for it took most of a question's time.
    """
    uid = 0 if person == "root" else ACCOUNTS[person][0]
    groups = [] if person == "root" else [files.GROUPS[name] for name in ACCOUNTS[person][1]]
    child = os.fork()
    if child == 0:
        code = 255
        try:
            os.setgroups(groups)
            os.setgid(uid)
            os.setuid(uid)
            code = control.connect_ex(str(path))
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        raise OSError(code, f"connecting to {path} as {person}: {os.strerror(code)}")


def service_manager():
    """The socket on which a service manager hears sd_notify messages, and from whom."""
    NOTIFY.unlink(missing_ok=True)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    manager.bind(str(NOTIFY))
    return manager


def pids_of(name):
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                state = (path / "stat").read_text()
                if re.search(r"\((.*)\)", state)[1] == name[:15] and state.rsplit(")")[-1].split()[0] != "Z":
                    found.append(int(path.name))
            except OSError:
                continue
    return found


def sanitizers():
    """LeakSanitizer cannot run under a tracer or in a confined process; the others end the program loudly."""
    return {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=0"),
            "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1")}


def console_environment():
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **sanitizers()}
