"""The PAM stacks that docs/PAM.md gives, as they stand, with pam_exec in the place of the directory's module; and doctor
on what a directory can do to a gate."""
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from doctor_test import PAM, doctor
from lab.files import LAB, write
from lab.gate import CONFIG
from support import with_grant

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "packaging/pam.d/sallyport-sssd").read_text()
DIRECTORY = LAB / "directory"  # stands in for SSSD: one account, which may be disabled
MODULES = [Path(folder) / "pam_sss.so" for folder in ("/lib/x86_64-linux-gnu/security", "/usr/lib/security", "/lib64/security")]


def lines_of(text):
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@contextmanager
def stack(text):
    before = PAM.read_text()
    write(PAM, text, 0o644)
    try:
        yield
    finally:
        write(PAM, before, 0o644)


@pytest.fixture
def directory(site):
    """A representative whom only the directory knows."""
    site.directory_password = site.new_secret("dir-")
    site.lee = site.enroll("lee")
    site.lee.know_password(site.directory_password)
    set_directory(site.directory_password)
    write(CONFIG / "reps/lee.toml", (CONFIG / "reps/lee.toml").read_text().replace("\n[response]", 'account = "far.away"\n\n[response]', 1))
    site.gate.reload()
    with stack(SHIPPED.replace("pam_sss.so", f"pam_exec.so quiet expose_authtok {DIRECTORY}")):
        yield site


def set_directory(password, account="exit 0"):
    write(DIRECTORY, f"""#!/bin/sh
[ "$PAM_USER" = far.away ] || exit 1
[ "$PAM_TYPE" = account ] && {{ {account}; }}
given=$(tr -d '\\0')
[ "$given" = "{password}" ]
""", 0o755)


def test_the_guide_gives_the_stack_that_is_shipped():
    guide = (ROOT / "docs/PAM.md").read_text()
    blocks = re.findall(r"```\n(.*?)```", guide, re.S)
    assert lines_of(blocks[0]) == lines_of(SHIPPED)


def log_in(lab, rep):
    with_grant(lab, rep=rep.name)
    return rep.ssh("lshmc -V", options=["-o", "NumberOfPasswordPrompts=1"]).returncode == 0


def test_accounts_of_the_directory_and_of_this_machine_get_in(directory):
    assert log_in(directory, directory.lee)
    assert log_in(directory, directory.kim)


def test_a_wrong_password_and_a_disabled_account_do_not(directory):
    directory.lee.know_password("wrong")
    assert not log_in(directory, directory.lee)
    directory.lee.know_password(directory.directory_password)
    set_directory(directory.directory_password, account="exit 1")
    assert not log_in(directory, directory.lee)
    assert log_in(directory, directory.kim)


def test_doctor_is_content_with_it(directory):
    # pam_exec has one word for "no", system_err, where pam_sss has several; so pam_deny says it for the stand-in.
    text = SHIPPED.replace("[success=1 default=ignore]", "[success=2 default=ignore]")
    for phase in ("auth", "account"):
        text = re.sub(rf"^{phase} .*pam_sss.so$", f"{phase} [success=done default=ignore] pam_exec.so quiet {DIRECTORY}\n"
                      f"{phase} requisite pam_deny.so", text, flags=re.M)
    assert text.count("pam_deny.so") == 4
    with stack(text):
        line = doctor(directory)["pam"]
    assert line["verdict"] == "ok", line


def test_doctor_names_the_directorys_module_where_it_is_not_installed(directory):
    if any(path.exists() for path in MODULES):
        pytest.skip("libpam-sss is installed")
    with stack(SHIPPED):
        line = doctor(directory)["pam"]
    assert line["verdict"] == "FAIL" and "pam_sss.so" in line["text"]


def test_doctor_says_that_the_directory_cannot_be_asked(directory):
    if not any(path.exists() for path in MODULES):
        pytest.skip("libpam-sss is not installed")
    with stack(SHIPPED):
        line = doctor(directory)["pam"]
    assert line["verdict"] == "FAIL" and "cannot be asked" in line["text"]


def test_doctor_ends_with_a_module_that_hangs(directory):
    settings = CONFIG / "sallyport.toml"
    before = settings.read_text()
    write(settings, before + '\n[login]\nhelper_deadline = "2s"\n')
    try:
        write(DIRECTORY, f"#!/bin/sh\nexec {shutil.which('sleep')} 15\n", 0o755)
        line = doctor(directory)["pam"]
    finally:
        write(settings, before)
    assert line["verdict"] == "FAIL" and "hangs" in line["text"]
