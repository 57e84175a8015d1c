"""Plays the monitor for one sallyport-https, so that the worker is tested by itself: the real program, confined as it
is in use, over its real channel (docs/WIRE.md), between real clients and the stand-in HMC. Runs in: the lab."""
import array
import contextlib
import json
import os
import socket
import struct
import subprocess
import threading
from pathlib import Path

from conftest import programs
from lab.web import WebHmc, new_certificate, pin_of  # noqa: F401 (tests take them from here)

GATE, GATE_PORT, HMC_PORT = "127.0.0.1", 8443, 9443
NAME = "gate.example"
INCARNATION = 7
(ASK_PASSWORD, ASK_ANSWER, ASK_TARGET, ASK_TARGET_FAILED, ASK_CONNECTED, ASK_CHANNEL, ASK_DIRECT, TELL_FILE,
 TELL_CHANNEL_CLOSED, TELL_ACTIVITY, TELL_FINISHED) = range(11)
(CHALLENGE, NOT_ADMITTED, ADMITTED, CONNECTED, CHANNEL_GRANTED, DIRECT_GRANTED, DIRECT_REFUSED, REFUSED, WARN, END,
 HOLD, BEGIN_WEB, ANOTHER_CONNECTION, WEB_TARGET) = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def texts(values):
    return struct.pack(">I", len(values)) + b"".join(text(value) for value in values)


class Fields:
    def __init__(self, data):
        self.data = data

    def u32(self):
        value, self.data = struct.unpack(">I", self.data[:4])[0], self.data[4:]
        return value

    def text(self):
        size = self.u32()
        value, self.data = self.data[:size], self.data[size:]
        return value.decode()


class Player:
    """The monitor's side. Tells what was asked in `asked`; lets kim in with the password pw and the response 123456."""

    def __init__(self, folder, hmc, pins=None, authorities="", target="hmc1.example", port=GATE_PORT):
        self.hmc, self.target, self.port = hmc, target, port
        self.pins = [hmc.pin] if pins is None else pins
        self.authorities = authorities
        self.key, self.certificate = new_certificate(folder, "gate", NAME)
        self.asked, self.finished, self.tries, self.channel_number = [], None, 0, 0
        self.error_file, self.record_file, self.record_limit = folder / "worker.log", folder / "record.cast", 1 << 30
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        empty = folder / "empty"
        empty.mkdir(exist_ok=True)
        program = Path(programs()) / "sallyport-https"
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f"exec 3<&{theirs.fileno()} {theirs.fileno()}<&-; exec {program} {INCARNATION} nobody {empty}"],
            pass_fds=(theirs.fileno(),), stderr=open(self.error_file, "wb"))
        theirs.close()
        self.channel = mine
        self.listener = socket.create_server((GATE, port), backlog=512)
        self.begun = False
        for work in (self.accept, self.answer):
            threading.Thread(target=work, daemon=True).start()

    def tell(self, kind, fields=b"", descriptor=None):
        message = struct.pack(">QB", INCARNATION, kind) + fields
        ancillary = [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        self.channel.sendmsg([message], ancillary)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(BrokenPipeError):  # the worker may have left just now
                if self.begun:
                    self.tell(ANOTHER_CONNECTION, b"", connection.fileno())
                    continue
                self.begun = True
                self.tell(BEGIN_WEB, text("Authorised <use> only.") + text("gate1") + text(self.key.read_bytes()) +
                          text(self.certificate.read_bytes()) + b"\0", connection.fileno())

    def answer(self):
        while True:
            try:
                message = self.channel.recv(1 << 16)
            except OSError:
                return
            if not message:
                return
            kind, fields = message[8], Fields(message[9:])
            if kind == ASK_PASSWORD:
                self.user, self.password = fields.text(), fields.text()
                self.asked.append("password")
                self.tell(CHALLENGE, text("Challenge K7XQM 2PDR4, response: "))
            elif kind == ASK_ANSWER:
                self.tries += 1
                self.asked.append("answer")
                if (self.user, self.password, fields.text()) == ("kim", "pw &+%é", "123456"):
                    self.tell(ADMITTED, text("s-1") + text("hmc1"))
                else:
                    self.tell(NOT_ADMITTED, bytes([self.tries < 3]))
            elif kind == ASK_TARGET:
                self.asked.append("target")
                with socket.create_connection(("127.0.0.1", HMC_PORT)) as dialled:
                    self.tell(WEB_TARGET, text(self.target) + texts(["hmc1"]) + struct.pack(">I", 443) + texts(self.pins) +
                              text(self.authorities), dialled.fileno())
            elif kind == ASK_TARGET_FAILED:
                self.asked.append("target failed")
                self.tell(REFUSED, text("the target shows another certificate"))
            elif kind == ASK_CONNECTED:
                self.asked.append("connected")
                self.tell(CONNECTED, text("connected to hmc1; this session is recorded; it ends at 12:00") + struct.pack(">I", 10))
            elif kind == ASK_CHANNEL:
                self.asked.append("channel")
                with open(self.record_file, "ab") as record:
                    self.tell(CHANNEL_GRANTED, struct.pack(">I?QB", 1, False, self.record_limit, 0) + texts([]), record.fileno())
            elif kind == ASK_DIRECT:
                token, host, port = fields.u32(), fields.text(), fields.u32()
                self.asked.append(f"direct {host}:{port}")
                self.channel_number += 1
                with socket.socket() as dialled:
                    if dialled.connect_ex(("127.0.0.1", HMC_PORT)) != 0:
                        self.tell(DIRECT_REFUSED, struct.pack(">I", token) + text("it cannot be reached"))
                        continue
                    self.tell(DIRECT_GRANTED, struct.pack(">II", token, self.channel_number), dialled.fileno())
            elif kind == TELL_FINISHED:
                self.finished = (message[9], Fields(message[10:]).text())
            elif kind == TELL_ACTIVITY:
                self.activity = struct.unpack(">QQ", message[9:])

    def stop(self):
        for ours in (self.listener, self.channel):
            with ours, contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)  # ends the call that a thread is in; close() alone would wait for it
        try:
            self.process.wait(5)
        finally:
            self.process.kill()
            self.process.wait()

    def record(self):
        """The lines of the session's record."""
        events = [json.loads(line) for line in self.record_file.read_text().splitlines()[1:]]
        return "".join(event[2] for event in events).splitlines()

    def complaints(self):
        return self.error_file.read_text(errors="replace")

    def memory_kib(self):
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])


