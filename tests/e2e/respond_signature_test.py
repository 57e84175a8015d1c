"""sallyport-respond and signatures: real keys and ssh-keygen, challenges as a gate writes them and as it never would."""
import base64
import datetime
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from responder import PROGRAM, as_askpass, environment, on_terminal, run

HOST_KEY = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
OTHER_KEY = "SHA256:" + "A" * 43
PART = 1000


class Text:
    """A text to sign, as docs/WIRE.md has it; fields may be replaced."""

    def __init__(self, begin=0, last=120, **fields):
        now = datetime.datetime.now(datetime.timezone.utc)
        clock = lambda seconds: (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
        self.fields = {"gateway": "gate.example.com", "host-key": HOST_KEY, "grant": "g-7k3m9q2x", "rep": "kim",
                       "target": "hmc1", "services": "ssh,https", "time": clock(begin), "expires": clock(begin + last),
                       "nonce": os.urandom(16).hex(), **{name.replace("_", "-"): text for name, text in fields.items()}}

    @property
    def text(self):
        return "".join(["sallyport-challenge-v1\n", *(f"{name}: {text}\n" for name, text in self.fields.items())])

    @property
    def base64(self):
        return base64.b64encode(self.text.encode()).decode()

    @property
    def words(self):
        f = self.fields
        return (f"Sign to open {f['target']} ({f['services'].replace(',', ', ')}) for {f['rep']}, grant {f['grant']}, at gate "
                f"{f['gateway']}, host key {f['host-key']}, until {f['expires'][11:19]} UTC.")

    @property
    def prompt(self):
        return f"(kim@gate.example.com) {self.words}\nChallenge {self.base64}\nSignature: "


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".ssh").mkdir(mode=0o700)
    new_key(tmp_path)
    know(tmp_path)
    return tmp_path


def new_key(home, *options, name="id_ed25519", passphrase=""):
    path = home / ".ssh" / name
    subprocess.run(["ssh-keygen", "-q", "-N", passphrase, "-f", path, *(options or ("-t", "ed25519"))], check=True)
    return path


def know(home, name="gate.example.com", key=HOST_KEY):
    folder = home / ".config/sallyport"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "known_gates", "a") as file:
        file.write(f"{name} {key} 2026-01-31T23:59:59Z\n")
    (folder / "known_gates").chmod(0o600)


