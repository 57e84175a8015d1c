"""The lab's site with the gate as a machine of its own, which starts as an empty Debian. Runs in: the lab."""
import shutil
import subprocess
from pathlib import Path

from booted_gate import BootedGate
from documents import Documents
from lab import network
from lab.files import LAB, write
from lab.lab import Lab
from lab.rep import Rep
from machine import Machine

FOLDER = "srv/packages"  # on the machine


class Site(Lab):
    def __init__(self, trees, packages, programs):
        """trees: folders with an empty Debian each; packages: the folder of packaging/deb; programs: unpacked from those."""
        self.trees, self.packages = list(trees), Path(packages)
        super().__init__(programs)
        self.documents = Documents(f"/{FOLDER}")

    @property
    def machine(self):
        return self.gate.machine

    def new_machine(self):
        machine = Machine(self.trees.pop(0))
        write(machine.tree / "etc/hostname", "gate\n")
        write(machine.tree / "etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{network.GATE4} gate\n")
        (machine.tree / FOLDER).mkdir()
        for package in self.packages.glob("sallyport_*.deb"):
            shutil.copy(package, machine.tree / FOLDER)
        return machine

    def new_gate(self):
        return BootedGate(self.new_machine(), self.source)

    @property
    def package(self):
        """Its path on the machine; the newest."""
        packages = (self.machine.tree / FOLDER).glob("sallyport_*.deb")
        return f"/{FOLDER}/{max(packages, key=lambda package: package.stat().st_mtime_ns).name}"

    def give_password(self, name):
        """To a rep on a laptop; the account is made, and given it, by whoever asks for this."""
        rep = self.reps.setdefault(name, Rep(name))
        rep.know_password(self.new_secret("pw-"))
        return rep

    def new_rep(self, name):
        """Without a document: an account without a shell, a password, a secret that the rep stores."""
        self.machine.run("useradd", "--shell", "/usr/sbin/nologin", name)
        rep = self.give_password(name)
        self.machine.run("chpasswd", input=f"{name}:{rep.password}\n")
        self.gate.console("alice", "rep", "add", name)
        enrolled = self.gate.console("alice", "rep", "enroll", name)
        rep.know_secret(enrolled["suite"], enrolled["secret"])
        return rep

    def newer_package(self):
        """The same package under a later version, as the next release would come; returns its path on the machine."""
        unpacked, folder = LAB / "newer", self.machine.tree / FOLDER
        subprocess.run(["dpkg-deb", "--raw-extract", self.machine.tree / self.package[1:], unpacked], check=True)
        control = unpacked / "DEBIAN/control"
        version = next(line.split()[1] for line in control.read_text().splitlines() if line.startswith("Version:"))
        write(control, control.read_text().replace(f"Version: {version}\n", f"Version: {version}+next\n"))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", unpacked, folder], check=True,
                       capture_output=True)
        shutil.rmtree(unpacked)
        return self.package, f"{version}+next"
