"""Method webauthn at a real gate's HTTPS door: a software security key logs in, and with one thing wrong it does not; a
stranger's page cannot be told from a rep's; by SSH there is no such rep."""
import base64
import html
import re
import subprocess
import time

import pytest
from authenticator import Authenticator, asked_by, un64, url64
from https_gate_test import browser, console, web  # noqa: F401 (fixtures)
from i11_same_words_test import shown_to
from lab.files import STATE, write
from lab.gate import CONFIG, LOG
from lab.lab import Rep
from signing import Signer, signer
from support import eventually, grant_id, records, state_of

POLICY = """
[login]
methods = ["ocra", "ssh-signature", "webauthn"]
user_verification = {verify}
[[service]]
name = "https"
port = 443
carriage = "https"
exposure = "wide"
[[service]]
name = "ssh"
carriage = "ssh"
exposure = "wide"
"""
BROWSER_ONLY = "lee"  # a rep with a WebAuthn key and nothing else


@pytest.fixture
def door(web):  # noqa: F811
    """kim has an OCRA secret and a WebAuthn key; lee a key only."""
    write(CONFIG / "policies/web.toml", POLICY.format(verify="false"))
    assert web.gate.reload() == ""
    web.key = Authenticator()
    enroll(web, "kim", web.key)
    assert web.gate.ask(ask="rep.add", name=BROWSER_ONLY)["ok"]
    web.lee_key = Authenticator()
    enroll(web, BROWSER_ONLY, web.lee_key)
    web.lee = web.reps[BROWSER_ONLY] = Rep(BROWSER_ONLY)
    web.lee.give_password(web.new_secret("pw-"))
    return web


def enroll(lab, name, key):
    file = lab.folder / f"{name}.cred"
    write(file, key.file)
    done = lab.gate.run_console("root", "rep", "enroll", name, "--webauthn", str(file))
    assert done.returncode == 0 and key.fingerprint in done.stdout, done
    return done.stdout


def enable(lab, rep="kim", **more):
    lab.told = lab.enable(rep=rep, policy="web", **more)
    lab.grant = grant_id(lab.told)
    return lab.grant


def page_of(lab, user="kim", password=None, namespace="rep", name="jar"):
    kim = browser(lab, namespace, name)
    return kim, kim.ask_challenge(user, lab.reps[user].password if password is None else password)


def log_in(lab, user="kim", key=None, **wrong):
    kim, page = page_of(lab, user)
    return kim, kim.respond((key or lab.key).answer(page, **wrong))


def end(lab):
    """The session; then the address is free for another login."""
    assert lab.gate.ask(ask="end", grant=lab.grant, reason="")["ok"]
    eventually(lambda: not lab.gate.workers(), 10)


# ---- the main job

def test_a_security_key_opens_the_door_and_the_record_names_it(door):
    enable(door)
    kim, page = page_of(door)
    assert f"Sign to open hmc1 (https, ssh) for kim, grant {door.grant}, at gate gate" in html.unescape(page)
    asked = asked_by(page)
    assert asked["relying-party"] == "gate" and asked["user-verification"] == "preferred"
    assert len(un64(asked["challenge"])) == 32 and asked["credentials"] == url64(door.key.id)
    assert "connected to hmc1" in kim.respond(door.key.answer(page))
    accepted = records(door, "login.accepted")[-1]
    assert (accepted["method"], accepted["key"], accepted["key_type"], accepted["key_counter"]) == (
        "webauthn", door.key.fingerprint, "ecdsa-sha2-nistp256", 1)
    assert kim.status("/console") == "200"


def test_a_rep_with_a_secret_too_answers_at_each_door_by_its_own_method(door):
    enable(door)
    assert door.told["tell"]["urls"] == ["https://gate/"] and door.told["tell"]["commands"]
    assert door.kim.ssh("lshmc -V").returncode == 0, "by SSH the OCRA secret"
    assert records(door, "login.accepted")[-1]["method"] == "ocra"
    enable(door)
    _, page = page_of(door)
    assert "data-credentials" in page, "by HTTPS the key"


