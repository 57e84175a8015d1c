"""The site of the HTTPS benchmark: packaging/lab with a quick web server at the HMC's place, nginx and haproxy beside the
gate, and representatives who log in by the portal's forms. Runs in: the lab."""
import base64
import hashlib
import html
import os
import re
import shutil
import subprocess

import https_peers as peers
from lab import files, network
from lab.files import LAB, tmpfs, write
from lab.gate import CONFIG, SETTINGS
from lab.lab import Lab
from ssh_site import let_the_switch_only_switch, shadow_of, use_plain_tcp

BENCH = LAB / "bench"
DATA, THERE = BENCH / "data", BENCH / "data/there"  # what the target serves, and where uploads go
WAYS = tuple(peers.PORTS)
POLICY = "hmc-web"

# Browsers open six connections; the load here more than the 20 a second that are usual.
DOOR = f"""
[login]
connections_a_second = 1000
[https]
certificate = "{BENCH}/gate.pem"
key = "{BENCH}/gate.key"
"""


class Site:
    def __init__(self, programs, control_group):
        self.group = control_group
        self.lab = Lab(programs)
        self.gate = self.lab.gate
        BENCH.mkdir()
        DATA.mkdir()
        tmpfs(DATA, "5g")
        THERE.mkdir()
        let_the_switch_only_switch()
        use_plain_tcp()
        for name, subject in (("gate", "gate"), ("target", peers.NAME)):
            new_certificate(name, subject)
        self.target = peers.start_target(BENCH, self.group.child("target"), DATA)
        self.peers = peers.start_peers(BENCH, self.group)
        files.new_state("1g")
        self.gate.start()
        self.lab.add_target("hmc1")
        self.lab.enroll()
        self.gate.stop()
        write(CONFIG / "sallyport.toml", SETTINGS + DOOR)
        target = CONFIG / "targets/hmc1.toml"
        write(target, f'{target.read_text()}[https]\nname = "{peers.NAME}"\npins = ["sha256//{pin_of("target")}"]\n')
        keep_libraries_apart()
        self.start_gate()
        self.check_legs()

    def start_gate(self):
        if self.gate.start() is None:
            raise SystemExit(f"https: sallyportd has ended:\n{self.gate.log()}")
        self.gate_group = self.group.child("gate")
        self.gate_group.take(self.gate.pid)

    def more_reps(self, count):
        """n0, n1, ...: with kim's password and secret, each at an address of its own."""
        self.gate.stop()
        rep, hashed = (CONFIG / "reps/kim.toml").read_text(), shadow_of("kim")
        addresses = {f"n{number}": f"192.0.2.{100 + number}" for number in range(count)}
        network.ip([f"addr add {address}/24 dev wan0" for address in addresses.values()], "rep")
        with open("/etc/passwd", "a") as passwd, open("/etc/shadow", "a") as shadow:
            for number, name in enumerate(addresses):
                passwd.write(f"{name}:x:{5000 + number}:{5000 + number}::/nonexistent:/usr/sbin/nologin\n")
                shadow.write(f"{name}:{hashed}:19000:0:99999:7:::\n")
                write(CONFIG / f"reps/{name}.toml", rep)
                shutil.copy(CONFIG / "secrets/reps/kim", CONFIG / f"secrets/reps/{name}")
        self.start_gate()
        return addresses

    def stop(self):
        self.gate.stop()
        for server in (*self.peers.values(), self.target):
            server.stop()

    # ---- using it

    def curl(self, path, *options, way="gate", cookie=None, address=network.REP4, **more):
        """As a representative's browser; checks the certificate, which all ways share. Returns its standard output."""
        host = f"gate:{peers.PORTS[way]}"
        command = ["curl", "-sS", "--fail-with-body", "--http1.1", "--interface", address, "--resolve",
                   f"{host}:{network.GATE4}", "--cacert", BENCH / "gate.pem", "-H", "Host: gate",
                   *(["-H", f"Cookie: {cookie}"] if cookie else []), *options, f"https://{host}{path}"]
        done = subprocess.run(network.inside("rep", command), capture_output=True, **more)
        if done.returncode != 0:
            raise SystemExit(f"\nhttps: {way}, {path}: {done.stderr.decode()} {done.stdout[:500]!r}\n{self.gate.log()[-2000:]}")
        return done.stdout

    def log_in(self, rep="kim", address=network.REP4):
        """A session of this representative's from this address; the cookie that stands for it."""
        self.lab.enable(rep=rep, policy=POLICY, networks=[address + "/32"])
        jar = BENCH / f"{rep}.jar"
        jar.unlink(missing_ok=True)
        send = lambda path, *options: html.unescape(self.curl(  # noqa: E731
            "/.sallyport/" + path, "-b", jar, "-c", jar, *options, address=address).decode())
        field = lambda name, value: ("--data-urlencode", f"{name}={value}")  # noqa: E731
        send("login")
        page = send("login", "-H", "Origin: https://gate", *field("user", rep), *field("password", self.lab.reps["kim"].password))
        question = re.search(r'id="question">(.*?)</p>', page)[1]
        send("answer", *field("response", self.respond(question)))
        if "connected to hmc1" not in send("status"):
            raise SystemExit(f"\nhttps: {rep} did not get in:\n{self.gate.log()[-2000:]}")
        name, value = re.search(r"(__Host-sallyport)\t(\S+)$", jar.read_text(), re.MULTILINE).groups()
        return f"{name}={value}"

    def respond(self, question):
        """By the representative's own tool, whose secret all share."""
        kim = self.lab.reps["kim"]
        return subprocess.run(kim.as_laptop([LAB / "bin/sallyport-respond", question]), env=kim.environment(), text=True,
                              capture_output=True, check=True).stdout.strip()

    def check_legs(self):
        """What a representative's program gets on each way: the same."""
        self.legs = {way: self.leg(way) for way in WAYS}
        if len(set(self.legs.values())) != 1:
            raise SystemExit(f"https: the ways differ: {self.legs}")

    def leg(self, way):
        if way == "gate":
            self.lab.enable(policy=POLICY, networks=[network.REP4 + "/32"])
        command = ["openssl", "s_client", "-connect", f"{network.GATE4}:{peers.PORTS[way]}", "-servername", "gate"]
        said = subprocess.run(network.inside("rep", command), stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
        if way == "gate":
            self.end_sessions()
        return (re.search(r"New, (\S+), Cipher is (\S+)", said).groups() +
                re.search(r"Server Temp Key: (\S+),", said).groups() + re.search(r"Peer signature type: (\S+)", said).groups())

    def end_sessions(self):
        """With a gate started anew, because a worker whose session has ended tells browsers so for a while."""
        for grant in self.gate.console("root", "list")["grants"]:
            self.gate.console("root", "revoke", grant["id"])
        self.gate.stop()
        self.start_gate()


def new_certificate(name, subject):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", f"/CN={subject}", "-addext", f"subjectAltName=DNS:{subject}", "-keyout", BENCH / f"{name}.key",
                    "-out", BENCH / f"{name}.pem"], check=True, capture_output=True)


def pin_of(name):
    run = lambda *command, **more: subprocess.run(command, check=True, capture_output=True, **more).stdout  # noqa: E731
    public = run("openssl", "x509", "-in", BENCH / f"{name}.pem", "-pubkey", "-noout")
    return base64.b64encode(hashlib.sha256(run("openssl", "pkey", "-pubin", "-outform", "DER", input=public)).digest()).decode()


def keep_libraries_apart():
    """The gate's processes, which are started after this, get copies of their libraries that nobody else on this machine
    has in memory; so that a share of those is not laid to others."""
    shown = subprocess.run(["ldd", LAB / "bin/sallyport-https"], capture_output=True, text=True, check=True).stdout
    (BENCH / "lib").mkdir()
    for path in re.findall(r"=> (/\S+)", shown):
        copy = BENCH / "lib" / os.path.basename(path)
        shutil.copy(path, copy)
        subprocess.run(["mount", "--bind", copy, os.path.realpath(path)], check=True)
