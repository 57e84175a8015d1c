"""Who may do what: auditors read all and change nothing, admins change and read no recording unless the settings let
them, others nothing. Each command of the console's and each question of the control socket's stands in a table here, so
that a new one has to be placed.

Runs in: packaging/lab's namespaces.
"""
import hashlib
import itertools
import os
import re
import subprocess
import time

import pytest
from conftest import SOURCE
from lab import network
from lab.files import ACCOUNTS, LAB, STATE
from lab.gate import CONFIG
from lab.hmc import new_host_key
from support import Terminal, assert_closes, grant_id

PEOPLE = ("root", "alice", "sam", "mallory")
CHANGE, READ, REVIEW, ROOT, NOBODY = {"root", "alice"}, {"root", "alice", "sam"}, {"root", "sam"}, {"root"}, set()
# What an auditor's reading leaves in the journal; everything else would be a change.
READINGS = {"recording.read", "session.watched"}


class Scene:
    """What the commands are about: an armed grant, a session that is over and one that goes on."""

    def __init__(self, site):
        self.site, self.numbers, self.live = site, itertools.count(), None
        self.folder = LAB / "roles"
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        site.enroll("lee")
        site.add_target("hmc2", hmc=site.hmc2)
        self.keys = {person: self.key_of(person) for person in PEOPLE}
        self.over = self.work_once()
        assert site.gate.stop() == 0  # signs a head over the session's end
        assert site.gate.start() is not None
        self.bundle, self.proofs, self.reps = (self.folder / name for name in ("bundle.tar", "proofs", "reps.signed"))
        self.by_root("audit", "export", self.over, "--out", str(self.bundle))
        self.by_root("audit", "prove", self.over, "--out", str(self.proofs))
        self.journal_key = self.folder / "journal-key.pub"
        self.journal_key.write_bytes((STATE / "journal-key.pub").read_bytes())
        self.by_root("rep", "add", "gone")
        self.by_root("rep", "enroll", "gone", "--key", f"{self.keys['root']}.pub")
        self.reps.write_text(self.by_root("rep", "export", "gone", "--sign", str(self.keys["root"])))
        for path in (self.bundle, self.proofs, self.reps):
            path.chmod(0o644)
        self.armed = self.new_grant()

    def by_root(self, *words):
        done = self.site.gate.run_console("root", *words)
        assert done.returncode == 0, done
        return done.stdout

    def key_of(self, person):
        key, uid = self.folder / f"key-{person}", 0 if person == "root" else ACCOUNTS[person][0]
        key.unlink(missing_ok=True)
        new_host_key(key, person)
        os.chown(key, uid, uid)
        return key

    def work_once(self):
        self.site.enable()
        terminal = Terminal(self.site, self.site.kim)
        terminal.type("lshmc -V")
        terminal.leave()
        assert_closes(self.site)
        return [record["session"] for record in self.site.gate.journal() if record["event"] == "session.ended"][-1]

    def new_grant(self):
        return grant_id(self.site.enable(rep="lee", target="hmc2"))

    def new_name(self, kind):
        return f"{kind}{next(self.numbers)}"

    def new_rep(self):
        name = self.new_name("r")
        self.by_root("rep", "add", name)
        return name

    def suspended_rep(self):
        name = self.new_rep()
        self.by_root("rep", "suspend", name)
        return name

    def rep_with_key(self):
        name = self.new_rep()
        self.by_root("rep", "enroll", name, "--key", f"{self.keys['root']}.pub")
        return [name, self.site.gate.ask(ask="rep.show", name=name)["result"]["rep"]["keys"][0]["fingerprint"]]

    def without_gone(self):
        self.site.gate.ask(ask="rep.remove", name="gone")
        return [str(self.reps), "--signer", f"{self.keys['root']}.pub"]

    def running(self, paused=False):
        """A session that goes on, paused or not."""
        active = [grant for grant in self.site.gate.ask(ask="list")["result"]["grants"] if grant["state"] == "active"]
        if not active:
            self.site.enable()
            self.live = Terminal(self.site, self.site.kim)
            return self.running(paused)
        if active[0].get("paused", False) != paused:
            done = self.site.gate.ask(ask="pause" if paused else "resume", grant=active[0]["id"])
            assert done["ok"], done
        return active[0]["session"]

    def state(self):
        """All that nobody may change who only reads: files, what the kernel holds, the journal but for readings."""
        paths = [*CONFIG.rglob("*"), *(STATE / "recordings" / self.over).iterdir()]
        files = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}
        events = [record["event"] for record in self.site.gate.journal() if record["event"] not in READINGS]
        return files, self.site.gate.elements(), events


@pytest.fixture
def scene(site):
    made = Scene(site)
    yield made
    if made.live is not None:
        made.live.child.close(force=True)


