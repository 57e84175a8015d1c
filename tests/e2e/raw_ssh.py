"""SSH with paramiko's key exchange and ciphers below, and every message above them said by the test itself: hostile
representatives, hostile targets. Runs in: the lab."""
import ctypes
import logging
import os
import queue
import socket
import struct
import subprocess
import threading
import time

import paramiko
from lab import network
from lab.files import LAB
from lab.hmc import new_host_key
from listening import end_listening, serve_each

# RFC 4250, section 4.1
DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT, EXT_INFO = 1, 2, 3, 4, 5, 6, 7
USERAUTH_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS, USERAUTH_BANNER = 50, 51, 52, 53
INFO_REQUEST, INFO_RESPONSE = 60, 61
GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE = 80, 81, 82
OPEN, OPEN_CONFIRMATION, OPEN_FAILURE, WINDOW_ADJUST = 90, 91, 92, 93
DATA, EXTENDED_DATA, EOF, CLOSE = 94, 95, 96, 97
CHANNEL_REQUEST, CHANNEL_SUCCESS, CHANNEL_FAILURE = 98, 99, 100
GONE = None  # "heard" when the connection is over
WINDOW, PACKET = 1 << 21, 1 << 15

logging.getLogger("paramiko").addHandler(logging.NullHandler())
libc = ctypes.CDLL(None, use_errno=True)


def in_namespace(namespace, action):
    """Runs action() with this thread's network in `namespace`; sockets that it makes stay there."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        assert libc.setns(there, 0x40000000) == 0, os.strerror(ctypes.get_errno())
        return action()
    finally:
        assert libc.setns(here, 0x40000000) == 0
        os.close(here), os.close(there)


def connect(namespace="rep", address=network.GATE4, port=22, receive_buffer=None):
    peer = in_namespace(namespace, lambda: socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
    if receive_buffer:  # before the connection, which announces it
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(3)
    peer.connect((address, port))
    return peer


def packed(kind, *fields):
    """A message: str and bytes become strings, bool a boolean, int a uint32, a bytearray is taken as it is."""
    body = bytes([kind])
    for field in fields:
        if isinstance(field, bool):
            body += bytes([field])
        elif isinstance(field, int):
            body += struct.pack(">I", field)
        elif isinstance(field, bytearray):
            body += field
        else:
            data = field.encode() if isinstance(field, str) else field
            body += struct.pack(">I", len(data)) + data
    return body


class Wire(paramiko.Transport):
    """One end of a connection. What the transport layer has no part in is kept in `heard`, and nobody answers it."""

    def __init__(self, sock, host_key=None):
        super().__init__(sock)
        self.heard, self.reading = queue.Queue(), threading.Event()
        self.reading.set()
        self.replies = []  # the kinds of all messages heard so far
        self.banner_timeout = self.handshake_timeout = 30
        self.read_packet, self.packetizer.read_message = self.packetizer.read_message, self.read_message
        if host_key:
            self.add_server_key(host_key)

    def shake_hands(self):
        done = threading.Event()
        if self.server_key_dict:
            self.start_server(event=done, server=paramiko.ServerInterface())
        else:
            self.start_client(event=done)
        done.wait(10)
        return self

    def run(self):
        """The thread that reads."""
        super().run()
        self.heard.put((GONE, paramiko.Message()))

    def read_message(self):
        self.reading.wait()
        kind, message = self.read_packet()
        if kind > DISCONNECT and not UNIMPLEMENTED <= kind <= EXT_INFO and kind < 50:
            return kind, message
        self.replies.append(kind)
        self.heard.put((kind, message))
        return (kind if kind == DISCONNECT else IGNORE), message

    # ---- talking

    def say(self, kind, *fields):
        """False when the connection is over."""
        if not self.active:
            return False
        try:
            self._send_user_message(paramiko.Message(packed(kind, *fields)))
        except (EOFError, OSError, paramiko.SSHException):
            return False
        return True

    def hear(self, *kinds, seconds=5):
        """The next message of one of these kinds (of any if none is named); others are passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                kind, message = self.heard.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"heard none of {kinds} within {seconds} s, but {self.replies[-20:]}") from None
            if not kinds or kind in kinds:
                return kind, message
            assert kind is not GONE, f"the gate closed the connection instead of saying {kinds}: {self.replies[-20:]}"

    def ends_within(self, seconds):
        self.join(seconds)
        return not self.is_alive()

    def reset(self):
        """Dies as a machine does whose peer gets an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        self.close()

    # ---- a rep's steps

    def ask_for_userauth(self):
        self.say(SERVICE_REQUEST, "ssh-userauth")
        self.hear(SERVICE_ACCEPT)
        return self

    def begin_attempt(self, user="kim"):
        self.say(USERAUTH_REQUEST, user, "ssh-connection", "keyboard-interactive", "", "")
        return self.prompt()

    def prompt(self):
        _, message = self.hear(INFO_REQUEST)
        message.get_text(), message.get_text(), message.get_text()
        assert message.get_int() == 1
        return message.get_text()

    def answer(self, text):
        return self.say(INFO_RESPONSE, 1, text)

    def log_in(self, rep):
        self.ask_for_userauth().begin_attempt(rep.name)
        self.answer(rep.password)
        self.answer(response_to(rep, self.prompt()))
        self.hear(USERAUTH_SUCCESS)
        return self

    def open_channel(self, mine=0, window=WINDOW, packet=PACKET):
        """Returns the gate's number of the channel."""
        while not self.heard.empty():
            self.heard.get()
        self.say(OPEN, "session", mine, window, packet)
        _, message = self.hear(OPEN_CONFIRMATION)
        assert message.get_int() == mine
        return message.get_int()

    def start_program(self, command, mine=0, **more):
        channel = self.open_channel(mine, **more)
        self.say(CHANNEL_REQUEST, channel, "exec", True, command)
        self.hear(CHANNEL_SUCCESS, seconds=10)
        return channel


