"""A bundle's page as somebody opens it who has nothing else: Chromium, from a file, without a network. It plays, searches,
asks nobody for anything, and every recording is read by the tools that others have.

Runs in: packaging/lab's namespaces.
"""
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pexpect
import pytest
from lab.chromium import Camera
from lab.files import LAB, STATE
from review_test import EVIL, bundle_of, typed_session

PICTURES = os.environ.get("SALLYPORT_PICTURES")  # a folder to put pictures in, for whoever wants to look


class Reader(Camera):
    """Keeps what the browser says unasked: each request, each complaint."""

    def __init__(self):
        self.said = []
        super().__init__({}, "", namespace="rep")
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.send(f"{domain}.enable")

    def message(self, patience=20):
        said = super().message(patience)
        if "method" in said:
            self.said.append(said)
        return said

    def told(self, method):
        self.evaluate("1")  # what was said before has come by then
        return [said["params"] for said in self.said if said["method"] == method]

    def whole_picture(self, name):
        if not PICTURES:
            return
        height = self.evaluate("document.documentElement.scrollHeight")
        self.send("Emulation.setDeviceMetricsOverride", width=1100, height=min(height, 4000), deviceScaleFactor=1, mobile=False)
        self.picture(Path(PICTURES) / name)


@pytest.fixture
def page(armed):
    session = typed_session(armed, f"echo '{EVIL}'")
    with tarfile.open(bundle_of(armed, session)) as archive:
        text = archive.extractfile("report.html").read()
    folder = LAB / "page"
    folder.mkdir(exist_ok=True)
    file = folder / "report.html"
    file.write_bytes(text)
    reader = Reader()
    try:
        reader.open(f"file://{file}", ".player .screen")
        yield armed, session, reader, f"file://{file}"
    finally:
        reader.close()


def test_the_page_plays_searches_and_asks_nobody_for_anything(page):
    site, session, reader, address = page
    screen = "document.querySelector('.screen').textContent"
    reader.whole_picture("report.png")
    assert "V10R3" in reader.evaluate(screen) and EVIL in reader.evaluate(screen)
    # From its beginning: nothing yet; then it plays to the end by itself.
    reader.evaluate("(() => { const place = document.querySelector('input[type=range]'); place.value = 0;"
                    " place.oninput(); document.querySelector('select').value = '16'; })()")
    assert "V10R3" not in reader.evaluate(screen)
    reader.evaluate("document.querySelector('.controls button').click()")
    reader.wait_for(f"{screen}.includes('V10R3')")
    # The text is searched, and a line leads to its moment.
    shown = "[...document.querySelectorAll('.lines div')].filter(row => row.offsetHeight > 0).length"
    before = reader.evaluate(shown)
    reader.evaluate("(() => { const needle = document.querySelector('input[type=search]'); needle.value = 'v10r3';"
                    " needle.oninput(); })()")
    assert 0 < reader.evaluate(shown) < before
    # Neither page nor script asked for anything, nor was anything of it refused by the page's own policy.
    assert [request["request"]["url"] for request in reader.told("Network.requestWillBeSent")] == [address]
    assert reader.told("Log.entryAdded") == [] and reader.told("Runtime.exceptionThrown") == []
    assert reader.evaluate("document.querySelectorAll('img, iframe, link, object').length") == 0
    assert reader.evaluate("document.title") == f"Sallyport: {session}"


def test_the_page_s_policy_stops_what_would_ask_somebody(page):
    """And this test's eyes would see it."""
    _, _, reader, address = page
    reader.evaluate("(() => { const img = document.createElement('img'); img.src = 'https://gate/x';"
                    " document.body.append(img); })()")
    reader.wait_for("document.querySelector('img') !== null")
    reader.evaluate("fetch('https://gate/y').catch(() => 1)")
    complaints = json.dumps(reader.told("Log.entryAdded"))
    assert complaints.count("Content Security Policy") >= 2, complaints
    sent = {request["request"]["url"] for request in reader.told("Network.requestWillBeSent")}
    failed = {one["requestId"] for one in reader.told("Network.loadingFailed")}
    assert all(url == address or any(request["requestId"] in failed and request["request"]["url"] == url
                                     for request in reader.told("Network.requestWillBeSent")) for url in sent), sent


def test_stock_tools_read_every_recording_also_after_it_was_compressed(armed):
    session = typed_session(armed, "lssyscfg -r sys -F name,type_model,serial_num")
    cast = STATE / f"recordings/{session}/1.cast"
    plain = cast.read_bytes()
    assert json.loads(plain.splitlines()[0])["version"] == 2 and all(json.loads(line) for line in plain.splitlines())
    played, status = pexpect.run(f"asciinema play --speed 50 --idle-time-limit 0.1 {cast}", withexitstatus=True, timeout=30)
    assert status == 0 and b"9105-22A" in played, played[-500:]
    # As audit keep leaves it, a day later.
    subprocess.run(["zstd", "-q", "--rm", str(cast)], check=True)
    assert subprocess.run(["zstdcat", f"{cast}.zst"], capture_output=True, check=True).stdout == plain
    again = armed.gate.run_console("sam", "replay", session, "--text")
    assert again.returncode == 0 and "9105-22A" in again.stdout, again
    unpacked = LAB / "unpacked.cast"
    unpacked.write_bytes(subprocess.run(["zstdcat", f"{cast}.zst"], capture_output=True, check=True).stdout)
    played, status = pexpect.run(f"asciinema cat {unpacked}", withexitstatus=True, timeout=20)
    assert status == 0 and b"9105-22A" in played
    assert armed.gate.console("sam", "audit", "verify")["whole"]
