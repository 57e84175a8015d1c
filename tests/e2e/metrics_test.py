"""sallyport-metrics beside a real gate: its numbers are the journal's, and whoever asks badly harms nobody."""
import json
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from lab import files, network
from lab.files import ACCOUNTS, LAB, STATE, write
from lab.gate import CONFIG, SETTINGS, console_environment
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support import Terminal, eventually

FOLDER = Path("/run/sallyport-metrics")
SOCKET = FOLDER / "metrics.sock"
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Metrics:
    """The program, as its unit runs it: an account of its own, in the auditors' group."""

    def __init__(self, settings='[metrics]\nlisten = "unix:%s"\n' % SOCKET):
        write(CONFIG / "sallyport.toml", SETTINGS + settings)
        FOLDER.mkdir(exist_ok=True)
        uid = ACCOUNTS["sallyport-metrics"][0]
        os.chown(FOLDER, uid, uid)
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={files.GROUPS['sallyport-auditor']}",
                   str(LAB / "bin/sallyport-metrics")]
        self.log = open(LAB / "metrics.log", "w+")
        self.process = subprocess.Popen(network.inside("gate", command), env=console_environment(), stderr=self.log,
                                        stdout=self.log, stdin=subprocess.DEVNULL)

    def said(self):
        return Path(self.log.name).read_text()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        assert "Sanitizer" not in self.said() and "runtime error" not in self.said(), self.said()
        return code


@pytest.fixture
def metrics(site):
    made = Metrics()
    eventually(SOCKET.exists, 10, "the socket")
    yield made
    if made.process.poll() is None:
        assert made.stop() == 0, made.said()


def dial(seconds=5):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(SOCKET))
    client.settimeout(seconds)
    return client


def whole(client):
    got = b""
    while piece := client.recv(65536):
        got += piece
    return got


def ask(request=b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", seconds=5):
    """Status, head and body of the answer."""
    with dial(seconds) as client:
        client.sendall(request)
        head, body = whole(client).split(b"\r\n\r\n", 1)
    return int(head.split()[1]), head.decode(), body.decode()


def scrape():
    """Each sample's value, by its name and label's value, as the OpenMetrics parser reads them."""
    status, head, body = ask()
    assert status == 200 and f"Content-Type: {TYPE}" in head and body.endswith("# EOF\n")
    found = {}
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            assert len(sample.labels) <= 1, sample
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def test_the_numbers_are_the_journals(site, metrics):
    before = scrape()
    assert before["sallyport_up",] == 1 and before["sallyport_grants", "armed"] == 0
    site.enable()
    assert scrape()["sallyport_grants", "armed"] == 1
    terminal = Terminal(site, site.kim)
    terminal.type("lshmc -V")
    during = scrape()
    assert during["sallyport_sessions",] == 1 and during["sallyport_grants", "active"] == 1
    assert during["sallyport_logins_total", "accepted"] == 1
    terminal.leave()
    eventually(lambda: "firewall.closed" in site.gate.events(), 5, "the end")
    after, records = scrape(), site.gate.journal()
    ended = next(record for record in records if record["event"] == "session.ended")
    count = lambda event: sum(record["event"] == event for record in records)  # noqa: E731
    assert after["sallyport_sessions",] == 0 and after["sallyport_grants", "active"] == 0
    assert after["sallyport_session_bytes_total", "to-target"] == ended["to_target"] > 0
    assert after["sallyport_session_bytes_total", "from-target"] == ended["from_target"] > 0
    assert after["sallyport_network_bytes_total", "from-rep"] == sum(row["in_bytes"] for row in ended["traffic"])
    assert after["sallyport_sessions_ended_total", "rep_left"] == 1
    assert after["sallyport_channels_total",] == count("session.channel")
    for operation in ("opened", "forwarded", "closed", "changed", "repaired"):
        assert after["sallyport_firewall_operations_total", operation] == count(f"firewall.{operation}"), operation
    for event in ("enabled", "claimed", "released", "expired", "revoked"):
        assert after["sallyport_grant_events_total", event] == count(f"grant.{event}"), event
    assert after["sallyport_recording_bytes_total",] == sum(
        record["size"] for record in records if record["event"] == "recording.closed")
    assert after["sallyport_journal_records_total",] == len(records)
    assert after["sallyport_journal_broken",] == 0 and after["sallyport_journal_caught_up",] == 1
    assert 0 < after["sallyport_disk_free_bytes",] < after["sallyport_disk_size_bytes",]


def test_the_lag_of_the_signed_heads_is_told(site, metrics):
    site.enable()
    assert scrape().get(("sallyport_journal_unsigned_records",), 1) > 0  # absent before the first head
    assert site.gate.stop() == 0  # signs the last head
    told = scrape()
    assert told["sallyport_journal_unsigned_records",] == 0
    assert abs(told["sallyport_journal_last_head_timestamp_seconds",] - time.time()) < 30
    assert told["sallyport_up",] == 0


def test_a_start_counts_from_the_last_segment_and_knows_what_is_live(site):
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + "[journal]\nsegment_records = 10\n")
    site.gate.start()
    site.enable()
    site.gate.ask("root", ask="rep.add", name="lee1")
    for number in range(12):
        site.gate.ask("root", ask="rep.add", name=f"bob{number}")
    assert len(list(STATE.glob("journal/*.jsonl"))) > 1
    metrics = Metrics()
    eventually(SOCKET.exists, 10, "the socket")
    told = scrape()
    assert told["sallyport_grants", "armed"] == 1
    assert told["sallyport_grant_events_total", "enabled"] == 0  # it was enabled in an earlier segment
    assert told["sallyport_grant_events_created", "enabled"] > 0
    assert told["sallyport_journal_records_total",] == len(site.gate.journal())
    assert metrics.stop() == 0 and not SOCKET.exists()


