"""I3, I4: exactly the white paper's ports answer, to exactly one address, for exactly as long as the session."""
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from lab import network
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from scan import Listener, ask, scan
from support import Terminal, assert_closes, eventually, state_of, time_to_die, with_grant

# White paper, "Remote Service HMC Port List": port, protocols, and whether it is marked as removed.
WHITE_PAPER = """
  22     tcp      ssh
  2301   tcp      5250 terminal
  443    tcp      web interface, REST
  123    udp      NTP
  161    udp      SNMP agent
  162    udp      SNMP trap
  427    tcp,udp  SLP, legacy
  657    tcp,udp  RMC
  5989   tcp      CIM, legacy
  9900   udp      FCS discovery
  9920   tcp      FCS communication
  9960   tcp      VTerm applet, legacy
  12347  udp      RSCT peer domain
  12348  udp      RSCT peer domain
  17443  tcp      Redfish event
  11125  tcp,udp  PowerSC UI agent
  5026   tcp,udp  Call Home server proxy
"""
ROWS = [line.split(maxsplit=2) for line in WHITE_PAPER.strip().splitlines()]
LISTED = [int(port) for port, _, _ in ROWS]
OPEN = {f"{port}/{protocol}" for port, protocols, what in ROWS if "legacy" not in what
        for protocol in protocols.split(",")}
OTHERS = [port for port in range(20, 70) if port not in LISTED] + [8080, 12443]
ALL = LISTED + OTHERS
# What the shipped policies name, whether or not a grant does, and the web interface of an HMC before version 11.
GUARDED = {f"{port}/{protocol}" for port, protocols, _ in ROWS for protocol in protocols.split(",")} | {"12443/tcp"}

MANAGED_SYSTEM = f"""
[[managed_system]]
name = "p10"
addresses = ["{network.POWER4}", "{network.POWER6}"]
"""
NETWORKS = ["192.0.2.8/29", "2001:db8:1::10/124"]  # rep and near, not other
HMC = [network.HMC1_4, network.HMC1_6]
GATE = [network.GATE4, network.GATE6]

# Who answers on the gate's address, by phase and by who asks. "own": the gate's host itself on ports that are no
# business of Sallyport's; nobody but the rep ever hears the HMC.
OWN = {service: "gate" for port in ALL for service in (f"{port}/tcp", f"{port}/udp") if service not in GUARDED}
ENTRY = OWN | {"22/tcp": "ssh"}
SESSION = OWN | {port: "hmc" for port in OPEN} | {"22/tcp": "turned away"}  # one session, one connection (I2)
SPECIFICATION = {
    #           rep       near   other
    "before": (OWN,      OWN,   OWN),
    "armed":  (ENTRY,    ENTRY, OWN),
    "active": (SESSION,  OWN,   OWN),
    "after":  (OWN,      OWN,   OWN),
}


def declare_isolated(site):
    """The site declares the rep's network isolated; sallyport.toml is read at the start. The HMC has a server."""
    site.gate.stop()
    target = CONFIG / "targets/hmc1.toml"
    write(target, target.read_text() + MANAGED_SYSTEM)
    write(CONFIG / "sallyport.toml", SETTINGS + f"isolated_networks = {NETWORKS}\n".replace("'", '"'))
    site.gate.start()


@pytest.fixture
def listening(site):
    declare_isolated(site)
    with ExitStack() as stack:
        stack.enter_context(Listener(site, "gate", GATE, ALL, leave=("22/tcp",)))  # to the gate itself
        stack.enter_context(Listener(site, "hmc", HMC, ALL))
        stack.enter_context(Listener(site, "power", [network.POWER4, network.POWER6], ALL))
        for name in ("rep", "near", "other"):  # a way around the gate's own address, if there were one
            network.ip([f"route add 198.51.100.0/24 via {network.GATE4}", f"route add 203.0.113.0/24 via {network.GATE4}",
                        f"route add 2001:db8:2::/64 via {network.GATE6}",
                        f"route add 2001:db8:3::/64 via {network.GATE6}"], name)
        yield site
        for name in ("rep", "near", "other"):
            network.ip(["route del 198.51.100.0/24", "route del 203.0.113.0/24", "route del 2001:db8:2::/64",
                        "route del 2001:db8:3::/64"], name)


def assert_exactly(site, phase):
    askers = ("rep", "near", "other")
    with ThreadPoolExecutor(len(askers)) as pool:
        list(pool.map(lambda asker: assert_hears_exactly(site, phase, *asker), zip(askers, SPECIFICATION[phase], strict=True)))


