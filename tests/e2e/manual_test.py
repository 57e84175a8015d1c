"""The man pages say what the programs know: every command, every option, every key of every file."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.files import LAB

pytestmark = pytest.mark.usefixtures("lab")  # which brings the programs
ROOT = Path(__file__).parents[2]
PAGES = {"settings_file.cpp": "sallyport.toml.5", "send_tables.cpp": "sallyport.toml.5", "policy_file.cpp": "sallyport-policy.5",
         "service_table.cpp": "sallyport-policy.5", "target_file.cpp": "sallyport-target.5",
         "rep_file.cpp": "sallyport-rep.5"}
READS = r'\.(?:text|required_text|number|boolean|duration|size|choice|some_of|values|has)\(\s*"([a-z_]+)"'


def help_of(program, *command):
    return subprocess.run([LAB / "bin" / program, *command, "--help"], capture_output=True, text=True, check=True).stdout


def manual():
    page = subprocess.run([LAB / "bin/sallyport", "manual"], capture_output=True, text=True, check=True).stdout
    return page.replace("\\-", "-")


@pytest.mark.parametrize("source", PAGES)
def test_every_key_that_a_file_may_have_is_documented(source):
    tables = {"gate", "login", "ssh", "https", "firewall", "worker", "pam", "limits", "recording", "service", "response",
              "managed_system"}
    keys = set(re.findall(READS, (ROOT / "policies" / source).read_text())) - tables
    assert len(keys) >= 4
    page = (ROOT / "packaging/man" / PAGES[source]).read_text()
    documented = set(re.findall(r"^\.It Ic ([a-z_]+) ", page, re.M))
    assert keys <= documented, keys - documented


@pytest.mark.parametrize("program, least", [("sallyportd", 5), ("sallyport-send", 4)])
def test_every_option_of_a_daemon_is_documented(program, least):
    page = (ROOT / f"packaging/man/{program}.8").read_text().replace("\\-", "-")
    options = set(re.findall(r"--([a-z]+)", help_of(program)))
    assert len(options) >= least
    assert {name for name in options if f"Fl -{name}" not in page} == set()


def test_every_option_of_the_representatives_tool_is_documented_and_no_other():
    page = (ROOT / "packaging/man/sallyport-respond.1").read_text().replace("\\-", "-")
    documented = set(re.findall(r"^\.It Fl -([a-z-]+)", page, re.M))
    options = set(re.findall(r"--([a-z][a-z-]+)", help_of("sallyport-respond")))
    assert len(options) > 15 and options - documented == set()
    assert documented - options == {"challenge"}


def test_every_command_and_option_of_the_console_is_documented():
    page = manual()
    commands = re.findall(r"^  ([a-z]+)  ", help_of("sallyport"), re.M)
    assert len(commands) > 12
    for command in commands:
        inner = re.findall(r"^  ([a-z-]+)  ", help_of("sallyport", command).partition("Commands:")[2], re.M)
        for path in [[command, name] for name in inner] or [[command]]:
            section = re.search(rf"^\.Ss {' '.join(path)}\b(.*?)(?=^\.Ss|^\.Sh)", page, re.M | re.S)
            assert section, f"no section on {' '.join(path)}"
            for option in set(re.findall(r"^  (?:-[a-z],)?(--[a-z-]+)", help_of("sallyport", *path), re.M)) - {"--help"}:
                assert option in section[1], f"{' '.join(path)} {option}"


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_the_pages_are_sound_mdoc():
    pages = {"sallyport.1": manual()} | {path.name: path.read_text() for path in (ROOT / "packaging/man").glob("*.[158]")}
    for name, text in pages.items():
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "error"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stdout}"


@pytest.mark.parametrize("words, wanted", [
    ([""], "enable"), (["rep", ""], "enroll"), (["enable", "--"], "--managed-system"),
    (["target", "add", "hmc2", "--login", ""], "prompt"), (["enable", "--policy", ""], "hmc-ssh"),
    (["enable", "--rep", ""], "kim"), (["rep", "enroll", ""], "kim"), (["target", "scan", ""], "hmc1"),
    (["--json", "audit", "verify", "--"], "--journal")])
def test_shells_complete_what_can_follow(site, words, wanted):
    done = site.gate.run_console("sam", "complete", "--", *words)
    found = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    assert wanted in found, done


def test_grants_are_completed(site):
    grant = site.enable()["grant"]
    name = grant["id"] if isinstance(grant, dict) else grant
    assert name in site.gate.run_console("sam", "complete", "--", "revoke", "").stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes(site):
    """With the shipped script, in a real bash."""
    words = f"PATH={LAB}/bin:$PATH; source {ROOT}/packaging/completions/sallyport.bash; "
    words += 'COMP_WORDS=(sallyport enable --man); COMP_CWORD=2; _sallyport; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert done.stdout.split() == ["--managed-system"], done
