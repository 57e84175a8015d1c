"""The HTTPS door of a real gate: from `enable` over a login by forms and the HMC's own pages to the end of the session."""
import base64
import hashlib
import html
import re
import subprocess
import time

import pexpect
import pytest
from https_gate_fixtures import (CERTIFICATE, POLICY, answer_to, browser, challenge, console, ended,  # noqa: F401 (fixtures, too)
                                 log_in, web)
from lab import network
from lab.files import STATE, write
from lab.gate import CONFIG, SETTINGS, Refused
from lab.web import fingerprint_of
from ocra import ocra
from signing import signer
from support import Terminal, assert_closes, can_connect, eventually, grant_id, records, state_of


def test_the_main_job_in_a_browser(web):
    kim = log_in(web)
    assert "https://gate/" in web.told["tell"]["urls"] and web.told["tell"]["commands"] == []
    assert web.told["tell"]["certificate"] == fingerprint_of(CERTIFICATE)
    got = kim.curl("/download?300000").stdout
    sent = kim.text("/upload", "--data-binary", f"@{kim.certificate}")
    assert hashlib.sha256(kim.certificate.read_bytes()).hexdigest() in sent
    assert len(got) == 300000 and "hmc1.example" not in kim.text("/", "-i")
    assert web.gate.listening() and "connected to hmc1" in kim.text("/.sallyport/status")
    assert "you have logged out" in kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    end = ended(web)
    assert end["reason"].endswith("logged out") and state_of(web, web.grant) == "spent"
    assert end["from_target"] > 300000 and end["traffic"][0]["service"] == "https" and end["traffic"][0]["out_bytes"] > 300000
    assert_closes(web)
    assert web.gate.events(web.grant)[-1] == "firewall.closed"


def test_the_record_tells_each_request_and_can_be_replayed(web):
    kim = log_in(web)
    kim.text("/console?token=geheim")
    connected = records(web, "session.connected")[-1]
    assert connected["rep_tls"]["version"] == "TLSv1.3" == connected["target_tls"]["version"]
    assert "rep_ssh" not in connected and connected["target_address"] == network.HMC1_4
    channel = [one for one in records(web, "session.channel") if one["session"] == connected["session"]][0]
    assert (channel["kind"], channel["terminal"]) == ("https", False)
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    ended(web)
    closed = records(web, "recording.closed")[-1]
    recording = (STATE / closed["path"]).read_bytes()
    assert hashlib.sha256(recording).hexdigest() == closed["sha256"] and b"geheim" not in recording
    done = web.gate.run_console("root", "replay", connected["session"])
    replayed = done.stdout
    assert done.returncode == 0, done.stderr
    assert re.search(r"#1 GET /console\?\.\.\.\s+#1 200, \d+ bytes in, \d+ bytes out, \d+ ms", replayed), replayed


def test_a_signature_is_pasted(web):
    rep = signer(web)
    web.grant = grant_id(web.enable(policy="web"))
    kim = browser(web)
    page = kim.ask_challenge("kim", rep.password)
    assert "Sign to open hmc1 (https) for kim, grant " + web.grant in html.unescape(page)
    text = base64.b64decode(re.search(r'id="challenge"[^>]*>([A-Za-z0-9+/=]+)<', page).group(1))
    assert html.unescape(re.search(r'id="text"[^>]*>(.*?)</textarea>', page, re.DOTALL).group(1)).encode() == text
    (rep.folder / "text").write_bytes(text)
    signature = rep.keygen("-Y", "sign", "-n", "sallyport", "-f", "id", input=text.decode())
    assert "connected to hmc1" in kim.respond(signature.replace("\n", "\r\n"))
    assert records(web, "login.accepted")[-1]["method"] == "ssh-signature"


def test_a_mutual_login_has_the_gate_answer_first(web):
    suite, question = "OCRA-1:HOTP-SHA256-8:QA10", "ACDEFGHJKM"
    kim, rep = browser(web), web.enroll("kim", suite=suite, mutual=True)
    web.grant = grant_id(web.enable(policy="web"))
    assert "Your question for the gate" in kim.ask_challenge("kim", rep.password)
    page = kim.text("/.sallyport/question", "--data-urlencode", f"question={question}")
    answer, asked = (found.replace(" ", "") for found in re.search(
        r"The gate answers ([0-9 ]+)\. Challenge ([0-9A-Z ]+), response", html.unescape(page)).groups())
    assert answer == ocra(suite, rep.secret, question, asked), "the gate knows the key"
    assert "connected to hmc1" in kim.respond(ocra(suite, rep.secret, asked, question))


