"""What the login benchmark measures, one function a part; each returns plain figures. Runs in: the lab."""
import socket
import statistics
import struct
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path

from lab import network
from lab.files import LAB
from lab.gate import CONFIG, sanitizers
from ocra import ocra
from raw_ssh import USERAUTH_SUCCESS, Wire, connect, in_namespace

DEFAULT = "OCRA-1:HOTP-SHA256-8:QA10"
# What a check costs is the number of candidates: counters times time steps, all of which are computed.
SUITES = {
    "ocra_default": DEFAULT,
    "ocra_counter": "OCRA-1:HOTP-SHA256-8:C-QA10",
    "ocra_time": "OCRA-1:HOTP-SHA256-8:QA10-T1M",
    "ocra_counter_time": "OCRA-1:HOTP-SHA256-8:C-QA10-T1M",
    "ocra_pin_session": "OCRA-1:HOTP-SHA256-8:QA10-PSHA256-S064",
    "ocra_sha512_session_512": "OCRA-1:HOTP-SHA512-8:QA10-S512",
}
FINGERPRINT, GRANT, PIN, QUESTION = "SHA256:" + "A" * 43, "g-7k3m9q2x", "4711", "K7XQM3PDR4"
RELAY_PORT = 2200
KEYS = {"signature_ed25519": ["ed25519"], "signature_ecdsa_256": ["ecdsa", "-b", "256"],
        "signature_rsa_3072": ["rsa", "-b", "3072"]}


class Failed(Exception):
    pass


# ---- checks


class Helper:
    """One sallyport-auth, asked as the monitor asks it (docs/WIRE.md, section 2)."""

    def __init__(self):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(30)
        number = theirs.fileno()
        command = f'exec "$1" 30s 3<&{number}' + (f" {number}<&-" if number != 3 else "")
        self.process = subprocess.Popen(["bash", "-c", command, "helper", LAB / "bin/sallyport-auth"],
                                        pass_fds=[number], env={"PATH": "/usr/bin:/bin", **sanitizers()})
        theirs.close()

    def ask(self, message):
        self.channel.send(message)
        return self.channel.recv(65536)

    def end(self):
        self.channel.close()
        self.process.wait(10)


def text(value):
    data = value.encode()
    return struct.pack(">I", len(data)) + data


def password_question(rep):
    return b"\0" + text("sallyport") + text(rep.name) + text(network.REP4) + text(rep.password)


