"""Network namespaces rep, near, other, gate, hmc and power (a managed system), joined as a site's wide network,
its HMC network and the network of its servers.

Documentation addresses (RFC 5737, RFC 3849). The gate routes between them, as an admin with forwarded services sets it
up: what passes is up to the firewall. The lab's own network namespace is the switch of the wide network.
"""
import subprocess
import time
from pathlib import Path

GATE4, GATE6 = "192.0.2.1", "2001:db8:1::1"
REP4, REP6 = "192.0.2.10", "2001:db8:1::10"
NEAR4, NEAR6 = "192.0.2.11", "2001:db8:1::11"  # beside the representative, in the same office
OTHER4, OTHER6 = "192.0.2.77", "2001:db8:1::77"
GATE_INSIDE4, GATE_INSIDE6 = "198.51.100.1", "2001:db8:2::1"
HMC1_4, HMC1_6 = "198.51.100.20", "2001:db8:2::20"
HMC2_4, HMC2_6 = "198.51.100.21", "2001:db8:2::21"
GATE_POWER4, GATE_POWER6 = "203.0.113.1", "2001:db8:3::1"
POWER4, POWER6 = "203.0.113.40", "2001:db8:3::40"
SILENT4 = "198.51.100.99"  # nobody answers here

NAMESPACES = ("rep", "near", "other", "gate", "hmc", "power")
# namespace, its device, the device's peer in the switch (None: wired below), addresses
WIRES = (
    ("rep", "wan0", "rep", (REP4 + "/24", REP6 + "/64")),
    ("near", "wan0", "near", (NEAR4 + "/24", NEAR6 + "/64")),
    ("other", "wan0", "other", (OTHER4 + "/24", OTHER6 + "/64")),
    ("gate", "wan0", "gate", (GATE4 + "/24", GATE6 + "/64")),
    ("gate", "hmc0", None, (GATE_INSIDE4 + "/24", GATE_INSIDE6 + "/64")),
    ("gate", "power0", None, (GATE_POWER4 + "/24", GATE_POWER6 + "/64")),
    ("power", "eth0", None, (POWER4 + "/24", POWER6 + "/64")),
    ("hmc", "eth0", None, (HMC1_4 + "/24", HMC2_4 + "/24", HMC1_6 + "/64", HMC2_6 + "/64")),
)


def ip(lines, namespace=None):
    command = ["ip"] + (["-n", namespace] if namespace else []) + ["-batch", "-"]
    subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=True)


def inside(namespace, command):
    return ["nsenter", f"--net=/run/netns/{namespace}", *command]


def set_up():
    Path("/run/netns").mkdir()
    # The two ends of a pair bear different numbers: the kernel takes equal ones for no pair, and then tells IPv6 only
    # once a second that there is a carrier.
    ip([f"netns add {name}" for name in NAMESPACES] +
       ["link set lo up", "link add wan type bridge mcast_snooping 0", "link set wan addrgenmode none up",
        "link add hmc0 index 101 netns gate type veth peer name eth0 netns hmc",
        "link add power0 index 102 netns gate type veth peer name eth0 netns power"] +
       [f"link add {peer} type veth peer name {device} netns {namespace}"
        for namespace, device, peer, _ in WIRES if peer] +
       [f"link set {peer} master wan addrgenmode none up" for _, _, peer, _ in WIRES if peer])
    for name in NAMESPACES:
        mine = [wire for wire in WIRES if wire[0] == name]
        # Link-local addresses are needed to find neighbours; generated ones would wait for duplicate address detection.
        ip(["link set lo up"] +
           [f"link set {device} addrgenmode none up" for _, device, _, _ in mine] +
           [f"addr add {address} dev {device}" + (" nodad" if ":" in address else "")
            for _, device, _, addresses in mine for address in addresses] +
           [f"addr add fe80::{WIRES.index(wire) + 1}/64 dev {wire[1]} nodad" for wire in mine], name)
    for name, via4, via6 in (("hmc", GATE_INSIDE4, GATE_INSIDE6), ("power", GATE_POWER4, GATE_POWER6)):
        ip([f"route add default via {via4}", f"route add default via {via6}"], name)
    for key in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        subprocess.run(inside("gate", ["sh", "-c", f"echo 1 >/proc/sys/net/{key}"]), check=True)
    wait_for_carrier()


def wait_for_carrier():
    for _ in range(200):
        states = [line.split()[1] for name in NAMESPACES for line in subprocess.run(
            ["ip", "-n", name, "-br", "link"], capture_output=True, text=True, check=True).stdout.splitlines()]
        if "DOWN" not in states and "LOWERLAYERDOWN" not in states:
            return
        time.sleep(0.01)
    raise RuntimeError("the lab's links did not come up")