def test_i11_a_stranger_sees_what_a_rep_sees_and_waits_as_long(web):
    def refusal(user, password, namespace):
        kim = browser(web, namespace, f"jar-{namespace}")
        shown = re.sub(r"Challenge [A-Z0-9 ]+", "Challenge X", kim.ask_challenge(user, password))
        begun = time.monotonic()
        answer = kim.curl("/.sallyport/answer", "-i", "--data-urlencode", "response=00000000").stdout.decode()
        took = time.monotonic() - begun
        return shown, re.sub(r"(__Host-sallyport-login)=[^;]*", r"\1=X", answer), took
    web.enable(policy="web", networks=["192.0.2.0/24"])
    known, wrong, unknown = (refusal(*who) for who in (("kim", web.kim.password, "rep"), ("kim", "wrong", "near"),
                                                       ("nobody-known", "x", "other")))
    assert known[:2] == wrong[:2] == unknown[:2] and "not admitted" in known[1]
    assert all(took > 1.9 for took in (known[2], wrong[2], unknown[2]))


def test_i01_i03_nothing_listens_and_nothing_reaches_the_hmc_before(web):
    assert can_connect(web, port=443) == "dropped"
    ssh_only = grant_id(web.enable(policy="hmc-ssh"))
    assert can_connect(web, port=443) == "dropped" and can_connect(web, port=22) == "open"
    assert not [one for one in web.gate.listening() if one.endswith(":443")]
    web.gate.ask(ask="revoke", grant=ssh_only, reason="")
    grant = grant_id(web.enable(policy="web"))
    assert can_connect(web, port=22) == "dropped" and can_connect(web, port=443) == "open"
    kim = browser(web)
    assert kim.status("/console") == "401"
    question = challenge(kim, web)
    assert "not admitted" in kim.respond("000000")
    assert kim.status("/console") == "401" and state_of(web, grant) == "armed"
    assert records(web, "login.failed")[-1]["rep"] == "kim"
    assert kim.status("/.sallyport/answer", "--data-urlencode", f"response={answer_to(web, question)}") == "303"
    assert kim.status("/console") == "401" and web.console_log.heard() == []


def test_i02_the_session_is_its_reps_address_and_cookies_alone(web):
    web.enable(policy="web", networks=["192.0.2.0/24"])
    web.gate.ask(ask="revoke", grant=records(web, "grant.enabled")[-1]["grant"], reason="")
    kim = log_in(web)
    assert can_connect(web, "near", port=443) == "dropped"
    beside = browser(web, name="other")
    assert beside.status("/console") == "401" and "In use" in beside.text("/.sallyport/login")
    assert kim.status("/console") == "200"


def test_i10_a_gate_that_is_stopped_ends_the_session_first(web):
    log_in(web)
    assert web.gate.stop() == 0
    assert web.gate.events()[-1] == "gateway.stopped" and ended(web)["reason"] == "the gateway was stopped"


def test_i10_an_admin_ends_it_and_the_open_page_can_ask_why(web):
    kim = log_in(web)
    assert kim.status("/console") == "200"
    before = len(web.console_log.heard())
    assert web.gate.ask("alice", ask="end", grant=web.grant, reason="enough")["ok"]
    assert "ended by alice: enough" in kim.text("/console")
    assert ended(web)["reason"] == "ended by alice: enough"
    assert len(web.console_log.heard()) == before
    assert_closes(web, 8)


def test_a_paused_session_holds_its_requests(web):
    kim = log_in(web)
    assert web.gate.ask("alice", ask="pause", grant=web.grant, reason="")["ok"]
    waiting = [subprocess.Popen([*kim.command, "-w", "%{http_code}", "-o", "/dev/null", f"https://gate/console?{number}"],
                                stdout=subprocess.PIPE, text=True) for number in range(3)]
    for one in waiting:  # more than there are connections to the HMC yet
        with pytest.raises(subprocess.TimeoutExpired):
            one.wait(0.5)
    assert "GET /console" not in str(web.console_log.requests())
    assert web.gate.ask("alice", ask="resume", grant=web.grant, reason="")["ok"]
    assert [one.communicate(timeout=10)[0] for one in waiting] == ["200"] * 3