def test_with_one_thing_wrong_it_is_not_admitted_and_the_words_and_the_time_are_the_same(door):
    enable(door)
    kim, good = page_of(door)
    assert "connected to hmc1" in kim.respond(door.key.answer(good))
    end(door)
    door.console_log.forget()
    wrongs = {"origin": {"origin": "https://evil.example"}, "type": {"type": "webauthn.create"},
              "challenge": {"challenge": asked_by(good)["challenge"]}, "site": {"relying_party": "evil.example"},
              "not touched": {"flags": 0}, "a frame": {"cross_origin": True}, "counter as before": {"counter": 1},
              "counter lower": {"counter": 0}, "extensions": {"flags": 0x85}, "another id": {"id": bytes(64)}}
    said, took = {}, {}
    for wrong, fields in wrongs.items():
        enable(door)
        door.gate.stop()  # forgets who failed before: a source is slowed down the more it fails
        door.gate.start()
        kim, page = page_of(door)
        begun = time.monotonic()
        answer = kim.curl("/.sallyport/answer", "-i", "--data-urlencode", f"response={door.key.answer(page, **fields)}")
        took[wrong] = time.monotonic() - begun
        said[wrong] = re.sub(r"(__Host-sallyport-login)=[^;]*", r"\1=X", answer.stdout.decode())
        assert state_of(door, door.grant) == "armed", wrong
        door.gate.ask(ask="revoke", grant=door.grant, reason="")
    assert all("not admitted" in one for one in said.values()) and len(set(said.values())) == 1, said
    assert 1.9 < min(took.values()) and max(took.values()) < 2.9, took
    assert door.console_log.heard() == []
    log = door.gate.log()
    for why in ("its origin is not https://gate", "it is for another challenge", "not touched", "may have been copied"):
        assert why in LOG.read_text() or why in log, why
    enable(door)
    assert "connected to hmc1" in log_in(door)[1], "with everything right it still does"


def test_an_answer_serves_once_and_at_its_own_page(door):
    enable(door)
    kim, page = page_of(door)
    answer = door.key.answer(page)
    assert "not admitted" in kim.respond("AAAA.BBBB.CCCC.DDDD")
    again = kim.ask_challenge("kim", door.kim.password)
    assert asked_by(again)["challenge"] != asked_by(page)["challenge"]
    assert "not admitted" in kim.respond(answer)


def test_the_counter_is_remembered_over_a_restart_and_a_key_that_never_counts_may_come_again(door):
    door.key.counter = 40
    enable(door)
    assert "connected to hmc1" in log_in(door)[1]
    end(door)
    door.gate.kill()
    door.gate.start()
    enable(door)
    assert "not admitted" in log_in(door, counter=41)[1]
    assert "connected to hmc1" in log_in(door, counter=42)[1]
    end(door)
    for _ in range(2):
        enable(door, BROWSER_ONLY)
        kim, page = page_of(door, BROWSER_ONLY)
        assert "connected to hmc1" in kim.respond(door.lee_key.answer(page, counter=0))
        end(door)


def test_where_the_policy_wants_verified_users_a_touch_alone_does_not_do(door):
    write(CONFIG / "policies/web.toml", POLICY.format(verify="true"))
    assert door.gate.reload() == ""
    enable(door)
    kim, page = page_of(door)
    assert asked_by(page)["user-verification"] == "required"
    assert "not admitted" in kim.respond(door.key.answer(page, flags=0x01))
    assert "connected to hmc1" in log_in(door)[1]


# ---- I11

def shape(page):
    """A page without what is drawn for each, or is the name's own."""
    page = re.sub(r'data-challenge="[^"]{43}"', "C", html.unescape(page))
    page = re.sub(r'data-credentials="([^"]*)"', lambda ids: "I" + str([len(one) for one in ids[1].split()]), page)
    page = re.sub(r"until \d\d:\d\d:\d\d UTC", "T", page)
    return re.sub(r" for [a-z0-9]+, grant g-[0-9a-z]{8},", "G", page)


def test_i11_a_stranger_s_page_looks_like_a_rep_s_with_ids_of_its_own_that_stay(door):
    enable(door, networks=["192.0.2.0/24"])
    names = [f"guess{number}" for number in range(4)]
    pages = {}
    for name in ("kim", BROWSER_ONLY, *names):
        pages[name] = page_of(door, name, "anything", "near", f"jar-{name}")[1]
        door.gate.stop()  # its address would be busy
        door.gate.start()
    assert {shape(page) for page in pages.values()} == {shape(pages["kim"])}
    ids = {name: asked_by(page)["credentials"] for name, page in pages.items()}
    assert len(set(ids.values())) == len(ids), "nobody's is another's"
    for name in names[:2]:
        again = page_of(door, name, "anything", "near", f"jar-{name}")[1]
        door.gate.stop()
        door.gate.start()
        assert asked_by(again)["credentials"] == ids[name] and asked_by(again)["challenge"] != asked_by(pages[name])["challenge"]


