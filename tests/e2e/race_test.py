"""I2 under load: 50 parallel correct logins on one grant, 20 rounds: exactly one session each round."""
import time

from lab.files import write
from lab.gate import CONFIG, SETTINGS
from support import assert_closes, eventually, grant_id, state_of

LOGINS, ROUNDS = 50, 20
LIMITS = '\n[login]\nunauthenticated = 200\nunauthenticated_per_source = 200\n'


def test_fifty_logins_at_once_make_one_session(lab):
    lab.gate.stop()
    lab.gate.forget()
    write(CONFIG / "sallyport.toml", SETTINGS + LIMITS)
    lab.gate.start()
    lab.add_target()
    kim = lab.enroll()
    for number in range(ROUNDS):
        grant = grant_id(lab.enable())
        before = lab.hmc1.log.count("Accepted password")
        racers = [kim.start_ssh("echo here", options=["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=60"])
                  for _ in range(LOGINS)]
        said = [racer.communicate(timeout=120)[0] for racer in racers]
        assert sum(text == "here\n" for text in said) == 1, f"round {number}: {said}"
        assert_closes(lab, 10)
        assert state_of(lab, grant) == "spent"
        assert lab.gate.events(grant).count("grant.claimed") == 1
        eventually(lambda: lab.hmc1.log.count("Accepted password") == before + 1, 3, "one login at the target")
    assert lab.gate.stop() == 0
