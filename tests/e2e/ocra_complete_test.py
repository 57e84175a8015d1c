"""PIN, session information, untruncated responses and mutual authentication, typed into stock ssh."""
import re
import subprocess
import time

import pexpect
import pytest
from dialogue import Dialogue
from lab.gate import CONFIG
from lab.rep import Rep
from ocra import ocra, without_pin
from support import eventually, grant_of, state_of, with_grant

PIN, SESSION = "OCRA-1:HOTP-SHA256-8:QA10-PSHA256", "OCRA-1:HOTP-SHA256-8:QA10-S064"
EVERYTHING = "OCRA-1:HOTP-SHA512-10:C-QH40-PSHA512-S512-T1M"
ONE_TRY = ["-o", "NumberOfPasswordPrompts=1"]
PLACE = r"Challenge ([0-9A-Z ]+) for grant (g-[0-9a-z]+) at gate (\S+) (SHA256:\S+), response: "


def plain(text):
    return text.replace(" ", "")


def login(rep, answer, password=None, expect=r"Challenge ([0-9A-Z ]+), response: "):
    """One try; `answer` makes the response from the prompt's parts. The exit status and what was shown."""
    dialogue = Dialogue(rep, options=ONE_TRY)
    dialogue.give_password(password or rep.password)
    dialogue.child.expect(expect)
    dialogue.answer(answer(*dialogue.child.match.groups()))
    return dialogue.ended()


@pytest.fixture
def at_console(site):
    """The rep's secret file, and `sallyport rep enroll` on a terminal."""
    site.secret_file = CONFIG / "secrets/reps/kim"
    return site


# ---- PIN

def test_a_pin_is_part_of_the_response(site):
    kim = site.enroll("kim", suite=PIN, pin="4711")
    grant = with_grant(site)
    assert login(kim, lambda challenge: ocra(PIN, kim.secret, plain(challenge), pin="4712"))[0] == 255
    assert state_of(site, grant) == "armed"
    assert login(kim, lambda challenge: ocra(PIN, kim.secret, plain(challenge), pin="4711"))[0] == 0


def test_the_console_asks_for_the_pin_twice_and_shows_nothing_of_it(at_console):
    command = at_console.gate.console_command("root", ["rep", "enroll", "kim", "--suite", PIN, "--no-qr"])
    child = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=15)
    for prompt in ("PIN: ", "PIN again: "):
        child.expect(prompt)
        child.sendline("canary-pin-4711")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "canary-pin" not in child.before
    lines = at_console.secret_file.read_text().splitlines()
    assert len(lines) == 2 and re.fullmatch(r"pin-sha256 [0-9a-f]{64}", lines[1])
    assert at_console.secret_file.stat().st_mode & 0o777 == 0o600


def test_two_pins_that_differ_leave_the_old_secret_in_force(at_console):
    before = at_console.secret_file.read_text()
    command = at_console.gate.console_command("root", ["rep", "enroll", "kim", "--suite", PIN, "--no-qr"])
    child = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=15)
    for prompt, pin in (("PIN: ", "4711"), ("PIN again: ", "4712")):
        child.expect(prompt)
        child.sendline(pin)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus != 0 and "differ" in child.before
    assert at_console.secret_file.read_text() == before


def test_a_pin_comes_from_standard_input_where_a_script_enrolls(at_console):
    gate = at_console.gate
    result = gate.console("root", "rep", "enroll", "kim", "--suite", PIN, "--pin-stdin", input="4711\n")
    with_grant(at_console)
    kim = at_console.reps["kim"]
    assert login(kim, lambda challenge: ocra(PIN, result["secret"], plain(challenge), pin="4711"))[0] == 0
    for arguments, pin in ((["--suite", PIN], "47\n"), (["--suite", "OCRA-1:HOTP-SHA256-8:QA10"], "4711\n")):
        assert gate.run_console("root", "rep", "enroll", "kim", *arguments, "--pin-stdin", input=pin).returncode != 0


def test_a_secret_file_of_an_earlier_version_is_read(site):
    secret = (CONFIG / "secrets/reps/kim").read_text()
    (CONFIG / "secrets/reps/kim").write_text(secret.splitlines()[0])
    with_grant(site)
    assert site.kim.ssh("lshmc -V", options=ONE_TRY).returncode == 0


def test_a_suite_with_a_pin_is_of_no_use_without_one_in_the_file(site):
    kim = site.enroll("kim", suite=PIN, pin="4711")
    file = CONFIG / "secrets/reps/kim"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    with_grant(site)
    for pin in ("4711", ""):
        assert login(kim, lambda challenge, pin=pin: ocra(PIN, kim.secret, plain(challenge), pin=pin))[0] == 255
    assert "rep enroll" in site.gate.log()


# ---- the whole HMAC

