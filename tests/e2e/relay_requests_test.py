"""What the relay carries that is not bytes: signals, breaks, terminals, variables."""
import pytest
from lab import network
from raw_ssh import CHANNEL_FAILURE, CHANNEL_REQUEST, CHANNEL_SUCCESS, CLOSE, DATA, raw_rep
from relay_test import another_target, box  # noqa: F401 (a fixture)


@pytest.fixture
def wire(box):
    wire = raw_rep().log_in(box.kim)
    yield wire
    wire.close()


def word_of(wire, *names, seconds=5):
    """The next request on a channel, of these names: name and message."""
    while True:
        _, message = wire.hear(CHANNEL_REQUEST, seconds=seconds)
        message.get_int()
        name = message.get_text()
        message.get_boolean()
        if name in names:
            return name, message


def text_of(wire, until):
    said = ""
    while until not in said:
        _, message = wire.hear(DATA)
        message.get_int()
        said += message.get_text()
    return said


@pytest.mark.parametrize("name", ["USR1", "INT", "TERM", "HUP"])
def test_a_signal_reaches_the_program(wire, name):
    channel = wire.start_program(f"trap 'echo got; exit 33' {name}; echo ready; while :; do sleep 0.05; done")
    text_of(wire, "ready")
    wire.say(CHANNEL_REQUEST, channel, "signal", False, "BOGUS\x1b[2J")
    wire.say(CHANNEL_REQUEST, channel, "signal", False, name)
    text_of(wire, "got")
    assert word_of(wire, "exit-status", "exit-signal")[1].get_int() == 33


def test_the_signal_that_ended_a_program_is_told(wire):
    wire.start_program("kill -TERM $$")
    name, message = word_of(wire, "exit-status", "exit-signal")
    assert (name, message.get_text(), message.get_boolean()) == ("exit-signal", "TERM", False)
    wire.hear(CLOSE)


def test_a_break_is_answered_at_once_and_the_program_goes_on(wire):
    channel = wire.open_channel()
    wire.say(CHANNEL_REQUEST, channel, "pty-req", True, "xterm", 80, 24, 0, 0, "")
    wire.hear(CHANNEL_SUCCESS)
    wire.say(CHANNEL_REQUEST, channel, "exec", True, "stty -echo; echo ready; cat")
    text_of(wire, "ready")
    wire.say(CHANNEL_REQUEST, channel, "break", True, 500)
    wire.hear(CHANNEL_SUCCESS, CHANNEL_FAILURE, seconds=2)
    wire.say(DATA, channel, "still here\n")
    text_of(wire, "still here")


STRANGE_TERMINALS = {
    "modes of all kinds": ("xterm", 80, 24, 0, 0, bytes([128, 0, 0, 150, 0, 129, 0, 0, 150, 0, 53, 0, 0, 0, 0, 0])),
    "modes cut short": ("xterm", 80, 24, 0, 0, b"\x80\x00"),
    "modes of nothing known": ("xterm", 80, 24, 0, 0, b"\xff" * 20_000),
    "no size": ("xterm", 0, 0, 0, 0, b"\0"),
    "the largest size": ("xterm", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, b"\0"),
    "escapes in its name": ("\x1b[2J\x1b]0;evil\x07", 80, 24, 0, 0, b"\0"),
}


@pytest.mark.parametrize("terminal", STRANGE_TERMINALS.values(), ids=STRANGE_TERMINALS)
def test_a_terminal_may_be_strange(box, wire, terminal):
    channel = wire.open_channel()
    wire.say(CHANNEL_REQUEST, channel, "pty-req", True, *terminal)
    wire.hear(CHANNEL_SUCCESS)
    wire.say(CHANNEL_REQUEST, channel, "exec", True, "stty size; tty >/dev/null && echo a terminal")
    text_of(wire, "a terminal")
    wire.say(CHANNEL_REQUEST, channel, "window-change", False, 0, 0xFFFFFFFF, 0, 0)
    opened = [record for record in box.gate.journal() if record["event"] == "session.channel"][-1]
    shown = box.gate.run_console("sam", "audit", "show", opened["session"]).stdout
    assert opened["session"] in shown and "\x1b" not in shown


def test_variables_of_the_language_pass_and_no_others(box):
    with another_target(box, "hmc4", network.HMC2_4, 2201, "AcceptEnv *"):
        environment = box.kim.environment(FOO="bad", LC_PAPER="A4", LANG="C", LD_LIBRARY_PATH="/bad")
        process = box.kim.start_ssh("echo [$LC_PAPER] [$LANG] [$FOO] [$LD_LIBRARY_PATH]",
                                    options=["-o", "SendEnv=*"], environment=environment)
        assert process.communicate(timeout=15)[0] == "[A4] [C] [] []\n"