class Browser:
    """curl with a cookie jar; the gate by its name, its certificate checked."""

    def __init__(self, folder, certificate, name="jar", origin=f"https://{NAME}:{GATE_PORT}",
                 resolve=f"{NAME}:{GATE_PORT}:{GATE}", inside=()):
        self.jar, self.certificate, self.origin = folder / name, certificate, origin
        self.command = [*inside, "curl", "-sS", "--http1.1", "--resolve", resolve, "--cacert", certificate, "-b", self.jar,
                        "-c", self.jar]
        self.jar.unlink(missing_ok=True)

    def curl(self, path, *options, timeout=60, **more):
        address = path if path.startswith("https:") else self.origin + path
        return subprocess.run([*self.command, *options, address], capture_output=True, timeout=timeout, **more)

    def text(self, path, *options, **more):
        return self.curl(path, *options, **more).stdout.decode()

    def status(self, path, *options, **more):
        return self.curl(path, "-o", "/dev/null", "-w", "%{http_code}", *options, **more).stdout.decode()

    def ask_challenge(self, user="kim", password="pw &+%é"):
        self.curl("/.sallyport/login")
        return self.text("/.sallyport/login", "-H", f"Origin: {self.origin}", "--data-urlencode", f"user={user}",
                         "--data-urlencode", f"password={password}")

    def respond(self, response="123456", *options):
        # Not with -L, after which curl 7.88 writes down the cookies of before.
        page = self.text("/.sallyport/answer", "--data-urlencode", f"response={response}", *options)
        return page or self.text("/.sallyport/status")

    def log_in(self):
        assert "K7XQM 2PDR4" in self.ask_challenge()
        page = self.respond()
        assert "Session s-1" in page and "recorded" in page, page
        return self

    def cookies(self):
        lines = [line.removeprefix("#HttpOnly_").split("\t") for line in self.jar.read_text().splitlines()]
        return {line[5]: line[6] for line in lines if len(line) == 7}