def test_i11_the_refusal_takes_as_long_for_whoever_answers(door):
    enable(door, networks=["192.0.2.0/24"])

    def refusal(user, password, namespace):
        kim = browser(door, namespace, f"jar-{namespace}")
        page = kim.ask_challenge(user, password)
        response = door.key.answer(page) if user == "kim" else "AAAA.BBBB.CCCC.DDDD"
        begun = time.monotonic()
        answer = kim.curl("/.sallyport/answer", "-i", "--data-urlencode", f"response={response}").stdout.decode()
        return re.sub(r"(__Host-sallyport-login)=[^;]*", r"\1=X", answer), time.monotonic() - begun
    wrong, no_grant, unknown = (refusal(*who) for who in (
        ("kim", "wrong", "rep"), (BROWSER_ONLY, door.lee.password, "near"), ("nobody-known", "x", "other")))
    assert wrong[0] == no_grant[0] == unknown[0] and "not admitted" in wrong[0]
    assert all(1.9 < took < 2.9 for took in (wrong[1], no_grant[1], unknown[1]))


def test_i11_by_ssh_a_rep_with_a_webauthn_key_alone_is_a_stranger(door):
    enable(door, BROWSER_ONLY)
    assert door.told["tell"]["commands"] == [] and door.told["tell"]["urls"] == ["https://gate/"]
    stranger = shown_to("nobody-known", "anything")
    assert shown_to(BROWSER_ONLY, door.lee.password) == stranger
    failed = records(door, "login.failed")
    assert len(failed) == 2 and not any("grant" in one for one in failed), "it counts against no grant"
    assert state_of(door, door.grant) == "armed"
    kim, page = page_of(door, BROWSER_ONLY)
    assert "connected to hmc1" in kim.respond(door.lee_key.answer(page)), "by HTTPS it is the rep"


# ---- enrolment

def test_what_the_stock_tool_prints_is_what_is_enrolled(door):
    key = Authenticator()
    verified = subprocess.run(["fido2-cred", "-V", "es256"], input=key.made(), text=True, capture_output=True)
    assert verified.returncode == 0, verified
    assert verified.stdout.rstrip("\n") == key.file.rstrip("\n")
    write(door.folder / "cred", verified.stdout)
    done = door.gate.run_console("root", "rep", "enroll", BROWSER_ONLY, "--webauthn", str(door.folder / "cred"))
    assert done.returncode == 0 and key.fingerprint in done.stdout, done
    shown = subprocess.run(f"tail -n +2 {door.folder}/cred | ssh-keygen -i -m PKCS8 -f /dev/stdin | ssh-keygen -lf -", shell=True,
                           text=True, capture_output=True)
    assert key.fingerprint in shown.stdout, shown
    enable(door, BROWSER_ONLY)
    kim, page = page_of(door, BROWSER_ONLY)
    assert asked_by(page)["credentials"].split() == [url64(door.lee_key.id), url64(key.id)]
    assert "connected to hmc1" in kim.respond(key.answer(page))


def test_the_console_shows_and_removes_keys_and_the_journal_says_so(door):
    shown = door.gate.run_console("sam", "rep", "show", "kim").stdout
    assert "webauthn" in shown and "ocra" in shown and door.key.fingerprint in shown
    assert "webauthn" in door.gate.run_console("sam", "rep", "list").stdout
    file = CONFIG / "secrets/rep-webauthn/kim"
    assert file.stat().st_mode & 0o777 == 0o600 and door.key.line in file.read_text()
    enrolled = records(door, "rep.enrolled")[-1]
    assert (enrolled["method"], enrolled["credentials"]) == ("webauthn", [door.lee_key.fingerprint])
    enable(door)
    done = door.gate.run_console("root", "rep", "unenroll", "kim", door.key.fingerprint)
    assert done.returncode == 0 and not file.exists(), done
    assert records(door, "rep.unenrolled")[-1]["credentials"] == [door.key.fingerprint]
    _, page = page_of(door)
    assert "data-credentials" in page, "a key that is gone makes no other way in"
    assert url64(door.key.id) not in page
    door.gate.ask(ask="revoke", grant=door.grant, reason="")
    door.gate.ask(ask="rep.enroll", name="kim")
    assert door.gate.ask(ask="rep.show", name="kim")["result"]["rep"]["webauthn"] is False


