"""I11: whoever may not use the gate learns nothing: same words, same time, whatever was wrong."""
import re
import statistics
import time

import pytest
from dialogue import Dialogue, respond
from lab import network
from lab.rep import Rep
from support import can_connect, state_of, with_grant

BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
COUNTER = "OCRA-1:HOTP-SHA256-8:C-QN08"
ROUNDS = 4  # both wrong kinds count against one grant, which locks at ten


def attempt(rep):
    started = time.monotonic()
    done = rep.ssh("lshmc -V", options=["-v", "-o", "NumberOfPasswordPrompts=1"])
    took = time.monotonic() - started
    assert done.returncode == 255
    words = [line for line in done.stderr.splitlines() if "authentications" in line or "partial" in line
             or not line.startswith(("debug1", "Warning: Permanently added"))]
    return [line.replace(rep.name, "REP") for line in words], took


@pytest.fixture
def people(armed):
    """One of each kind who must not get in; all come from the same granted network."""
    wrong_password = armed.kim
    right = wrong_password.password
    kinds = {}

    def person(name, password, suite=armed.kim.suite, secret=BASE32):
        rep = Rep(name)
        rep.know_password(password)
        rep.know_secret(suite, secret)
        return rep

    armed.enroll("lee")  # enrolled, right credentials, but no grant
    kinds["no grant"] = armed.reps["lee"]
    kinds["unknown rep"] = person("nobody-known", "anything")
    kinds["an account that is no rep"] = person("alice", "anything")
    kinds["wrong password"] = lambda: (armed.kim.know_password("wrong"), armed.kim)[1]
    kinds["wrong response"] = lambda: (armed.kim.know_password(right),
                                       armed.kim.know_secret(armed.kim.suite, BASE32), armed.kim)[2]
    return kinds


def test_the_same_words_and_the_same_time_for_everybody(armed, people):
    words, times = {}, {kind: [] for kind in people}
    for _ in range(ROUNDS):
        for kind, rep in people.items():
            armed.gate.stop()  # forgets who failed before: a source is slowed down the more it fails
            armed.gate.start()
            said, took = attempt(rep() if callable(rep) else rep)
            words.setdefault(kind, said)
            assert words[kind] == said
            times[kind].append(took)
    expected = words["unknown rep"]
    for kind, said in words.items():
        assert said == expected, f"{kind}: {said}\nunknown rep: {expected}"
    medians = {kind: statistics.median(took) for kind, took in times.items()}
    assert max(medians.values()) - min(medians.values()) < 0.25 * max(medians.values()) + 0.05, medians


def test_a_stranger_outside_the_network_meets_silence(armed):
    assert can_connect(armed, "other", network.GATE4, seconds=0.5) == "dropped"


# ---- who types by hand

def shown_to(user, password, namespace="rep", answer=lambda challenge: "1234 5678"):
    """All that one connection shows; what must differ (name, challenge, what is typed) is taken out."""
    dialogue = Dialogue(Rep(user), options=["-o", "NumberOfPasswordPrompts=1"], namespace=namespace)
    dialogue.give_password(password)
    asked = dialogue.child.before
    challenge = dialogue.challenge()
    typed = answer(challenge)
    dialogue.answer(typed)
    status, shown = dialogue.ended()
    kind = "digits" if challenge.replace(" ", "").isdigit() else "letters"
    text = f"{asked}|{kind} in groups of {[len(group) for group in challenge.split()]}|{status}|{shown}"
    text = re.sub(r"Warning: Permanently added[^\n]*\n", "", text)
    return text.replace(user, "REP").replace(typed, "").replace("\r", "")


def test_a_rep_whose_grant_is_for_another_network_is_a_stranger_here(armed):
    """kim may come from one address; lee's grant opens the gate for the office beside it."""
    armed.enroll("lee")
    armed.enable(rep="lee", networks=[network.NEAR4 + "/32"])
    kim = armed.kim
    stranger = shown_to("nobody-known", "anything", "near")
    right = shown_to("kim", kim.password, "near", lambda challenge: respond(kim, challenge))
    assert right == stranger, "right password, right response, wrong place"
    assert state_of(armed, armed.grant) == "armed"
    failed = [record for record in armed.gate.journal() if record["event"] == "login.failed"]
    assert len(failed) == 2 and not any("grant" in record for record in failed), "it counts against no grant"
    assert kim.ssh("lshmc -V").returncode == 0, "from where it is for, it works"


def asked(user):
    """The form of the question that this name gets; nothing is answered."""
    dialogue = Dialogue(Rep(user))
    dialogue.give_password("anything")
    kind = "digits" if dialogue.challenge().replace(" ", "").isdigit() else "letters"
    dialogue.child.close(force=True)
    return kind


def test_a_suite_of_its_own_tells_neither_that_a_rep_exists_nor_that_it_has_a_grant(site):
    for name in ("kim", "lee"):
        site.enroll(name, suite=COUNTER)
    with_grant(site, rep="lee")
    assert asked("kim") == asked("nobody-known") == asked("lee") == "digits"
    with_grant(site, rep="kim")
    assert asked("kim") == "digits"


def test_strangers_are_asked_as_some_rep_would_be_and_each_always_alike(site):
    site.enroll("lee", suite=COUNTER)
    site.enable()
    kinds = {f"guess{number}": asked(f"guess{number}") for number in range(12)}
    assert set(kinds.values()) == {"letters", "digits"}
    site.gate.stop()
    site.gate.start()
    assert {name: asked(name) for name in kinds} == kinds