def verifies(home, text, answer, key="id_ed25519"):
    """ssh-keygen itself, with what was shown."""
    body = "\n".join(answer[i:i + 70] for i in range(0, len(answer), 70))
    (home / "answer.sig").write_text(f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n")
    public = (home / ".ssh" / f"{key}.pub").read_text()
    (home / "signers").write_text(f"kim namespaces=\"sallyport\" {public}")
    return subprocess.run(["ssh-keygen", "-Y", "verify", "-n", "sallyport", "-f", home / "signers", "-I", "kim", "-s",
                           home / "answer.sig"], input=text.text, text=True, capture_output=True).returncode == 0


@pytest.fixture
def canary(home):
    """A ssh-keygen in front of the real one that notes when it is started."""
    folder = home / "bin"
    folder.mkdir()
    (folder / "ssh-keygen").write_text(f"#!/bin/sh\necho \"$@\" >>{home}/started\nexec {shutil.which('ssh-keygen')} \"$@\"\n")
    (folder / "ssh-keygen").chmod(0o755)

    class Canary:
        path = f"{folder}:{os.environ['PATH']}"
        started = property(lambda self: (home / "started").exists())
    return Canary()


# ---- answers

def test_askpass_signs_what_is_expected_and_prints_the_signature_alone(home):
    text = Text()
    status, answer, screen = as_askpass(home, text.prompt, SALLYPORT_TARGET="hmc1")
    assert status == 0 and answer.endswith("\n") and answer.count("\n") == 1 and len(answer) <= PART + 1
    assert verifies(home, text, answer.strip())
    for shown in ("gate.example.com", "kim", "hmc1", "https, ssh", "g-7k3m9q2x", HOST_KEY, "id_ed25519"):
        assert shown in screen, shown


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_kind_of_key_file(home, kind):
    new_key(home, "-t", kind, *(["-b", "3072"] if kind == "rsa" else []), name=f"id_{kind}_x")
    text = Text()
    done = run(home, "--json", "--target", "hmc1", "--key", str(home / f".ssh/id_{kind}_x"), text.base64)
    assert done.returncode == 0, done.stderr
    assert verifies(home, text, "".join(json.loads(done.stdout)["answer"]), f"id_{kind}_x")


def test_a_passphrase_is_asked_for_on_the_terminal_without_echo(home):
    new_key(home, "-t", "ed25519", name="locked", passphrase="hunter2-secret")
    text = Text()
    status, answer, screen = as_askpass(home, text.prompt, b"hunter2-secret\n", SALLYPORT_TARGET="hmc1",
                                        SALLYPORT_KEY=str(home / ".ssh/locked"))
    assert status == 0, screen
    assert verifies(home, text, answer.strip(), "locked") and "hunter2" not in screen


def test_a_key_in_the_agent_by_its_public_file(home):
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", home / "agent"], stdout=subprocess.DEVNULL)
    try:
        while not (home / "agent").exists():
            pass
        more = {"SSH_AUTH_SOCK": str(home / "agent")}
        key = new_key(home, "-t", "ed25519", name="held")
        subprocess.run(["ssh-add", "-q", key], env=environment(home, **more), check=True)
        key.unlink()
        text = Text()
        done = run(home, "--target", "hmc1", "--key", f"{key}.pub", text.base64, **more)
        assert done.returncode == 0, done.stderr
        assert verifies(home, text, done.stdout.replace(" ", "").replace("\n", ""), "held")
    finally:
        agent.terminate()
        agent.wait()


def test_a_certificate_by_its_file(home):
    authority = new_key(home, "-t", "ed25519", name="authority")
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "kim", "-n", "kim", home / ".ssh/id_ed25519.pub"], check=True)
    text = Text()
    done = run(home, "--target", "hmc1", "--key", str(home / ".ssh/id_ed25519-cert.pub"), text.base64)
    assert done.returncode == 0, done.stderr
    blob = base64.b64decode(done.stdout.replace(" ", "").replace("\n", ""))
    assert b"ssh-ed25519-cert-v01@openssh.com" in blob


def test_a_long_signature_is_given_in_parts_each_by_a_process_of_its_own(home):
    key = new_key(home, "-t", "rsa", "-b", "8192", name="long")
    text = Text()
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    script = home / "prompts"  # the one process that starts all of them, as ssh does
    script.write_text("#!/usr/bin/python3\nimport subprocess,sys\nfor prompt in sys.argv[2:]:\n"
                      "    done = subprocess.run([sys.argv[1], prompt], stdout=subprocess.PIPE, start_new_session=True)\n"
                      "    sys.stdout.buffer.write(done.stdout); sys.stdout.flush()\n"
                      "    if done.returncode: sys.exit(done.returncode)\n")
    more = {"SSH_ASKPASS": str(PROGRAM), "SALLYPORT_TARGET": "hmc1", "SALLYPORT_KEY": str(key), "XDG_RUNTIME_DIR": str(runtime)}

    def answers(*prompts):
        return subprocess.run(["/usr/bin/python3", script, PROGRAM, *prompts], env=environment(home, **more), text=True,
                              capture_output=True, timeout=60)

    rest = ["(kim@gate.example.com) Signature, part 2: ", "(kim@gate.example.com) Signature, part 3: "]
    done = answers(text.prompt, *rest)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.splitlines()
    assert len(parts) == 3 and all(len(part) <= PART for part in parts)
    assert verifies(home, text, "".join(parts), "long")
    assert list((runtime / "sallyport").iterdir()) == []  # used up

    assert answers(text.prompt).returncode == 0
    left = list((runtime / "sallyport").iterdir())
    assert len(left) == 1 and left[0].stat().st_mode & 0o777 == 0o600
    assert answers(rest[0]).returncode == 3  # another process: another connection
    assert answers(text.prompt, rest[1]).returncode == 3  # not the part that is next
    assert answers(text.prompt, *rest, rest[1]).returncode == 3  # nothing left


