"""Fixtures of the end-to-end tests: one site per file, a newly installed gate per test. Runs in: the lab."""
import os
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "packaging"))
sys.dont_write_bytecode = True

import journal_schema  # noqa: E402
from lab.lab import Lab  # noqa: E402


def pytest_configure(config):
    """When pytest was called by hand: starts again inside namespaces, with the terminal that pytest has taken for itself."""
    if os.environ.get("LAB_INSIDE") != "1":
        config.pluginmanager.getplugin("capturemanager").suspend_global_capture(in_=True)
        os.execv("/usr/bin/python3", ["/usr/bin/python3", str(SOURCE / "packaging/lab/init.py"), *sys.orig_argv])


def programs():
    return os.environ.get("SALLYPORT_BIN", str(SOURCE / "build/dev/bin"))


@pytest.fixture(scope="session")
def lab():
    """The site. Each journal that its gate leaves is held to docs/journal.schema.json, before the next one begins."""
    made = Lab(programs())
    forget = made.gate.forget

    def check_and_forget():
        journal_schema.hold(made.gate.state)
        forget()
    made.gate.forget = check_and_forget
    return made


@pytest.fixture(autouse=True)
def journal_keeps_to_its_schema(request):
    yield
    if "lab" in request.fixturenames:
        journal_schema.hold(request.getfixturevalue("lab").gate.state)


@pytest.fixture
def site(lab):
    """A running gate with target hmc1 and the enrolled rep kim. Its daemon must end well, without complaint."""
    lab.kim = lab.fresh()
    yield lab
    code = lab.gate.stop()
    log = lab.gate.log()
    for complaint in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "<2>bug: "):
        assert complaint not in log, log
    assert code in (0, None), f"sallyportd ended with {code}:\n{log}"


@pytest.fixture
def armed(site):
    """The site with a grant for kim to hmc1; site.grant is its id."""
    site.told = site.enable()
    site.grant = site.told["grant"]["id"] if isinstance(site.told["grant"], dict) else site.told["grant"]
    return site