def test_a_journal_that_lost_a_record_is_told_and_counted_anew(site, metrics):
    before = scrape()
    assert before["sallyport_journal_broken",] == 0
    site.gate.stop()
    eventually(lambda: scrape()["sallyport_journal_records_total",] > before["sallyport_journal_records_total",], 5, "the stop")
    path = sorted(STATE.glob("journal/*.jsonl"))[-1]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    told = eventually(lambda: (found := scrape())["sallyport_journal_broken",] == 1 and found, 5, "the break")
    assert told["sallyport_journal_records_total",] == len(lines) - 1
    assert told["sallyport_gateway_starts_total",] == 1
    path.write_text("".join(lines))


@pytest.mark.parametrize("request_, status", [
    (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30000, 405),
    (b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /metrics/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
], ids=["post", "head", "root", "path", "long", "nonsense"])
def test_anything_else_is_refused(metrics, request_, status):
    assert ask(request_)[0] == status
    assert ask()[0] == 200


def test_who_says_nothing_or_half_of_it_is_cut(metrics):
    silent, slow = dial(10), dial(10)
    slow.sendall(b"GET /metrics HTTP/1.1\r\nHo")
    begun = time.monotonic()
    assert whole(silent) == b"" and whole(slow) == b""
    assert time.monotonic() - begun < 8


def test_a_thousand_connections_do_not_keep_an_asker_out(metrics):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    crowd = []
    try:
        for number in range(1000):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(SOCKET))  # waits while the queue is full
            client.send(b"GET /metrics HT")
            crowd.append(client)
            if number % 100 == 99:
                assert ask(seconds=5)[0] == 200
        descriptors = len(list(Path(f"/proc/{metrics_pid(metrics)}/fd").iterdir()))
        assert descriptors < 64, descriptors
    finally:
        for client in crowd:
            client.close()
    assert ask()[0] == 200


def metrics_pid(metrics):
    """The program behind nsenter and setpriv, which both exec."""
    pid = metrics.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def test_the_socket_is_for_its_group_alone(site, metrics):
    assert SOCKET.stat().st_mode & 0o777 == 0o660
    assert SOCKET.stat().st_gid == ACCOUNTS["sallyport-metrics"][0]
    program = "import socket\ns=socket.socket(socket.AF_UNIX)\ns.connect('%s')" % SOCKET
    done = subprocess.run(["/usr/bin/python3", "-c", program], user=ACCOUNTS["mallory"][0], group=ACCOUNTS["mallory"][0],
                          extra_groups=[], capture_output=True, text=True)
    assert "PermissionError" in done.stderr


def test_a_loopback_address_serves_and_any_other_is_refused(site):
    metrics = Metrics('[metrics]\nlisten = "127.0.0.1:9477"\n')
    curl = lambda: site.run("gate", "curl", "-s", "http://127.0.0.1:9477/metrics").stdout  # noqa: E731
    assert "sallyport_up 1" in eventually(curl, 10, "the answer")
    assert site.gate.listening() == ["127.0.0.1:9477"]
    assert metrics.stop() == 0
    for listen in ("0.0.0.0:9477", "192.0.2.1:9477", "[::]:9477", "unix:metrics.sock", "127.0.0.1:0", "9477"):
        refused = Metrics(f'[metrics]\nlisten = "{listen}"\n')
        assert refused.process.wait(10) == 1
        assert "'listen' in [metrics]" in refused.said(), refused.said()
        done = site.gate.run_console("root", "check")
        assert done.returncode == 1 and "sallyport.toml" in done.stdout and listen in done.stdout
    write(CONFIG / "sallyport.toml", SETTINGS)


def test_without_a_table_there_is_nothing_to_do(site):
    metrics = Metrics("")
    assert metrics.process.wait(10) == 0
    assert "nothing to do" in metrics.said()


def test_doctor_and_check_know_of_it(site, metrics):
    assert str(SOCKET) in site.gate.run_console("root", "check").stdout
    doctor = lambda: site.gate.run_console("root", "doctor").stdout  # noqa: E731
    assert f"sallyport-metrics answers at {SOCKET}" in doctor()
    assert metrics.stop() == 0
    assert "systemctl restart sallyport-metrics" in doctor()


def test_ocsf_is_one_object_a_line(site):
    done = site.gate.run_console("sam", "audit", "records", "--ocsf")
    assert done.returncode == 0, done.stderr
    told, records = [json.loads(line) for line in done.stdout.splitlines()], site.gate.journal()
    assert [event["metadata"]["uid"] for event in told] == [record["hash"] for record in records]
    assert all(event["class_uid"] > 0 for event in told)
    both = site.gate.run_console("sam", "audit", "records", "--ocsf", "--json")
    assert json.loads(both.stdout) == told
