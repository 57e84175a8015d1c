"""The gate as a package on a booted machine: what the lab's stories ask of a gate, answered by systemd and apt's files.
Runs in: the lab."""
import json
import re
import socket

from lab.gate import Gate, console_environment, pids_of
from lab.telling import wait_for

UNIT = "sallyportd.service"


class BootedGate(Gate):
    how_to_reload = "systemctl reload sallyportd"

    def __init__(self, machine, source):
        super().__init__(source)
        self.move_to(machine)

    def move_to(self, machine):
        self.machine = machine
        self.config = machine.tree / "etc/sallyport"
        self.state = machine.tree / "var/lib/sallyport"

    def nft_program(self):
        """Its own: that of an older release may die of what a newer one has noted beside a rule. Also while it is off."""
        return ["chroot", str(self.machine.tree), "nft"]

    def start(self):
        self.machine.run("systemctl", "start", UNIT)

    def stop(self):
        self.machine.run("systemctl", "stop", UNIT)

    def reload(self):
        """Returns what the log says about it, once the journal has the outcome."""
        before, mark = len(self.outcomes()), len(self.log())
        self.machine.run("systemctl", "reload", UNIT)
        wait_for(lambda: len(self.outcomes()) > before)
        return self.log()[mark:] if self.outcomes()[before:] != ["config.reloaded"] else ""

    def outcomes(self):
        return [event for event in self.events() if event.startswith("config.")]

    def log(self):
        return self.machine.log_of(UNIT)

    @property
    def process_id(self):
        """As it is seen from here."""
        return next(iter(pids_of("sallyportd")), None)

    def console_command(self, user, arguments):
        environment = [f"{name}={value}" for name, value in console_environment().items()]
        return self.machine.inside([*self.machine.as_person(user), "env", *environment, "sallyport", *arguments])

    def ask(self, person="root", **question):
        """One question to the control socket, as root."""
        assert person == "root"
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(f"/proc/{self.machine.leader}/root/run/sallyport/control.sock")
            control.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(control.makefile("rb").readline())

    def grant(self, grant):
        return self.ask(ask="show", grant=grant)["result"]["grant"]

    def seconds_left(self):
        """Of what is open in the kernel: set and seconds."""
        return [(name, seconds_of(re.search(r"expires (\S+)", element)[1])) for name, element in self.elements_with_times()
                if "expires" in element]

    def listening(self):
        """But for the host's own sshd, at the port where docs/INSTALL.md put it."""
        return [address for address in super().listening() if not address.endswith(":2222")]

    def base_table(self):
        return "sallyport_base" in self.tables()


def seconds_of(text):
    """nft's 29m58s996ms."""
    unit = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
    return sum(int(number) * unit[name] for number, name in re.findall(r"(\d+)(ms|[dhms])", text))
