"""What the relay carries, byte for byte, on each of its paths - exec, errors, shell, sftp, scp, direct-tcpip - when windows
are short, one end is slow, keys change, or somebody leaves."""
import hashlib
import os
import threading
import time
from contextlib import contextmanager

import paramiko
import pytest
from clients import at_the_target, paramiko_run, paramiko_transport
from lab import network
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from lab.hmc import Hmc
from support import assert_closes, eventually, grant_id, state_of
from through_ssh import WEB, HmcPort, echo, endless, write_policy

MIB = 1 << 20
ENDLESS = "head -c 987654321987 /dev/zero"  # as good as endless, and easy to find


class Transport(paramiko.Transport):
    """Takes any size of window and packet at its word."""

    def _sanitize_window_size(self, size):
        return self.default_window_size if size is None else size

    def _sanitize_packet_size(self, size):
        return self.default_max_packet_size if size is None else size


class Manner:
    """How a client carries: its windows, and how it writes and reads."""

    def __init__(self, size, window=None, packet=None, write=(32768, 0), read=(32768, 0)):
        self.size, self.window, self.packet, self.write, self.read = size, window, packet, write, read

    def open(self, transport, kind="session", destination=None):
        return transport.open_channel(kind, destination, destination and ("127.0.0.1", 1), self.window, self.packet, 20)

    def send(self, sink, data):
        """Slowly at first, and what is left as fast as it goes."""
        (chunk, pause), sent, pauses = self.write, 0, 0
        while sent < len(data):
            if pause and pauses == 60:
                chunk = 32768
            elif pause:
                pauses += 1
                time.sleep(pause)
            sink(data[sent:sent + chunk])
            sent += chunk

    def receive(self, source, size=None):
        """Late, slowly at first, and then as fast as it goes."""
        (chunk, pause), data, pauses = self.read, b"", 0
        time.sleep(60 * pause)
        while size is None or len(data) < size:
            if not (more := source(chunk if size is None else min(chunk, size - len(data)))):
                break
            data += more
            if pause and pauses == 40:
                chunk = 32768
            elif pause:
                pauses += 1
                time.sleep(pause)
        return data


MANNERS = {
    "short windows": Manner(60_000, window=700, packet=300),
    "a slow reader": Manner(3 * MIB, read=(20_000, 0.02)),  # more than all windows on the way
    "a slow writer": Manner(300_000, write=(50, 0.005)),
    "a slow reader with short windows": Manner(20_000, window=500, packet=100, read=(100, 0.005)),
}


@pytest.fixture
def box(site):
    """A grant for SSH and ports within it, on a target with an ordinary shell."""
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + f'isolated_networks = ["{network.REP4}/32"]\n')
    write_policy()
    site.gate.start()
    site.add_target("box", user="tester")
    enable(site)
    yield site
    eventually(lambda: state_of(site, site.grant) == "spent", 5, "the session's end")
    assert_closes(site)


def enable(lab, target="box"):
    lab.grant = grant_id(lab.enable(target=target, policy="through", networks=[network.REP4 + "/32"]))


@pytest.fixture
def transport(box):
    transport = paramiko_transport(box.kim, Transport)
    yield transport
    transport.close()


# ---- the paths: each carries `data` to the target and back

def both_ways(channel, manner, data):
    """Through a program or a port that says what it hears."""
    writer = threading.Thread(target=lambda: (manner.send(channel.sendall, data), channel.shutdown_write()), daemon=True)
    writer.start()
    heard = manner.receive(channel.recv)
    writer.join(30)
    return heard


def by_exec(transport, manner, data):
    channel = manner.open(transport)
    channel.exec_command("cat")
    heard = both_ways(channel, manner, data)
    assert channel.recv_exit_status() == 0
    return heard


def by_errors(transport, manner, data):
    channel = manner.open(transport)
    channel.exec_command("cat >&2; exit 3")
    channel.recv, channel.never = channel.recv_stderr, channel.recv
    heard = both_ways(channel, manner, data)
    assert channel.recv_exit_status() == 3
    return heard


