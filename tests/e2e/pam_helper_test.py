# sallyport-auth with real PAM, in a mount namespace of its own with private account and PAM files.
# Needs root. Run: pytest tests/e2e/pam_helper_test.py (SALLYPORT_BIN: folder of the built programs).
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SALLYPORT_BIN", ROOT / "build/dev/bin"))
PASSWORD = "correct horse"
RESPONSE_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"  # the RFC's 32-byte key
CANARY = "canary-7c1f"


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">I", len(data)) + data


def check_password(account, password, service="sallyport"):
    return b"\0" + text(service) + text(account) + text("192.0.2.7") + text(password)


def check_response(suite, path, question, response, counter=0, now=0, second="", gate="", grant=""):
    fields = text(suite) + text(str(path)) + text(question) + text(response)
    return b"\1" + fields + struct.pack(">QQ", counter, now) + text(second) + text(gate) + text(grant) + text("")


def shadow_line(name, hashed, changed="20000", most="99999", expires=""):
    return f"{name}:{hashed}:{changed}:0:{most}:7::{expires}:\n"


@pytest.fixture(scope="module")
def etc(tmp_path_factory):
    """A copy of /etc with accounts of its own; it replaces /etc for the helper alone."""
    folder = tmp_path_factory.mktemp("pam") / "etc"
    folder.mkdir()
    for name in ("ld.so.cache", "nsswitch.conf", "login.defs", "security", "localtime", "ld.so.conf"):
        source = pathlib.Path("/etc") / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy(source, folder / name)
    hashed = subprocess.check_output(["openssl", "passwd", "-6", PASSWORD], text=True).strip()
    names = ["kim", "expired", "mustchange", "oldpassword", "locked", "nopassword"]
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\n" + "".join(
        f"{name}:x:{4000 + i}:4000::/nonexistent:/usr/sbin/nologin\n" for i, name in enumerate(names)))
    (folder / "group").write_text("root:x:0:\nreps:x:4000:\n")
    (folder / "shadow").write_text(
        shadow_line("root", "*") + shadow_line("kim", hashed) + shadow_line("expired", hashed, expires="1") +
        shadow_line("mustchange", hashed, changed="0") + shadow_line("oldpassword", hashed, changed="100", most="1") +
        shadow_line("locked", "!" + hashed) + shadow_line("nopassword", ""))
    (folder / "shadow").chmod(0o600)
    services = folder / "pam.d"
    services.mkdir()
    shutil.copy(ROOT / "packaging/pam.d/sallyport", services / "sallyport")
    (services / "other").write_text("auth required pam_permit.so\naccount required pam_permit.so\n")
    hang = folder / "hang"
    hang.write_text("#!/bin/sh\nexec sleep 6\n")
    hang.chmod(0o755)
    (services / "hanging").write_text("auth required pam_exec.so quiet /etc/hang\naccount required pam_permit.so\n")
    (services / "twice").write_text("auth required pam_unix.so nodelay\nauth required pam_userdb.so db=/etc/none\n"
                                    "account required pam_permit.so\n")
    (services / "nullok").write_text("auth required pam_unix.so nullok nodelay\naccount required pam_permit.so\n")
    (services / "missing-module").write_text("auth required pam_not_there.so\naccount required pam_permit.so\n")
    return folder


class Helper:
    def __init__(self, etc, deadline="30s"):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        inner = f'mount --bind "$1" /etc && exec "$2" "$3" 3<&{number} {number}<&-'
        if number == 3:
            inner = 'mount --bind "$1" /etc && exec "$2" "$3"'
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", inner, "helper", etc,
             BIN / "sallyport-auth", deadline],
            pass_fds=[number], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, process_group=0)
        theirs.close()

    def ask(self, message, timeout=20):
        self.channel.settimeout(timeout)
        self.channel.send(message)
        return self.channel.recv(65536)

    def password(self, *arguments, **keywords):
        answer = self.ask(check_password(*arguments, **keywords))
        assert len(answer) == 2 and answer[0] == 0
        return answer[1] == 1

    def response(self, *arguments, **keywords):
        answer = self.ask(check_response(*arguments, **keywords))
        assert len(answer) >= 14 and answer[0] == 1
        return (answer[1] == 1, struct.unpack(">Q", answer[2:10])[0])

    def end(self):
        """Closes the channel; the exit status and everything the helper logged."""
        self.channel.close()
        _, log = self.process.communicate(timeout=20)
        return self.process.returncode, log.decode()


@pytest.fixture
def helper(etc):
    made = Helper(etc)
    yield made
    if made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
        made.process.wait()
    made.process.stderr.close()
    made.channel.close()


def test_the_right_password_is_accepted_and_others_are_not(helper):
    assert helper.password("kim", PASSWORD)
    assert not helper.password("kim", PASSWORD + "x")
    assert not helper.password("kim", PASSWORD[:-1])
    assert helper.password("kim", PASSWORD)
    assert helper.end()[0] == 0


