"""A peer whose machine is gone is noticed within a minute, on either side; one that only sleeps is left alone."""
import os
import signal
import time

from lab import network
from support import Terminal, eventually, grant_id

A_MINUTE = 60


def ended(lab, grant):
    return [record for record in lab.gate.journal()
            if record["event"] == "session.ended" and record["grant"] == grant]


def test_dead_peers_are_noticed_within_a_minute_and_a_stopped_client_is_kept(site):
    office = [f"{address}/32" for address in (network.REP4, network.NEAR4, network.OTHER4)]
    site.add_target("hmc2", hmc=site.hmc2, addresses=[network.HMC2_4])
    lee = site.enroll("lee")
    grants = {name: grant_id(site.enable(rep=rep, target=target, networks=office))
              for name, rep, target in (("gone", "kim", "hmc1"), ("deaf", "kim", "hmc2"), ("asleep", "lee", "hmc1"))}
    gone = Terminal(site, site.kim, user="kim+hmc1")
    deaf = Terminal(site, site.kim, user="kim+hmc2", prompt=r"hscroot@hmc2:~> ", namespace="near")
    asleep = Terminal(site, lee, namespace="other")
    client = asleep.child.pid
    os.kill(client, signal.SIGSTOP)

    cut = time.monotonic()
    network.ip(["link set wan0 down"], "rep")
    network.ip([f"addr del {network.HMC2_4}/24 dev eth0"], "hmc")
    try:
        for name in ("gone", "deaf"):
            (record,) = eventually(lambda name=name: ended(site, grants[name]), A_MINUTE + 5, f"the end of {name}",
                                   every=0.2)
            assert "does not answer any more" in record["reason"], record
        assert time.monotonic() - cut < A_MINUTE
        time.sleep(max(0, A_MINUTE - (time.monotonic() - cut)))
        assert not ended(site, grants["asleep"]), "a client that its user has stopped is not dead"
    finally:
        network.ip([f"addr add {network.HMC2_4}/24 dev eth0"], "hmc")
        network.ip(["link set wan0 up"], "rep")
        os.kill(client, signal.SIGCONT)
    assert "V10R3" in asleep.type("lshmc -V")
    asleep.leave()
    for terminal in (gone, deaf):
        terminal.child.close(force=True)
