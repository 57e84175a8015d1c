"""Every file that passes by sftp or scp is listed with direction, path, size and SHA-256; the policy says which way files
may go; what cannot be told apart under a policy that restricts them does not go on (I6)."""
import hashlib
import json
import os
import shutil
import struct
import subprocess

import pytest
from lab.files import ACCOUNTS, LAB, write
from lab.gate import CONFIG, SERVICE
from support import assert_closes, end_ssh, eventually, grant_id, sha256, watching

WAYS = ("none", "to-target", "from-target", "both")
HOME = LAB / "home/tester"
KEPT = (".config", "password", "known_hosts")  # of the laptop, from test to test


def there(name):
    return HOME / name


def put_file(path, content, user):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    uid = ACCOUNTS[user][0]
    for each in (path, path.parent):
        os.chown(each, uid, uid)
    return hashlib.sha256(content).hexdigest()


def here_file(site, name, size=100_000):
    return put_file(site.kim.file(name), os.urandom(size), "laptop")


def there_file(name, size=100_000):
    return put_file(there(name), os.urandom(size), "tester")


class Work:
    """One session under a policy with `files = ways`; its tools share one connection."""

    def __init__(self, site, ways="both"):
        self.site = site
        subprocess.run(["find", str(HOME), "-mindepth", "1", "-delete"], check=True)
        for path in site.kim.folder.iterdir():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.before = len(site.hmc1.log)
        site.add_target("box", user="tester")
        write(CONFIG / "policies/files.toml", f'[ssh]\nfiles = "{ways}"\n{SERVICE}')
        site.gate.reload()
        self.grant = grant_id(site.enable(target="box", policy="files"))
        self.socket = site.kim.folder / "master"
        self.master = site.kim.start_ssh("-N", options=["-M", "-S", str(self.socket)])
        eventually(self.socket.exists, 15, "the master connection")
        self.session = [record for record in site.gate.journal() if record["event"] == "grant.claimed"][-1]["session"]

    def tool(self, program, *arguments, **more):
        return self.site.kim.copy(program, "-o", f"ControlPath={self.socket}", "-o", "ProxyCommand=false", *arguments, **more)

    def sftp(self, batch, *options):
        return self.tool("sftp", *options, "-b", "-", self.site.kim.address, input=batch)

    def scp(self, *arguments):
        return self.tool("scp", *arguments)

    def ssh(self, *arguments, **more):
        options = ["-S", str(self.socket), "-o", "ProxyCommand=false", *more.pop("options", ())]
        return self.site.kim.ssh(*arguments, options=options, **more)

    def rsync(self, *arguments):
        rsh = "ssh -F /dev/null -S " + str(self.socket)
        return subprocess.run(self.site.kim.as_laptop(["rsync", "-e", rsh, *arguments]), capture_output=True, text=True,
                              timeout=60, cwd=self.site.kim.folder, env=self.site.kim.environment(),
                              stdin=subprocess.DEVNULL)

    def records(self, event="session.file"):
        self.closed()
        return [record for record in self.site.gate.journal() if record["event"] == event
                and record.get("session") == self.session]

    def closed(self):
        """Waits until each channel that was opened is also closed in the journal: its files stand before that."""
        def counts():
            events = [record["event"] for record in self.site.gate.journal() if record.get("session") == self.session]
            return events.count("session.channel") == events.count("session.channel_closed")
        eventually(counts, 10, "the channels' ends")

    def one(self, path):
        found = [record for record in self.records() if record["path"] == path]
        assert len(found) == 1, self.site.gate.journal()[-9:]
        return found[0]

    def targets_log(self):
        return self.site.hmc1.log[self.before:]

    def leave(self):
        end_ssh(self.master)
        assert_closes(self.site)
        return [record for record in self.site.gate.journal() if record["event"] == "session.ended"][-1]


@pytest.fixture
def both(site):
    work = Work(site)
    yield work
    work.leave()


def assert_file(record, direction, digest, size=100_000):
    assert (record["direction"], record["size"], record.get("sha256"), record["complete"]) == (
        direction, size, digest, True), record


# ---- sftp