def test_an_hmc_with_another_certificate_gets_no_request_and_the_grant_stays(web):
    text = (CONFIG / "targets/hmc1.toml").read_text()
    write(CONFIG / "targets/hmc1.toml", re.sub(r"sha256//[^\"]+", "sha256//" + "A" * 43 + "=", text))
    assert web.gate.reload() == ""
    grant = grant_id(web.enable(policy="web"))
    kim = browser(web)
    assert "shows another certificate" in kim.respond(answer_to(web, challenge(kim, web)))
    assert web.console_log.requests() == []
    assert "certificate" in records(web, "target.failed")[-1]["reason"]
    eventually(lambda: state_of(web, grant) == "armed", 10)


def test_a_killed_worker_ends_the_session(web):
    log_in(web)
    (worker,) = web.gate.workers()
    subprocess.run(["kill", "-9", str(worker)], check=True)
    assert ended(web)["reason"] == "the worker is gone"
    assert can_connect(web, port=443) == "dropped" and web.console_log.requests() == []
    assert_closes(web)


def test_a_flood_of_connections_from_its_address_costs_the_session_nothing(web):
    kim = log_in(web)
    flood = (f"import socket\nheld = [socket.create_connection(('{network.GATE4}', 443), 5) for _ in range(300)]\n"
             "print(len(held))")
    assert web.run("rep", "/usr/bin/python3", "-S", "-c", flood).stdout == "300\n"
    assert "more than 20 connections a second" in web.gate.log()
    time.sleep(1.2)
    assert kim.status("/console") == "200" and state_of(web, web.grant) == "active"


@pytest.mark.parametrize("spoilt, word", [
    (("sallyport.toml", "[https]\n", ""), "there is none (add [https] to sallyport.toml"),
    (("targets/hmc1.toml", r"\[https\]\n.*\n.*\n", ""), "add [https] with 'pins' to targets/hmc1.toml"),
    (("policies/web.toml", 'carriage = "https"', 'carriage = "forward"'), "where the gate's own HTTPS door is")],
    ids=["no door", "no pin", "forwarded"])
def test_a_grant_that_could_not_be_used_is_refused_with_what_to_do(web, spoilt, word):
    file, pattern, instead = spoilt
    web.gate.stop()
    ssh = '\n[[service]]\nname = "ssh"\ncarriage = "ssh"\nexposure = "wide"\n'
    write(CONFIG / "policies/web.toml", POLICY + ssh)
    write(CONFIG / file, re.sub(pattern if file != "sallyport.toml" else re.escape(pattern), instead, (CONFIG / file).read_text()))
    assert web.gate.start() is not None, web.gate.log()
    with pytest.raises((Refused, RuntimeError), match=re.escape(word)):
        web.enable(policy="web")


def test_a_site_s_own_certificate_and_a_new_one_by_reload_while_a_session_runs(web):
    def certify(number):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "30", "-subj", f"/CN=gate{number}", "-addext", "subjectAltName=DNS:gate", "-keyout", CONFIG / "https.key",
                        "-out", CONFIG / "https.pem"], check=True, capture_output=True)
        (CONFIG / "https.key").chmod(0o600)
        return (CONFIG / "https.pem").read_text()
    web.gate.stop()
    first = certify(1)
    write(CONFIG / "sallyport.toml", SETTINGS + f'[https]\ncertificate = "{CONFIG}/https.pem"\nkey = "{CONFIG}/https.key"\n')
    assert web.gate.start() is not None, web.gate.log()
    kim = log_in(web, certificate=CONFIG / "https.pem")
    write(kim.certificate.with_name("first.pem"), first)
    kim.command[kim.command.index("--cacert") + 1] = kim.certificate.with_name("first.pem")
    certify(2)
    web.gate.reload()
    assert kim.status("/console") == "200", "who is in stays in, with the certificate of before"
    (CONFIG / "https.key").chmod(0o644)
    assert "https.key" in web.gate.reload() and web.gate.events()[-1] == "config.refused"


# ---- two doors

BOTH = POLICY + """
[[service]]
name = "ssh"
carriage = "ssh"
exposure = "wide"
"""


@pytest.fixture
def both(web):
    write(CONFIG / "policies/web.toml", BOTH)
    assert web.gate.reload() == ""
    return web


def by_ssh(lab):
    lab.grant = grant_id(lab.enable(policy="web"))
    return Terminal(lab, lab.kim)


def join_by_browser(lab):
    kim = browser(lab)
    page = kim.respond(answer_to(lab, challenge(kim, lab)))
    assert "connected to hmc1" in page, page
    return kim


