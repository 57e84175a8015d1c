"""The clients that representatives have, each logged in by its own means: the gate asks, and the person behind the client
answers with the password and with what sallyport-respond says to the challenge. Runs in: the lab."""
import asyncio
import os
import re
import subprocess
import warnings
from datetime import datetime
from types import SimpleNamespace

import paramiko
import pexpect
from dialogue import respond
from lab import network
from lab.files import LAB
from raw_ssh import connect, in_namespace

with warnings.catch_warnings():  # of the ciphers that it knows and the gate does not offer
    warnings.simplefilter("ignore")
    import asyncssh

PROMPTS = (r"Gate password: ", r"Challenge ([0-9A-Z ]+), response: ")


def answer(rep, prompt):
    """What the person types."""
    challenge = re.search(PROMPTS[1], prompt)
    if challenge:
        return respond(rep, challenge[1])
    assert re.search(PROMPTS[0], prompt), prompt
    return rep.password


def seconds_since_login(lab):
    """Since the rep was let in, by the gate's own clock, which is ours."""
    connected = [record for record in lab.gate.journal() if record["event"] == "session.connected"][-1]
    return datetime.now().timestamp() - datetime.fromisoformat(connected["time"]).timestamp()


def type_at(rep, *command, input=b"", seconds=20):
    """Runs a client that asks at its terminal, where its errors go too; its input and output are none."""
    given, taken = rep.file(".in"), rep.file(".out")
    given.write_bytes(input)
    whole = rep.as_laptop(["bash", "-c", f'exec "$@" <{given} >{taken}', "bash", *command])
    child = pexpect.spawn(whole[0], whole[1:], env=rep.environment(SSH_ASKPASS_REQUIRE="never"), encoding="utf-8",
                          timeout=seconds, codec_errors="replace", cwd=str(rep.folder))
    for prompt in PROMPTS:
        if child.expect([prompt, pexpect.EOF]) == 0:
            child.sendline(answer(rep, child.after))
    child.expect(pexpect.EOF)
    child.wait()  # close() would hang up on one that is still leaving
    child.close()
    return SimpleNamespace(returncode=child.exitstatus, stdout=taken.read_bytes(), stderr=child.before)


# ---- OpenSSH and what runs it: sallyport-respond is its SSH_ASKPASS

def run(rep, *command, seconds=40, **environment):
    """A program that starts ssh by itself."""
    return subprocess.run(rep.as_laptop(list(command)), env=rep.environment(**environment), capture_output=True,
                          timeout=seconds, cwd=rep.folder, stdin=subprocess.DEVNULL, text=True)


def ssh_of(rep, *options):
    return " ".join(["ssh", *options, *rep.config()])


def lftp(rep, *commands):
    settings = ("set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 10", "set sftp:auto-confirm yes",
                f"set sftp:connect-program '{ssh_of(rep)} -a -x'")
    return run(rep, "lftp", "--norc", "-c", "; ".join((*settings, f"open sftp://{rep.name}:x@{rep.gate}", *commands)))


def rsync(rep, source, destination):
    return run(rep, "rsync", "-e", ssh_of(rep), source, destination)


class Ansible:
    """Shares one connection between all it does, as it does by itself; without a password of its own it would ask ssh to
    try keys alone."""

    def __init__(self, rep):
        self.rep, self.socket = rep, rep.folder / "cm"
        options = ["-o", "PreferredAuthentications=keyboard-interactive", "-o", "KbdInteractiveAuthentication=yes",
                   "-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", f"ControlPath={self.socket}"]
        self.settings = {"ANSIBLE_SSH_ARGS": " ".join([*options, *rep.config()]), "ANSIBLE_NOCOLOR": "1",
                         "ANSIBLE_CONFIG": "/nonexistent.cfg", "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
                         "ANSIBLE_SSH_RETRIES": "0",
                         # Else it tries other ways when one is refused, and in the end the output of dd(1).
                         "ANSIBLE_SSH_TRANSFER_METHOD": "sftp",
                         # By itself it would look for the home of the gate's user at the target.
                         "ANSIBLE_REMOTE_TEMP": str(at_the_target(".ansible")), "ANSIBLE_LOCALHOST_WARNING": "False"}

    def do(self, module, arguments=""):
        return run(self.rep, "ansible", "all", "-i", f"{self.rep.gate},", "-u", self.rep.name, "-m", module,
                   *(["-a", arguments] if arguments else []), **self.settings)

    def leave(self):
        run(self.rep, "ssh", "-F", "/dev/null", "-S", str(self.socket), "-O", "exit", self.rep.address)


# ---- PuTTY and dropbear: they ask at the terminal

def putty(rep, lab, program, *arguments, **more):
    own = ["-no-antispoof"] if program == "plink" else []
    return type_at(rep, program, *own, "-hostkey", lab.gate.fingerprint, *arguments, **more)


def dbclient(rep, *arguments, options=(), **more):
    return type_at(rep, "dbclient", "-y", *options, rep.address, *arguments, **more)


# ---- libraries

def paramiko_transport(rep, kind=paramiko.Transport):
    transport = kind(connect())
    transport.start_client(timeout=10)
    transport.auth_interactive(rep.name, lambda _title, _instructions, prompts: [answer(rep, text) for text, _ in prompts])
    return transport


def paramiko_run(transport, command, input=b""):
    channel = transport.open_session(timeout=10)
    channel.settimeout(20)
    channel.exec_command(command)
    channel.sendall(input)
    channel.shutdown_write()
    out, err = channel.makefile("rb").read(), channel.makefile_stderr("rb").read()
    return SimpleNamespace(returncode=channel.recv_exit_status(), stdout=out, stderr=err.decode())


class Person(asyncssh.SSHClient):
    def __init__(self, rep):
        self.rep = rep

    def kbdint_auth_requested(self):
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        return [answer(self.rep, text) for text, _ in prompts]


def with_asyncssh(rep, action):
    """Runs `await action(connection)` in the rep's network."""
    async def session():
        options = {"username": rep.name, "known_hosts": None, "client_keys": None, "agent_path": None, "config": None,
                   "client_factory": lambda: Person(rep), "preferred_auth": "keyboard-interactive"}
        async with asyncssh.connect(network.GATE4, **options) as connection:
            return await asyncio.wait_for(action(connection), 30)

    return in_namespace("rep", lambda: asyncio.run(session()))


def own(path, uid):
    os.chown(path, uid, uid)
    return path


def at_the_target(name):
    return LAB / "home/tester" / name
