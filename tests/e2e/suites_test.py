"""OCRA suites with a counter and with the time, by stock ssh and sallyport-respond; replays and late answers."""
import hashlib
import hmac
import struct
import time
from base64 import b32decode

import pytest
from dialogue import Dialogue, respond
from support import assert_closes, state_of, with_grant

COUNTER = "OCRA-1:HOTP-SHA256-8:C-QN08"
TIME = "OCRA-1:HOTP-SHA256-8:QN08-T1M"
ONE_TRY = ["-o", "NumberOfPasswordPrompts=1"]


def ocra(suite, secret, question, counter=None, step=None):
    """RFC 6287 by its text, for numeric questions and 8 digits: an answer that none of our programs made."""
    key = b32decode(secret + "=" * (-len(secret) % 8))
    data = suite.encode() + b"\0" + (b"" if counter is None else struct.pack(">Q", counter))
    data += bytes.fromhex(f"{int(question):x}".ljust(256, "0")) + (b"" if step is None else struct.pack(">Q", step))
    digest = hmac.new(key, data, hashlib.sha256).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 10 ** 8:08}"


def digits(challenge):
    return challenge.replace(" ", "")


def logs_in(lab):
    done = lab.kim.ssh("lshmc -V", options=ONE_TRY)
    return done.returncode == 0 and "V10R3" in done.stdout


def counter_file(rep):
    return rep.folder / ".config/sallyport/secret.counter"


def counters(lab):
    """What the journal on disk says of kim's device, login by login."""
    return [record["counter"] for record in lab.gate.journal() if record["event"] == "login.accepted"]


@pytest.fixture
def counting(site):
    site.enroll("kim", suite=COUNTER)
    counter_file(site.kim).unlink(missing_ok=True)
    with_grant(site)
    site.kim = site.reps["kim"]
    return site


# ---- every suite a site may choose

@pytest.mark.parametrize("suite", ["OCRA-1:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA512-8:C-QH40-T30S",
                                   "OCRA-1:HOTP-SHA256-7:QA64", TIME])
def test_a_suite_works_with_stock_ssh_and_our_responder(site, suite):
    site.enroll("kim", suite=suite)
    site.kim = site.reps["kim"]
    counter_file(site.kim).unlink(missing_ok=True)
    with_grant(site)
    assert logs_in(site)


def test_a_suite_that_could_not_be_checked_or_is_too_short_is_not_enrolled(site):
    for suite in ("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", "OCRA-1:HOTP-SHA256-8:QN08-S015", "OCRA-1:HOTP-SHA256-4:QN08",
                  "OCRA-1:HOTP-SHA256-5:QN08", "OCRA-1:HOTP-SHA256-8:QN05", "OCRA-1:HOTP-MD5-8:QN08"):
        reply = site.gate.ask(ask="rep.enroll", name="kim", suite=suite)
        assert not reply["ok"] and suite in reply["refused"], reply
    with_grant(site)
    assert logs_in(site), "the secret in force stays"


# ---- the counter

def test_the_counter_rises_on_disk_and_goes_on_after_a_restart_and_a_kill(counting):
    for number, end in enumerate((counting.gate.stop, counting.gate.kill, None), start=1):
        assert logs_in(counting)
        assert counters(counting) == list(range(1, number + 1))
        assert counter_file(counting.kim).read_text() == f"{number}\n"
        with_grant(counting)
        if end:
            end()
            counting.gate.start()


def test_a_counter_that_was_used_is_refused_also_after_the_gate_was_killed(counting):
    assert logs_in(counting)
    grant = with_grant(counting)
    counting.gate.kill()
    counting.gate.start()
    dialogue = Dialogue(counting.kim, options=ONE_TRY)
    dialogue.try_once(counting.kim.password, lambda challenge: respond(counting.kim, challenge, "--counter", "0"))
    assert dialogue.ended()[0] == 255
    assert state_of(counting, grant) == "armed"
    assert logs_in(counting), "the next one is as good as ever"


def test_a_response_serves_only_the_question_that_it_was_made_for(counting):
    kim, made = counting.kim, []
    dialogue = Dialogue(kim)
    dialogue.try_once("wrong", lambda challenge: made.append((challenge, respond(kim, challenge))) or made[0][1])
    dialogue.try_once(kim.password, lambda challenge: made.append((challenge, "")) or made[0][1])
    dialogue.try_once(kim.password, lambda challenge: respond(kim, challenge))
    assert made[0][0] != made[1][0], "each try has its own question"
    assert dialogue.ended()[0] == 0
    failed = [record for record in counting.gate.journal() if record["event"] == "login.failed"]
    assert len(failed) == 2, "the right response to the first question was none to the second"


def test_a_device_may_have_counted_on_by_ten(counting):
    secret = counting.kim.secret
    dialogue = Dialogue(counting.kim)
    dialogue.try_once(counting.kim.password, lambda challenge: ocra(COUNTER, secret, digits(challenge), counter=11))
    dialogue.try_once(counting.kim.password, lambda challenge: ocra(COUNTER, secret, digits(challenge), counter=10))
    assert dialogue.ended()[0] == 0
    assert counters(counting) == [11]


def test_a_new_secret_begins_to_count_anew(counting):
    assert logs_in(counting) and logs_in_again(counting)
    old = counting.kim.secret
    counting.enroll("kim", suite=COUNTER)
    counting.kim = counting.reps["kim"]
    counter_file(counting.kim).unlink()
    with_grant(counting)
    assert counting.kim.secret != old
    assert logs_in(counting)
    assert counters(counting) == [1, 2, 1]


def logs_in_again(lab):
    with_grant(lab)
    return logs_in(lab)


# ---- the time

@pytest.mark.parametrize("minutes", [-1, 1])
def test_a_devices_clock_may_be_off_by_one_step_and_not_by_three(site, minutes):
    site.enroll("kim", suite=TIME)
    kim = site.reps["kim"]
    grant = with_grant(site)
    while time.time() % 60 > 52:  # a step that ends between answer and check would be another test
        time.sleep(0.2)
    step = int(time.time()) // 60
    dialogue = Dialogue(kim)
    for off in (3 * minutes, minutes):
        assert state_of(site, grant) == "armed"
        dialogue.try_once(kim.password,
                          lambda challenge, off=off: ocra(TIME, kim.secret, digits(challenge), step=step + off))
    status, shown = dialogue.ended()
    assert status == 0 and "V10R3" in shown
    assert site.gate.events().count("login.failed") == 1
    assert_closes(site)
    assert state_of(site, grant) == "spent"
