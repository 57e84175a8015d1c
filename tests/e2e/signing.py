"""Representatives who sign: stock ssh with a few lines of Python as SSH_ASKPASS that call ssh-keygen, and signatures
made here, by software security keys too (PROTOCOL.u2f; OpenSSH's own sk-dummy is not packaged). Runs in: the lab."""
import base64
import hashlib
import re
import struct
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lab.files import write
from lab.gate import CONFIG
from lab.rep import UID, Rep
from raw_ssh import DISCONNECT, GONE, INFO_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS
from support import with_grant

# How each answer is given: "bare" is cut into parts of 1,000 characters, "lines" is pasted line by line.
ASKPASS = r'''#!/usr/bin/python3
import base64, os, pathlib, subprocess, sys
home = pathlib.Path(os.environ["HOME"])
prompt, rest, seen = sys.argv[1], home / "rest", home / "prompts"
with open(seen, "a") as file:
    file.write(prompt + "\0")
if "Gate password: " in prompt:
    print((home / "password").read_text().strip())
elif prompt.endswith("\nSignature: "):
    text = base64.b64decode(prompt.splitlines()[1].split()[1])
    (home / "challenge").write_bytes(text)
    (home / "challenge.sig").unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "sallyport", "-f", os.environ["SIGN_WITH"],
                    str(home / "challenge")], check=True)
    lines = (home / "challenge.sig").read_text().splitlines()
    if os.environ["SIGN_AS"] == "bare":
        bare = "".join(lines[1:-1])
        lines = [bare[at:at + 1000] for at in range(0, len(bare), 1000)]
    print(lines[0])
    rest.write_text("\n".join(lines[1:]))
elif "Signature, part " in prompt:
    lines = rest.read_text().splitlines()
    print(lines[0])
    rest.write_text("\n".join(lines[1:]))
else:
    sys.exit("unknown prompt " + prompt)
'''


class Signer(Rep):
    """A rep with a password and a key, and nothing of ours on the laptop."""

    def __init__(self, name):
        super().__init__(name)
        write(self.folder / "askpass", ASKPASS, 0o755, UID)
        self.sign_with, self.sign_as, self.more = self.folder / "id", "bare", {}

    def environment(self, **more):
        environment = super().environment(SSH_ASKPASS=str(self.folder / "askpass"), SIGN_WITH=str(self.sign_with),
                                          SIGN_AS=self.sign_as, **self.more, **more)
        return environment

    def keygen(self, *arguments, **options):
        done = subprocess.run(self.as_laptop(["ssh-keygen", "-q", *map(str, arguments)]), text=True,
                              capture_output=True, cwd=self.folder, **options)
        assert done.returncode == 0, done
        return done.stdout

    def new_key(self, name="id", *options):
        for path in (self.folder / name, self.folder / f"{name}.pub"):
            path.unlink(missing_ok=True)
        self.keygen(*(options or ("-t", "ed25519")), "-N", "", "-C", f"{self.name} {name}", "-f", name)
        return (self.folder / f"{name}.pub").read_text()

    def sign(self, text, key="id", namespace="sallyport"):
        """The armoured signature of ssh-keygen -Y sign."""
        return self.keygen("-Y", "sign", "-n", namespace, "-f", key, input=text)

    def prompts(self):
        """Every prompt that ssh asked so far, as it gave them to SSH_ASKPASS."""
        path = self.folder / "prompts"
        return path.read_text().split("\0")[:-1] if path.exists() else []

    def forget_prompts(self):
        (self.folder / "prompts").unlink(missing_ok=True)

    def logs_in(self, *options):
        done = self.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1", *options])
        return done.returncode == 0 and "V10R3" in done.stdout


def enroll_keys(lab, name, text, role="key"):
    """What the gate's reply to rep.enroll_keys is."""
    return lab.gate.ask(ask="rep.enroll_keys", name=name, role=role, text=text)