def assert_hears_exactly(site, phase, namespace, expected):
    for address in GATE:
        heard = scan(site, namespace, address, ALL)
        if namespace == "rep" and phase == "active" and address == network.GATE6:
            expected = OWN  # this rep came over IPv4; nothing is open for another address of the same machine
        assert heard == expected, f"{phase}, {namespace} at {address}: {difference(heard, expected)}"
    for address in (*HMC, network.POWER4, network.POWER6):
        assert scan(site, namespace, address, ALL, 0.25) == {}, f"{phase}, {namespace} straight to {address}"


def difference(heard, expected):
    return {port: (heard.get(port), expected.get(port)) for port in heard | expected
            if heard.get(port) != expected.get(port)}


def test_the_table_of_the_white_paper_answers_and_nothing_else(listening):
    assert_exactly(listening, "before")
    grant = with_grant(listening, policy="hmc-full", networks=NETWORKS)
    assert_exactly(listening, "armed")
    terminal = Terminal(listening, listening.kim)
    assert_exactly(listening, "active")
    terminal.leave()
    eventually(lambda: "firewall.closed" in listening.gate.events() and listening.gate.elements() == [], 3, "the end")
    assert state_of(listening, grant) == "spent"
    assert_exactly(listening, "after")


def test_a_removed_service_answers_only_when_it_was_named(listening):
    with_grant(listening, policy="hmc-full", networks=NETWORKS, services=["slp"])
    terminal = Terminal(listening, listening.kim, gate=network.GATE6)
    heard = scan(listening, "rep", network.GATE6, LISTED)
    assert {port for port, who in heard.items() if who == "hmc"} == OPEN - {"22/tcp"} | {"427/tcp", "427/udp"}
    terminal.leave()
    eventually(lambda: "firewall.closed" in listening.gate.events() and listening.gate.elements() == [], 3, "the end")


def test_an_isolated_service_is_refused_for_a_wide_network(listening):
    reply = listening.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-full", networks=["192.0.2.0/24"])
    assert not reply["ok"]
    assert "isolated_networks" in reply["refused"]
    assert "grant.enabled" not in listening.gate.events()


class Stream:
    """A TCP connection and a UDP flow from the rep through the gate, both talking both ways without a pause."""

    PROGRAM = r"""
import os, socket, sys, threading, time
address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
tcp, udp = socket.socket(family), socket.socket(family, socket.SOCK_DGRAM)
tcp.connect((address, port)); udp.connect((address, port))
def talk(place):
    while True:
        try: place.send(b"x" * 32)
        except OSError: pass
        time.sleep(0.001)
for place in (tcp, udp): threading.Thread(target=talk, args=(place,), daemon=True).start()
def stamp(name): os.write(1, f"{name} {time.clock_gettime(time.CLOCK_MONOTONIC)}\n".encode())
def hear(place, name):
    while True:
        try:
            if not place.recv(4096): return
            stamp(name)
        except OSError: time.sleep(0.001)
threading.Thread(target=hear, args=(tcp, "tcp"), daemon=True).start()
hear(udp, "udp")
"""
    ECHO = r"""
import os, socket, sys, threading, time
address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
tcp, udp = socket.socket(family), socket.socket(family, socket.SOCK_DGRAM)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind((address, port)); tcp.listen(); udp.bind((address, port))
print("ready", flush=True)
def stamp(name): os.write(1, f"{name} {time.clock_gettime(time.CLOCK_MONOTONIC)}\n".encode())
def serve(connection):
    while data := connection.recv(4096):
        stamp("tcp")
        connection.send(data)
def accept():
    while True: threading.Thread(target=serve, args=(tcp.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
def push(peer):  # the target's own stream, which asks nobody
    while True:
        try: udp.sendto(b"y" * 32, peer)
        except OSError: pass
        time.sleep(0.001)
pushing = False
while True:
    data, peer = udp.recvfrom(4096)
    stamp("udp")
    if not pushing: pushing = threading.Thread(target=push, args=(peer,), daemon=True); pushing.start()
"""

    def __init__(self, target, gate, port):
        start = lambda namespace, program, address: subprocess.Popen(  # noqa: E731
            network.inside(namespace, ["/usr/bin/python3", "-S", "-c", program, address, str(port)]),
            stdout=subprocess.PIPE, text=True)
        self.echo = start("hmc", self.ECHO, target)
        assert self.echo.stdout.readline() == "ready\n"
        self.rep = start("rep", self.PROGRAM, gate)

    def last_packets(self):
        """Ends both; the time of the last packet of each kind that arrived, at either side."""
        last = {}
        for process in (self.echo, self.rep):
            process.kill()
        for process, side in ((self.echo, "hmc"), (self.rep, "rep")):
            for line in process.communicate()[0].splitlines():
                fields = line.split()
                if len(fields) == 2 and fields[0] in ("tcp", "udp"):
                    last[f"{fields[0]} at {side}"] = float(fields[1])
        return last


