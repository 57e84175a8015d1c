"""A representative's real Chromium at a real gate: login, the HMC's pages, terminal, files, and every end. Runs in: the lab."""
import contextlib
import hashlib
import os

import pytest
from chromium import Chromium, Said
from https_gate_fixtures import answer_to, console, ended, web  # noqa: F401 (fixtures, too)
from lab import network
from lab.gate import pids_of
from lab.web import fingerprint_of, pin_of, shown_certificate
from signing import signer
from support import assert_closes, eventually, grant_id, records

TELEPHONE = {"width": 360, "height": 640}

# The least contrast between a text and what is behind it (WCAG 2), over all elements with text of their own.
LEAST_CONTRAST = """(() => {
  const channel = value => value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const color = parts(getComputedStyle(element).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.body.querySelectorAll("*")].filter(one => ["INPUT", "TEXTAREA"].includes(one.tagName) ||
    [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return Math.min(...texts.map(one => {
    const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()"""
WITHOUT_LABEL = """[...document.querySelectorAll("input, textarea")].filter(one => !one.labels.length).map(one => one.id)"""
FOCUS = """(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return [one.id || one.tagName, style.outlineStyle, parseFloat(style.outlineWidth)];
})()"""


@pytest.fixture
def start(web):
    """Starts Chromium at the rep's, once a grant is armed; the gate's certificate is the one that `enable` told of."""
    started = []

    def start_one(size=None):
        web.told = web.enable(policy="web")
        web.grant = grant_id(web.told)
        shown = shown_certificate(web.folder / "shown.pem", network.GATE4, "rep")
        assert web.told["tell"]["certificate"] == fingerprint_of(shown)
        kim = Chromium(pin_of(shown), size)
        started.append(kim)
        return kim
    yield start_one
    for one in started:
        one.close()


def ask_challenge(kim, web, password=None):
    kim.page.goto("https://gate/")
    kim.page.fill("#user", "kim")
    kim.page.fill("#password", password or web.kim.password)
    kim.page.click("button")
    return kim.page.innerText("#question")


def log_in(kim, web):
    kim.page.fill("#response", answer_to(web, ask_challenge(kim, web)))
    kim.page.click("button")
    kim.page.waitForURL("**/.sallyport/status")
    return kim


def log_on_to_the_hmc(kim):
    kim.page.click("text=Open the console")
    kim.page.fill("#user", "hscroot")
    kim.page.fill("#password", "abc123")
    kim.page.click("button")
    kim.page.waitForSelector("text=S1022-7A1B2C0")
    return kim


@pytest.fixture
def kim(start, web):
    """Kim's Chromium, logged in at the gate and at the HMC."""
    return log_on_to_the_hmc(log_in(start(), web))


def test_kim_logs_in_with_password_and_challenge_and_is_told_what_the_session_is(start, web):
    kim = log_in(start(), web)
    text = kim.text()
    assert "connected to hmc1" in text and "recorded" in text and "it ends at" in text, text
    assert {one["name"] for one in kim.context.cookies()} == {"__Host-sallyport"}
    assert kim.driver.complaints() == [], "from the first page to the last, the console had nothing to say"
    assert kim.page.evaluate("document.cookie") == "", "scripts do not see the session's cookie"


def test_a_wrong_response_is_refused_in_the_words_of_the_ssh_door(start, web):
    kim = start()
    ask_challenge(kim, web)
    kim.page.fill("#response", "00000000")
    kim.page.click("button")
    kim.page.waitForSelector("[role=alert]")
    assert kim.page.textContent("[role=alert]") == "not admitted" and web.console_log.heard() == []


def test_a_certificate_that_is_not_the_gate_s_is_not_shown_a_password_form(start, web):
    start().close()
    other = Chromium(pin="A" * 43 + "=")
    with pytest.raises(Said, match="ERR_CERT_AUTHORITY_INVALID"):
        other.page.goto("https://gate/")
    other.close()