def test_offline_the_challenge_is_pasted_and_the_answer_printed_in_groups(home):
    text = Text()
    for pasted in ([text.base64.encode() + b"\n"], [text.prompt[text.prompt.index("Sign"):].split("\n")[0].encode() + b"\n",
                                                   f"Challenge {text.base64}\n".encode()]):
        status, screen = on_terminal(home, ["--grant", "g-7k3m9q2x"], b"".join(pasted))
        assert status == 0, screen
        answer = screen.strip().splitlines()[-1]
        assert " " in answer and verifies(home, text, answer.replace(" ", ""))


def test_show_tells_what_a_challenge_says_and_signs_nothing(home, canary):
    text = Text()
    done = run(home, "--show", text.base64, PATH=canary.path)
    assert done.returncode == 0 and "hmc1" in done.stdout and "g-7k3m9q2x" in done.stdout
    told = json.loads(run(home, "--show", "--json", text.base64, PATH=canary.path).stdout)
    assert told["target"] == "hmc1" and told["services"] == ["ssh", "https"] and told["nonce"] == text.fields["nonce"]
    assert not canary.started


def test_a_command_behind_two_dashes_gets_this_program_as_its_askpass(home):
    done = run(home, "--target", "hmc1", "--accept-new-gate", "--", "/usr/bin/env")
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert (told["SSH_ASKPASS"], told["SSH_ASKPASS_REQUIRE"]) == (str(PROGRAM.resolve()), "force")
    assert (told["SALLYPORT_TARGET"], told["SALLYPORT_ACCEPT_NEW_GATE"]) == ("hmc1", "1")
    assert run(home, "--", "/nonexistent").returncode == 1


# ---- refusals: status 3, nothing on standard output, ssh-keygen never started

def refused(home, canary, prompt, typed=b"no\n", word=None, **more):
    more = {"SALLYPORT_TARGET": "hmc1", **more}
    status, answer, screen = as_askpass(home, prompt, typed, PATH=canary.path, **more)
    assert (status, answer) == (3, ""), screen
    assert not canary.started
    assert "\x1b" not in screen
    assert word is None or word in screen, screen
    return screen


@pytest.mark.parametrize("expected", [{"SALLYPORT_TARGET": "hmc2"}, {"SALLYPORT_GRANT": "g-other"},
                                      {"SALLYPORT_SERVICES": "ssh"}, {"SALLYPORT_GATE": "gate2.example.com"}])
def test_another_target_grant_gate_or_services_than_expected(home, canary, expected):
    refused(home, canary, Text().prompt, word="you expect", **expected)


def test_a_changed_host_key(home, canary):
    screen = refused(home, canary, Text(host_key=OTHER_KEY).prompt, SALLYPORT_ACCEPT_NEW_GATE="1")
    assert HOST_KEY in screen and OTHER_KEY in screen and "--forget-gate gate.example.com" in screen


def test_a_new_gate_is_asked_about_and_remembered_after_yes_alone(home, canary):
    known = home / ".config/sallyport/known_gates"
    before = known.read_text()
    screen = refused(home, canary, Text(gateway="gate9").prompt, typed=b"y\n")
    assert "new here" in screen and HOST_KEY in screen and known.read_text() == before
    text = Text(gateway="gate9")
    status, answer, screen = as_askpass(home, text.prompt, b"yes\n", SALLYPORT_TARGET="hmc1")
    assert status == 0 and verifies(home, text, answer.strip())
    assert known.read_text().startswith(before + f"gate9 {HOST_KEY} 20")
    assert as_askpass(home, Text(gateway="gate9").prompt, SALLYPORT_TARGET="hmc1")[0] == 0  # no question any more