@pytest.mark.parametrize("way", ["end", "revoke", "deadline", "kill"])
@pytest.mark.parametrize("gate, target", [(network.GATE4, network.HMC1_4), (network.GATE6, network.HMC1_6)])
def test_flows_are_cut_at_the_end_whatever_ends_it(site, way, gate, target):
    declare_isolated(site)
    grant = with_grant(site, policy="hmc-full", networks=NETWORKS, **({"session": 4} if way == "deadline" else {}))
    terminal = Terminal(site, site.kim, gate=gate)
    stream = Stream(target, gate, 5026)
    time.sleep(0.7)
    room = 0.010
    if way in ("end", "revoke"):
        assert site.gate.ask(ask=way, grant=grant)["ok"]
    elif way == "deadline":
        eventually(lambda: "session.ended" in site.gate.events(), 8, "the end")
    else:
        room = time_to_die()
        os.kill(site.gate.pid, signal.SIGKILL)
    ended = time.clock_gettime(time.CLOCK_MONOTONIC)
    time.sleep(0.5)
    last = stream.last_packets()
    terminal.child.close(force=True)
    if way == "kill":
        site.gate.kill()
    assert len(last) == 4, last
    assert max(last.values()) <= ended + room, {kind: f"{(at - ended) * 1000:.1f} ms" for kind, at in last.items()}


def test_an_old_flow_does_not_resume_in_the_next_session(site):
    """The next session leads the same rep's same port to another target; the old connection is nobody's."""
    declare_isolated(site)
    site.add_target("hmc2", site.hmc2)
    first = with_grant(site, policy="hmc-full", networks=NETWORKS)
    terminal = Terminal(site, site.kim)
    stream = Stream(network.HMC1_4, network.GATE4, 5026)
    time.sleep(0.5)
    assert site.gate.ask(ask="end", grant=first)["ok"]
    terminal.child.close(force=True)
    assert_closes(site)
    with_grant(site, target="hmc2", policy="hmc-full", networks=NETWORKS)
    again = Terminal(site, site.kim, prompt=r"hscroot@hmc2:~> ")
    opened = time.clock_gettime(time.CLOCK_MONOTONIC)
    time.sleep(0.7)
    last = stream.last_packets()
    again.leave()
    assert max(at for kind, at in last.items() if kind.endswith("hmc")) < opened


def test_counters_of_each_service_stand_in_show_and_in_the_journal(site):
    declare_isolated(site)
    grant = with_grant(site, policy="hmc-full", networks=NETWORKS)
    with Listener(site, "hmc", [network.HMC1_4], [5026]):
        terminal = Terminal(site, site.kim)
        assert scan(site, "rep", network.GATE4, [5026]) == {"5026/tcp": "hmc", "5026/udp": "hmc"}
        shown = {(row["service"], row["transport"]): row
                 for row in site.gate.ask(ask="show", grant=grant)["result"]["grant"]["traffic"]}
        terminal.leave()
    assert_closes(site)
    # One datagram of 4 bytes there and one of 3 back, with 28 bytes of headers each.
    udp = shown["call-home-proxy", "udp"]
    assert (udp["in_packets"], udp["in_bytes"], udp["out_packets"], udp["out_bytes"]) == (1, 32, 1, 31)
    ended = next(record for record in site.gate.journal() if record["event"] == "session.ended")
    final = {(row["service"], row["transport"]): row for row in ended["traffic"]}
    assert final["call-home-proxy", "udp"] == udp
    assert final["ssh", "tcp"]["in_packets"] > 10 and final["ssh", "tcp"]["out_bytes"] > 1000


def test_a_managed_system_is_reached_where_the_grant_names_it(site):
    write(CONFIG / "policies/power.toml", '[[service]]\nname = "ssh"\nport = 22\ncarriage = "ssh"\nexposure = "wide"\n'
          '[[service]]\nname = "asm"\nport = 443\ncarriage = "forward"\nexposure = "wide"\nreach = "managed-system"\n'
          'translate_source = true\n')
    target = CONFIG / "targets/hmc1.toml"
    write(target, target.read_text() + MANAGED_SYSTEM)
    site.gate.reload()
    network.ip(["route del default"], "power")  # only translated packets find their way back
    try:
        with_grant(site, policy="power", networks=NETWORKS, managed_system="p10")
        with Listener(site, "power", [network.POWER4], [443]):
            terminal = Terminal(site, site.kim)
            assert scan(site, "rep", network.GATE4, [443]) == {"443/tcp": "power"}
            terminal.leave()
            assert_closes(site)
            assert scan(site, "rep", network.GATE4, [443]) == {}
    finally:
        network.ip([f"route add default via {network.GATE_POWER4}"], "power")


