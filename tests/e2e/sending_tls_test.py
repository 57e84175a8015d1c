"""Sending on over TLS: to nobody but whom the settings name, and nothing counts as read but what TLS itself says.

Runs in: namespaces of its own.
"""
import contextlib
import re
import socket
import ssl
import threading
import time

import pytest
from certificates import authority, certificate
from sending import Receiver, Sender, each_at_least_once, journal, loopback, reset, until  # noqa: F401 (fixtures, too)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ca", "stranger"):
        authority(folder, name)
    certificate(folder, "good", "IP:127.0.0.1,DNS:localhost")
    certificate(folder, "elsewhere", "DNS:elsewhere.example.com")
    certificate(folder, "forged", "IP:127.0.0.1", issuer="stranger")
    certificate(folder, "expired", "IP:127.0.0.1", days="-1")
    certificate(folder, "gate", "DNS:gate")
    return folder


def server(keys, name="good", clients=False, newest=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(keys / f"{name}.pem", keys / f"{name}.key")
    if clients:
        context.load_verify_locations(keys / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def ours(keys):
    return f'certificate = "{keys}/gate.pem"\nkey = "{keys}/gate.key"\n'


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_sent_arrives(tmp_path, keys, journal, newest, host):
    journal.append(1000)
    receiver = Receiver(context=server(keys, newest=newest))
    with Sender(tmp_path, f"tls:{host}:{receiver.port}", f'ca = "{keys}/ca.pem"') as sender:
        until(lambda: sender.position() == len(journal.lines))
        assert sender.stop() == 0
    assert each_at_least_once(receiver.messages, journal) == 0


@pytest.mark.parametrize("name, says", [("elsewhere", "mismatch"), ("forged", "unable to get local issuer"),
                                        ("expired", "expired")])
def test_a_false_one_gets_nothing(tmp_path, keys, journal, name, says):
    journal.append(10)
    receiver = Receiver(context=server(keys, name))
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", f'ca = "{keys}/ca.pem"') as sender:
        until(lambda: says in sender.delivery().get("problem", ""))
        until(lambda: len(receiver.connections) >= 2)
    assert receiver.messages == [] and sender.position() == 0


def test_a_receiver_of_an_older_tls_gets_nothing(tmp_path, keys, journal):
    journal.append(10)
    context = server(keys)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    receiver = Receiver(context=context)
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", f'ca = "{keys}/ca.pem"') as sender:
        until(lambda: re.search("protocol|alert", sender.delivery().get("problem", "")))
    assert receiver.messages == []


def test_who_we_are_is_shown_to_a_receiver_that_asks(tmp_path, keys, journal):
    journal.append(10)
    receiver = Receiver(context=server(keys, clients=True))
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", f'ca = "{keys}/ca.pem"\n' + ours(keys)) as sender:
        until(lambda: sender.position() == 10)
    assert each_at_least_once(receiver.messages, journal) == 0


@pytest.mark.parametrize("receipt", ["tls", "tcp"])
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_receiver_that_does_not_know_us_moves_no_position(tmp_path, keys, journal, newest, receipt):
    """In TLS 1.3 the handshake is over for us before the receiver has looked at our certificate."""
    journal.append(10)
    receiver = Receiver(context=server(keys, clients=True, newest=newest))
    more = f'ca = "{keys}/ca.pem"\nreceipt = "{receipt}"'
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", more) as sender:
        until(lambda: sender.delivery().get("problem"))
        until(lambda: len(receiver.connections) >= 2)
        assert sender.position() == 0
    assert receiver.messages == []


def test_a_key_that_everybody_can_read_is_not_used(tmp_path, keys, journal):
    journal.append(1)
    receiver = Receiver(context=server(keys))
    loose = tmp_path / "loose.key"
    loose.write_bytes((keys / "gate.key").read_bytes())
    more = f'ca = "{keys}/ca.pem"\ncertificate = "{keys}/gate.pem"\nkey = "{loose}"\n'
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", more) as sender:
        until(lambda: "can be read by everybody" in sender.delivery().get("problem", ""))
    assert receiver.connections == []


@pytest.mark.parametrize("receipt", ["tls", "tcp"])
def test_one_that_says_farewell_in_the_midst_has_not_read_the_rest(tmp_path, keys, journal, receipt):
    def behave(receiver, connection, number):
        if number > 2:
            return False
        receiver.read(connection, receiver.connections[number - 1], most=100)
        with contextlib.suppress(OSError):
            connection.unwrap()  # its close_notify goes out while ours and the rest are on their way
        return True
    receiver = Receiver(behave, server(keys))
    journal.append(2000)
    more = f'ca = "{keys}/ca.pem"\nreceipt = "{receipt}"'
    with Sender(tmp_path, f"tls:127.0.0.1:{receiver.port}", more) as sender:
        until(lambda: len(receiver.connections) >= 2)
        assert sender.position() == 0
        until(lambda: sender.position() == len(journal.lines), 20)
    each_at_least_once(receiver.messages, journal)


class InTheWay:
    """Between the sender and the receiver: passes the handshake on, and does with the rest what `then` does."""

    def __init__(self, receiver, then):
        self.receiver, self.then, self.swallowed = receiver, then, []
        self.front = socket.create_server(("127.0.0.1", 0))
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what it does not read is not acknowledged
        self.port = self.front.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near, _ = self.front.accept()
            far = socket.create_connection(("127.0.0.1", self.receiver.port))
            for _ in range(2):
                far.sendall(near.recv(65536))
                near.sendall(far.recv(65536))
            with contextlib.suppress(OSError):
                self.then(self, near)
            near.close()
            reset(far)

    def swallow(self, near):
        """All that comes until nothing more does, with our farewell at its end."""
        near.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            while data := near.recv(65536):
                self.swallowed.append(data)


def test_one_in_the_way_who_only_ends_the_connection_is_not_believed(tmp_path, keys, journal):
    """Anybody on the way can forge TCP's end; then nothing may count as read (RFC 5425, section 4.4: close_notify)."""
    between = InTheWay(Receiver(context=server(keys)), InTheWay.swallow)
    journal.append(10)
    with Sender(tmp_path, f"tls:127.0.0.1:{between.port}", f'ca = "{keys}/ca.pem"') as sender:
        until(lambda: "ended TCP, but not TLS" in sender.delivery().get("problem", ""))
        assert between.swallowed and sender.position() == 0


def test_with_tcp_s_end_for_the_receipt_that_one_is_believed_as_the_manual_warns(tmp_path, keys, journal):
    between = InTheWay(Receiver(context=server(keys)), InTheWay.swallow)
    journal.append(10)
    with Sender(tmp_path, f"tls:127.0.0.1:{between.port}", f'ca = "{keys}/ca.pem"\nreceipt = "tcp"') as sender:
        until(lambda: sender.position() == 10)
    assert between.receiver.messages == []


def resets_in_place_of_an_end(between, near):
    between.swallow(near)
    reset(near)


def ends_early_and_reads_no_more(_, near):
    near.shutdown(socket.SHUT_WR)
    time.sleep(1)


@pytest.mark.parametrize("then", [resets_in_place_of_an_end, ends_early_and_reads_no_more])
def test_tcp_s_end_is_no_receipt_unless_every_byte_was_acknowledged(tmp_path, keys, journal, then):
    between = InTheWay(Receiver(context=server(keys)), then)
    journal.append(100, reason="x" * 1000)
    with Sender(tmp_path, f"tls:127.0.0.1:{between.port}", f'ca = "{keys}/ca.pem"\nreceipt = "tcp"') as sender:
        until(lambda: re.search("broke|reset|Broken pipe|did not", sender.delivery().get("problem", "")))
        assert sender.position() == 0 and "ended TCP" not in sender.log(), sender.log()
