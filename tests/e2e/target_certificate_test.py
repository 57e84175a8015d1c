"""The certificate of a target's web interface: `sallyport target scan` and `target add` show and pin it. Runs in: the lab."""
import json
import re
import subprocess

import pytest
from https_gate_fixtures import answer_to, browser, challenge, console, ended, log_in, web  # noqa: F401 (fixtures, too)
from lab import network
from lab.gate import CONFIG
from support import can_connect, records

OTHER = "sha256//" + "A" * 43 + "="


def listed(lab, name="hmc1"):
    return next(one for one in lab.gate.console("root", "target", "list")["targets"] if one["name"] == name)


def pin_instead(lab, pin):
    """What an HMC that was set up anew looks like from here."""
    reply = lab.gate.ask(ask="target.pin_https", name="hmc1", pins=[pin])
    assert reply["ok"], reply


def fingerprint(certificate):
    said = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], text=True, check=True,
                          capture_output=True).stdout
    return said.strip().split("=")[1]


def test_a_scan_shows_the_certificate_and_that_it_is_the_pinned_one(web, console):
    done = web.gate.run_console("root", "target", "scan", "hmc1")
    assert done.returncode == 0, done
    for wanted in ("CN=hmc1.example", f"SHA256 {fingerprint(console.certificate)}", f"sha256//{console.pin} (pinned)",
                   "The target has the pinned keys and no others.", "Its certificate has the pinned key."):
        assert wanted in done.stdout, done.stdout
    assert re.search(r"valid    20\d\d-\d\d-\d\d \d\d:\d\d UTC to 20\d\d-", done.stdout)
    shown = web.gate.console("root", "target", "scan", "hmc1")
    assert shown["certificate"]["pin"] == f"sha256//{console.pin}" and shown["certificate"]["pinned"]
    assert [one["pinned"] for one in shown["host_keys"]] == [True]
    record = records(web, "target.https_scanned")[-1]
    assert (record["target"], record["by"], record["pins"]) == ("hmc1", "root", [f"sha256//{console.pin}"])
    assert console.requests() == [], "nothing is asked of it"


def test_another_certificate_is_pinned_after_a_look_and_a_y_and_serves_the_next_session(web, console):
    pin_instead(web, OTHER)
    refused = web.gate.run_console("root", "target", "scan", "hmc1", input="n\n")
    assert refused.returncode == 1 and f"Pinned now: {OTHER}" in refused.stdout and "nothing was changed" in refused.stderr
    assert listed(web)["https"]["pins"] == [OTHER]
    done = web.gate.run_console("root", "target", "scan", "hmc1", input="y\n")
    assert done.returncode == 0 and "has a new pinned certificate" in done.stdout, done
    assert listed(web)["https"] == {"port": 443, "name": "hmc1.example", "pins": [f"sha256//{console.pin}"], "authorities": ""}
    assert records(web, "target.https_pinned")[-1]["pins"] == [f"sha256//{console.pin}"]
    kim = log_in(web)
    assert kim.status("/console") == "200"
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    ended(web)


def test_a_script_pins_only_what_it_has_named(web, console):
    pin_instead(web, OTHER)
    keys = listed(web)["fingerprints"]
    for expected, code in ((OTHER, 1), (f"sha256//{console.pin}", 0)):
        done = web.gate.run_console("root", "target", "scan", "hmc1", "--expect", expected, "--yes")
        assert done.returncode == code, done
    assert listed(web)["https"]["pins"] == [f"sha256//{console.pin}"] and listed(web)["fingerprints"] == keys


def test_a_target_without_https_is_given_it_by_a_scan(web, console):
    file = CONFIG / "targets/hmc1.toml"
    file.write_text(file.read_text().split("[https]")[0])
    assert web.gate.reload() == "" and listed(web)["https"] is None
    plain = web.gate.run_console("root", "target", "scan", "hmc1")
    assert "Certificate" not in plain.stdout
    done = web.gate.run_console("root", "target", "scan", "hmc1", "--https", "--expect", f"sha256//{console.pin}")
    assert done.returncode == 0, done
    assert listed(web)["https"]["pins"] == [f"sha256//{console.pin}"] and listed(web)["https"]["name"] == network.HMC1_4


def test_a_target_is_added_with_its_certificate(web, console):
    add = ["target", "add", "again", "--address", network.HMC1_4, "--user", "hscroot", "--https", "--https-name", "hmc1.example"]
    done = web.gate.run_console("root", *add, "--expect", f"{web.hmc1.fingerprint},{OTHER}")
    assert done.returncode == 1 and "another key than expected" in done.stderr, done
    done = web.gate.run_console("root", *add, "--expect", f"{web.hmc1.fingerprint},sha256//{console.pin}")
    assert done.returncode == 0, done
    assert listed(web, "again")["https"] == {"port": 443, "name": "hmc1.example", "pins": [f"sha256//{console.pin}"], "authorities": ""}
    assert [one["target"] for one in records(web, "target.https_pinned")] == ["again"]


def test_an_address_is_shown_and_nothing_is_pinned(web, console):
    done = web.gate.run_console("root", "target", "scan", "--address", network.HMC1_4, "--https")
    assert done.returncode == 0 and f"sha256//{console.pin}" in done.stdout, done
    assert records(web, "target.https_pinned") == [] and can_connect(web, port=443) == "dropped"


@pytest.mark.parametrize("port, word", [("9", "cannot be reached"), ("22", "TLS handshake")])
def test_what_speaks_no_tls_is_an_error(web, port, word):
    done = web.gate.run_console("root", "target", "scan", "--address", network.HMC1_4, "--https", "--https-port", port)
    assert done.returncode == 1 and word in done.stderr, done


@pytest.mark.parametrize("wrong", [{"pins": []}, {"pins": ["sha256//x"]}, {"pins": ["A" * 44]}, {"pins": [OTHER] * 9}, {},
                                   {"pins": [OTHER], "https_port": 0}, {"pins": [OTHER], "https_port": 65536},
                                   {"pins": [OTHER], "https_name": "a b"}, {"pins": OTHER}])
def test_the_monitor_checks_what_it_is_asked_to_pin(web, wrong):
    before = (CONFIG / "targets/hmc1.toml").read_text()
    assert not web.gate.ask(ask="target.pin_https", name="hmc1", **wrong)["ok"]
    assert not web.gate.ask("sam", ask="target.pin_https", name="hmc1", pins=[OTHER])["ok"], "an auditor changes nothing"
    assert (CONFIG / "targets/hmc1.toml").read_text() == before and records(web, "target.https_pinned") == []


def test_one_that_an_authority_certifies_is_not_pinned_beside_it(web, console):
    (CONFIG / "hmc-ca.pem").write_text(console.certificate.read_text())
    file = CONFIG / "targets/hmc1.toml"
    file.write_text(re.sub(r"pins = \[.*?\]", f'authorities = "{CONFIG}/hmc-ca.pem"', file.read_text()))
    assert web.gate.reload() == ""
    done = web.gate.run_console("root", "target", "scan", "hmc1")
    assert done.returncode == 0 and "known by the authorities in" in done.stdout, done
    refused = web.gate.ask(ask="target.pin_https", name="hmc1", pins=[OTHER])
    assert not refused["ok"] and "authorities" in json.dumps(refused)
