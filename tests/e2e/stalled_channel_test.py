"""A channel in which nothing moves keeps no other waiting: what is sent on another comes back in under 200 ms."""
import statistics
import time
from contextlib import contextmanager

import pytest
from relay_test import ENDLESS, box, transport  # noqa: F401 (fixtures)
from through_ssh import CLOSED, OTHER, WEB, HmcPort, echo, endless, reads_nothing

AT_MOST = 0.2


def unread(transport, command):
    """The rep's end takes nothing of what the program says."""
    channel = transport.open_session()
    channel.exec_command(command)
    return channel


def fill(channel):
    """Writes as much as the other end takes."""
    channel.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            channel.sendall(bytes(65536))
    return channel


@contextmanager
def pinging(transport):
    channel = transport.open_session()
    channel.exec_command("cat")
    port = transport.open_channel("direct-tcpip", ("localhost", OTHER), ("127.0.0.1", 1))

    def ping():
        """Of 30 bytes one after another on each channel, how long each takes to come back."""
        took = []
        for number in range(60):
            started = time.monotonic()
            end = (channel, port)[number % 2]
            end.sendall(b"x")
            assert end.recv(1) == b"x"
            took.append(time.monotonic() - started)
        return took

    yield ping
    channel.close(), port.close()


STALLED = {
    "a program's output": lambda transport: unread(transport, ENDLESS),
    "a program's errors": lambda transport: unread(transport, ENDLESS + " >&2"),
    "a program's input": lambda transport: fill(unread(transport, "sleep 60")),
    "a port's output": lambda transport: transport.open_channel("direct-tcpip", ("localhost", WEB), ("127.0.0.1", 1)),
    "a port's input": lambda transport: fill(transport.open_channel("direct-tcpip", ("localhost", CLOSED), ("127.0.0.1", 1))),
}


def test_no_byte_waits_for_the_next_to_come(transport):
    """A keystroke that arrived while the gate looked elsewhere once lay there for a second."""
    with HmcPort(OTHER, echo), pinging(transport) as ping:
        took = [seconds for _ in range(15) for seconds in ping()]
    assert max(took) < AT_MOST, sorted(took)[-9:]


def test_stalled_channels_keep_no_other_waiting(transport):
    with HmcPort(WEB, endless), HmcPort(CLOSED, reads_nothing), HmcPort(OTHER, echo), pinging(transport) as ping:
        stalled = []
        for what, stall in STALLED.items():
            stalled.append(stall(transport))
            time.sleep(0.3)  # until nothing moves any more
            took = ping()
            print(f"{what}: median {statistics.median(took) * 1000:.1f} ms, most {max(took) * 1000:.1f} ms")
            assert max(took) < AT_MOST, what
        for channel in stalled:
            channel.close()