def test_a_response_of_the_whole_hmac_may_be_typed_in_groups_and_in_either_case(site):
    suite = "OCRA-1:HOTP-SHA512-0:QN08"
    kim = site.enroll("kim", suite=suite)
    for shape in (str, str.upper, lambda text: " ".join(text[i:i + 4] for i in range(0, len(text), 4))):
        with_grant(site)
        assert login(kim, lambda challenge: shape(ocra(suite, kim.secret, plain(challenge))))[0] == 0, shape


# ---- session information

def test_the_prompt_names_gate_and_grant_and_the_response_holds_there_alone(site):
    kim = site.enroll("kim", suite=SESSION)
    grant = with_grant(site)
    shown = {}

    def answer(challenge, grant_shown, gate, fingerprint, at=None):
        shown.update(grant=grant_shown, gate=gate, fingerprint=fingerprint)
        return ocra(SESSION, kim.secret, plain(challenge), place=at or (fingerprint, grant_shown))

    other_gate = "SHA256:" + "A" * 43
    assert login(kim, lambda *parts: answer(*parts, at=(other_gate, grant)), expect=PLACE)[0] == 255
    assert login(kim, lambda *parts: answer(*parts, at=(parts[3], "g-00000000")), expect=PLACE)[0] == 255
    assert shown == {"grant": grant, "gate": "gate", "fingerprint": site.gate.fingerprint}
    assert login(kim, answer, expect=PLACE)[0] == 0


