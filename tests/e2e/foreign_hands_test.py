"""Foreign hands in the gate's firewall: repaired within two seconds, or every session ends; journaled with who it was."""
import os
import signal

import pytest
from lab import network
from lab.gate import STATE
from support import Terminal, base_table_of_another, can_connect, eventually, grant_of, state_of, with_grant

REASON = "the gate's firewall rules were changed by somebody else"


def nft(site, *command, **options):
    return site.run("gate", "nft", *command, check=True, **options)


def told(site, event):
    return [record for record in site.gate.journal() if record["event"] == event]


def base_table(site):
    return nft(site, "list", "table", "inet", "sallyport_base").stdout


def test_an_edit_is_repaired_and_the_session_goes_on(armed):
    terminal = Terminal(armed, armed.kim)
    whole = base_table(armed)
    nft(armed, "insert", "rule", "inet", "sallyport_base", "prerouting", "accept")
    record = eventually(lambda: told(armed, "firewall.repaired"), 2, "the repair")[0]
    assert record["process"] == "nft"
    assert record["pid"] > 0
    assert record["what"] == ["inet sallyport_base: 1 rule added or changed"]
    assert base_table(armed) == whole
    terminal.type("lshmc -V")
    assert can_connect(armed, "other", seconds=0.3) == "dropped"
    terminal.leave()


def test_an_element_taken_out_is_put_back(site):
    nft(site, "delete", "element", "inet", "sallyport_base", "service4", f"{{ {network.GATE4} . tcp . 22 }}")
    eventually(lambda: told(site, "firewall.repaired"), 2, "the repair")
    assert can_connect(site, seconds=0.3) == "dropped"


def test_nothing_is_armed_while_the_deny_side_is_not_in_force(armed):
    with base_table_of_another(armed):
        eventually(lambda: armed.gate.listening() == [], 2, "the listener's end")
        reply = armed.gate.ask(ask="enable", rep="kim", target="hmc1", policy="hmc-ssh", networks=["192.0.2.10"])
        assert not reply["ok"] and "sallyport_base" in reply["refused"], reply
        assert can_connect(armed, seconds=0.3) != "open"
    eventually(lambda: armed.gate.listening() != [], 3, "the repair")
    assert state_of(armed, armed.grant) == "armed"
    Terminal(armed, armed.kim).leave()


@pytest.mark.parametrize("harm", ["flush ruleset", "delete table inet sallyport_base"])
def test_a_removal_ends_every_session_and_armed_grants_stay(armed, harm):
    terminal = Terminal(armed, armed.kim)
    other = with_grant(armed)
    whole = base_table(armed)
    nft(armed, *harm.split())
    eventually(lambda: told(armed, "firewall.repaired"), 2, "the repair")
    assert REASON in terminal.ended()
    eventually(lambda: state_of(armed, armed.grant) == "spent", 3, "the session's end")
    assert grant_of(armed, armed.grant)["end_reason"] == REASON
    assert [record["process"] for record in told(armed, "firewall.changed")] == ["nft"]
    assert base_table(armed) == whole
    assert state_of(armed, other) == "armed"
    Terminal(armed, armed.kim).leave()


def test_what_is_done_while_the_monitor_sleeps_is_found_when_it_wakes(armed):
    os.kill(armed.gate.pid, signal.SIGSTOP)
    try:
        nft(armed, "add", "rule", "inet", "sallyport_base", "forward", "accept")
    finally:
        os.kill(armed.gate.pid, signal.SIGCONT)
    eventually(lambda: told(armed, "firewall.repaired"), 2, "the repair")


def test_anothers_table_is_nobodys_business(armed):
    terminal = Terminal(armed, armed.kim)
    nft(armed, "add table ip strange; add chain ip strange c { type filter hook prerouting priority -300; }; "
               "add rule ip strange c accept")
    terminal.type("lshmc -V")
    assert can_connect(armed, "other", seconds=0.3) == "dropped"
    assert not told(armed, "firewall.repaired") and not told(armed, "firewall.changed")
    terminal.leave()
    nft(armed, "delete", "table", "ip", "strange")


def test_the_next_boot_finds_the_deny_side_in_a_file(site):
    whole = base_table(site)
    left = STATE / "firewall" / "closed.nft"
    site.gate.stop()
    nft(site, "flush", "ruleset")
    nft(site, "-f", str(left))
    assert base_table(site) == whole
    assert can_connect(site, seconds=0.3) == "dropped"
    site.gate.start()
    assert base_table(site) == whole
