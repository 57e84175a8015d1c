"""What a login may cost the gate: connections before it, in all and from one source, tries, and time."""
import json
import subprocess
import time

import pytest
from dialogue import Dialogue
from lab import network
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from support import Terminal, eventually, state_of, with_grant

WIDE4, WIDE6 = "192.0.2.0/24", "2001:db8:1::/64"
SOURCES4 = [f"192.0.2.{100 + i}" for i in range(5)]
FAR6 = ["2001:db8:66::1", "2001:db8:66::2", "2001:db8:67::1"]  # two of one /64, one of another
KNOCK = r"""
import json, socket, sys, time
gate4, gate6, *sources = sys.argv[1:]
held, told = [], []
for source in sources:
    client = socket.socket(socket.AF_INET6 if ':' in source else socket.AF_INET)
    client.settimeout(5)
    client.bind((source, 0))
    started = time.monotonic()
    try:
        client.connect((gate6 if ':' in source else gate4, 22))
        open_ = client.recv(4) == b'SSH-'
    except ConnectionError:
        open_ = False
    told.append([source, open_, time.monotonic() - started])
    held.append(client)
print(json.dumps(told), flush=True)
sys.stdin.read()
"""


class Strangers:
    """Connections from these addresses of namespace rep that send nothing; held until let_go()."""

    def __init__(self, lab, sources):
        self.process = subprocess.Popen(
            network.inside("rep", ["/usr/bin/python3", "-S", "-c", KNOCK, network.GATE4, network.GATE6, *sources]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told = json.loads(self.process.stdout.readline())

    def open(self):
        return [source for source, is_open, _ in self.told if is_open]

    def refused_after(self):
        """How long each that was turned away had to wait for that."""
        return [seconds for _, is_open, seconds in self.told if not is_open]

    def let_go(self):
        self.process.stdin.close()
        self.process.wait(5)


@pytest.fixture(scope="module")
def addresses(lab):
    network.ip([f"addr add {address}/24 dev wan0" for address in SOURCES4] +
               [f"addr add {address}/128 dev wan0 nodad" for address in FAR6], "rep")
    network.ip([f"route add 2001:db8:66::/47 via {network.REP6}"], "gate")


@pytest.fixture
def strangers(site, addresses):
    """Makes Strangers; they are gone after the test."""
    made = []

    def come(sources):
        made.append(Strangers(site, sources))
        return made[-1]

    yield come
    for crowd in made:
        crowd.let_go()


def restart_with(lab, *lines):
    """The gate with these lines in [login]."""
    lab.gate.stop()
    write(CONFIG / "sallyport.toml", "\n".join([SETTINGS, "[login]", *lines]) + "\n")
    lab.gate.start()


def wide(lab, **more):
    return with_grant(lab, networks=[WIDE4, WIDE6, "2001:db8:66::/64", "2001:db8:67::/64"], **more)


# ---- connections before login

def test_sixteen_are_let_in_to_log_in_whoever_they_are_and_the_next_is_closed_at_once(site, strangers):
    wide(site)
    terminal = Terminal(site, site.kim)
    wide(site)
    crowd = strangers([source for source in SOURCES4 for _ in range(4)])
    assert crowd.open() == [source for source in SOURCES4[:4] for _ in range(4)]
    assert max(crowd.refused_after()) < 1
    assert len(site.gate.workers()) == 17
    assert "V10R3" in terminal.type("lshmc -V"), "who is in does not notice"
    assert site.kim.ssh("lshmc -V", namespace="near").returncode == 255, "a place is a place"
    crowd.let_go()
    eventually(lambda: len(site.gate.workers()) == 1, 3, "the places' return")
    assert "V10R3" in site.kim.ssh("lshmc -V", namespace="near").stdout
    assert terminal.leave() == 0


def test_four_of_them_may_come_from_one_source_and_another_source_is_not_kept_waiting(site, strangers):
    wide(site)
    crowd = strangers([SOURCES4[0]] * 7)
    assert len(crowd.open()) == 4 and max(crowd.refused_after()) < 1
    assert "V10R3" in site.kim.ssh("lshmc -V", namespace="near").stdout
    crowd.let_go()
    wide(site)
    eventually(lambda: not site.gate.workers(), 3, "the places' return")
    assert strangers([SOURCES4[0]] * 5).open() == [SOURCES4[0]] * 4


def test_of_ipv6_a_64_is_one_source(site, strangers):
    wide(site)
    crowd = strangers([FAR6[0], FAR6[1]] * 3 + [FAR6[2]] * 5)
    assert crowd.open() == [FAR6[0], FAR6[1]] * 2 + [FAR6[2]] * 4
    assert "V10R3" in site.kim.ssh("lshmc -V", gate=network.GATE6, namespace="near").stdout


def test_both_numbers_are_the_files(site, strangers):
    restart_with(site, "unauthenticated = 3", "unauthenticated_per_source = 2")
    wide(site)
    assert strangers([SOURCES4[0]] * 3 + [SOURCES4[1]] * 3).open() == [SOURCES4[0]] * 2 + [SOURCES4[1]]


def test_a_session_takes_no_place_at_the_door(site):
    restart_with(site, "unauthenticated = 1", "unauthenticated_per_source = 1")
    wide(site)
    terminal = Terminal(site, site.kim)
    wide(site)
    assert "V10R3" in site.kim.ssh("lshmc -V").stdout
    assert terminal.leave() == 0


def test_every_refused_connection_leaves_nothing_behind(site, strangers):
    wide(site)
    descriptors = lambda: len(list((site.gate.proc() / "fd").iterdir()))  # noqa: E731
    before = descriptors()
    crowd = strangers([SOURCES4[0]] * 40)
    assert len(crowd.open()) == 4
    crowd.let_go()
    eventually(lambda: descriptors() == before, 3, "the descriptors' return")


def test_150_idle_connections_from_one_source_keep_no_other_waiting(site, strangers):
    wide(site)
    crowd = strangers([SOURCES4[0]] * 150)
    assert len(crowd.told) == 150 and len(crowd.open()) >= 4
    for turn in range(10):
        if turn:
            wide(site)
        started = time.monotonic()
        assert "V10R3" in site.kim.ssh("lshmc -V", namespace="near").stdout
        assert time.monotonic() - started < 2


def test_a_source_that_connects_too_often_is_turned_away_and_no_other(site, strangers):
    restart_with(site, "connections_a_second = 2", "unauthenticated_per_source = 16")
    wide(site)
    crowd = strangers([SOURCES4[0]] * 8 + [SOURCES4[1]] * 2)
    waited = sum(seconds for _, _, seconds in crowd.told)
    mine = crowd.open().count(SOURCES4[0])
    assert 2 <= mine <= 2 + 2 * waited + 1 and mine < 8, crowd.told
    assert crowd.open().count(SOURCES4[1]) == 2
    time.sleep(0.6)
    assert strangers([SOURCES4[0]]).open() == [SOURCES4[0]], "soon it may again"


# ---- tries

def wrong(challenge):
    return "1234 5678"


def failures(lab):
    return [record for record in lab.gate.journal() if record["event"] == "login.failed"]


def test_a_connection_has_three_tries_and_the_fourth_is_not_asked_for(armed):
    dialogue = Dialogue(armed.kim)
    for _ in range(3):
        dialogue.try_once("wrong", wrong)
    status, shown = dialogue.ended()
    assert status == 255 and "password" not in shown.replace("(publickey,password", ""), shown
    assert len(failures(armed)) == 3
    assert state_of(armed, armed.grant) == "armed"
    assert not armed.gate.workers()


def test_how_many_tries_is_the_files(site):
    restart_with(site, "tries = 1")
    with_grant(site)
    dialogue = Dialogue(site.kim)
    dialogue.try_once("wrong", wrong)
    assert dialogue.ended()[0] == 255
    assert len(failures(site)) == 1


# ---- time

def test_logging_in_takes_at_most_its_time_wherever_it_stands_still(site):
    restart_with(site, 'time = "5s"')
    with_grant(site)
    silent = subprocess.Popen(network.inside("rep", [
        "/usr/bin/python3", "-S", "-c", "import socket,sys,time\ns=socket.create_connection((sys.argv[1],22),3)\n"
        "s.settimeout(12)\nt=time.monotonic()\nwhile s.recv(100): pass\nprint(time.monotonic()-t)", network.GATE4]),
        stdout=subprocess.PIPE, text=True)
    begun = time.monotonic()
    at_the_challenge, at_the_password = Dialogue(site.kim), Dialogue(site.kim)
    at_the_challenge.give_password(site.kim.password)
    at_the_challenge.challenge()
    at_the_password.child.expect("Gate password: ")
    eventually(lambda: not site.gate.workers(), 10, "the workers' end")
    assert 4 < time.monotonic() - begun < 7
    for dialogue in (at_the_challenge, at_the_password):
        dialogue.answer("1234 5678")  # stock ssh looks at the connection again when its question is answered
        assert dialogue.ended()[0] == 255
    assert 4 < float(silent.communicate(timeout=10)[0]) < 7
    assert site.kim.ssh("lshmc -V").returncode == 0, "and the grant is as it was"
