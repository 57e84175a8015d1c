"""The site of the SSH benchmark: packaging/lab with a bastion in the gate's namespace and a wire from the representative
straight to the target, and the four ways to get there. Runs in: the lab."""
import os
import shutil
import subprocess
import time
from pathlib import Path

from lab import files, network
from lab.files import ACCOUNTS, LAB, mount, tmpfs, write
from lab.gate import CONFIG
from lab.hmc import SSHD, new_host_key, openssh_version
from lab.lab import Lab
from lab.rep import UID, Rep

BENCH = LAB / "bench"
KEYS, DATA = BENCH / "keys", BENCH / "data"
REP_DIRECT, TARGET_DIRECT = "203.0.113.129", "203.0.113.130"
BASTION_PORT = 2222
# The best key exchange that every libssh has, and one cipher; the servers offer no other, so that all legs are equal.
KEX, CIPHER = "curve25519-sha256", "aes256-gcm@openssh.com"
EQUAL = [f"KexAlgorithms {KEX}", f"Ciphers {CIPHER}"]
WAYS = ("sallyport", "double", "jump", "direct")

# ssh takes the first value that it meets.
CLIENT = f"""\
Host sallyport
  HostName {network.GATE4}
  PreferredAuthentications keyboard-interactive
Host direct
  HostName {TARGET_DIRECT}
Host double double-prompted hop hop-prompted
  HostName {network.GATE4}
  Port {BASTION_PORT}
Host double-prompted hop-prompted
  PreferredAuthentications keyboard-interactive
Host jump jump-prompted
  HostName {network.HMC2_4}
Host jump
  ProxyJump hop
Host jump-prompted
  ProxyJump hop-prompted
Host *
  User tester
  StrictHostKeyChecking yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile {KEYS}/known_hosts
  IdentitiesOnly yes
  IdentityFile {KEYS}/rep
  PreferredAuthentications publickey
  LogLevel ERROR
  KexAlgorithms {KEX}
  Ciphers {CIPHER}
"""

# What a user of the bastion gets, whatever he asks for.
FORCED = f"""\
#!/bin/sh
exec ssh -F {KEYS}/bastion_config target -- "$SSH_ORIGINAL_COMMAND"
"""

BASTION_CLIENT = f"""\
Host target
  HostName {network.HMC2_4}
  User tester
  StrictHostKeyChecking yes
  UserKnownHostsFile {KEYS}/known_hosts
  IdentitiesOnly yes
  IdentityFile {KEYS}/bastion
  LogLevel ERROR
  KexAlgorithms {KEX}
  Ciphers {CIPHER}
"""

# The same two prompts: a password, which PAM checks as it does for the gate, and a challenge.
PAM_BASTION = """\
auth required pam_unix.so nodelay
auth required {module}
account required pam_unix.so
session required pam_permit.so
"""

# Answers them: ssh(1) gives the prompt as the first argument.
ASKPASS = f"""\
#!/bin/sh
case $1 in
  *Challenge*) answer=${{1##*Challenge }}; echo "${{answer%%,*}}" ;;
  *) read -r password <{KEYS}/password; echo "$password" ;;
esac
"""


