"""I11: whoever may not use the gate learns nothing: same words, same time, whatever was wrong."""
import statistics
import time

import pytest
from lab import network
from lab.rep import Rep
from support import can_connect

BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
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