def response_question(suite, path, secret):
    now = int(time.time())
    response = ocra(suite, secret, QUESTION, step=now // 60, pin=PIN, place=(FINGERPRINT, GRANT))
    return (b"\1" + text(suite) + text(str(path)) + text(QUESTION) + text(response) + struct.pack(">QQ", 0, now) +
            text("") + text(FINGERPRINT) + text(GRANT) + text(""))


def answer_question(suite, path):
    return (b"\2" + text(suite) + text(str(path)) + text(QUESTION) + text("ACDEFGHJKM") +
            struct.pack(">QQ", 0, int(time.time())) + text("") + text("") + text(""))


def signature_question(lab, name, kind):
    """A signed text, made by ssh-keygen; which text it is makes no difference to the check."""
    folder = LAB / "bench-keys"
    folder.mkdir(exist_ok=True)
    key, challenge = folder / name, "sallyport challenge\n" + "x" * 400 + "\n"
    run(["ssh-keygen", "-q", "-N", "", "-f", key, "-t", *kind])
    signature = run(["ssh-keygen", "-Y", "sign", "-q", "-n", "sallyport", "-f", key], input=challenge)
    asked(lab, ask="rep.add", name=name)
    asked(lab, ask="rep.enroll_keys", name=name, role="key", text=Path(f"{key}.pub").read_text())
    file = CONFIG / "secrets/rep-keys" / name
    return (b"\3" + text(str(file)) + text(challenge) + text(signature) + text(name) + text(name) +
            text(network.REP4) + struct.pack(">Q", int(time.time())) + b"\0")


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def checks(lab, rounds, seconds, progress):
    """Checks a second of each method: right ones, asked one after the other of one helper; methods take turns."""
    questions = {"password_pam": lambda: password_question(lab.kim)}
    for method, suite in SUITES.items():
        name, pin = method.replace("_", "-"), {"pin": PIN} if "-P" in suite else {}
        asked(lab, ask="rep.add", name=name)
        secret = asked(lab, ask="rep.enroll", name=name, suite=suite, **pin)["secret"]
        path = CONFIG / "secrets/reps" / name
        questions[method] = lambda suite=suite, path=path, secret=secret: response_question(suite, path, secret)
    for method, kind in KEYS.items():
        question = signature_question(lab, method.replace("_", "-"), kind)
        questions[method] = lambda question=question: question
    questions["mutual_gate_answer"] = lambda: answer_question(DEFAULT, CONFIG / "secrets/reps/kim")
    helper = Helper()
    rates = {method: [] for method in questions}
    for number in range(rounds):
        for method, question in questions.items():
            progress(f"round {number + 1} of {rounds}: {method}")
            # A signature is read only of who has just given the right password; that check is not in its time.
            first = password_question(lab.kim) if method in KEYS else None
            rates[method].append(rate(helper, method, question(), seconds, first))
    helper.end()
    return rates


def asked(lab, **question):
    reply = lab.gate.ask(**question)
    if not reply["ok"]:
        raise Failed(f"{question['ask']}: {reply['refused']}")
    return reply["result"]


def rate(helper, method, question, seconds, first):
    spent, count, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        if first:
            helper.ask(first)
        began = time.monotonic()
        answer = helper.ask(question)
        spent += time.monotonic() - began
        if answer[0] != question[0] or answer[1:2] == b"\0" and question[0] != 2:
            raise Failed(f"{method}: a right answer was refused")
        count += 1
    return count / spent


# ---- one login in parts


class Relay:
    """In front of the target's SSH port: when did the gate's connection arrive?"""

    def __init__(self):
        self.arrived = None
        self.listener = in_namespace("hmc", socket.socket)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((network.HMC1_4, RELAY_PORT))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                inside, _ = self.listener.accept()
            except OSError:
                return
            self.arrived = time.time()
            outside = in_namespace("hmc", socket.socket)
            outside.connect((network.HMC1_4, 22))
            for one, other in ((inside, outside), (outside, inside)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=pump, args=(one, other), daemon=True).start()


def pump(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    for end in (one, other):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def stamp(lab, grant, event):
    """When the monitor made the record, in seconds since 1970."""
    record = next((one for one in lab.gate.journal() if one["event"] == event and one.get("grant") == grant), None)
    if record is None:
        raise Failed(f"there is no {event}")
    return datetime.fromisoformat(record["time"].replace("Z", "+00:00")).timestamp()


def logins(lab, rounds, progress):
    """Seconds of each part. Logins whose response follows at once, and late ones, take turns: PAM works while the rep
    computes, so the first show what PAM takes and the second what the response's check takes."""
    relay = Relay()
    lab.add_target("relayed", addresses=[network.HMC1_4], port=RELAY_PORT)
    found = {}
    for number in range(rounds + 1):  # the first is not counted: programs come from the disk
        for wait in (0.0, 1.0):
            progress(f"login {number + 1} of {rounds + 1}")
            parts = login(lab, relay, wait)
            if number > 0:
                for part, seconds in parts.items():
                    found.setdefault(part, []).append(seconds)
    checked = found["response_check"]
    found["password_pam"] = [seconds - statistics.median(checked) for seconds in found.pop("both_checks")]
    relay.listener.close()
    order = ("worker_start", "key_exchange", "first_prompt", "challenge", "password_pam", "response_check",
             "claim_on_disk", "target_login", "session_on_disk", "all_of_it")
    return {part: found[part] for part in order}


def login(lab, relay, wait):
    grant = lab.enable(target="relayed")["grant"]["id"]
    relay.arrived, marks = None, {"begin": time.time()}
    peer = connect()
    peer.recv(4, socket.MSG_PEEK)
    marks["version"] = time.time()
    wire = Wire(peer).shake_hands().ask_for_userauth()
    marks["keys"] = time.time()
    wire.begin_attempt("kim")
    marks["prompt"] = time.time()
    wire.answer(lab.kim.password)
    question = wire.prompt().split("Challenge ")[1].split(",")[0].replace(" ", "")
    marks["challenge"] = time.time()
    response = ocra(lab.kim.suite, lab.kim.secret, question)
    time.sleep(wait)
    answered = time.time()
    wire.answer(response)
    wire.hear(USERAUTH_SUCCESS, seconds=20)
    marks["in"] = time.time()
    wire.close()
    accepted, connected = stamp(lab, grant, "login.accepted"), stamp(lab, grant, "session.connected")
    lab_rests(lab)
    parts = {
        "worker_start": marks["version"] - marks["begin"],
        "key_exchange": marks["keys"] - marks["version"],
        "first_prompt": marks["prompt"] - marks["keys"],
        "challenge": marks["challenge"] - marks["prompt"],
        "claim_on_disk": relay.arrived - accepted,
        "target_login": connected - relay.arrived,
        "session_on_disk": marks["in"] - connected,
    }
    if wait > 0:
        return {**parts, "response_check": accepted - answered}
    return {**parts, "both_checks": accepted - marks["challenge"], "all_of_it": marks["in"] - marks["begin"]}


def lab_rests(lab):
    end = time.monotonic() + 10
    while lab.gate.workers():
        if time.monotonic() > end:
            raise Failed("the session does not end")
        time.sleep(0.01)
