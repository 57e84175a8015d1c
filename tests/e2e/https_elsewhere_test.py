"""Whoever is not the representative of the grant, at its time, from its address: nothing of theirs reaches the HMC by the HTTPS
door, whatever they know. And the ways to the HMC: several addresses, an authority. Runs in: the lab."""
import re
import subprocess

import pytest
from https_fixtures import Inside, raw
from https_gate_fixtures import (CERTIFICATE, answer_to, browser, challenge, console, ended, log_in, web)  # noqa: F401 (fixtures, too)
from https_player import GATE_PORT, NAME, WebHmc
from lab import network
from lab.files import write
from lab.gate import CONFIG
from ocra import ocra
from support import assert_closes, can_connect, eventually, grant_id, records, state_of

WIDE = ["192.0.2.0/24"]
# A connection that is made and kept; each line of standard input is sent on it as a request with that cookie.
KEPT = f"""
import socket, ssl, sys
tls = ssl.create_default_context(cafile={str(CERTIFICATE)!r})
with tls.wrap_socket(socket.create_connection(("{network.GATE4}", 443), 10), server_hostname="gate") as it:
    it.settimeout(3)
    print("open", flush=True)
    for line in sys.stdin:
        try:
            it.sendall(f"HEAD /console HTTP/1.1\\r\\nHost: gate\\r\\nCookie: {{line.strip()}}\\r\\n\\r\\n".encode())
            answer = b""
            while not answer.endswith(b"\\r\\n\\r\\n") and (got := it.recv(4096)):
                answer += got
            print(answer[:12].decode() or "closed", flush=True)
        except OSError as error:
            print("nothing", flush=True)
"""