def test_links_forms_and_redirects_of_the_hmc_s_stay_at_the_gate(kim, web):
    for link, wanted in (("Terminal", "#screen"), ("Files", "#file"), ("Events", "#list"), ("Systems", "table")):
        kim.page.click(f"nav >> text={link}")
        kim.page.waitForSelector(wanted, {"state": "attached"})
        assert kim.page.url().startswith("https://gate/console"), kim.page.url()
    assert kim.page.evaluate("document.cookie") == "XSRF-TOKEN=abc", "what the HMC's own scripts look for is there"
    assert kim.driver.complaints() == []
    kim.page.click("nav >> text=Log off")
    kim.page.waitForSelector("#password")
    assert kim.page.url() == "https://gate/login"
    assert {fact["headers"][0][1] for fact in web.console_log.heard() if "headers" in fact} == {"hmc1.example"}


def test_what_is_typed_in_the_hmc_s_terminal_comes_back_over_its_web_socket(kim):
    kim.page.click("nav >> text=Terminal")
    kim.page.waitForSelector("text=hscroot@hmc1:~>")
    kim.page.keyboard.type("lshmc -W")
    kim.page.keyboard.press("Backspace")
    kim.page.keyboard.type("V")
    kim.page.keyboard.press("Enter")
    kim.page.waitForSelector("text=base_version=V10R3")
    assert "hscroot@hmc1:~> lshmc -V\n" in kim.page.textContent("#screen")
    assert kim.driver.complaints() == []


def test_long_polls_bring_what_happens_while_the_page_is_open(kim):
    kim.page.click("nav >> text=Events")
    kim.page.waitForSelector("text=PCIe adapter in slot C5")
    kim.page.waitForSelector("text=service processor answers")
    kim.page.click("nav >> text=Systems")  # while a poll waits
    kim.page.waitForSelector("table")


def test_files_go_up_and_come_down_unchanged_and_are_on_record(kim, web):
    up, down = web.folder / "up.bin", web.folder / "down.bin"
    data = os.urandom(3_000_001)
    up.write_bytes(data)
    kim.page.click("nav >> text=Files")
    kim.page.setInputFiles("#file", str(up))
    kim.page.click("button")
    kim.page.waitForSelector(f"text=up.bin: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    assert kim.driver.download("#dump", str(down)) == "dump.bin"
    sent = (bytes(range(256)) * 1172)[:300000]
    assert hashlib.sha256(down.read_bytes()).digest() == hashlib.sha256(sent).digest()
    noted = eventually(lambda: len(found := records(web, "session.file")) == 2 and found)
    assert [(one["direction"], one["name"], one["sha256"]) for one in noted] == [
        ("to-target", "up.bin", hashlib.sha256(data).hexdigest()), ("from-target", "dump.bin", hashlib.sha256(sent).hexdigest())]


def test_after_logout_going_back_shows_nothing_of_the_hmc(kim, web):
    kim.page.click("nav >> text=Terminal")
    kim.page.waitForSelector("#screen")
    kim.page.goBack()
    assert "S1022" in what_is_shown(kim), "before, there is something to be seen"
    kim.page.goForward()
    kim.page.goto("https://gate/.sallyport/status")
    kim.page.click("button")
    kim.page.waitForSelector("text=you have logged out")
    assert kim.context.cookies() == [], "nor is a cookie left, the HMC's included"
    assert_nothing_is_shown(kim, kim.page.goBack)
    assert ended(web)["reason"].endswith("logged out")
    assert_closes(web, 8)
    kim.context.setOffline(True)  # what can be seen now would have been kept by the browser
    assert_nothing_is_shown(kim, kim.page.goForward)


def what_is_shown(kim):
    with contextlib.suppress(Said):  # while the page changes
        return kim.page.content()


def assert_nothing_is_shown(kim, move):
    seen = set()
    for _ in range(4):
        with contextlib.suppress(Said):  # that the page does not come
            move({"waitUntil": "domcontentloaded"})
        shown = eventually(lambda: what_is_shown(kim))
        assert not any(word in shown for word in ("S1022", "hscroot", "connected to hmc1")), shown
        history = kim.cdp.send("Page.getNavigationHistory")
        seen.add(history["entries"][history["currentIndex"]]["url"])
    assert {"https://gate/console", "https://gate/console/terminal"} <= seen


def test_a_session_that_an_admin_ends_says_why_at_the_next_click(kim, web):
    kim.page.click("nav >> text=Terminal")
    kim.page.waitForSelector("text=hscroot@hmc1:~>")
    assert web.gate.ask("alice", ask="end", grant=web.grant, reason="the change window is over")["ok"]
    kim.page.waitForSelector("text=the connection is closed")
    kim.page.click("nav >> text=Systems")
    kim.page.waitForSelector("text=ended by alice: the change window is over")
    assert "S1022" not in kim.page.content()
    assert ended(web)["reason"] == "ended by alice: the change window is over"


def test_the_portal_needs_no_mouse(start, web):
    kim = start()
    kim.page.goto("https://gate/")

    def focus_is_on(wanted):
        name, style, width = kim.page.evaluate(FOCUS)
        assert (name, style) == (wanted, "solid") and width >= 2, "each has the focus in its turn, and shows it"
    focus_is_on("user")
    kim.page.keyboard.type("kim")
    kim.page.keyboard.press("Tab")
    focus_is_on("password")
    kim.page.keyboard.type(web.kim.password)
    kim.page.keyboard.press("Tab")
    focus_is_on("BUTTON")
    kim.page.keyboard.press("Enter")
    kim.page.waitForSelector("#response")
    focus_is_on("response")
    kim.page.keyboard.type(answer_to(web, kim.page.innerText("#question")))
    kim.page.keyboard.press("Enter")
    kim.page.waitForURL("**/.sallyport/status")
    kim.page.keyboard.press("Tab")
    focus_is_on("A")
    kim.page.keyboard.press("Tab")
    focus_is_on("BUTTON")
    kim.page.keyboard.press("Enter")
    kim.page.waitForSelector("text=you have logged out")


def assert_readable(kim, title):
    assert title in kim.page.title()
    for scheme in ("light", "dark"):
        kim.page.emulateMedia({"colorScheme": scheme})
        assert kim.page.evaluate(LEAST_CONTRAST) >= 4.5, f"{title}, {scheme}"
    assert kim.page.evaluate(WITHOUT_LABEL) == [], title
    assert kim.page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], f"{title}: nothing to scroll to"


