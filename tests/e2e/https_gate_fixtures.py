"""Fixtures of the tests of a real gate's HTTPS door: a site that has one, a browser of the rep's, the login.
Runs in: the lab."""
import html
import re

import pytest
from https_player import Browser
from lab import network
from lab.files import STATE, write
from lab.gate import CONFIG, SETTINGS
from lab.web import WebHmc
from ocra import ocra
from support import eventually, grant_id, records

POLICY = """
[login]
methods = ["ocra", "ssh-signature"]
[[service]]
name = "https"
port = 443
carriage = "https"
exposure = "wide"
"""
CERTIFICATE = STATE / "https/certificate.pem"


@pytest.fixture(scope="module")
def console(lab, tmp_path_factory):
    """The HMC's web side, at hmc1's address."""
    hmc = WebHmc(tmp_path_factory.mktemp("web"))
    hmc.start(network.HMC1_4, 443, network.inside("hmc", []))
    yield hmc
    hmc.stop()


@pytest.fixture
def web(site, console, tmp_path):
    """The site with an HTTPS door, where kim may use hmc1's web interface."""
    site.gate.stop()
    write(CONFIG / "sallyport.toml", SETTINGS + "[https]\n")
    write(CONFIG / "policies/web.toml", POLICY)
    write(CONFIG / "targets/hmc1.toml", (CONFIG / "targets/hmc1.toml").read_text() +
          f'[https]\nname = "hmc1.example"\npins = ["sha256//{console.pin}"]\n')
    assert site.gate.start() is not None, site.gate.log()
    console.forget()
    site.console_log, site.folder = console, tmp_path
    return site


def browser(lab, namespace="rep", name="jar", certificate=CERTIFICATE):
    return Browser(lab.folder, certificate, name, "https://gate", f"gate:443:{network.GATE4}", network.inside(namespace, []))


def challenge(kim, lab, user="kim", password=None):
    """Begins a login; the question as the page shows it."""
    page = kim.ask_challenge(user, lab.kim.password if password is None else password)
    return html.unescape(re.search(r'id="question">(.*?)</p>', page).group(1))


def answer_to(lab, question):
    return ocra(lab.kim.suite, lab.kim.secret, question.split("Challenge ")[1].split(",")[0].replace(" ", ""))


def log_in(lab, policy="web", **more):
    lab.told = lab.enable(policy=policy)
    lab.grant = grant_id(lab.told)
    kim = browser(lab, **more)
    page = kim.respond(answer_to(lab, challenge(kim, lab)))
    assert "connected to hmc1" in page and "recorded" in page, page
    return kim


def ended(lab):
    return eventually(lambda: [one for one in records(lab, "session.ended") if one["grant"] == lab.grant], 10)[-1]