def test_a_question_phished_by_a_false_gate_is_worthless(site):
    """The false gate has a host key of its own; it shows the rep the true gate's question and sends on the answer."""
    kim = site.enroll("kim", suite=SESSION)
    grant = with_grant(site)
    key = site.kim.folder / "false_gate"
    key.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    line = subprocess.run(["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True).stdout
    false_fingerprint = line.split()[1]
    assert false_fingerprint != site.gate.fingerprint

    def phished(challenge, grant_shown, _gate, _fingerprint):
        return ocra(SESSION, kim.secret, plain(challenge), place=(false_fingerprint, grant_shown))

    assert login(kim, phished, expect=PLACE)[0] == 255
    assert state_of(site, grant) == "armed"


def test_a_stranger_is_told_of_a_grant_too_and_always_of_the_same(site):
    site.enroll("kim", suite=SESSION)
    site.enroll("lee", suite=SESSION)
    grant = with_grant(site)

    def told(name):
        dialogue = Dialogue(Rep(name))
        dialogue.give_password("anything")
        dialogue.child.expect(PLACE)
        dialogue.child.close(force=True)
        return dialogue.child.match.groups()[1:]

    mine = told("kim")
    assert mine[0] == grant
    for name in ("lee", "nobody-known", "guess"):
        assert told(name) == told(name)
        assert told(name)[0] != grant and len(told(name)[0]) == len(grant)
        assert told(name)[1:] == mine[1:]


# ---- mutual authentication

MUTUAL = "OCRA-1:HOTP-SHA256-8:QA10"
GATE_ANSWERS = r"The gate answers ([0-9a-f ]+)\. Challenge ([0-9A-Z ]+), response: "
QUESTION = "ACDEFGHJKM"


def mutual_login(rep, question, respond, password=None, expect=GATE_ANSWERS):
    dialogue = Dialogue(rep, options=ONE_TRY)
    dialogue.give_password(password or rep.password)
    dialogue.child.expect("Your question for the gate: ")
    dialogue.answer(question)
    dialogue.child.expect(expect)
    dialogue.answer(respond(*dialogue.child.match.groups()))
    return dialogue.ended()


def test_the_gate_answers_first_and_the_reps_answer_is_to_both_questions(site):
    kim = site.enroll("kim", suite=MUTUAL, mutual=True)
    assert "mutual = true" in (CONFIG / "reps/kim.toml").read_text()
    grant = with_grant(site)

    def respond(answer, challenge):
        assert plain(answer) == ocra(MUTUAL, kim.secret, QUESTION, plain(challenge)), "the gate knows the key"
        return ocra(MUTUAL, kim.secret, plain(challenge), QUESTION)

    assert mutual_login(kim, QUESTION, lambda _, challenge: ocra(MUTUAL, kim.secret, plain(challenge)))[0] == 255
    assert mutual_login(kim, QUESTION,
                        lambda _, challenge: ocra(MUTUAL, kim.secret, QUESTION, plain(challenge)))[0] == 255
    assert mutual_login(kim, QUESTION, lambda answer, _: answer)[0] == 255, "the gate's own answer sent back"
    assert state_of(site, grant) == "armed"
    assert mutual_login(kim, "acdef-ghjkm", respond)[0] == 0


def test_mutual_authentication_with_everything_a_suite_can_have(site):
    kim = site.enroll("kim", suite=EVERYTHING, mutual=True, pin="4711")
    with_grant(site)
    question = "0123456789ABCDEF0123456789ABCDEF01234567"
    while time.time() % 60 > 52:
        time.sleep(0.2)

    def respond(answer, challenge, grant, _gate, fingerprint):
        more = {"step": int(time.time()) // 60, "place": (fingerprint, grant)}
        assert plain(answer) == ocra(without_pin(EVERYTHING), kim.secret, question, plain(challenge), **more)
        return ocra(EVERYTHING, kim.secret, plain(challenge), question, counter=3, pin="4711", **more)

    expect = GATE_ANSWERS.replace(", response", r" for grant (g-[0-9a-z]+) at gate (\S+) (SHA256:\S+), response")
    assert mutual_login(kim, question, respond, expect=expect)[0] == 0
    assert [record["counter"] for record in site.gate.journal() if record["event"] == "login.accepted"] == [4]


@pytest.mark.parametrize("question", ["", "ACDEFGHJK", "ACDEFGHJKMN", "ACDEF!HJKM", "x" * 500])
def test_a_bad_question_fails_like_a_wrong_answer(site, question):
    kim = site.enroll("kim", suite=MUTUAL, mutual=True)
    grant = with_grant(site)

    def respond(answer, challenge):
        assert len(plain(answer)) == 8
        return ocra(MUTUAL, kim.secret, plain(challenge), question)

    assert mutual_login(kim, question, respond)[0] == 255
    failed = [record for record in site.gate.journal() if record["event"] == "login.failed"]
    assert len(failed) == 1 and failed[0]["grant"] == grant


def test_a_stranger_sees_the_same_dialogue_and_no_true_answer(site):
    kim = site.enroll("kim", suite=MUTUAL, mutual=True)
    lee = site.enroll("lee", suite=MUTUAL, mutual=True)
    with_grant(site)
    seen = {}

    def remember(name):
        return lambda answer, challenge: seen.update({name: (answer, plain(challenge))}) or "12345678"

    for rep in (kim, lee, Rep("nobody-known")):
        assert mutual_login(rep, QUESTION, remember(rep.name), password="wrong")[0] == 255
    assert {len(answer) for answer, _ in seen.values()} == {len("1234 5678")}
    assert plain(seen["kim"][0]) == ocra(MUTUAL, kim.secret, QUESTION, seen["kim"][1]), "before the password is judged"
    assert plain(seen["lee"][0]) != ocra(MUTUAL, lee.secret, QUESTION, seen["lee"][1]), "no grant, no true answer"


def test_the_gate_cannot_be_made_to_answer_its_own_question(site):
    """Connection B waits for its response; connection A asks the gate B's question and sends what it answers."""
    kim = site.enroll("kim", suite=MUTUAL, mutual=True)
    grant = with_grant(site)
    b = Dialogue(kim, options=ONE_TRY)
    b.give_password(kim.password)
    b.child.expect("Your question for the gate: ")
    b.answer(QUESTION)
    b.child.expect(GATE_ANSWERS)
    asked_on_b = plain(b.child.match[2])
    a = Dialogue(kim, options=ONE_TRY)
    a.give_password(kim.password)
    a.child.expect("Your question for the gate: ")
    a.answer(asked_on_b)
    a.child.expect(GATE_ANSWERS)
    oracle, asked_on_a = plain(a.child.match[1]), plain(a.child.match[2])
    assert oracle == ocra(MUTUAL, kim.secret, asked_on_b, asked_on_a), "a true answer, to other questions"
    b.answer(oracle)
    a.answer(oracle)
    assert b.ended()[0] == 255 and a.ended()[0] == 255
    assert state_of(site, grant) == "armed"


def test_whoever_takes_the_gates_answer_and_leaves_has_failed(site):
    kim = site.enroll("kim", suite=MUTUAL, mutual=True)
    grant = with_grant(site)
    for step, failures in (("question", 0), ("answer", 1)):
        dialogue = Dialogue(kim, options=ONE_TRY)
        dialogue.give_password("anything")
        dialogue.child.expect("Your question for the gate: ")
        if step == "answer":
            dialogue.answer(QUESTION)
            dialogue.child.expect(GATE_ANSWERS)
        dialogue.child.close(force=True)
        eventually(lambda: not site.gate.workers(), 5, "the worker's end")
        assert grant_of(site, grant)["failed_logins"] == failures


def test_a_rep_can_go_back_to_one_way(site):
    site.enroll("kim", suite=MUTUAL, mutual=True)
    kim = site.enroll("kim", suite=MUTUAL, mutual=False)
    assert "mutual" not in (CONFIG / "reps/kim.toml").read_text()
    with_grant(site)
    assert login(kim, lambda challenge: ocra(MUTUAL, kim.secret, plain(challenge)))[0] == 0


def test_the_console_enrolls_for_mutual_authentication(site):
    result = site.gate.console("root", "rep", "enroll", "kim", "--mutual")
    assert result["mutual"] is True
    assert site.gate.console("root", "rep", "enroll", "kim")["mutual"] is True, "it stays as it is"
    assert site.gate.console("root", "rep", "enroll", "kim", "--one-way")["mutual"] is False
    assert site.gate.run_console("root", "rep", "enroll", "kim", "--one-way", "--mutual").returncode != 0
    assert site.gate.events().count("rep.enrolled") >= 4
