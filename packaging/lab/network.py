"""Network namespaces rep, near, other, gate and hmc, joined as a site's wide network and its HMC network.

Documentation addresses (RFC 5737, RFC 3849). The lab's own network namespace is the switch of the wide network.
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
SILENT4 = "198.51.100.99"  # nobody answers here

NAMESPACES = ("rep", "near", "other", "gate", "hmc")
# namespace, its device, the device's peer in the switch (None: wired below), addresses
WIRES = (
    ("rep", "wan0", "rep", (REP4 + "/24", REP6 + "/64")),
    ("near", "wan0", "near", (NEAR4 + "/24", NEAR6 + "/64")),
    ("other", "wan0", "other", (OTHER4 + "/24", OTHER6 + "/64")),
    ("gate", "wan0", "gate", (GATE4 + "/24", GATE6 + "/64")),
    ("gate", "hmc0", None, (GATE_INSIDE4 + "/24", GATE_INSIDE6 + "/64")),
    ("hmc", "eth0", None, (HMC1_4 + "/24", HMC2_4 + "/24", HMC1_6 + "/64", HMC2_6 + "/64")),
)


def ip(lines, namespace=None):
    command = ["ip"] + (["-n", namespace] if namespace else []) + ["-batch", "-"]
    subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=True)


def inside(namespace, command):
    return ["nsenter", f"--net=/run/netns/{namespace}", *command]


def set_up():
    Path("/run/netns").mkdir()
    ip([f"netns add {name}" for name in NAMESPACES] +
       ["link set lo up", "link add wan type bridge mcast_snooping 0", "link set wan addrgenmode none up",
        "link add hmc0 netns gate type veth peer name eth0 netns hmc"] +
       [f"link add {peer} type veth peer name {device} netns {namespace}"
        for namespace, device, peer, _ in WIRES if peer] +
       [f"link set {peer} master wan addrgenmode none up" for _, _, peer, _ in WIRES if peer])
    for name in NAMESPACES:
        mine = [wire for wire in WIRES if wire[0] == name]
        # Without generated link-local addresses nothing waits for duplicate address detection.
        ip(["link set lo up"] +
           [f"link set {device} addrgenmode none up" for _, device, _, _ in mine] +
           [f"addr add {address} dev {device}" + (" nodad" if ":" in address else "")
            for _, device, _, addresses in mine for address in addresses], name)
    wait_for_carrier()


def wait_for_carrier():
    for _ in range(200):
        states = [line.split()[1] for name in NAMESPACES for line in subprocess.run(
            ["ip", "-n", name, "-br", "link"], capture_output=True, text=True, check=True).stdout.splitlines()]
        if "DOWN" not in states and "LOWERLAYERDOWN" not in states:
            return
        time.sleep(0.01)
    raise RuntimeError("the lab's links did not come up")
