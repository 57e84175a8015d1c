"""I11 in numbers: 200 names that the gate knows and 200 that it does not: the same bytes, and medians within 5 ms."""
import os
import random
import re
import statistics
import threading
import time
from base64 import b32encode

import pytest
from crowd import all_done, many_addresses, wire_from
from lab.files import write
from lab.gate import CONFIG
from raw_ssh import USERAUTH_FAILURE

NAMES = 200


@pytest.fixture
def crowd(site):
    """200 reps, each with a secret; every other one has a grant. All have kim's password, which is a real one."""
    # As files, read once: each rep.add has the gate read all of them again.
    for number in range(NAMES):
        write(CONFIG / f"reps/rep{number}.toml", 'account = "kim"\n')
        write(CONFIG / f"secrets/reps/rep{number}", b32encode(os.urandom(32)).decode().rstrip("=") + "\n", 0o600)
    site.gate.reload()
    for number in range(0, NAMES, 2):
        site.enable(rep=f"rep{number}", networks=["192.0.2.0/24"])
    with many_addresses() as site.sources:
        yield site


def one_try(name, source, quiet):
    """What one login shows, with the challenge taken out, and how long password and response take to be answered.

    quiet: held while the challenge is timed, so that no other connection's key exchange is in the way; the seconds
    until the refusal are spent together."""
    with quiet:
        wire = wire_from(source)
        shown = [wire.begin_attempt(name)]
        started = time.monotonic()
        wire.answer("wrong")
        shown.append(re.sub("[A-Z0-9]", "X", wire.prompt()))
        challenged = time.monotonic()
        wire.answer("12345678")
    _, message = wire.hear(USERAUTH_FAILURE, seconds=10)
    ended = time.monotonic()
    shown += [message.asbytes(), list(wire.replies)]
    wire.close()
    return shown, challenged - started, ended - challenged


def test_nobody_can_tell_200_known_names_from_200_unknown_ones(crowd):
    names = [(kind, f"{kind}{number}") for number in range(NAMES) for kind in ("rep", "guess")]
    random.shuffle(names)
    quiet = threading.Lock()

    def act(item):
        (kind, name), source = item
        if kind == "rep":
            kind = "granted" if int(name[3:]) % 2 == 0 else "known"
        return kind, *one_try(name, source, quiet)

    tries = all_done(zip(names, crowd.sources * 2, strict=False), act, at_once=12)
    assert len(tries) == 2 * NAMES
    assert len({repr(shown) for _, shown, _, _ in tries}) == 1, {repr(shown) for _, shown, _, _ in tries}
    failed = [record for record in crowd.gate.journal() if record["event"] == "login.failed"]
    assert sum("grant" in record for record in failed) == NAMES / 2, "the gate itself does know the difference"
    for step, what in ((2, "the challenge"), (3, "the refusal")):
        medians = {kind: statistics.median(one[step] for one in tries if one[0] == kind)
                   for kind in ("granted", "known", "guess")}
        print(what, {kind: f"{value * 1000:.2f} ms" for kind, value in medians.items()})
        assert max(medians.values()) - min(medians.values()) < 0.005, (what, medians)