def test_sftp_lists_each_file_with_its_hash(both):
    up, down = here_file(both.site, "up"), there_file("down")
    done = both.sftp("put up there.eed\nget down here\n")
    assert done.returncode == 0, done
    assert sha256(there("there.eed")) == up and sha256(both.site.kim.file("here")) == down
    assert_file(both.one(f"{HOME}/there.eed"), "to-target", up)
    assert both.one(f"{HOME}/there.eed")["kind"] == "extended error data"
    assert_file(both.one(f"{HOME}/down"), "from-target", down)
    assert both.one(f"{HOME}/down")["kind"] == "unknown"
    ended = both.leave()
    assert ended["files"] == [{"bytes": 100_000, "count": 1, "direction": "to-target"},
                              {"bytes": 100_000, "count": 1, "direction": "from-target"}]
    verified = both.site.gate.run_console("sam", "audit", "verify")
    assert verified.returncode == 0, verified


def test_sftp_lists_what_was_changed(both):
    here_file(both.site, "up")
    done = both.sftp("put up a\nrename a b\nchmod 600 b\nmkdir d\nrmdir d\nln -s b s\nln b h\ncp b c\nrm b\n")
    assert done.returncode == 0, done
    changes = [(record["what"], os.path.basename(record["path"]), os.path.basename(record.get("other", "")))
               for record in both.records("session.file_changed")]
    assert changes == [("renamed", "a", "b"), ("attributes", "b", ""), ("directory made", "d", ""),
                       ("directory removed", "d", ""), ("symbolic link made", "s", "b"), ("hard link made", "h", "b"),
                       ("copied", "b", "c"), ("removed", "b", "")]
    assert both.records("session.file_changed")[1]["detail"] == "mode 0600"


def test_sftp_of_folders_lists_each_file(both):
    digests = {name: here_file(both.site, f"tree/{name}", 3000) for name in ("a", "b", "c")}
    done = both.sftp("put -rp tree\nget -r tree back\n")
    assert done.returncode == 0, done
    for name, digest in digests.items():
        assert sha256(there(f"tree/{name}")) == sha256(both.site.kim.file(f"back/{name}")) == digest
        for direction in ("to-target", "from-target"):
            record, = [record for record in both.records() if record["path"].endswith(f"/tree/{name}")
                       and record["direction"] == direction]
            assert_file(record, direction, digest, 3000)


def test_a_resumed_transfer_has_no_hash_and_says_why(both):
    content = os.urandom(50_000)
    put_file(there("big"), content, "tester")
    put_file(both.site.kim.file("big"), content[:20_000], "laptop")
    assert both.sftp("reget big\n").returncode == 0
    assert both.site.kim.file("big").read_bytes() == content
    there("big").write_bytes(content[:10_000])
    assert both.sftp("reput big\n").returncode == 0
    assert there("big").read_bytes() == content
    facts = [(record["direction"], record["size"], record["complete"], record.get("no_sha256"), "sha256" in record)
             for record in both.records()]
    assert facts == [("from-target", 30_000, True, "not from its beginning", False),
                     ("to-target", 40_000, True, "appended to what was there", False)]


def test_a_large_file_with_many_requests_at_a_time(both):
    size = 40 << 20
    up = here_file(both.site, "up", size)
    done = both.sftp("put up there\nget there back\n", "-R", "256", "-B", "65536")
    assert done.returncode == 0, done
    assert sha256(there("there")) == sha256(both.site.kim.file("back")) == up
    sent, fetched = both.records()
    assert_file(sent, "to-target", up, size)
    assert_file(fetched, "from-target", up, size)


