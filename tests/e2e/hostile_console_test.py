"""A console that misbehaves costs itself: the monitor serves the others and ends nobody's session."""
import json
import socket

from lab.gate import RUN
from support import state_of


def connect():
    console = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    console.connect(f"{RUN}/control.sock")
    return console


def test_a_console_that_does_not_read_harms_nobody(armed):
    stuck = connect()
    stuck.settimeout(0.5)
    request = (json.dumps({"ask": "list", "all": True}) + "\n").encode() * 100
    try:
        for _ in range(400):
            stuck.sendall(request)
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass  # its answers wait in the monitor, or it was dropped
    assert armed.gate.ask(ask="status")["ok"]
    stuck.close()
    assert armed.gate.ask(ask="status")["ok"]
    assert state_of(armed, armed.grant) == "armed"


def test_nonsense_is_refused_and_the_next_request_answered(armed):
    console = connect()
    lines = console.makefile("rw")
    for nonsense in ("{", "[]", "null", '{"ask":1}', '{"ask":"nothing"}', "[" * 5000, '{"ask":"enable","rep":[1]}',
                     '{"ask":"enable","rep":"kim","target":"hmc1","policy":"hmc-ssh","networks":"x"}',
                     '{"ask":"list","all":"yes"}', "\x00\x01"):
        lines.write(nonsense + "\n")
        lines.flush()
        assert "ok" in json.loads(lines.readline()), nonsense
    lines.write('{"ask":"status"}\n')
    lines.flush()
    assert json.loads(lines.readline())["ok"]


def test_a_request_without_end_is_cut_off(armed):
    console = connect()
    console.settimeout(5)
    try:
        for _ in range(64):
            console.sendall(b"x" * 4096)
        assert console.recv(1) == b""
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert armed.gate.ask(ask="status")["ok"]