def response_to(rep, prompt):
    """What sallyport-respond answers, asked as ssh asks its askpass program."""
    done = subprocess.run(rep.as_laptop([f"{LAB}/bin/sallyport-respond", prompt]), env=rep.environment(), text=True,
                          capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done
    return done.stdout.strip()


def raw_rep(**where):
    return Wire(connect(**where)).shake_hands()


class Target:
    """A target in namespace hmc whose every word is the test's: subclasses say what it does wrong."""

    def __init__(self, port=2222, host_key="target_key"):
        self.port, self.addresses, self.wires, self.heard = port, [network.HMC1_4], [], []
        path = LAB / host_key
        if not path.exists():
            new_host_key(path, "target")
        self.key = paramiko.Ed25519Key.from_private_key_file(str(path))
        self.public_key = path.with_suffix(".pub").read_text()
        self.listener = in_namespace("hmc", lambda: socket.create_server((network.HMC1_4, port)))
        serve_each(self.listener, self.serve)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_listening(self.listener)
        for wire in self.wires:
            wire.reading.set()
            wire.close()

    def serve(self, connection):
        wire = Wire(connection, self.key)
        self.wires.append(wire)
        wire.shake_hands()
        while wire.active:
            kind, message = wire.heard.get()
            if kind is GONE:
                return
            self.heard.append(kind)
            self.answer(wire, kind, message)

    def answer(self, wire, kind, message):
        if kind == SERVICE_REQUEST:
            wire.say(SERVICE_ACCEPT, message.get_text())
        elif kind == USERAUTH_REQUEST:
            self.on_login(wire, *[message.get_text() for _ in range(3)])
        elif kind == OPEN:
            message.get_text()
            self.on_open(wire, message.get_int())
        elif kind == CHANNEL_REQUEST:
            channel, name, wants_reply = message.get_int(), message.get_text(), message.get_boolean()
            if wants_reply:
                wire.say(CHANNEL_SUCCESS, channel)
            if name in ("shell", "exec"):
                self.on_program(wire, channel)
        elif kind == CLOSE:
            wire.say(CLOSE, message.get_int())

    def on_login(self, wire, user, service, method):
        if method == "password":
            wire.say(USERAUTH_SUCCESS)
        else:
            wire.say(USERAUTH_FAILURE, "password", False)

    def on_open(self, wire, channel):
        wire.say(OPEN_CONFIRMATION, channel, channel, WINDOW, PACKET)

    def on_program(self, wire, channel):
        """The program has started. Channels have the same number on both sides."""
        self.finish(wire, channel)

    @staticmethod
    def finish(wire, channel):
        wire.say(CHANNEL_REQUEST, channel, "exit-status", False, 0)
        wire.say(EOF, channel)
        wire.say(CLOSE, channel)
