"""The HMC stand-in: stock OpenSSH servers in namespace hmc, with a restricted shell for hscroot."""
import re
import signal
import subprocess
import time

from . import network
from .files import LAB, write

SSHD = "/usr/sbin/sshd"


class Hmc:
    """One console. Several share the namespace, each with its own addresses, host key and options."""

    def __init__(self, name, addresses, options=()):
        self.name, self.addresses, self.options = name, addresses, options
        self.folder = LAB / "sshd" / name
        self.process = None

    def start(self):
        self.folder.mkdir(exist_ok=True)
        if not self.key_file.exists():
            new_host_key(self.key_file, self.name)
        write(self.folder / "config", "\n".join(self.configuration()) + "\n", 0o600)
        self.process = subprocess.Popen(
            network.inside("hmc", [SSHD, "-D", "-e", "-f", str(self.folder / "config")]),
            stderr=open(self.folder / "log", "ab"), stdin=subprocess.DEVNULL)
        self.wait_until_listening()

    def configuration(self):
        return [f"ListenAddress {address}" for address in self.addresses] + list(self.options) + [
            f"HostKey {self.key_file}", f"PidFile {self.folder}/pid", "UsePAM yes", "PasswordAuthentication yes",
            "KbdInteractiveAuthentication yes", "PubkeyAuthentication yes", "PermitRootLogin no",
            f"AuthorizedKeysFile {LAB}/sshd/authorized_keys", "StrictModes no", "UseDNS no", "PrintMotd no",
            "PrintLastLog no", "AllowTcpForwarding no", "MaxStartups 200:30:300", "MaxSessions 100",
            f"SetEnv HMC_NAME={self.name}", "Subsystem sftp internal-sftp", "LogLevel VERBOSE",
            # A test that logs in wrongly must not lock out the next one; from OpenSSH 9.8 on they are on.
            *(["PerSourcePenalties no"] if openssh_version() >= (9, 8) else [])]

    def wait_until_listening(self):
        for _ in range(500):
            listening = subprocess.run(network.inside("hmc", ["ss", "-Htln"]), capture_output=True, text=True).stdout
            if all(f"{address}:22" in listening.replace("[", "").replace("]", "") for address in self.addresses):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError(f"{self.name} did not start: {(self.folder / 'log').read_text()}")

    def stop(self):
        """Ends the server and its connections, as a machine that goes down does (without farewell)."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        self.process = None

    def replace_host_key(self):
        self.key_file.unlink()
        self.start()

    @property
    def key_file(self):
        return self.folder / "host_key"

    @property
    def public_key(self):
        return (self.folder / "host_key.pub").read_text().strip()

    @property
    def fingerprint(self):
        return fingerprint(self.folder / "host_key.pub")

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")


def openssh_version():
    said = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    return tuple(int(number) for number in re.match(r"OpenSSH_(\d+)\.(\d+)", said).groups())


def new_host_key(path, comment, kind="ed25519", bits=None):
    bits = bits or (2048 if kind == "rsa" else None)  # quick to make; the lab's keys live for minutes
    size = ["-b", str(bits)] if bits else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", comment, "-f", str(path)], check=True,
                   stdin=subprocess.DEVNULL)


def fingerprint(public_key_file):
    return subprocess.run(["ssh-keygen", "-lf", str(public_key_file)], check=True, capture_output=True,
                          text=True).stdout.split()[1]


def allow_key(public_key):
    """Lets the holder of this key in, as any user of the HMC."""
    write(LAB / "sshd/authorized_keys", public_key.strip() + "\n", 0o644)
