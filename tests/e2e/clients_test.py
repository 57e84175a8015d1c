"""Every client that a representative may have: login in two steps, a program with its exit status, a file both ways, and
what is not allowed fails at once and says so."""
import os

import asyncssh
import paramiko
import pytest
from clients import (Ansible, at_the_target, dbclient, lftp, own, paramiko_run, paramiko_transport, putty, rsync, run,
                     seconds_since_login, ssh_of, with_asyncssh)
from lab.files import ACCOUNTS, write
from lab.gate import CONFIG, SERVICE
from support import assert_closes, eventually, grant_id, sha256, state_of

AT_ONCE = 2  # seconds after the login
SIZE = 3_000_001
PROGRAM = "cat; echo out; echo err >&2; exit 42"


@pytest.fixture
def box(site):
    """A grant on a target with an ordinary shell. A session of it has been when the test is over, and all is closed."""
    site.add_target("box", user="tester")
    site.grant = grant_id(site.enable(target="box"))
    yield site
    eventually(lambda: state_of(site, site.grant) == "spent", 5, "the session's end")
    assert_closes(site)


def one_more(lab):
    """A session each: the grant is good for one."""
    assert_closes(lab)
    assert state_of(lab, lab.grant) == "spent"
    lab.grant = grant_id(lab.enable(target="box"))


@pytest.fixture
def up(box):
    path = box.kim.file("up")
    path.write_bytes(os.urandom(SIZE))
    for old in (box.kim.file("back"), at_the_target("there")):
        old.unlink(missing_ok=True)
    return own(path, ACCOUNTS["laptop"][0])


def assert_both_ways(box, up):
    assert sha256(at_the_target("there")) == sha256(up)
    assert sha256(box.kim.file("back")) == sha256(up)


# ---- a program

def with_openssh(lab, command, input):
    return lab.kim.ssh(command, input=input, text=False)


def with_plink(lab, command, input):
    return putty(lab.kim, lab, "plink", lab.kim.address, command, input=input)


def with_dbclient(lab, command, input):
    return dbclient(lab.kim, command, input=input)


def with_paramiko(lab, command, input):
    transport = paramiko_transport(lab.kim)
    done = paramiko_run(transport, command, input)
    transport.close()
    return done


def with_asyncio(lab, command, input):
    return with_asyncssh(lab.kim, lambda connection: connection.run(command, input=input, encoding=None))


@pytest.mark.parametrize("client", [with_openssh, with_plink, with_dbclient, with_paramiko, with_asyncio])
def test_a_program_its_input_output_and_exit_status(box, client):
    data = os.urandom(100_000)
    done = client(box, PROGRAM, data)
    assert done.stdout == data + b"out\n"
    assert b"err\n" in (done.stderr if isinstance(done.stderr, bytes) else done.stderr.encode()).replace(b"\r", b"")
    assert (done.exit_status if hasattr(done, "exit_status") else done.returncode) == 42
    events = box.gate.events(box.grant)
    assert events.count("grant.claimed") == events.count("session.channel") == 1


# ---- a file both ways

def test_openssh_sftp(box, up):
    assert box.kim.copy("sftp", box.kim.address, input="put up there\nget there back\n").returncode == 0
    assert_both_ways(box, up)


def test_psftp(box, up):
    own_file(box, "batch", "put up there\nget there back\nquit\n")
    done = putty(box.kim, box, "psftp", "-b", "batch", box.kim.address)
    assert done.returncode == 0, done
    assert_both_ways(box, up)


def test_dbclient_with_a_stream_each_way(box, up):
    assert dbclient(box.kim, "cat > there", input=up.read_bytes()).returncode == 0
    one_more(box)
    box.kim.file("back").write_bytes(dbclient(box.kim, "cat there").stdout)
    assert_both_ways(box, up)


def test_paramikos_sftp(box, up):
    transport = paramiko_transport(box.kim)
    sftp = paramiko.SFTPClient.from_transport(transport)
    assert sftp.put(str(up), "there").st_size == SIZE
    sftp.get("there", str(box.kim.file("back")))
    transport.close()
    assert_both_ways(box, up)


def test_asyncsshs_sftp_and_scp(box, up):
    async def both_ways(connection):
        async with connection.start_sftp_client() as sftp:
            await sftp.put(str(up), "there")
        await asyncssh.scp((connection, "there"), str(box.kim.file("back")))

    with_asyncssh(box.kim, both_ways)
    assert_both_ways(box, up)