class Kept:
    def __init__(self, namespace):
        self.process = subprocess.Popen(network.inside(namespace, ["/usr/bin/python3", "-c", KEPT]), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "open\n"

    def ask(self, cookie):
        self.process.stdin.write(cookie + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.wait()


def cookie_of(kim):
    return f"__Host-sallyport={kim.cookies()['__Host-sallyport']}"


def log_out(kim, lab):
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    ended(lab)


def test_i03_a_rep_without_a_grant_comes_no_further_with_all_that_is_right(web):
    ann = web.enroll("ann")
    web.enable(policy="web")
    her = browser(web)
    asked = challenge(her, web, "ann", ann.password).split("Challenge ")[1].split(",")[0].replace(" ", "")
    assert "not admitted" in her.respond(ocra(ann.suite, ann.secret, asked))
    assert her.status("/console") == "401" and web.console_log.heard() == []


def test_i02_of_two_sources_that_answer_one_is_let_in_and_the_other_reaches_nothing(web):
    """Both know all that the representative knows; the gate lets in the first, and the firewall no other address after."""
    web.grant = grant_id(web.enable(policy="web", networks=WIDE))
    kim, thief = browser(web), browser(web, "near", "thief")
    mine, theirs = challenge(kim, web), challenge(thief, web)
    assert mine != theirs
    early = Kept("near")
    assert "connected to hmc1" in kim.respond(answer_to(web, mine))
    web.console_log.forget()
    assert thief.curl("/.sallyport/answer", "--data-urlencode", f"response={answer_to(web, theirs)}", "--max-time", "4").stdout == b""
    assert early.ask(cookie_of(kim)) in ("nothing", "closed"), "nor on a connection from before"
    with_hers = browser(web, "near", "empty")
    assert with_hers.curl("/console", "-H", f"Cookie: {cookie_of(kim)}", "--max-time", "3").stdout == b""
    assert can_connect(web, "near", port=443) == "dropped"
    assert web.console_log.requests() == [] and len(records(web, "grant.claimed")) == 1
    early.stop()
    log_out(kim, web)


def test_the_answer_to_one_source_s_challenge_is_none_to_another_s(web):
    web.enable(policy="web", networks=WIDE)
    kim, thief = browser(web), browser(web, "near", "thief")
    mine = challenge(kim, web)
    challenge(thief, web)
    assert "not admitted" in thief.respond(answer_to(web, mine))
    with_hers = browser(web, "near", "empty")
    hers = f"Cookie: __Host-sallyport-login={kim.cookies()['__Host-sallyport-login']}"
    assert "connected to" not in with_hers.text("/.sallyport/answer", "-H", hers, "--data-urlencode", f"response={answer_to(web, mine)}")
    assert with_hers.status("/console", "-H", hers) == "401"
    assert web.console_log.heard() == []


def test_i02_a_cookie_of_a_session_that_has_ended_opens_nothing_in_the_next(web):
    kim = log_in(web)
    old = cookie_of(kim)
    log_out(kim, web)
    assert_closes(web)
    assert can_connect(web, port=443) == "dropped"
    web.console_log.forget()
    thief = browser(web, name="thief")
    web.enable(policy="web")
    assert thief.status("/console", "-H", f"Cookie: {old}") == "401" and thief.cookies() == {}
    web.gate.ask(ask="revoke", grant=records(web, "grant.enabled")[-1]["grant"], reason="")
    kim = log_in(web)
    assert thief.status("/console", "-H", f"Cookie: {old}") == "401" and thief.status("/console") == "401"
    assert web.console_log.requests() == []
    log_out(kim, web)


def test_i01_an_open_connection_carries_nothing_after_the_end(web):
    kim = log_in(web)
    kept, cookie = Kept("rep"), cookie_of(kim)
    assert kept.ask(cookie).startswith("HTTP/1.1 200")
    assert web.gate.ask("alice", ask="end", grant=web.grant, reason="enough")["ok"]
    web.console_log.forget()
    assert not kept.ask(cookie).startswith("HTTP/1.1 2")
    ended(web)
    assert kept.ask(cookie) in ("nothing", "closed") and web.console_log.requests() == []
    kept.stop()


def test_a_second_worker_knows_nothing_of_the_first_one_s_cookie(tmp_path, console):
    """Were the firewall not there: each source address has a worker of its own, and a session's ids are in its memory alone."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    hmc = WebHmc(tmp_path)
    hmc.start()
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first, second = Inside(tmp_path / "first", hmc), Inside(tmp_path / "second", hmc, port=GATE_PORT + 1)
    hmc.forget()
    for cookie in (first.kim.cookies()["__Host-sallyport"], "x" * 43):
        answer = raw(second.player, f"GET /console HTTP/1.1\r\nHost: {NAME}\r\nCookie: __Host-sallyport={cookie}\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 401 ")
    assert hmc.requests() == []
    first.stop(), second.stop(), hmc.stop()


# ---- the ways to the HMC

def change_target(lab, pattern, instead):
    file = CONFIG / "targets/hmc1.toml"
    changed, times = re.subn(pattern, instead, file.read_text())
    assert times == 1
    write(file, changed)
    assert lab.gate.reload() == ""


@pytest.mark.parametrize("first", [network.HMC2_4, network.SILENT4], ids=["refuses", "is silent"])
def test_a_target_with_several_addresses_is_reached_at_the_next_one(web, first):
    change_target(web, r"addresses = \[.*?\]", f'addresses = ["{first}", "{network.HMC1_4}"]')
    kim = log_in(web)
    assert records(web, "session.connected")[-1]["target_address"] == network.HMC1_4
    waiting = [subprocess.Popen([*kim.command, "-o", "/dev/null", "-w", "%{http_code}", "https://gate/wait?1"], stdout=subprocess.PIPE,
                                text=True) for _ in range(3)]
    assert [one.communicate(timeout=40)[0] for one in waiting] == ["200"] * 3, "further connections, too"
    log_out(kim, web)


def test_a_certificate_is_known_by_an_authority(web):
    write(CONFIG / "hmc-ca.pem", web.console_log.certificate.read_text())
    change_target(web, r"pins = \[.*?\]", f'authorities = "{CONFIG}/hmc-ca.pem"')
    kim = log_in(web)
    assert kim.status("/console") == "200"
    log_out(kim, web)


def test_an_authority_that_does_not_certify_this_name_lets_no_request_through(web):
    write(CONFIG / "hmc-ca.pem", web.console_log.certificate.read_text())
    change_target(web, r'name = "hmc1.example"\npins = \[.*?\]', f'name = "hmc9.example"\nauthorities = "{CONFIG}/hmc-ca.pem"')
    grant = grant_id(web.enable(policy="web"))
    kim = browser(web)
    assert "shows another certificate" in kim.respond(answer_to(web, challenge(kim, web)))
    assert web.console_log.requests() == []
    eventually(lambda: state_of(web, grant) == "armed", 10)
