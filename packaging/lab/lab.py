"""Lab: the whole site. Must run inside init.py's namespaces. Used by packaging/quickstart and tests/e2e."""
import os
import secrets
import subprocess
from pathlib import Path

from . import files, network
from .gate import CONFIG, Gate
from .hmc import Hmc
from .rep import Rep

SOURCE = Path(__file__).resolve().parent.parent.parent


class Lab:
    def __init__(self, programs, source=SOURCE):
        if os.environ.get("LAB_INSIDE") != "1" or os.getpid() == 1:
            raise RuntimeError("start this through packaging/lab/init.py")
        self.source = Path(source)
        files.set_up(self.source, Path(programs))
        network.set_up()
        files.set_password("hscroot", self.hmc_password())
        files.set_password("tester", self.hmc_password())
        self.hmc1 = Hmc("hmc1", [network.HMC1_4, network.HMC1_6])
        self.hmc2 = Hmc("hmc2", [network.HMC2_4, network.HMC2_6])
        self.hmc1.start()
        self.hmc2.start()
        self.gate = self.new_gate()
        self.reps = {}

    def new_gate(self):
        gate = Gate(self.source)
        gate.configure()
        return gate

    def hmc_password(self):
        if not hasattr(self, "_hmc_password"):
            self._hmc_password = self.new_secret("abc-")
        return self._hmc_password

    @staticmethod
    def new_secret(start):
        return start + secrets.token_hex(8)

    # ---- any command in a namespace

    def run(self, namespace, *command, **options):
        options = {"capture_output": True, "text": True, "timeout": 30, **options}
        return subprocess.run(network.inside(namespace, list(command)), **options)

    # ---- the main job's steps

    def add_target(self, name="hmc1", hmc=None, addresses=None, user="hscroot", login="password", secret=None,
                   admin="root", port=None):
        """Pins the host key of `hmc` without looking at the network, and stores how to log in there."""
        hmc = hmc or self.hmc1
        question = {"name": name, "addresses": addresses or hmc.addresses, "user": user, "login": login,
                    "host_keys": [hmc.public_key]}
        if login != "prompt":
            question["secret"] = secret or self.hmc_password()
        if port:
            question["ssh_port"] = port
        reply = self.gate.ask(admin, ask="target.add", **question)
        if not reply["ok"]:
            raise RuntimeError(f"target.add: {reply['refused']}")
        return reply["result"]

    def enroll(self, name="kim", admin="root", suite=None, **more):
        """A rep with a password and an OCRA secret, on a laptop that knows both. One who is there is enrolled anew."""
        suite = {**more, **({"suite": suite} if suite else {})}
        add = [] if (CONFIG / f"reps/{name}.toml").exists() else [{"ask": "rep.add"}]
        for question in (*add, {"ask": "rep.enroll", **suite}):
            reply = self.gate.ask(admin, **question, name=name)
            if not reply["ok"]:
                raise RuntimeError(f"{question['ask']}: {reply['refused']}")
        rep = self.reps[name] = Rep(name)
        rep.give_password(self.new_secret("pw-"))
        rep.know_secret(reply["result"]["suite"], reply["result"]["secret"])
        return rep

    def enable(self, rep="kim", target="hmc1", policy="hmc-ssh", networks=None, admin="alice", **more):
        """An armed grant; returns the control socket's result."""
        networks = networks or [network.REP4 + "/32", network.REP6 + "/128"]
        reply = self.gate.ask(admin, ask="enable", rep=rep, target=target, policy=policy, networks=networks, **more)
        if not reply["ok"]:
            raise RuntimeError(f"enable: {reply['refused']}")
        return reply["result"]

    def fresh(self):
        """A newly installed gate, running, with target hmc1 and rep kim."""
        self.gate.stop()
        self.gate.forget()
        self.gate.start()
        self.add_target()
        return self.enroll()