def test_lftp(box, up):
    done = lftp(box.kim, "put up -o there", "get there -o back", "bye")
    assert done.returncode == 0, done
    assert_both_ways(box, up)


def test_rsync(box, up):
    done = rsync(box.kim, "up", f"{box.kim.address}:there")
    assert done.returncode == 0, done
    one_more(box)
    done = rsync(box.kim, f"{box.kim.address}:there", "back")
    assert done.returncode == 0, done
    assert_both_ways(box, up)


def test_ansible_pings_copies_and_fetches_in_one_session(box, up):
    ansible = Ansible(box.kim)
    try:
        pinged = ansible.do("ping")
        assert '"ping": "pong"' in pinged.stdout, pinged
        assert "CHANGED" in ansible.do("copy", "src=up dest=there").stdout
        fetched = ansible.do("fetch", f"src={at_the_target('there')} dest=back flat=yes")
        assert "CHANGED" in fetched.stdout, fetched
    finally:
        ansible.leave()
    assert_both_ways(box, up)
    assert box.gate.events(box.grant).count("grant.claimed") == 1


def own_file(lab, name, text):
    lab.kim.file(name).write_text(text)
    return own(lab.kim.file(name), ACCOUNTS["laptop"][0])


def test_an_ssh_config_with_controlmaster_logs_in_once_for_everything(box, up):
    config = own_file(box, "config", f"""Host hmc
  HostName {box.kim.gate}
  User {box.kim.name}
  StrictHostKeyChecking accept-new
  UserKnownHostsFile {box.kim.folder}/known_hosts
  ControlMaster auto
  ControlPath {box.kim.folder}/%C
  ControlPersist 60
""")
    tool = lambda program, *arguments: run(box.kim, program, "-F", str(config), *arguments)  # noqa: E731
    try:
        assert tool("ssh", "hmc", "echo first").stdout == "first\n"
        assert tool("scp", "up", "hmc:there").returncode == 0
        assert tool("scp", "-O", "hmc:there", "back").returncode == 0
        assert tool("ssh", "hmc", "exit 7").returncode == 7
        asked = seconds_since_login(box)
        refused = tool("ssh", "-O", "forward", "-R", "9002:127.0.0.1:22", "hmc")
        assert refused.returncode == 255 and "forwarding" in refused.stderr.lower(), refused
        assert seconds_since_login(box) - asked < AT_ONCE
        assert tool("ssh", "hmc", "echo last").stdout == "last\n"
    finally:
        tool("ssh", "-O", "exit", "hmc")
    assert_both_ways(box, up)
    assert box.gate.events(box.grant).count("grant.claimed") == 1


# ---- what is not allowed

FORWARD = ("198.51.100.20", 9999)  # a port that no grant names
SSH = {"-R": (["-R", "9002:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"], "true", "remote port forwarding failed"),
       "-W": (["-W", "%s:%d" % FORWARD], None, "administratively prohibited"),
       "-s": (["-s"], "netconf", "subsystem request failed"),
       "-w": (["-w", "any:any", "-o", "ExitOnForwardFailure=yes"], "true", "Tunnel")}
PLINK = {"-R": (["-v", "-R", "9002:127.0.0.1:22"], "true", "Remote port forwarding from 9002 refused"),
         "-nc": (["-nc", "%s:%d" % FORWARD], None, "refused"),
         "-s": (["-s"], "netconf", "refused"),
         "-X": (["-v", "-X"], "true", "X11 forwarding refused")}
DBCLIENT = {"-R": (["-R", "9002:127.0.0.1:22"], "true", "Remote TCP forward request failed"),
            "-B": (["-B", "%s:%d" % FORWARD], None, "closed"),  # all that it ever says
            "-s": (["-s"], "netconf", "only the subsystem sftp is carried")}


@pytest.mark.parametrize("what", SSH)
def test_openssh_is_told_what_is_not_allowed(box, what):
    options, command, words = SSH[what]
    done = box.kim.ssh(*([command] if command else []), options=options, timeout=15)
    assert seconds_since_login(box) < AT_ONCE
    assert done.returncode == 255 and words in done.stderr, done