def raw_terminal(transport, manner, size):
    channel = manner.open(transport)
    channel.get_pty()
    channel.invoke_shell()
    channel.sendall(b"stty raw -echo; echo re''ady; exec head -c %d\n" % size)
    said = b""
    while b"ready\r\n" not in said and b"ready\n" not in said:
        said += channel.recv(1)
    return channel


def by_shell(transport, manner, data):
    channel = raw_terminal(transport, manner, len(data))
    heard = both_ways(channel, manner, data)
    return heard


def by_sftp(transport, manner, data):
    channel = manner.open(transport)
    channel.invoke_subsystem("sftp")
    sftp = paramiko.SFTPClient(channel)
    with sftp.open("sftp", "wb") as file:
        manner.send(file.write, data)
    with sftp.open("sftp", "rb") as file:
        heard = manner.receive(file.read)
    channel.close()
    return heard


def by_scp(transport, manner, data):
    channel = manner.open(transport)
    channel.exec_command("scp -t scp")
    assert channel.recv(1) == b"\0"
    channel.sendall(b"C0644 %d scp\n" % len(data))
    assert channel.recv(1) == b"\0"
    manner.send(channel.sendall, data)
    channel.sendall(b"\0")
    assert channel.recv(1) == b"\0"
    channel.shutdown_write()
    assert channel.recv_exit_status() == 0
    channel = manner.open(transport)
    channel.exec_command("scp -f scp")
    channel.sendall(b"\0")
    line = b""
    while not line.endswith(b"\n"):
        line += channel.recv(1)
    assert line == b"C0644 %d scp\n" % len(data)
    channel.sendall(b"\0")
    heard = manner.receive(channel.recv, len(data))
    assert channel.recv(1) == b"\0"
    channel.sendall(b"\0")
    assert channel.recv_exit_status() == 0
    return heard


def by_port(transport, manner, data):
    return both_ways(manner.open(transport, "direct-tcpip", ("localhost", WEB)), manner, data)


PATHS = (by_exec, by_errors, by_shell, by_sftp, by_scp, by_port)


def digest(data):
    return hashlib.sha256(data or b"").hexdigest(), len(data or b"")


def all_at_once(*actions):
    """What each returned, or what it raised."""
    told = [None] * len(actions)

    def run(number):
        try:
            told[number] = actions[number]()
        except Exception as error:
            told[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(actions))]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return told


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS)
def test_every_path_is_whole_with(transport, manner):
    data = [os.urandom(manner.size) for _ in PATHS]
    with HmcPort(WEB, echo):
        heard = all_at_once(*(lambda path=path, part=part: path(transport, manner, part)
                              for path, part in zip(PATHS, data, strict=True)))
    for path, sent, came in zip(PATHS, data, heard, strict=True):
        assert isinstance(came, bytes) and digest(came) == digest(sent), (path.__name__, came if not isinstance(came, bytes)
                                                                          else len(came))


@contextmanager
def another_target(box, name, address, port, *options):
    """A second sshd, with these options, enabled for kim instead of the first."""
    hmc = Hmc(name, [address], [f"Port {port}", *options])
    hmc.wait_until_listening = lambda: eventually(
        lambda: f":{port}" in box.run("hmc", "ss", "-Htln").stdout, 5, f"the target {name}")
    hmc.start()
    try:
        assert box.gate.ask("alice", ask="revoke", grant=box.grant, reason="another target")["ok"]
        box.add_target(name, hmc=hmc, user="tester", port=port)
        enable(box, name)
        yield hmc
    finally:
        hmc.stop()


# ---- new keys every MiB, asked for by both ends, in the middle of everything