def test_a_transfer_that_breaks_off_is_listed_as_that(both):
    size = 200 << 20
    there_file("big", size)
    command = both.site.kim.as_laptop(["sftp", *both.site.kim.config(), "-o", f"ControlPath={both.socket}", "-l", "80000",
                                       f"{both.site.kim.address}:big", "big"])
    process = subprocess.Popen(command, cwd=both.site.kim.folder, env=both.site.kim.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    partial = both.site.kim.file("big")
    eventually(lambda: partial.exists() and partial.stat().st_size > 1 << 20, 15, "the first megabyte")
    process.kill()
    process.wait()
    record, = both.records()
    assert record["direction"] == "from-target" and not record["complete"] and 0 < record["size"] < size


# ---- scp

@pytest.mark.parametrize("protocol", ["-s", "-O"])
def test_scp_lists_each_file_with_its_hash(both, protocol):
    up, down = here_file(both.site, "up"), there_file("down")
    assert both.scp(protocol, "-p", "up", f"{both.site.kim.address}:there").returncode == 0
    assert both.scp(protocol, f"{both.site.kim.address}:down", "here").returncode == 0
    assert sha256(there("there")) == up and sha256(both.site.kim.file("here")) == down
    sent, fetched = both.records()
    assert os.path.basename(sent["path"]) == "there" and os.path.basename(fetched["path"]) == "down"
    assert_file(sent, "to-target", up)
    assert_file(fetched, "from-target", down)


@pytest.mark.parametrize("protocol", ["-s", "-O"])
def test_scp_of_folders_lists_each_file(both, protocol):
    digests = {f"tree/{name}": here_file(both.site, f"tree/{name}", 3000) for name in ("a", "empty", "c")}
    both.site.kim.file("tree/empty").write_bytes(b"")
    digests["tree/empty"] = hashlib.sha256(b"").hexdigest()
    there("into").mkdir()
    os.chown(there("into"), ACCOUNTS["tester"][0], -1)
    assert both.scp(protocol, "-r", "tree", f"{both.site.kim.address}:into").returncode == 0
    assert both.scp(protocol, "-r", f"{both.site.kim.address}:into/tree", "back").returncode == 0
    records = both.records()
    assert len(records) == 6
    for name, digest in digests.items():
        assert sha256(there(f"into/{name}")) == digest
        for direction in ("to-target", "from-target"):
            record, = [record for record in records if record["path"].endswith(name) and record["direction"] == direction]
            assert_file(record, direction, digest, 0 if name.endswith("empty") else 3000)


def test_scps_own_errors_reach_the_rep_and_are_no_files(both):
    done = both.scp("-O", f"{both.site.kim.address}:missing", "here")
    assert done.returncode == 1 and "missing: No such file" in done.stderr
    assert both.records() == []


def test_a_client_that_closes_first_is_told_the_exit_status(both):
    """scp over a shared connection closes its channel before sftp-server has ended."""
    here_file(both.site, "up", 10)
    codes = [both.scp("-s", "up", f"{both.site.kim.address}:there").returncode for _ in range(30)]
    assert codes == [0] * 30


# ---- what nobody follows

def test_rsync_is_opaque_its_bytes_and_hashes_are_journaled(both):
    digest = here_file(both.site, "up")
    done = both.rsync("up", f"{both.site.kim.address}:there")
    assert done.returncode == 0, done
    assert sha256(there("there")) == digest
    closed, = both.records("session.channel_closed")
    assert closed["to_target"] > 100_000 and len(closed["sha256_to_target"]) == len(closed["sha256_from_target"]) == 64


def test_a_command_has_the_hash_of_what_went_in_and_came_out(both):
    data = os.urandom(300_000)
    done = both.ssh("tee >(rev 1>&2 >/dev/null) | head -c 1000", input=data, text=False)
    assert done.stdout == data[:1000]
    done = both.ssh("cat", input=data, text=False)
    assert done.stdout == data
    closed = both.records("session.channel_closed")[-1]
    digest = hashlib.sha256(data).hexdigest()
    assert (closed["sha256_to_target"], closed["sha256_from_target"]) == (digest, digest)


def test_what_is_no_sftp_is_noted_once_and_goes_on(both):
    there("sftp-server").write_text("#!/bin/sh\ncat\n")
    there("sftp-server").chmod(0o755)
    data = b"this is no packet of SFTP" * 1000
    done = both.ssh("./sftp-server", input=data, text=False)
    assert done.stdout == data
    noted, = both.records("session.files_unaccounted")
    assert "0 bytes to the target" in noted["reason"]
    closed, = both.records("session.channel_closed")
    assert closed["sha256_to_target"] == hashlib.sha256(data).hexdigest()


# ---- policies

def try_tools(work):
    """Which tools could do what: {tool: (up, down)}."""
    up, down = here_file(work.site, "up"), there_file("down")
    address = work.site.kim.address
    target, back = there("there"), work.site.kim.file("back")

    def attempt(run, result, digest):
        result.unlink(missing_ok=True)
        run()
        return result.exists() and result.stat().st_size > 0 and sha256(result) == digest

    tools = {"sftp": (lambda: work.sftp("put up there\n"), lambda: work.sftp("get down back\n")),
             "scp": (lambda: work.scp("up", f"{address}:there"), lambda: work.scp(f"{address}:down", "back")),
             "scp -O": (lambda: work.scp("-O", "up", f"{address}:there"), lambda: work.scp("-O", f"{address}:down", "back")),
             "rsync": (lambda: work.rsync("up", f"{address}:there"), lambda: work.rsync(f"{address}:down", "back"))}
    return {tool: (attempt(put, target, up), attempt(get, back, down)) for tool, (put, get) in tools.items()}


@pytest.mark.parametrize("ways", WAYS)
def test_each_tool_under_each_policy(site, ways):
    work = Work(site, ways)
    up, down = ways in ("to-target", "both"), ways in ("from-target", "both")
    assert try_tools(work) == {"sftp": (up, down), "scp": (up, down), "scp -O": (up, down),
                               "rsync": (ways == "both", ways == "both")}
    transfers = work.records()
    assert {record["direction"] for record in transfers if record["size"] > 0} == {
        way for way, allowed in (("to-target", up), ("from-target", down)) if allowed}
    assert bool(work.records("session.file_refused")) == (ways != "both")
    work.leave()


def test_without_files_sftp_and_scp_are_told_why(site):
    work = Work(site, "none")
    there_file("down")
    done = work.sftp("ls\n")
    assert done.returncode != 0 and "the policy of this session carries no files" in done.stderr
    done = work.scp("-O", f"{site.kim.address}:down", "here")
    assert done.returncode == 1 and "scp: the policy of this session carries no files" in done.stderr
    done = work.rsync(f"{site.kim.address}:down", "here")
    assert done.returncode != 0 and "the policy of this session carries no files" in done.stderr
    assert [record["reason"] for record in work.records("session.file_refused")] == [
        "the policy of this session carries no files"] * 3
    assert "Accepted" in work.targets_log() and "Starting session" not in work.targets_log()
    work.leave()


def test_scp_is_refused_before_anything_starts_at_the_target(site):
    work = Work(site, "to-target")
    done = work.scp("-O", f"{site.kim.address}:.bash_history", "here")
    assert done.returncode == 1
    assert "scp: the policy of this session carries files only to the target" in done.stderr
    assert "Accepted" in work.targets_log() and "Starting session" not in work.targets_log()
    work.leave()


def test_a_refused_request_leaves_the_others_as_they_are(site):
    """With a dash a batch goes on; what was refused has not changed anything at the target."""
    work = Work(site, "from-target")
    digests = [there_file(f"down{i}", 200_000) for i in range(3)]
    here_file(site, "up")
    done = work.sftp("-put up there\nget down0\n-rm down0\n-mkdir d\nget down1\n-chmod 600 down1\n-rename down1 x\nget down2\n"
                     "-cp down0 c\nls -l\n")
    assert done.returncode == 0, done
    assert [sha256(site.kim.file(f"down{i}")) for i in range(3)] == digests
    assert sorted(path.name for path in HOME.iterdir()) == ["down0", "down1", "down2"]
    assert "the policy of this session lets nothing be changed at the target" in done.stderr
    refused = [record["reason"].split(":")[0] for record in work.records("session.file_refused")]
    assert refused == ["open to write", "remove", "make a folder", "change", "posix-rename@openssh.com", "open to write"]
    assert len(work.records()) == 3
    work.leave()


def test_i6_a_stream_that_cannot_be_told_apart_ends_its_channel_where_the_policy_restricts_files(site):
    work = Work(site, "to-target")
    done = work.ssh("sftp", options=["-s"], input="this is no packet of SFTP\n")
    assert done.returncode == 255 and "cannot be told apart" in done.stderr
    assert len(work.records("session.files_unaccounted")) == 1
    done = work.ssh("scp -t there", input="C0644 5 a\nhelloX and something that scp does not say\n")
    assert done.returncode == 255 and "cannot be told apart" in done.stderr
    assert len(work.records("session.files_unaccounted")) == 2
    here_file(site, "up")
    assert work.sftp("put up still-works\n").returncode == 0
    work.leave()


def packet(kind, *fields):
    """One of SFTP: numbers of 4 bytes and texts."""
    body = bytes([kind]) + b"".join(struct.pack(">I", field) if isinstance(field, int) else
                                    struct.pack(">I", len(field)) + field for field in fields)
    return struct.pack(">I", len(body)) + body


def test_i6_more_files_than_the_journal_lists_end_the_session_where_the_policy_restricts_files(site):
    work = Work(site, "to-target")
    requests = [packet(3, i, b"\x01" * 4000, 1, 0) for i in range(1000)]  # open to read
    work.ssh("sftp", options=["-s"], input=packet(1, 3) + b"".join(requests), text=False, timeout=120)
    ended = eventually(lambda: [record for record in site.gate.journal() if record["event"] == "session.ended"
                                and record["session"] == work.session], 60, "the session's end")
    assert ended[0]["reason"].startswith("more files than the journal may list")
    assert len(work.records("session.files_unlisted")) == 1
    listed = work.records("session.file_refused")
    assert 500 < len(listed) < 1000 and sum(len(json.dumps(record)) for record in listed) < 17 << 20
    work.leave()


def test_more_files_than_the_journal_lists_are_still_counted_where_the_policy_does_not_restrict_them(both):
    there_file("a")
    here_file(both.site, "up")
    long_name = b"\x01" * 200  # of which the journal needs six bytes each
    os.mkdir(os.path.join(os.fsencode(HOME), long_name))
    os.chmod(os.path.join(os.fsencode(HOME), long_name), 0o755)
    path = (long_name + b"/../") * 19 + b"a"
    server = both.site.kim.start_ssh("-s", "sftp", options=["-S", str(both.socket), "-o", "ProxyCommand=false"], text=False)
    server.stdin.write(packet(1, 3))
    for start in range(0, 1000, 100):
        server.stdin.write(b"".join(packet(9, start + i, path, 0) for i in range(100)))  # setstat of nothing
        server.stdin.flush()
        answers = b""
        while answers.count(b"Success") < 100:
            answers += os.read(server.stdout.fileno(), 65536)
    server.communicate(timeout=10)
    assert len(both.records("session.files_unlisted")) == 1
    assert 500 < len(both.records("session.file_changed")) < 1000
    assert both.sftp("put up there\n").returncode == 0
    assert both.records() == []
    assert both.leave()["files"] == [{"bytes": 100_000, "count": 1, "direction": "to-target"}]


# ---- what people see

def test_the_console_lists_the_files(both):
    digest = here_file(both.site, "up")
    bad = "odd\x1b[31mname"
    put_file(both.site.kim.file(bad), b"x", "laptop")
    assert both.scp("up", f"{both.site.kim.address}:SYSDUMP.78123.0001.20260301100007").returncode == 0
    assert both.scp(bad, f"{both.site.kim.address}:.").returncode == 0
    assert len(both.records()) == 2
    shown = both.site.gate.run_console("root", "show", both.session).stdout
    line, = [line for line in shown.splitlines() if "SYSDUMP" in line]
    assert line.split()[0] == "to-target" and "97.7 KiB" in line and "platform system dump" in line and digest[:12] in line
    assert digest not in shown and "\x1b" not in shown and "odd\\x1b[31mname" in shown
    files = both.site.gate.console("root", "show", both.session)["files"]
    assert [record.get("sha256") for record in files][0] == digest
    told = both.site.gate.run_console("sam", "audit", "show", both.session).stdout
    assert "session.file" in told and "SYSDUMP" in told
    ended = both.leave()
    assert ended["files"][0]["count"] == 2
    assert "2 to the target" in both.site.gate.run_console("alice", "show", both.session).stdout


def test_watch_shows_a_line_a_file(both):
    here_file(both.site, "up")
    watch = watching(both.site)
    assert both.scp("up", f"{both.site.kim.address}:hmc.eed").returncode == 0
    watch.expect(r"[^\n]*hmc\.eed[^\n]*100000 bytes[^\n]*")
    assert "to-target" in watch.after and "HMC code level" in watch.after
    watch.close(force=True)