@pytest.mark.parametrize("what", PLINK)
def test_plink_is_told_what_is_not_allowed(box, what):
    options, command, words = PLINK[what]
    done = putty(box.kim, box, "plink", *options, box.kim.address, *([command] if command else []))
    assert seconds_since_login(box) < AT_ONCE
    assert words in done.stderr, done
    assert (done.returncode == 0) == (command == "true"), done  # what goes without it goes on


@pytest.mark.parametrize("what", DBCLIENT)
def test_dbclient_is_told_what_is_not_allowed(box, what):
    options, command, words = DBCLIENT[what]
    done = dbclient(box.kim, *([command] if command else []), options=options)
    assert seconds_since_login(box) < AT_ONCE
    assert words in done.stderr, done
    assert (done.returncode == 0) == (what != "-s"), done


def refused_by_paramiko(transport):
    """What raises, and does not hang."""
    channel = transport.open_session()
    yield lambda: transport.request_port_forward("", 9002)
    yield lambda: transport.open_channel("direct-tcpip", FORWARD, ("127.0.0.1", 1), timeout=5)
    yield lambda: transport.open_channel("x11", src_addr=("127.0.0.1", 1), timeout=5)
    yield lambda: channel.request_x11()
    channel = transport.open_session()
    yield lambda: channel.invoke_subsystem("netconf")


def test_paramiko_is_told_what_is_not_allowed(box):
    transport = paramiko_transport(box.kim)
    for number, attempt in enumerate(refused_by_paramiko(transport)):
        with pytest.raises(paramiko.SSHException):
            attempt()
            pytest.fail(f"number {number} was granted")
    assert seconds_since_login(box) < AT_ONCE
    assert paramiko_run(transport, "echo still here").stdout == b"still here\n"
    transport.close()


def test_asyncssh_is_told_what_is_not_allowed(box):
    async def try_all(connection):
        for attempt in (lambda: connection.forward_remote_port("", 9002, "127.0.0.1", 22),
                        lambda: connection.forward_remote_path("/run/x", "/run/y"),
                        lambda: connection.open_connection(*FORWARD),
                        lambda: connection.open_unix_connection("/run/x"),
                        lambda: connection.create_session(asyncssh.SSHClientSession, subsystem="netconf")):
            with pytest.raises((asyncssh.ChannelListenError, asyncssh.ChannelOpenError)):
                await attempt()
        took = seconds_since_login(box)
        return took, (await connection.run("echo still here")).stdout

    took, said = with_asyncssh(box.kim, try_all)
    assert took < AT_ONCE and said == "still here\n"


# Of clients that only carry files: a policy lets them go one way alone.

@pytest.fixture
def one_way(box, up):
    write(CONFIG / "policies/one-way.toml", f'[ssh]\nfiles = "to-target"\n{SERVICE}')
    box.gate.reload()
    assert box.gate.ask("alice", ask="revoke", grant=box.grant, reason="the other policy")["ok"]
    eventually(lambda: not box.gate.elements(), 2, "the revocation")
    box.grant = grant_id(box.enable(target="box", policy="one-way"))
    at_the_target("there").write_bytes(b"not for the rep")
    yield box
    assert not box.kim.file("back").exists() or not box.kim.file("back").read_bytes()


def test_psftp_is_told_that_files_go_one_way(one_way):
    own_file(one_way, "batch", "get there back\n")
    done = putty(one_way.kim, one_way, "psftp", "-b", "batch", one_way.kim.address)
    assert seconds_since_login(one_way) < AT_ONCE
    assert done.returncode != 0 and "permission denied" in (done.stderr + done.stdout.decode()), done


def test_lftp_is_told_that_files_go_one_way(one_way):
    done = lftp(one_way.kim, "get there -o back", "bye")
    assert seconds_since_login(one_way) < AT_ONCE
    assert done.returncode != 0 and "lets no file come from the target" in done.stderr, done


def test_rsync_is_told_that_files_go_one_way(one_way):
    done = rsync(one_way.kim, f"{one_way.kim.address}:there", "back")
    assert seconds_since_login(one_way) < AT_ONCE
    assert done.returncode != 0 and "policy" in done.stderr, done


def test_ansible_is_told_that_files_go_one_way(one_way):
    ansible = Ansible(one_way.kim)
    try:
        assert '"ping": "pong"' in ansible.do("ping").stdout
        assert "FAILED" in ansible.do("fetch", "src=there dest=back flat=yes").stdout
    finally:
        ansible.leave()