def signer(lab, name="kim", *options, role="key"):
    """A rep of method ssh-signature, with a fresh key, or with an authority for it."""
    if not (CONFIG / f"reps/{name}.toml").exists():
        assert lab.gate.ask(ask="rep.add", name=name)["ok"]
    rep = lab.reps[name] = Signer(name)
    rep.forget_prompts()
    rep.give_password(lab.new_secret("pw-"))
    reply = enroll_keys(lab, name, rep.new_key("id" if role == "key" else "ca", *options), role)
    assert reply["ok"], reply
    return rep


def text_of(prompt):
    """What such a prompt asks to sign."""
    found = re.search(r"\nChallenge ([A-Za-z0-9+/=]+)\nSignature: $", prompt)
    assert found, prompt
    return base64.b64decode(found[1]).decode()


def fields_of(text):
    first, *lines = text.splitlines()
    assert first == "sallyport-challenge-v1"
    return dict(line.split(": ", 1) for line in lines)


def bare(armoured):
    return "".join(armoured.splitlines()[1:-1])


def packed(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


class SecurityKey:
    """sk-ssh-ed25519 in software: says what a device would of touch, user verification and its counter."""

    def __init__(self, application="ssh:"):
        self.private = Ed25519PrivateKey.generate()
        self.application, self.counter, self.flags = application.encode(), 0, 1
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = packed(b"sk-ssh-ed25519@openssh.com", raw, self.application)

    @property
    def line(self):
        return f"sk-ssh-ed25519@openssh.com {base64.b64encode(self.blob).decode()} token"

    @property
    def fingerprint(self):
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def sign(self, text):
        """Bare Base64 of the SSHSIG; the counter goes up by one."""
        self.counter += 1
        message = b"SSHSIG" + packed(b"sallyport", b"", b"sha512", hashlib.sha512(text.encode()).digest())
        tail = bytes([self.flags]) + struct.pack(">I", self.counter)
        signed = hashlib.sha256(self.application).digest() + tail + hashlib.sha256(message).digest()
        signature = packed(b"sk-ssh-ed25519@openssh.com", self.private.sign(signed)) + tail
        return base64.b64encode(b"SSHSIG" + struct.pack(">I", 1) + packed(
            self.blob, b"sallyport", b"", b"sha512", signature)).decode()


def agent_for(rep, *keys):
    """An ssh-agent on the laptop that holds these keys and the certificates beside them; the caller kills it."""
    socket = rep.folder / "agent"
    socket.unlink(missing_ok=True)
    agent = subprocess.Popen(rep.as_laptop(["ssh-agent", "-D", "-a", str(socket)]), stdout=subprocess.DEVNULL)
    rep.more = {"SSH_AUTH_SOCK": str(socket)}
    for _ in range(200):
        if socket.exists():
            break
        subprocess.run(["sleep", "0.01"], check=True)
    subprocess.run(rep.as_laptop(["ssh-add", "-q", *map(str, keys)]), cwd=rep.folder, check=True,
                   env={"PATH": "/usr/bin:/bin", "SSH_AUTH_SOCK": str(socket), "HOME": str(rep.folder)},
                   stdin=subprocess.DEVNULL)
    return agent


# ---- a gate at which kim signs

@pytest.fixture
def signing(site):
    """kim signs, with an Ed25519 key; a grant waits."""
    site.kim = signer(site)
    site.grant = with_grant(site)
    return site


def accepted(lab):
    return [record for record in lab.gate.journal() if record["event"] == "login.accepted"]


def fingerprint(rep, name="id"):
    return rep.keygen("-l", "-f", f"{name}.pub").split()[1]


def challenge_on(wire, name, password):
    wire.begin_attempt(name)
    wire.answer(password)
    return text_of(wire.prompt())


def verdict(wire):
    """Of the answer; parts that are asked for are answered with nothing."""
    while True:
        kind = wire.hear(USERAUTH_SUCCESS, USERAUTH_FAILURE, INFO_REQUEST, DISCONNECT, GONE, seconds=20)[0]
        if kind != INFO_REQUEST:
            return kind
        wire.answer("")


def refused(wire, answer):
    wire.answer(answer)
    return verdict(wire) == USERAUTH_FAILURE