def test_i02_the_rep_joins_its_session_by_the_browser_and_the_last_one_ends_it(both):
    terminal = by_ssh(both)
    kim = join_by_browser(both)
    session = records(both, "session.connected")[0]["session"]
    joined = records(both, "session.joined")[-1]
    assert (joined["session"], joined["door"], joined["grant"]) == (session, "https", both.grant)
    assert len(records(both, "grant.claimed")) == 1 and "V10R3" in terminal.type("lshmc -V")
    assert kim.status("/console") == "200"
    terminal.child.sendline("exit")
    terminal.child.expect(pexpect.EOF)
    left = eventually(lambda: records(both, "session.left"), 5)[-1]
    assert (left["door"], left["session"]) == ("ssh", session) and state_of(both, both.grant) == "active"
    assert records(both, "recording.closed"), "the terminal's recording is sealed when it is over"
    assert kim.status("/console") == "200"
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    end = ended(both)
    assert end["session"] == session and end["reason"].endswith("logged out") and state_of(both, both.grant) == "spent"
    assert len(records(both, "session.ended")) == 1 and end["to_target"] > 0
    assert {one["channel"] for one in records(both, "recording.closed")} == {1, 2}
    assert_closes(both)


def test_i02_or_the_other_way_round_and_an_end_tells_both(both):
    kim = log_in(both)
    terminal = Terminal(both, both.kim)
    assert records(both, "session.joined")[-1]["door"] == "ssh" and "V10R3" in terminal.type("lshmc -V")
    assert both.gate.ask("alice", ask="end", grant=both.grant, reason="enough")["ok"]
    terminal.child.expect("ended by alice: enough")
    assert "ended by alice: enough" in kim.text("/console")
    ended(both)
    assert_closes(both, 8)


def test_i02_nobody_else_joins_and_nobody_by_the_door_that_is_taken(both):
    both.enroll("ann")
    terminal = by_ssh(both)
    assert can_connect(both, "near", port=443) == "dropped"
    again = both.kim.ssh("lshmc -V", timeout=60)
    assert again.returncode == 255, again.stdout
    ann = browser(both, name="ann")
    question = challenge(ann, both, "ann", both.reps["ann"].password)
    asked = question.split("Challenge ")[1].split(",")[0].replace(" ", "")
    assert "not admitted" in ann.respond(ocra(both.reps["ann"].suite, both.reps["ann"].secret, asked))
    assert not records(both, "session.joined") and "V10R3" in terminal.type("lshmc -V")
    terminal.child.sendline("exit")
    ended(both)


def test_a_wrong_response_at_the_second_door_takes_nothing_from_the_session(both):
    terminal = by_ssh(both)
    kim = browser(both)
    for _ in range(2):
        challenge(kim, both)
        assert "not admitted" in kim.respond("00000000")
    assert state_of(both, both.grant) == "active" and "V10R3" in terminal.type("lshmc -V")
    assert not [one for one in records(both, "login.failed") if one.get("grant") == both.grant]
    terminal.child.sendline("exit")
    ended(both)


def test_a_target_that_fails_at_the_second_door_leaves_the_session_alone(both):
    terminal = by_ssh(both)
    text = (CONFIG / "targets/hmc1.toml").read_text()
    write(CONFIG / "targets/hmc1.toml", re.sub(r"sha256//[^\"]+", "sha256//" + "A" * 43 + "=", text))
    assert both.gate.reload() == ""
    kim = browser(both)
    assert "shows another certificate" in kim.respond(answer_to(both, challenge(kim, both)))
    eventually(lambda: records(both, "session.left"), 12)
    assert state_of(both, both.grant) == "active" and "V10R3" in terminal.type("lshmc -V")
    terminal.child.sendline("exit")
    ended(both)


def test_who_joins_a_paused_session_is_held_too(both):
    terminal = by_ssh(both)
    assert both.gate.ask("alice", ask="pause", grant=both.grant, reason="")["ok"]
    kim = join_by_browser(both)
    waiting = subprocess.Popen([*kim.command, "-w", "%{http_code}", "-o", "/dev/null", "https://gate/console"],
                               stdout=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    assert both.console_log.requests() == []
    assert both.gate.ask("alice", ask="resume", grant=both.grant, reason="")["ok"]
    assert waiting.communicate(timeout=10)[0] == "200"
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    terminal.child.sendline("exit")
    ended(both)