def console_commands(path=()):
    """Every command that can be typed, e.g. "audit verify"; the names of groups alone are none."""
    said = subprocess.run([LAB / "bin/sallyport", *path, "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([a-z][a-z-]*)  ", said.partition("Commands:")[2] if path else said, re.M)
    return [leaf for name in names for leaf in console_commands((*path, name))] or [" ".join(path)]


# A command of the console's: who may, and words for it, made anew for each person.
COMMANDS = {
    "enable": (CHANGE, lambda s, p: ["--rep", "lee", "--target", "hmc2", "--policy", "hmc-ssh", "--from", "192.0.2.10/32"]),
    "list": (READ, lambda s, p: []),
    "show": (READ, lambda s, p: [s.armed]),
    "pause": (CHANGE, lambda s, p: [s.running()]),
    "resume": (CHANGE, lambda s, p: [s.running(paused=True)]),
    "revoke": (CHANGE, lambda s, p: [s.new_grant()]),
    "unlock": (CHANGE, lambda s, p: [s.armed]),
    "end": (CHANGE, lambda s, p: [s.running()]),
    "status": (READ, lambda s, p: []),
    "watch": (READ, None),  # does not end: its questions stand below, the command in watch_test.py
    "firewall show": (READ, lambda s, p: []),
    "audit list": (REVIEW, lambda s, p: []),
    "audit show": (REVIEW, lambda s, p: [s.over]),
    "audit records": (REVIEW, lambda s, p: []),
    "audit grep": (REVIEW, lambda s, p: ["V10R3"]),
    "audit report": (REVIEW, lambda s, p: ["--month", time.strftime("%Y-%m", time.gmtime())]),
    "audit verify": (REVIEW, lambda s, p: []),
    "audit prove": (REVIEW, lambda s, p: [s.over]),
    "audit export": (REVIEW, lambda s, p: [s.over, "--out", str(s.folder / s.new_name("bundle"))]),
    "audit verify-proof": (PEOPLE, lambda s, p: [str(s.proofs), "--key", str(s.journal_key)]),
    "audit verify-bundle": (PEOPLE, lambda s, p: [str(s.bundle), "--key", str(s.journal_key)]),
    "audit acknowledge": (NOBODY, lambda s, p: ["--reason", "there is no damage"]),
    "audit schema": (PEOPLE, lambda s, p: []),
    "audit sending": (PEOPLE, lambda s, p: []),  # here nothing is sent on; where something is, the state says how far
    "audit keep": (REVIEW, lambda s, p: []),  # here nothing is old; what is, only root's files let anybody touch
    "replay": (REVIEW, lambda s, p: [s.over, "--text"]),
    "rep add": (CHANGE, lambda s, p: [s.new_name("r")]),
    "rep list": (READ, lambda s, p: []),
    "rep show": (READ, lambda s, p: ["kim"]),
    "rep remove": (CHANGE, lambda s, p: [s.new_rep()]),
    "rep enroll": (CHANGE, lambda s, p: [s.new_rep()]),
    "rep unenroll": (CHANGE, lambda s, p: s.rep_with_key()),
    "rep suspend": (CHANGE, lambda s, p: [s.new_rep()]),
    "rep resume": (CHANGE, lambda s, p: [s.suspended_rep()]),
    "rep export": (READ, lambda s, p: ["gone", "--sign", str(s.keys[p])]),
    "rep import": (CHANGE, lambda s, p: s.without_gone()),
    "target add": (CHANGE, lambda s, p: [s.new_name("t"), "--address", network.HMC2_4, "--user", "x", "--host-key",
                                         s.site.hmc2.public_key]),
    "target list": (READ, lambda s, p: []),
    "target scan": (CHANGE, lambda s, p: ["--address", network.HMC1_4]),
    "setup": (ROOT, None),  # writes the first files, once: setup_test.py
    "check": (PEOPLE, None),  # these two read this host's files, as far as the system lets whoever asks
    "doctor": (PEOPLE, None),
}
# A question of the control socket's: who may, and the rest of it.
QUESTIONS = {
    "enable": (CHANGE, {"rep": "lee", "target": "hmc2", "policy": "hmc-ssh", "networks": ["192.0.2.10/32"]}),
    "list": (READ, {}),
    "show": (READ, {"grant": "ARMED"}),
    "revoke": (CHANGE, {"grant": "ARMED"}),
    "unlock": (CHANGE, {"grant": "ARMED"}),
    "pause": (CHANGE, {"grant": "ARMED"}),
    "resume": (CHANGE, {"grant": "ARMED"}),
    "end": (CHANGE, {"grant": "ARMED"}),
    "status": (READ, {}),
    "watch": (READ, {"grant": "none"}),
    "session.watch": (READ, {"session": "none"}),
    "recording.read": (REVIEW, {"session": "OVER", "channel": 1, "purpose": "replay"}),
    "recording.rule": (READ, {}),
    "recording.delete": (ROOT, {"session": "OVER", "channel": 1, "sha256": "0" * 64, "closed": "2020-01-01T00:00:00.000000Z"}),
    "journal.rule": (READ, {}),
    "journal.delete": (ROOT, {"segment": 1, "sha256": "0" * 64}),
    "firewall.show": (READ, {}),
    "reload": (CHANGE, {}),
    "rep.add": (CHANGE, {"name": "bad name"}),
    "rep.list": (READ, {}),
    "rep.remove": (CHANGE, {"name": "bad name"}),
    "rep.enroll": (CHANGE, {"name": "bad name"}),
    "rep.enroll_keys": (CHANGE, {"name": "bad name"}),
    "rep.unenroll": (CHANGE, {"name": "bad name"}),
    "rep.show": (READ, {"name": "kim"}),
    "rep.suspend": (CHANGE, {"name": "bad name"}),
    "rep.resume": (CHANGE, {"name": "bad name"}),
    "target.add": (CHANGE, {"name": "bad name"}),
    "target.list": (READ, {}),
    "target.scan": (CHANGE, {"name": "bad name"}),
    "target.pin": (CHANGE, {"name": "bad name"}),
    "target.pin_https": (CHANGE, {"name": "bad name"}),
}
# How the gate says that it is not what is asked for but who asks.
NOT_YOURS = ("you may read but not change", "recordings are for auditors", "are deleted by root's timer alone")
ONLY_LISTEN = """
import socket
gate = socket.socket(socket.AF_UNIX)
gate.settimeout(10)
gate.connect("/run/sallyport/control.sock")
print(gate.makefile().read())
"""


def test_every_command_and_every_question_has_its_place_here(lab):
    assert set(console_commands()) == set(COMMANDS)
    known = re.findall(r'Command{"([a-z._]+)",', (SOURCE / "gateway/monitor/commands.cpp").read_text())
    assert set(known) == set(QUESTIONS) and len(known) == len(QUESTIONS)


def test_auditors_change_nothing_admins_read_no_recording_and_others_do_nothing(scene):
    wrong = []
    for command, (allowed, words_for) in COMMANDS.items():
        for person in PEOPLE if words_for else ():
            words = words_for(scene, person)
            before = scene.state()
            done = scene.site.gate.run_console(person, *command.split(), *words)
            after = scene.state()
            if (done.returncode == 0) != (person in allowed):
                wrong.append((person, command, done.returncode, done.stderr[-200:]))
            if before != after and (person not in CHANGE or person not in allowed):
                wrong.append((person, command, "changed something"))
    assert not wrong, "\n".join(map(str, wrong))


def test_the_control_socket_asks_who_somebody_is_whatever_their_console_says(scene):
    wrong = []
    for question, (allowed, rest) in QUESTIONS.items():
        for person in ("sam", "alice", "root"):  # who may least comes first, so that there is something to refuse
            names = {"ARMED": scene.armed, "OVER": scene.over}
            before = scene.state()
            said = scene.site.gate.ask(person, ask=question, **{key: names.get(value, value) if isinstance(value, str)
                                                                else value for key, value in rest.items()})
            refused = not said["ok"] and any(words in said["refused"] for words in NOT_YOURS)
            if refused == (person in allowed):
                wrong.append((person, question, said))
            if refused and before != scene.state():
                wrong.append((person, question, "changed something"))
    assert not wrong, "\n".join(map(str, wrong))


def test_who_has_no_role_is_turned_away_before_asking_anything(site):
    uid = ACCOUNTS["mallory"][0]
    said = subprocess.run(["/usr/bin/python3", "-c", ONLY_LISTEN], user=uid, group=uid, extra_groups=[], text=True,
                          capture_output=True, timeout=20)
    assert "you are not in group sallyport-admin or sallyport-auditor" in said.stdout and said.returncode == 0, said


def test_each_reading_of_a_recording_is_on_record_with_who_and_what_for(scene):
    readings = lambda: [(record["by"], record["purpose"]) for record in scene.site.gate.journal()  # noqa: E731
                        if record["event"] == "recording.read" and record["session"] == scene.over]
    before = len(readings())
    for person in PEOPLE:
        for words in (["replay", scene.over, "--text"], ["audit", "grep", "V10R3"],
                      ["audit", "export", scene.over, "--out", str(scene.folder / scene.new_name("bundle"))]):
            scene.site.gate.run_console(person, *words)
    assert readings()[before:] == [(person, purpose) for person in ("root", "sam") for purpose in ("replay", "search", "export")]
