"""A representative's Chromium, headless, driven over Playwright. Runs in: the lab's namespace rep.

What Playwright's page, context and DevTools session can do is called by its own name: kim.page.fill("#user", "kim"),
kim.cdp.send("WebAuthn.enable")."""
import json
import os
import select
import shutil
import signal
import subprocess

from conftest import SOURCE
from lab import network
from lab.chromium import PROGRAM, flags
from lab.files import LAB

DRIVER, MODULES = SOURCE / "tests/e2e/browser/driver.js", SOURCE / "build/browser/node_modules"
SIZE = {"width": 1000, "height": 700}


class Said(Exception):
    """What Playwright said instead of doing it."""


class Remote:
    def __init__(self, chromium, path):
        self.chromium, self.path = chromium, path

    def __getattr__(self, name):
        return Remote(self.chromium, f"{self.path}.{name}")

    def __call__(self, *values):
        return self.chromium.call(self.path, *values)


class Chromium:
    """pin: of the gate's certificate, which no authority vouches for; every other certificate is an error."""

    def __init__(self, pin, size=None, namespace="rep"):
        assert (MODULES / "playwright-core").exists(), "run tests/e2e/browser/install first"
        self.folder = LAB / "chromium"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        settings = {"program": PROGRAM, "profile": str(self.folder / "profile"), "size": size or SIZE,
                    "flags": flags({"gate": network.GATE4}, pin)}
        # In a group of its own, and it dies with us; Chromium ends when the driver's end of its pipe is closed.
        self.process = subprocess.Popen(
            network.inside(namespace, ["setpriv", "--pdeathsig", "KILL", shutil.which("node"), DRIVER, json.dumps(settings)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.folder / "log", "wb"), start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8",
                 "NODE_PATH": str(MODULES)})
        self.page, self.context, self.cdp, self.driver = (Remote(self, name) for name in ("page", "context", "cdp", "driver"))
        self.answer(30)

    def call(self, path, *values):
        self.process.stdin.write(json.dumps({"call": path, "arguments": values}).encode() + b"\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self, patience=15):
        ready = select.select([self.process.stdout], [], [], patience)[0]
        line = self.process.stdout.readline() if ready else b""
        assert line, f"no answer within {patience} s: {(self.folder / 'log').read_text(errors='replace')}"
        said = json.loads(line)
        if "error" in said:
            raise Said(said["error"])
        return said["value"]

    def text(self):
        return self.page.textContent("main")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