class Site:
    def __init__(self, build, control_group):
        self.group = control_group
        self.lab = Lab(build / "bin")
        self.gate = self.lab.gate
        make_folders()
        self.make_keys()
        lay_direct_wire()
        let_the_switch_only_switch()
        use_plain_tcp()
        self.start_targets()
        self.start_bastion(build / "bench/bench_pam_challenge.so")
        files.new_state("1g")
        self.configure_gate()
        self.start_gate()

    # ---- building it

    def make_keys(self):
        for name in ("rep", "bastion", "gate"):
            new_host_key(KEYS / name, name)
        write(LAB / "sshd/authorized_keys", "".join((KEYS / f"{name}.pub").read_text() for name in ("rep", "bastion", "gate")))
        for path, owner in ((KEYS / "rep", UID), (KEYS / "bastion", ACCOUNTS["tester"][0])):
            os.chown(path, owner, owner)

    def start_targets(self):
        """hmc1 is the gate's target; hmc2 everybody else's, because the gate's firewall keeps others from its targets."""
        for hmc in (self.lab.hmc1, self.lab.hmc2):
            hmc.stop()
            hmc.options = EQUAL
        self.lab.hmc2.addresses = [*self.lab.hmc2.addresses, TARGET_DIRECT]
        for hmc in (self.lab.hmc1, self.lab.hmc2):
            hmc.start()

    def start_bastion(self, module):
        shutil.copy(module, BENCH)
        write("/etc/pam.d/bastion", PAM_BASTION.format(module=BENCH / module.name))
        write(BENCH / "forced", FORCED, 0o755)
        write(KEYS / "bastion_config", BASTION_CLIENT)
        key = BENCH / "bastion_host_key"
        new_host_key(key, "bastion")
        write(BENCH / "bastion_sshd", "\n".join([
            f"ListenAddress {network.GATE4}:{BASTION_PORT}", f"HostKey {key}", f"PidFile {BENCH}/bastion.pid", "UsePAM yes",
            "PasswordAuthentication no", "KbdInteractiveAuthentication yes", "PubkeyAuthentication yes",
            f"AuthorizedKeysFile {LAB}/sshd/authorized_keys", "StrictModes no", "UseDNS no", "PrintMotd no",
            "PrintLastLog no", "AllowTcpForwarding yes", f"ForceCommand {BENCH}/forced", "MaxStartups 200:30:300",
            "MaxSessions 100", "LogLevel VERBOSE", *EQUAL,
            *(["PerSourcePenalties no", "PAMServiceName bastion"] if openssh_version() >= (9, 8) else [])]) + "\n", 0o600)
        # sshd asks PAM by the name it was started under.
        (BENCH / "bastion").symlink_to(SSHD)
        self.bastion = subprocess.Popen(
            network.inside("gate", [str(BENCH / "bastion"), "-D", "-e", "-f", str(BENCH / "bastion_sshd")]),
            stderr=open(BENCH / "bastion.log", "ab"), stdin=subprocess.DEVNULL)
        self.bastion_group = self.group.child("double")
        self.bastion_group.take(self.bastion.pid)
        wait_until(lambda: f":{BASTION_PORT}" in listening("gate"), 5, "the bastion")

    def configure_gate(self):
        self.gate.start()
        self.lab.add_target("hmc1", user="tester", login="key", secret=(KEYS / "gate").read_text())
        self.rep = self.lab.enroll()
        write(KEYS / "password", self.lab.hmc_password() + "\n", 0o600, UID)  # of tester, at the bastion
        write(KEYS / "askpass", ASKPASS, 0o755)
        write(KEYS / "config", CLIENT)
        host_key = lambda path: path.read_text().strip()  # noqa: E731
        write(KEYS / "known_hosts", "".join(f"{name} {key}\n" for name, key in (
            (network.GATE4, host_key(CONFIG / "ssh_host_ed25519_key.pub")),
            (f"[{network.GATE4}]:{BASTION_PORT}", host_key(BENCH / "bastion_host_key.pub")),
            (network.HMC2_4, self.lab.hmc2.public_key), (TARGET_DIRECT, self.lab.hmc2.public_key))))
        self.gate.stop()

    def start_gate(self):
        self.gate.start()
        self.gate_group = self.group.child("sallyport")
        self.gate_group.take(self.gate.pid)

    def more_reps(self, count):
        """n0, n1, ...: as the console would have enrolled them one by one; with kim's password and secret."""
        self.gate.stop()
        rep, hashed = (CONFIG / "reps/kim.toml").read_text(), shadow_of("kim")
        with open("/etc/passwd", "a") as passwd, open("/etc/shadow", "a") as shadow:
            for number in range(count):
                name = f"n{number}"
                passwd.write(f"{name}:x:{5000 + number}:{5000 + number}::/nonexistent:/usr/sbin/nologin\n")
                shadow.write(f"{name}:{hashed}:19000:0:99999:7:::\n")
                write(CONFIG / f"reps/{name}.toml", rep)
                shutil.copy(CONFIG / "secrets/reps/kim", CONFIG / f"secrets/reps/{name}")
        self.start_gate()
        return [f"n{number}" for number in range(count)]

    def stop(self):
        self.gate.stop()
        self.bastion.terminate()
        self.bastion.wait()

    # ---- using it

    def arm(self, rep="kim"):
        """An admin's act, before the clock starts: the gate lets one session in for each."""
        self.lab.enable(rep=rep)

    def settle(self):
        """Until nobody is at work for a session any more."""
        wait_until(lambda: not any(is_running(child) for child in self.children()), 10, "the sessions' end")

    def rest(self):
        """Until the daemon has looked after the last one as well; what stays is then counted."""
        end = time.monotonic() + 5
        while self.children() and time.monotonic() < end:
            time.sleep(0.01)

    def children(self):
        """The daemon's, also those that have ended and were not looked after."""
        return Path(f"/proc/{self.gate.pid}/task/{self.gate.pid}/children").read_text().split()

    def command(self, host, remote, rep="kim", options=()):
        user = ["-l", rep] if host == "sallyport" else []
        return self.rep.as_laptop(["ssh", "-F", str(KEYS / "config"), *options, *user, host, remote])

    def environment(self, host):
        """Who answers the prompts: the representative's own tool, or a script."""
        environment = self.rep.environment()
        return environment if host == "sallyport" else {**environment, "SSH_ASKPASS": str(KEYS / "askpass")}

    def start(self, host, remote, rep="kim", options=(), **more):
        return subprocess.Popen(self.command(host, remote, rep, options), env=self.environment(host), **more)

    def group_of(self, way):
        return {"sallyport": self.gate_group, "double": self.bastion_group, "jump": self.bastion_group}.get(way)


