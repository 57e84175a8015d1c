"""A representative's laptop: stock OpenSSH in namespace rep (or elsewhere), with sallyport-respond as SSH_ASKPASS."""
import os
import subprocess
from pathlib import Path

from . import network
from .files import ACCOUNTS, LAB, set_password, write
from .gate import sanitizers

UID = ACCOUNTS["laptop"][0]


class Rep:
    def __init__(self, name, gate=network.GATE4):
        self.name, self.gate = name, gate
        self.folder = LAB / "laptop" / name
        self.folder.mkdir(exist_ok=True)
        os.chown(self.folder, UID, UID)
        self.password = None

    # ---- credentials

    def give_password(self, password):
        set_password(self.name, password)
        self.know_password(password)

    def know_password(self, password):
        self.password = password
        write(self.folder / "password", password + "\n", 0o600, UID)

    def know_secret(self, suite, secret):
        """What `sallyport-respond --save` would store: the secret, and the suite it is for."""
        self.suite, self.secret = suite, secret
        folder = self.folder / ".config/sallyport"
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder.parent, folder):
            os.chown(path, UID, UID)
        write(folder / "secret", f"{secret}\n{suite}\n", 0o600, UID)

    def environment(self, **more):
        return {"PATH": f"{LAB}/bin:/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                "TERM": "xterm-256color", "SSH_ASKPASS": f"{LAB}/bin/sallyport-respond",
                "SSH_ASKPASS_REQUIRE": "force", "SALLYPORT_PASSWORD_FILE": str(self.folder / "password"),
                **sanitizers(), **more}

    # ---- commands

    def config(self):
        """Nothing of the machine's own ssh configuration; the gate's key is remembered at first sight."""
        return ["-F", "/dev/null", "-o", "StrictHostKeyChecking=accept-new", "-o",
                f"UserKnownHostsFile={self.folder}/known_hosts", "-o", "IdentitiesOnly=yes", "-o",
                "IdentityFile=none", "-o", "ConnectTimeout=5", "-o", "LogLevel=INFO"]

    def as_laptop(self, command, namespace="rep"):
        return ["nsenter", f"--net=/run/netns/{namespace}", f"--setuid={UID}", f"--setgid={UID}", *command]

    def ssh_command(self, *arguments, options=(), namespace="rep", gate=None, user=None):
        to = f"{user or self.name}@{gate or self.gate}"
        # ssh takes the first value of each option, so the caller's come first.
        return self.as_laptop(["ssh", *options, *self.config(), to, *arguments], namespace)

    def ssh(self, *arguments, options=(), namespace="rep", gate=None, user=None, timeout=30, **more):
        """ssh to the gate; a CompletedProcess with text output."""
        more.setdefault("stdin", subprocess.DEVNULL) if "input" not in more else None
        more.setdefault("text", True)
        return subprocess.run(self.ssh_command(*arguments, options=options, namespace=namespace, gate=gate, user=user),
                              capture_output=True, timeout=timeout, env=self.environment(), **more)

    def start_ssh(self, *arguments, options=(), environment=None, **more):
        """ssh to the gate in the background; a Popen."""
        where = {name: more.pop(name) for name in ("namespace", "gate", "user") if name in more}
        more = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen(self.ssh_command(*arguments, options=options, **where),
                                env=environment or self.environment(), **more)

    def copy(self, program, *arguments, timeout=120, input=None):
        """sftp or scp with the same settings; paths of the gate are written as REP@GATE:path by the caller."""
        return subprocess.run(self.as_laptop([program, *self.config(), *arguments]), env=self.environment(),
                              capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                              **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))

    def respond(self, challenge, *options):
        """What the rep's own sallyport-respond says, asked by hand."""
        environment = self.environment()
        del environment["SSH_ASKPASS"]  # or it would take the challenge for ssh's prompt
        return subprocess.run(self.as_laptop(["sallyport-respond", *options, challenge]), env=environment, text=True,
                              capture_output=True, check=True, timeout=10).stdout.strip()

    @property
    def address(self):
        gate = f"[{self.gate}]" if ":" in self.gate else self.gate
        return f"{self.name}@{gate}"

    def file(self, name):
        return Path(self.folder / name)