def test_two_reps_at_two_targets_on_one_port_do_not_meet(site):
    declare_isolated(site)
    site.add_target("hmc2", site.hmc2)
    lee = site.enroll("lee")
    first = with_grant(site, policy="hmc-full", networks=[network.REP4 + "/32"])
    with_grant(site, rep="lee", target="hmc2", policy="hmc-full", networks=[network.NEAR4 + "/32"])
    with Listener(site, "hmc", [network.HMC1_4], [9920], "one"), Listener(site, "hmc", [network.HMC2_4], [9920], "two"):
        one = Terminal(site, site.kim)
        two = Terminal(site, lee, namespace="near", prompt=r"hscroot@hmc2:~> ")
        assert scan(site, "rep", network.GATE4, [9920]) == {"9920/tcp": "one"}
        assert scan(site, "near", network.GATE4, [9920]) == {"9920/tcp": "two"}
        assert site.gate.ask(ask="end", grant=first)["ok"]
        assert scan(site, "rep", network.GATE4, [9920]) == {}
        assert scan(site, "near", network.GATE4, [9920]) == {"9920/tcp": "two"}
        one.child.close(force=True)
        two.leave()


def test_one_address_cannot_give_one_port_two_meanings(site):
    """Two reps behind one address, two targets, the same forwarded port: the second stays armed, and is told."""
    declare_isolated(site)
    site.add_target("hmc2", site.hmc2)
    lee = site.enroll("lee")
    with_grant(site, policy="hmc-full", networks=[network.REP4 + "/32"])
    second = with_grant(site, rep="lee", target="hmc2", policy="hmc-full", networks=[network.REP4 + "/32"])
    terminal = Terminal(site, site.kim)
    done = lee.ssh("true")
    assert done.returncode == 255
    assert state_of(site, second) == "armed"
    assert "forwarded to hmc1" in site.gate.log()
    terminal.leave()


def test_hostile_texts_reach_no_rule(site):
    """Every field that an admin can fill in, with text that nft would read as a rule: the ruleset stays as it is."""
    before = site.gate.nft()
    evil = 'x"; } flush ruleset; add rule inet sallyport_base prerouting accept #'
    for question in ({"ask": "enable", "rep": evil, "target": "hmc1", "policy": "hmc-ssh", "networks": ["192.0.2.10"]},
                     {"ask": "enable", "rep": "kim", "target": evil, "policy": "hmc-ssh", "networks": ["192.0.2.10"]},
                     {"ask": "enable", "rep": "kim", "target": "hmc1", "policy": evil, "networks": ["192.0.2.10"]},
                     {"ask": "enable", "rep": "kim", "target": "hmc1", "policy": "hmc-ssh", "networks": [evil]},
                     {"ask": "enable", "rep": "kim", "target": "hmc1", "policy": "hmc-ssh", "networks": ["192.0.2.10"],
                      "services": [evil]},
                     {"ask": "enable", "rep": "kim", "target": "hmc1", "policy": "hmc-ssh", "networks": ["192.0.2.10"],
                      "managed_system": evil},
                     {"ask": "target.add", "name": evil, "addresses": ["198.51.100.20"], "user": "x", "login": "prompt",
                      "host_keys": [site.hmc1.public_key]},
                     {"ask": "target.add", "name": "t", "addresses": [evil], "user": "x", "login": "prompt",
                      "host_keys": [site.hmc1.public_key]},
                     {"ask": "rep.add", "name": evil}):
        assert not site.gate.ask(**question)["ok"], question
    assert site.gate.nft() == before
    grant = with_grant(site, ticket=evil, reason=evil, networks=["192.0.2.10"])
    assert site.gate.ask(ask="revoke", grant=grant, reason=evil)["ok"]
    assert site.gate.nft() == before


def test_the_scanner_hears_silence():
    """So that an empty answer above means closed ports, and not a scanner that hears nothing."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    port = place.getsockname()[1]
    place.close()
    assert ask("127.0.0.1", [port], 0.2) == {}
    place = socket.create_server(("127.0.0.1", port))
    heard = []
    asker = threading.Thread(target=lambda: heard.append(ask("127.0.0.1", [port], 2)))
    asker.start()
    connection, _ = place.accept()
    connection.sendall(b"here")
    asker.join()
    assert heard == [{f"{port}/tcp": "here"}]