def test_a_new_gate_without_anybody_to_ask(home, canary):
    more = {"SSH_ASKPASS": str(PROGRAM), "SALLYPORT_TARGET": "hmc1", "PATH": canary.path}
    done = run(home, Text(gateway="gate9").prompt, **more)
    assert (done.returncode, done.stdout) == (3, "") and f"--add-gate gate9 {HOST_KEY}" in done.stderr
    assert not canary.started
    assert run(home, Text(gateway="gate9").prompt, SALLYPORT_ACCEPT_NEW_GATE="1", **more).returncode == 0


def test_a_desktop_may_be_asked_instead_of_a_terminal(home):
    askpass = home / "desktop"
    askpass.write_text(f"#!/bin/sh\necho \"$1\" >>{home}/asked\necho yes\n")
    askpass.chmod(0o755)
    more = {"SSH_ASKPASS": str(PROGRAM), "SALLYPORT_ASK_WITH": str(askpass)}
    assert run(home, Text(gateway="gate9").prompt, **more).returncode == 0
    assert "right gate" in (home / "asked").read_text() and "Sign this" in (home / "asked").read_text()


def test_nothing_expected_and_nobody_to_ask(home, canary):
    done = run(home, Text().prompt, SSH_ASKPASS=str(PROGRAM), PATH=canary.path)
    assert (done.returncode, done.stdout) == (3, "") and "--target" in done.stderr and not canary.started


def test_nothing_expected_and_the_person_says_no(home, canary):
    refused(home, canary, Text().prompt, SALLYPORT_TARGET="")


@pytest.mark.parametrize("begin,word", [(-1000, "ran out"), (1000, "future")])
def test_a_challenge_of_another_time_and_a_clock_that_is_off(home, canary, begin, word):
    screen = refused(home, canary, Text(begin=begin).prompt, word=word)
    assert "clock" in screen
    text = Text(begin=begin)
    status, answer, screen = as_askpass(home, text.prompt, SALLYPORT_TARGET="hmc1", SALLYPORT_CLOCK_TOLERANCE="1h")
    assert status == 0 and "clocks differ" in screen


def test_another_machine_than_ssh_is_connected_to(home, canary):
    key = new_key(home, "-t", "ed25519", name="somebody")
    with open(home / ".ssh/known_hosts", "w") as file:
        file.write("gate.example.com " + (pathlib.Path(f"{key}.pub").read_text()))
    refused(home, canary, Text().prompt, word="passes on")


def hostile_prompts():
    text = Text()
    good = text.prompt[len("(kim@gate.example.com) "):]
    clear = Text(target="hmc2")
    yield "escapes in the words", good.replace("hmc1", "\x1b[2Jhmc1", 1)
    yield "a prompt in front", "Your session begins.\n" + good
    yield "two challenges", good + "\n" + good
    yield "two texts", good.replace("\nSignature", f"\nChallenge {clear.base64}\nSignature")
    yield "words of another text", clear.words + f"\nChallenge {text.base64}\nSignature: "
    yield "no words", f"Challenge {text.base64}\nSignature: "
    yield "oversized", good.replace("Challenge ", "Challenge " + "QUFB" * 30000)
    yield "junk", f"{text.words}\nChallenge !!!not base64!!!\nSignature: "
    yield "base64 of junk", f"{text.words}\nChallenge {base64.b64encode(os.urandom(300)).decode()}\nSignature: "
    yield "cut off", good.replace(text.base64, text.base64[:-8])
    yield "broken into lines", good.replace(text.base64, text.base64[:76] + "\n" + text.base64[76:])
    for name, change in {"another version": ("challenge-v1", "challenge-v2"), "a line more": ("nonce", "note: x\nnonce"),
                         "a field twice": ("rep: kim", "rep: kim\nrep: lee"), "CRLF": ("\n", "\r\n"),
                         "escapes in a field": ("target: hmc1", "target: hmc1\x1b[8m"), "a space": ("hmc1", "hm c1"),
                         "a short nonce": (text.fields["nonce"], text.fields["nonce"][:-2]),
                         "fields in another order": (f"target: hmc1\nservices: ssh,https\n", "services: ssh,https\ntarget: hmc1\n"),
                         "two texts in one": ("sallyport-challenge-v1\n", text.text + "sallyport-challenge-v1\n")}.items():
        changed = base64.b64encode(text.text.replace(*change).encode()).decode()
        assert changed != text.base64, name
        yield name, good.replace(text.base64, changed)
    yield "a part that nobody asked for", "Signature, part 2: "
    yield "OCRA with escapes", "Challenge SIG1\x1b[8m 0000, response: "
    yield "two questions", "Challenge SIG1 0000, response: Challenge SIG1 0001, response: "


