"""Debian's Chromium, headless, as a representative's browser: how it is started, and pictures of what it shows.

Speaks the DevTools protocol over two pipes, so that the quickstart needs no other package. Runs in: the lab."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

from . import network
from .files import LAB
from .telling import Failed

PROGRAM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1000, 700


def is_installed():
    return os.access(PROGRAM, os.X_OK)


def flags(hosts, pin):
    """hosts: names and their addresses, beside which there are none. pin: of the one certificate that is trusted although
    no authority vouches for it (base64 of its public key's SHA-256)."""
    rules = ", ".join([*(f"MAP {name} {address}" for name, address in hosts.items()), "MAP * ~NOTFOUND"])
    return ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--host-resolver-rules={rules}",
            f"--ignore-certificate-errors-spki-list={pin}"]


class Camera:
    """One page in a browser of its own; ends with this process."""

    def __init__(self, hosts, pin, namespace="rep"):
        self.folder = LAB / "camera"
        self.folder.mkdir(exist_ok=True)
        (theirs, self.write_end), (self.read_end, answers) = os.pipe(), os.pipe()
        command = [PROGRAM, "--headless", *flags(hosts, pin), f"--user-data-dir={self.folder}/profile", "--hide-scrollbars",
                   f"--window-size={WIDTH},{HEIGHT}", "--remote-debugging-pipe", "about:blank"]
        # Chromium reads commands from descriptor 3 and answers on 4; it ends when 3 is closed at our end.
        self.process = subprocess.Popen(
            network.inside(namespace, ["setpriv", "--pdeathsig", "KILL", "/bin/bash", "-c",
                                       f'exec 3<&{theirs} 4>&{answers} "$@"', "chromium", *command]),
            pass_fds=(theirs, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "log", "wb"), start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8"})
        os.close(theirs)
        os.close(answers)
        self.number, self.unread, self.session = 0, b"", None
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)  # or nothing would show where the focus is

    def send(self, method, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            question["sessionId"] = self.session
        os.write(self.write_end, json.dumps(question).encode() + b"\0")
        while (said := self.message()).get("id") != self.number:
            continue
        if "error" in said:
            raise Failed(f"{method}: {said['error']['message']}")
        return said["result"]

    def message(self, patience=20):
        while b"\0" not in self.unread:
            ready = select.select([self.read_end], [], [], patience)[0]
            piece = os.read(self.read_end, 1 << 20) if ready else b""
            if not piece:
                raise Failed(f"Chromium said nothing within {patience} s: {(self.folder / 'log').read_text(errors='replace')}")
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\0")
        return json.loads(line)

    def evaluate(self, script):
        said = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in said:
            return None  # e.g. while another page comes
        return said["result"].get("value")

    def wait_for(self, script, patience=15):
        end = time.monotonic() + patience
        while not self.evaluate(script):
            if time.monotonic() > end:
                raise Failed(f"{script} did not come true; the page says: {self.evaluate('document.body.innerText')}")
            time.sleep(0.05)

    def open(self, address, wanted):
        """Goes there and waits until the page has an element that the selector `wanted` finds."""
        said = self.send("Page.navigate", url=address)
        if said.get("errorText"):
            raise Failed(f"{address}: {said['errorText']}")
        self.shows(wanted)

    def shows(self, wanted):
        self.wait_for(f"document.readyState == 'complete' && !!document.querySelector({json.dumps(wanted)})")

    def submit(self, fields, wanted):
        """Fills in the page's form, sends it off, and waits for the next page."""
        for selector, value in fields.items():
            self.evaluate(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(value)}")
        self.evaluate("document.querySelector('form button').click()")
        self.shows(wanted)

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        os.close(self.write_end)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.read_end)
        shutil.rmtree(self.folder, ignore_errors=True)