def make_folders():
    BENCH.mkdir()
    tmpfs(DATA.parent, "3g")
    DATA.mkdir(mode=0o1777)
    DATA.chmod(0o1777)
    KEYS.mkdir(mode=0o755)


def lay_direct_wire():
    """What `direct` takes: no switch, no gate, no packet filter."""
    network.ip(["link add direct0 index 201 netns rep type veth peer name direct0 netns hmc"])
    for namespace, address in (("rep", REP_DIRECT), ("hmc", TARGET_DIRECT)):
        network.ip(["link set direct0 addrgenmode none up", f"addr add {address}/30 dev direct0"], namespace)


def let_the_switch_only_switch():
    """Where the machine has br_netfilter, a bridge follows connections; here whoever sends would pay for that."""
    for family in ("ip", "ip6"):
        file = Path(f"/proc/sys/net/bridge/bridge-nf-call-{family}tables")
        if file.exists():
            file.write_text("0")


def use_plain_tcp():
    """Debian's own congestion control, or one like it where nothing is lost; not what this machine's administrator has
    chosen: BBR, for one, leaves pauses between packets."""
    file = "/proc/sys/net/ipv4/tcp_congestion_control"
    for namespace in ("rep", "gate", "hmc"):
        subprocess.run(network.inside(namespace, ["sh", "-c", f"echo cubic >{file} || echo reno >{file}"]), check=True,
                       stderr=subprocess.DEVNULL)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def shadow_of(user):
    return next(line.split(":")[1] for line in Path("/etc/shadow").read_text().splitlines() if line.startswith(user + ":"))


def listening(namespace):
    return subprocess.run(network.inside(namespace, ["ss", "-Htln"]), capture_output=True, text=True, check=True).stdout


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"\nssh: {what}: not within {seconds} s")
        time.sleep(0.005)
