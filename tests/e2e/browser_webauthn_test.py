"""A virtual security key in a real Chromium at a real gate: it logs in, and with one thing wrong it does not. Runs in: the
lab."""
import base64

import pytest
from authenticator import Authenticator
from browser_test import LEAST_CONTRAST, TELEPHONE, start  # noqa: F401 (a fixture)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from https_gate_test import console, web  # noqa: F401 (fixtures)
from https_webauthn_test import door, end  # noqa: F401 (a fixture)
from lab.files import write
from lab.gate import CONFIG, SETTINGS
from support import eventually, records, state_of


def plug_in(kim, key, counter=0):
    """The key, as a USB device of Chromium's own; what its credential has signed so far is `counter`."""
    kim.cdp.send("WebAuthn.enable", {"enableUI": False})
    device = kim.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]
    private = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    kim.cdp.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {
        "credentialId": base64.b64encode(key.id).decode(), "isResidentCredential": False, "rpId": key.relying_party,
        "privateKey": base64.b64encode(private).decode(), "signCount": counter}})
    return device


def ask(kim, lab):
    """Up to the page that asks for the key."""
    kim.page.goto("https://gate/.sallyport/login")
    kim.page.fill("#user", "kim")
    kim.page.fill("#password", lab.kim.password)
    kim.page.click("button")
    kim.page.waitForSelector("#touch:enabled")


def touch(kim, lab):
    """What the gate says to it."""
    kim.page.click("#touch")
    return eventually(lambda: next((word for word in ("connected to hmc1", "not admitted") if word in kim.text()), None), 10)


def test_a_security_key_opens_the_console_by_keyboard_alone(door, start):  # noqa: F811
    kim = start()
    plug_in(kim, door.key)
    ask(kim, door)
    assert f"Sign to open hmc1 (https, ssh) for kim, grant {door.grant}" in kim.text()
    assert kim.page.evaluate("document.activeElement.id") == "touch"
    kim.page.keyboard.press("Enter")
    eventually(lambda: "connected to hmc1" in kim.text(), 10)
    accepted = records(door, "login.accepted")[-1]
    assert (accepted["method"], accepted["key"], accepted["key_counter"]) == ("webauthn", door.key.fingerprint, 1)
    assert kim.driver.complaints() == [], "the page's policy lets all of it happen"


def test_another_key_is_told_of_in_an_alert_and_the_page_can_be_used_again(door, start):  # noqa: F811
    kim = start(TELEPHONE)
    device = plug_in(kim, Authenticator())
    ask(kim, door)
    kim.page.click("#touch")
    eventually(lambda: kim.page.isVisible("#failed"), 30)
    for scheme in ("light", "dark"):
        kim.page.emulateMedia({"colorScheme": scheme})
        assert kim.page.evaluate(LEAST_CONTRAST) >= 4.5, scheme
    assert kim.page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    assert "not one of yours" in kim.page.innerText("[role=alert]") and kim.page.evaluate("document.activeElement.id") == "touch"
    kim.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    plug_in(kim, door.key)
    assert touch(kim, door) == "connected to hmc1"


def bits(kim, device, **wrong):
    kim.cdp.send("WebAuthn.setResponseOverrideBits", {"authenticatorId": device, **wrong})


@pytest.mark.parametrize("wrong", ["origin", "challenge", "flag", "signature", "counter"])
def test_a_key_with_one_thing_wrong_is_not_admitted(door, start, wrong):  # noqa: F811
    counted = 5
    if wrong == "origin":  # browsers are said to come by another port than this one does
        door.gate.stop()
        write(CONFIG / "sallyport.toml", SETTINGS + '[https]\norigin = "https://gate:8443"\n')
        assert door.gate.start() is not None
    kim = start()
    if wrong == "counter":
        plug_in(kim, door.key, counted)
        ask(kim, door)
        assert touch(kim, door) == "connected to hmc1" and records(door, "login.accepted")[-1]["key_counter"] == counted + 1
        end(door)
        kim.cdp.send("WebAuthn.disable")
        door.grant = door.enable(policy="web")["grant"]["id"]
    device = plug_in(kim, door.key, counted)
    ask(kim, door)
    if wrong == "challenge":
        kim.page.evaluate("document.getElementById('assertion').dataset.challenge = 'A'.repeat(43)")
    if wrong == "flag":
        bits(kim, device, isBadUP=True)
    if wrong == "signature":
        bits(kim, device, isBogusSignature=True)
    before = len(records(door, "login.accepted"))
    assert touch(kim, door) == "not admitted"
    why = {"origin": "its origin is not", "challenge": "another challenge", "flag": "not touched",
           "signature": "not the key's", "counter": "may have been copied"}[wrong]
    assert why in door.gate.log() and len(records(door, "login.accepted")) == before
    assert state_of(door, door.grant) == "armed"


def test_without_scripts_the_page_says_what_is_needed(door, start):  # noqa: F811
    kim = start()
    kim.cdp.send("Emulation.setScriptExecutionDisabled", {"value": True})
    kim.page.goto("https://gate/.sallyport/login")
    kim.page.fill("#user", "kim")
    kim.page.fill("#password", door.kim.password)
    kim.page.click("button")
    kim.page.waitForSelector("#touch")
    assert "Allow scripts for this site" in kim.page.innerText("noscript")
    assert kim.page.isDisabled("#touch")