@pytest.fixture
def rekeying(box):
    """A master connection of the rep's ssh, at a target that asks for new keys too."""
    with another_target(box, "hmc3", network.HMC1_4, 2200, "RekeyLimit 1M", "LogLevel DEBUG1") as hmc:
        socket, log = box.kim.folder / "master", box.kim.file("master.log")
        with open(log, "wb") as errors:
            options = ["-v", "-M", "-S", str(socket), "-o", "RekeyLimit=1M"]
            master = box.kim.start_ssh("-N", options=options, stderr=errors)
        eventually(socket.exists, 15, "the master connection")
        box.shared = ["-o", f"ControlPath={socket}", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR"]
        yield box
        master.terminate()
        master.wait(10)
    assert rekeyed(log.read_text(errors="replace")) > 10, "the rep's side"
    assert rekeyed(hmc.log) > 10, "the target's side"


def rekeyed(log):
    return log.count("SSH2_MSG_NEWKEYS received")


def through_ssh(lab, *words, data=b"", options=()):
    done = lab.kim.ssh(*words, options=[*options, *lab.shared], input=data, text=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def through_a_terminal(lab, data):
    process = lab.kim.start_ssh(f"stty raw -echo; echo ready; head -c {len(data)}", options=["-tt", "-e", "none", *lab.shared],
                                text=False)
    said = b""
    while not said.endswith(b"ready\n"):
        assert (more := process.stdout.read(1)), said
        said += more
    return process.communicate(data, timeout=60)[0]


def through_files(lab, data, there, up, down):
    here = lab.kim.file(there)
    here.write_bytes(data)
    os.chmod(here, 0o644)
    at_the_target(there).unlink(missing_ok=True)
    for arguments, words in ((up[:-1], up[-1]), (down[:-1], down[-1])):
        done = lab.kim.copy(*arguments[:1], *lab.shared, *arguments[1:], **({"input": words} if words else {}))
        assert done.returncode == 0, done
    assert digest(at_the_target(there).read_bytes()) == digest(data)
    return lab.kim.file(there + "-back").read_bytes()


def test_every_path_is_whole_while_both_sides_change_keys(rekeying):
    lab, data = rekeying, [os.urandom(6 * MIB) for _ in range(5)]
    at = lab.kim.address
    with HmcPort(WEB, echo):
        heard = all_at_once(
            lambda: through_ssh(lab, "cat", data=data[0]),
            lambda: through_ssh(lab, data=data[1], options=["-W", f"localhost:{WEB}"]),
            lambda: through_a_terminal(lab, data[2]),
            lambda: through_files(lab, data[3], "a", ("sftp", at, "put a a\n"), ("sftp", at, "get a a-back\n")),
            lambda: through_files(lab, data[4], "b", ("scp", "-O", "b", f"{at}:b", None),
                                  ("scp", "-O", f"{at}:b", "b-back", None)))
    for number, (sent, came) in enumerate(zip(data, heard, strict=True)):
        assert isinstance(came, bytes) and digest(came) == digest(sent), (number, came if isinstance(came, Exception) else "")


# ---- who leaves early

def begun(channel, size=100_000):
    while size > 0:
        more = channel.recv(min(size, 32768))
        assert more
        size -= len(more)
    return channel


def begun_by_exec(transport):
    channel = transport.open_session()
    channel.exec_command(ENDLESS)
    return begun(channel)


def begun_by_errors(transport):
    channel = transport.open_session()
    channel.exec_command(ENDLESS + " >&2")
    while not channel.recv_stderr_ready():
        time.sleep(0.01)
    return channel


def begun_by_shell(transport):
    channel = transport.open_session()
    channel.get_pty()
    channel.invoke_shell()
    channel.sendall(ENDLESS.encode() + b"\n")
    return begun(channel)


def begun_by_sftp(transport):
    channel = transport.open_session()
    channel.invoke_subsystem("sftp")
    sftp = paramiko.SFTPClient(channel)
    file = sftp.open("large", "rb")
    file.prefetch(file.stat().st_size)
    assert len(file.read(100_000)) == 100_000
    return channel


def begun_by_scp(transport):
    channel = transport.open_session()
    channel.exec_command("scp -f large")
    channel.sendall(b"\0\0\0")
    return begun(channel)


def begun_by_port(transport):
    return begun(transport.open_channel("direct-tcpip", ("localhost", WEB), ("127.0.0.1", 1)))


def test_a_rep_that_closes_a_channel_in_the_middle_leaves_nothing_running_and_its_others_alone(box, transport):
    with open(at_the_target("large"), "wb") as file:
        file.truncate(300 * MIB)
    running = lambda: box.run("hmc", "pgrep", "-f", "987654321987|scp -f large").stdout.split()  # noqa: E731
    with HmcPort(WEB, endless) as hmc:
        channels = [begin(transport) for begin in (begun_by_exec, begun_by_errors, begun_by_shell, begun_by_sftp,
                                                   begun_by_scp, begun_by_port)]
        assert running()
        for channel in channels:
            channel.close()
            assert paramiko_run(transport, "echo still here").stdout == b"still here\n"
        eventually(lambda: not running(), 5, "the programs' end at the target")
        eventually(lambda: hmc.answers, 5, "the end at the port")
    eventually(lambda: box.gate.events(box.grant).count("session.channel_closed") == 12, 5, "twelve channels' records")
    at_the_target("large").unlink()


def test_a_program_that_ends_while_the_rep_still_writes_tells_its_status(transport):
    for terminal in (False, True):
        channel = transport.open_session()
        if terminal:
            channel.get_pty()
        channel.exec_command("head -c 1000 >/dev/null; echo done; exit 7")
        channel.settimeout(10)
        with pytest.raises(OSError):
            for _ in range(100_000):
                channel.sendall(b"a line of it\n" * 1000)
        said = channel.recv(10_000_000)
        while more := channel.recv(100_000):
            said += more
        # A terminal echoes what comes in, also after the program's last word.
        assert b"done\r\n" in said if terminal else said.endswith(b"done\n")
        assert channel.recv_exit_status() == 7
    assert paramiko_run(transport, "echo still here").stdout == b"still here\n"


def test_a_half_close_of_the_reps_leaves_the_programs_output_whole(transport):
    data = os.urandom(MIB)
    done = paramiko_run(transport, "sha256sum; sleep 0.3; seq 100000; echo end >&2; exit 5", data)
    sums, rest = done.stdout.split(b"\n", 1)
    assert sums.split()[0].decode() == digest(data)[0]
    assert rest.split() == [b"%d" % number for number in range(1, 100_001)]
    assert (done.stderr, done.returncode) == ("end\n", 5)


def test_a_half_close_of_the_targets_leaves_the_reps_input_whole(transport):
    data = os.urandom(MIB)
    channel = transport.open_session()
    channel.exec_command("exec >&- 2>&-; cat > half; exit 6")
    channel.settimeout(10)
    assert channel.recv(1) == b"" and not channel.exit_status_ready()
    channel.sendall(data)
    channel.shutdown_write()
    assert channel.recv_exit_status() == 6
    assert digest(at_the_target("half").read_bytes()) == digest(data)


# ---- several channels

def test_ten_channels_of_every_kind_carry_at_once_and_an_eleventh_is_refused(transport):
    manner, data = Manner(MIB), [os.urandom(MIB) for _ in range(10)]
    with HmcPort(WEB, echo):
        programs = [manner.open(transport) for _ in range(4)]
        [channel.exec_command("cat") for channel in programs]
        terminals = [raw_terminal(transport, manner, MIB) for _ in range(2)]
        ports = [manner.open(transport, "direct-tcpip", ("localhost", WEB)) for _ in range(2)]
        files = [paramiko.SFTPClient.from_transport(transport) for _ in range(2)]
        for kind, where in (("session", None), ("direct-tcpip", ("localhost", WEB))):
            started = time.monotonic()
            with pytest.raises(paramiko.ChannelException):
                manner.open(transport, kind, where)
            assert time.monotonic() - started < 2
        heard = all_at_once(*(lambda channel=channel, part=part: both_ways(channel, manner, part)
                              for channel, part in zip(programs + terminals + ports, data)),
                            *(lambda number=number: there_and_back(files[number], data[8 + number], f"file{number}")
                              for number in range(2)))
    assert [digest(came) for came in heard] == [digest(part) for part in data]
    files[0].close()
    eventually(lambda: paramiko_run(transport, "echo a free place").stdout == b"a free place\n", 5, "a free place")


def there_and_back(sftp, data, name):
    with sftp.open(name, "wb") as file:
        file.write(data)
    with sftp.open(name, "rb") as file:
        return file.read()