@pytest.mark.parametrize("name,prompt", [pytest.param(name, prompt, id=name) for name, prompt in hostile_prompts()])
def test_hostile_prompts(home, canary, name, prompt):
    refused(home, canary, "(kim@gate.example.com) " + prompt)


def test_typed_challenges_are_read_as_strictly(home, canary):
    for name, prompt in hostile_prompts():
        if name in ("no words", "broken into lines", "a part that nobody asked for", "two questions", "OCRA with escapes"):
            continue  # the first two are how people paste; the others have their own test
        done = run(home, "--target", "hmc1", prompt, PATH=canary.path)
        assert (done.returncode, done.stdout) == (3, ""), name
        assert "\x1b" not in done.stderr
    assert not canary.started


def test_a_refusal_as_json(home, canary):
    done = run(home, "--json", "--target", "hmc2", Text().base64, PATH=canary.path)
    assert done.returncode == 3 and "hmc2" in json.loads(done.stdout)["refused"] and not canary.started


def test_a_key_that_is_not_there_and_an_ssh_keygen_that_fails_are_no_refusals(home):
    assert run(home, "--target", "hmc1", "--key", "/nonexistent", Text().base64).returncode == 1
    broken = home / "broken"
    broken.write_text("")
    done = run(home, "--target", "hmc1", "--key", str(broken), Text().base64)
    assert (done.returncode, done.stdout) == (1, "")


# ---- the list of gates

def test_gates_are_listed_added_and_forgotten(home):
    assert run(home, "--add-gate", "gate2", OTHER_KEY).returncode == 0
    listed = run(home, "--list-gates").stdout
    assert "gate.example.com" in listed and f"gate2  {OTHER_KEY}" in listed
    assert run(home, "--forget-gate", "gate2").returncode == 0
    assert "gate2" not in run(home, "--list-gates").stdout
    assert run(home, "--forget-gate", "gate2").returncode == 1
    assert run(home, "--add-gate", "gate2", "SHA256:short").returncode == 2
    assert run(home, "--add-gate", "gate2").returncode == 2


def test_a_list_that_others_may_write_or_that_has_a_bad_line_is_refused(home, canary):
    known = home / ".config/sallyport/known_gates"
    known.chmod(0o666)
    done = run(home, "--target", "hmc1", Text().base64, PATH=canary.path)
    assert done.returncode == 1 and "chmod go-w" in done.stderr
    known.chmod(0o600)
    known.write_text("nonsense\n")
    done = run(home, "--target", "hmc1", Text().base64, PATH=canary.path)
    assert done.returncode == 1 and "line 1" in done.stderr and not canary.started


def test_version_and_help(home):
    done = run(home, "--version")
    assert done.returncode == 0 and done.stdout.startswith("sallyport-respond ")
    text = run(home, "--help").stdout
    assert max(map(len, text.splitlines())) <= 110 and "3 refused" in text
