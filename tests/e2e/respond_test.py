# sallyport-respond as a representative meets it: by hand, in a pipe, and as the askpass program of stock ssh.
# Run: pytest tests/e2e/respond_test.py (SALLYPORT_BIN: folder of the built programs).
import os
import subprocess

import pytest
from responder import PROGRAM, as_askpass, environment, on_terminal, run

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"  # the RFC's 32-byte key
SUITE = "OCRA-1:HOTP-SHA256-8:QA08"  # the RFC's plain signature: SIG10000 gives 53095496


@pytest.fixture
def home(tmp_path):
    secret = tmp_path / ".config/sallyport/secret"
    secret.parent.mkdir(parents=True)
    secret.write_text(f"{KEY}\n{SUITE}\n")
    secret.chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("arguments", [["SIG10000"], ["sig1-0000"], ["SIG1", "0000"], ["--challenge", "SIG1 0000"],
                                       ["Challenge SIG1 0000, response:"]])
def test_a_challenge_is_answered_in_groups(home, arguments):
    done = run(home, *arguments)
    assert (done.returncode, done.stdout) == (0, "5309 5496\n")


def test_the_challenge_may_come_by_standard_input(home):
    assert run(home, stdin="SIG1 0000\n").stdout == "5309 5496\n"


def test_the_challenge_may_be_typed(home):
    status, screen = on_terminal(home, [], b"sig1 0000\n")
    assert status == 0 and "5309 5496" in screen


def test_the_suite_is_the_default_one_unless_something_says_otherwise(home):
    secret = home / ".config/sallyport/secret"
    secret.write_text(KEY + "\n")
    ten = run(home, "SIG1000000")
    assert ten.returncode == 0
    assert run(home, "--suite", SUITE, "SIG10000").stdout == "5309 5496\n"
    assert run(home, "SIG10000000").returncode == 1


def test_a_secret_that_others_can_read_is_refused_with_the_remedy(home):
    (home / ".config/sallyport/secret").chmod(0o640)
    done = run(home, "SIG10000")
    assert done.returncode == 1 and "chmod 600" in done.stderr and KEY not in done.stderr


def test_a_missing_secret_says_how_to_store_one(tmp_path):
    done = run(tmp_path, "SIG10000")
    assert done.returncode == 1 and "--save" in done.stderr


def test_wrong_usage_is_2_and_help_shows_examples(home):
    assert run(home, "--frobnicate").returncode == 2
    assert run(home, "--counter", "x", "SIG10000").returncode == 2
    done = run(home, "--help")
    assert done.returncode == 0 and "SSH_ASKPASS_REQUIRE=force ssh kim@gate" in done.stdout


def test_save_stores_the_secret_for_its_owner_alone_and_never_over_another(tmp_path):
    done = run(tmp_path, "--save", "--suite", SUITE, stdin="gezd gnbv gy3t qojq gezd gnbv gy3t qojq gezd gnbv gy3t qojq geza\n")
    secret = tmp_path / ".config/sallyport/secret"
    assert done.returncode == 0, done.stderr
    assert secret.read_text() == f"{KEY}\n{SUITE}\n"
    assert secret.stat().st_mode & 0o777 == 0o600 and secret.parent.stat().st_mode & 0o777 == 0o700
    assert run(tmp_path, "SIG10000").stdout == "5309 5496\n"
    assert run(tmp_path, "--save", stdin=KEY).returncode == 1
    assert secret.read_text() == f"{KEY}\n{SUITE}\n"


def test_a_typed_secret_is_not_shown(tmp_path):
    status, screen = on_terminal(tmp_path, ["--save"], KEY.encode() + b"\n")
    assert status == 0 and KEY not in screen


def test_a_secret_stored_as_mutual_has_the_gate_answer_first_without_being_told_again(tmp_path):
    assert run(tmp_path, "--save", "--suite", SUITE, "--mutual", stdin=KEY + "\n").returncode == 0
    status, screen = on_terminal(tmp_path, [], [b"12345678\n", b"SIG1 0000\n"])
    assert status == 3 and "Your question for the gate" in screen and "5309" not in screen, screen
    done = run(tmp_path, stdin="SIG1 0000\n")
    assert done.returncode == 3 and not done.stdout, "a false gate that leaves the question out"


def test_save_refuses_what_is_no_secret(tmp_path):
    for text in ("", "short", "not base32!", KEY + "\nOCRA-1:nonsense"):
        assert run(tmp_path, "--save", stdin=text).returncode == 1
    assert not (tmp_path / ".config/sallyport/secret").exists()


def test_a_counter_is_used_once(home):
    suite = ["--suite", "OCRA-1:HOTP-SHA512-8:C-QN08"]
    first, second = (run(home, *suite, "12345678").stdout for _ in range(2))
    assert first == run(home, *suite, "--counter", "0", "12345678").stdout
    assert second == run(home, *suite, "--counter", "1", "12345678").stdout != first
    assert (home / ".config/sallyport/secret.counter").read_text() == "2\n"


def test_askpass_answers_the_challenge_by_itself(home):
    status, answer, screen = as_askpass(home, "(kim@gate) Challenge SIG1 0000, response: ")
    assert (status, answer, screen) == (0, "53095496\n", "")


def test_askpass_asks_the_password_on_the_terminal_without_echo(home):
    status, answer, screen = as_askpass(home, "(kim@gate) Gate password: ", b"hunter2\n")
    assert (status, answer) == (0, "hunter2\n")
    assert "Gate password: " in screen and "hunter2" not in screen


def test_askpass_shows_the_host_key_question_and_echoes_the_answer(home):
    prompt = "The authenticity of host 'gate' can't be established.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? "
    status, answer, screen = as_askpass(home, prompt, b"yes\n")
    assert (status, answer) == (0, "yes\n")
    assert "continue connecting" in screen and screen.rstrip().endswith("yes")


def test_askpass_takes_no_prompt_for_an_option_or_a_bare_challenge(home):
    for prompt in ("--save", "--help", "PASSWORD", "SIG10000", "--secret-file=/x"):
        status, answer, screen = as_askpass(home, prompt + ": ", b"typed\n")
        assert (status, answer) == (0, "typed\n") and prompt in screen
    read, write = os.pipe()
    done = subprocess.run([PROGRAM, "SIG10000"], env=environment(home, SSH_ASKPASS=str(PROGRAM)), stdout=write,
                          stderr=subprocess.PIPE, timeout=20, start_new_session=True)
    os.close(write)
    assert done.returncode == 1 and os.read(read, 10) == b""
    os.close(read)


def test_a_prompts_escapes_do_not_reach_the_terminal(home):
    screen = as_askpass(home, "\x1b]0;x\x07Gate password: ", b"x\n")[2]
    assert "\x1b" not in screen


def test_a_script_gets_the_password_from_a_file_that_others_cannot_read(home):
    file = home / "password"
    file.write_text("hunter2\nsecond line\n")
    file.chmod(0o600)
    more = {"SSH_ASKPASS": str(PROGRAM), "SALLYPORT_PASSWORD_FILE": str(file)}
    assert run(home, "(kim@gate) Gate password: ", **more).stdout == "hunter2\n"
    assert run(home, "hscroot's password: ", **more).returncode == 1  # no terminal to ask on
    file.chmod(0o644)
    done = run(home, "(kim@gate) Gate password: ", **more)
    assert done.returncode == 1 and done.stdout == "" and "hunter2" not in done.stderr