def test_an_unknown_account_is_refused(helper):
    assert not helper.password("nobody-such", PASSWORD)
    assert not helper.password("", PASSWORD)


@pytest.mark.parametrize("account", ["expired", "mustchange", "oldpassword", "locked"])
def test_an_account_that_may_not_log_in_today_is_refused_with_the_right_password(helper, account):
    assert not helper.password(account, PASSWORD)


def test_an_empty_password_is_refused_even_where_pam_would_take_it(helper):
    assert not helper.password("nopassword", "")
    assert not helper.password("nopassword", "", service="nullok")
    assert not helper.password("kim", "")


def test_a_password_with_a_nul_byte_is_refused(helper):
    assert not helper.password("kim", PASSWORD.encode() + b"\0x")


def test_a_missing_service_does_not_fall_back_to_other(helper):
    assert not helper.password("kim", PASSWORD, service="not-installed")
    assert not helper.password("kim", PASSWORD, service="../pam.d/other")
    assert "install /etc/pam.d/not-installed" in helper.end()[1]


def test_a_stack_that_cannot_work_is_refused_and_says_where_to_look(helper):
    assert not helper.password("kim", PASSWORD, service="missing-module")
    assert "sallyport doctor" in helper.end()[1]


def test_failures_take_no_delay_of_pams_own(helper):
    started = time.monotonic()
    assert not helper.password("kim", "wrong")
    assert time.monotonic() - started < 1.5


def test_a_hanging_module_costs_this_helper_alone(etc):
    hanging, other = Helper(etc, deadline="2s"), Helper(etc)
    started = time.monotonic()
    hanging.channel.send(check_password("kim", PASSWORD, service="hanging"))
    assert other.password("kim", PASSWORD)
    hanging.channel.settimeout(10)
    assert hanging.channel.recv(100) == b""
    assert 1.5 < time.monotonic() - started < 4
    assert hanging.process.wait(timeout=5) == -signal.SIGKILL
    assert other.password("kim", PASSWORD)
    assert other.end()[0] == 0
    hanging.end()


def test_the_deadline_counts_each_question_not_the_life(etc):
    helper = Helper(etc, deadline="1s")
    assert helper.password("kim", PASSWORD)
    time.sleep(1.5)
    assert helper.password("kim", PASSWORD)
    assert helper.end()[0] == 0


def test_the_helper_dies_with_its_parent_and_leaves_no_core(helper):
    assert helper.password("kim", PASSWORD)  # it has finished starting
    status = pathlib.Path(f"/proc/{helper.process.pid}/limits").read_text()
    assert [line.split()[4:6] for line in status.splitlines() if line.startswith("Max core")] == [["0", "0"]]
    assert os.stat(f"/proc/{helper.process.pid}/mem").st_uid == 0


def test_nonsense_ends_the_helper(helper):
    helper.channel.send(b"\7garbage")
    helper.channel.settimeout(10)
    assert helper.channel.recv(100) == b""
    assert helper.end()[0] == 1


def test_i9_passwords_responses_and_secrets_are_not_logged(helper, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(RESPONSE_KEY + "\n")
    secret.chmod(0o644)
    for service in ("sallyport", "missing-module", "not-installed"):
        assert not helper.password("kim", CANARY, service=service)
    assert helper.response("OCRA-1:HOTP-SHA256-8:QA08", secret, "SIG10000", CANARY)[0] is False
    log = helper.end()[1]
    assert "chmod 600" in log
    assert CANARY not in log and RESPONSE_KEY not in log


def test_the_right_response_is_accepted_once_grouped_or_not(helper, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(RESPONSE_KEY + "\n")
    secret.chmod(0o600)
    suite = "OCRA-1:HOTP-SHA256-8:QA08"
    assert helper.response(suite, secret, "SIG10000", "53095496") == (True, 0)
    assert helper.response(suite, secret, "SIG10000", "530 954-96 ") == (True, 0)
    assert helper.response(suite, secret, "SIG10000", "53095497") == (False, 0)
    assert helper.response(suite, secret, "SIG11000", "53095496") == (False, 0)
    assert helper.response(suite, tmp_path / "none", "SIG10000", "53095496") == (False, 0)
    assert helper.response(suite.lower(), secret, "SIG10000", "53095496") == (False, 0)


@pytest.mark.parametrize("content", ["", "\n", "not base32!\n", "GEZDGNBVGY3TQOJQ\n"])
def test_a_broken_secret_is_a_refusal_and_an_error_in_the_log(helper, tmp_path, content):
    secret = tmp_path / "secret"
    secret.write_text(content)
    secret.chmod(0o600)
    assert helper.response("OCRA-1:HOTP-SHA256-8:QA08", secret, "SIG10000", "53095496") == (False, 0)
    assert "rep enroll" in helper.end()[1]