def test_the_portal_is_readable_on_a_telephone(start, web):
    kim = start(TELEPHONE)
    kim.page.goto("https://gate/")
    assert_readable(kim, "Log in")
    kim.page.evaluate("document.querySelector('label').style.color = '#777'")
    assert kim.page.evaluate(LEAST_CONTRAST) < 4.5, "this test sees it when a text is too pale"
    question = ask_challenge(kim, web)
    assert_readable(kim, "Answer the challenge")
    kim.page.fill("#response", answer_to(web, question))
    kim.page.click("button")
    kim.page.waitForURL("**/.sallyport/status")
    assert_readable(kim, "Session s-")
    assert kim.driver.complaints() == []
    kim.page.click("button")
    kim.page.waitForSelector("text=you have logged out")
    assert_readable(kim, "The session has ended")
    assert all("status of 403" in complaint for complaint in kim.driver.complaints())


def test_a_text_to_sign_is_readable_there_too(start, web):
    rep = signer(web)
    kim = start(TELEPHONE)
    ask_challenge(kim, web, rep.password)
    assert_readable(kim, "Answer the challenge")
    kim.page.fill("#response", rep.sign(kim.page.inputValue("#text")))
    kim.page.click("button")
    kim.page.waitForURL("**/.sallyport/status")
    assert kim.driver.complaints() == []


def test_the_portal_s_policy_runs_no_script_and_this_test_would_see_one_refused(start):
    kim = start()
    kim.page.goto("https://gate/")
    kim.page.evaluate("""(() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'taken over'";
      document.body.appendChild(script);
    })()""")
    (complaint,) = kim.driver.complaints()
    assert "Content Security Policy" in complaint and kim.page.title().startswith("Log in")


def test_a_killed_test_leaves_no_chromium(start):
    kim = start()
    assert pids_of("chromium")
    kim.process.kill()
    kim.process.wait()
    eventually(lambda: not pids_of("chromium"), 5, "Chromium's end")