def test_a_secret_or_a_key_for_ssh_leaves_the_webauthn_key(door):
    door.enroll("kim")
    assert door.gate.ask(ask="rep.show", name="kim")["result"]["rep"]["webauthn"] is True
    rep = signer(door, "kim")
    shown = door.gate.ask(ask="rep.show", name="kim")["result"]["rep"]
    assert shown["method"] == "ssh-signature" and [key["role"] for key in shown["keys"]] == ["key", "webauthn"]
    enable(door)
    assert rep.logs_in()
    enable(door)
    kim, page = page_of(door, password=rep.password)
    assert "connected to hmc1" in kim.respond(door.key.answer(page))


def test_what_cannot_be_enrolled_says_why_and_nothing_changes_under_a_live_grant(door):
    for text, why in (("x", "no public key"), ("AAAA\n-----BEGIN PRIVATE KEY-----\n", "private key"),
                      (door.key.file, "already")):
        write(door.folder / "bad", text)
        done = door.gate.run_console("root", "rep", "enroll", "kim", "--webauthn", str(door.folder / "bad"))
        assert done.returncode == 1 and why in done.stderr, done
    assert door.gate.ask(ask="rep.add", name="amy", account="kim")["ok"] and door.gate.ask(ask="rep.enroll", name="amy")["ok"]
    enable(door, "amy")
    more = Authenticator().line
    reply = door.gate.ask(ask="rep.enroll_keys", name="amy", role="webauthn", text=more)
    assert not reply["ok"] and "live grant" in reply["refused"]
    assert not door.gate.ask("sam", ask="rep.enroll_keys", name="amy", role="webauthn", text=more)["ok"]
    reply = door.gate.ask(ask="rep.enroll_keys", name="kim", role="webauthn", text=door.lee_key.line)
    assert not reply["ok"] and "for rep 'lee' already" in reply["refused"]
    assert door.gate.ask(ask="rep.enroll_keys", name="kim", role="webauthn", text=more)["ok"], "one more of the same kind"


def test_a_suspended_rep_is_a_stranger_and_a_set_carries_the_key(door):
    enable(door, BROWSER_ONLY)
    assert door.gate.run_console("root", "rep", "suspend", BROWSER_ONLY).returncode == 0
    assert "not admitted" in log_in(door, BROWSER_ONLY, door.lee_key)[1]
    door.gate.ask(ask="revoke", grant=door.grant, reason="")
    rep = Signer("kim")
    rep.new_key("set")
    done = door.gate.run_console("root", "rep", "export", BROWSER_ONLY, "--sign", str(rep.folder / "set"))
    assert done.returncode == 0 and f"webauthn {door.lee_key.line}" in done.stdout, done
    door.gate.console("root", "rep", "remove", BROWSER_ONLY)
    assert not (CONFIG / "secrets/rep-webauthn" / BROWSER_ONLY).exists()
    taken = door.gate.run_console("root", "rep", "import", "-", "--signer", str(rep.folder / "set.pub"), input=done.stdout)
    assert taken.returncode == 0, taken
    shown = door.gate.ask(ask="rep.show", name=BROWSER_ONLY)["result"]["rep"]
    assert shown["method"] == "webauthn" and shown["keys"][0]["fingerprint"] == door.lee_key.fingerprint


def test_i09_nothing_that_was_posted_is_written_anywhere(door):
    enable(door)
    kim, page = page_of(door)
    assert "connected to hmc1" in kim.respond(answer := door.key.answer(page))
    kim.text("/console")
    _, client, _, signature = answer.split(".")
    written = [path.read_bytes() for path in STATE.rglob("*") if path.is_file()] + [LOG.read_bytes()]
    for secret in (signature, client, base64.b64encode(un64(signature)).decode(), un64(signature).hex()):
        assert not any(secret.encode() in text for text in written)
