"""The HMC's web side: web_hmc.py as a process, its certificate and that certificate's pin. Runs in: the lab."""
import base64
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

from . import network

PROGRAM = Path(__file__).with_name("web_hmc.py")


def new_certificate(folder, name, subject):
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", f"/CN={subject}", "-addext", f"subjectAltName=DNS:{subject},IP:127.0.0.1", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    return key, certificate


def pin_of(certificate):
    """SHA-256 of the certificate's SubjectPublicKeyInfo, in Base64: for a target's `pins`, and for Chromium."""
    public = subprocess.run(["openssl", "x509", "-in", certificate, "-pubkey", "-noout"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def fingerprint_of(certificate):
    """As `sallyport enable` shows it."""
    said = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], text=True, check=True,
                          capture_output=True).stdout
    return "SHA256 " + said.strip().split("=")[1]


def shown_certificate(file, address, namespace, port=443):
    """Stores in `file` the certificate that a TLS client in `namespace` is shown, whosever it is."""
    said = subprocess.run(network.inside(namespace, ["openssl", "s_client", "-connect", f"{address}:{port}"]), text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=10).stdout
    begin, end = said.index("-----BEGIN CERTIFICATE-----"), said.index("-----END CERTIFICATE-----")
    file.write_text(said[begin:end] + "-----END CERTIFICATE-----\n")
    return file


class WebHmc:
    """web_hmc.py under the name hmc1.example; what it heard is in its log."""

    def __init__(self, folder, name="hmc1.example"):
        self.folder, self.name = folder, name
        self.key, self.certificate = new_certificate(folder, "hmc", name)
        self.pin = pin_of(self.certificate)
        self.log_file = folder / "hmc.log"
        self.process = None

    def start(self, address="127.0.0.1", port=9443, inside=()):
        self.log_file.write_text("")
        self.process = subprocess.Popen([*inside, sys.executable, "-B", PROGRAM, self.name, address, str(port),
                                         self.certificate, self.key, self.log_file],
                                        start_new_session=True)  # a Ctrl-C is for whoever ends the lab
        for _ in range(200):
            if f"{address}:{port} " in subprocess.run([*inside, "ss", "-Htln"], text=True, capture_output=True).stdout:
                break
            time.sleep(0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def forget(self):
        time.sleep(0.1)
        self.log_file.write_text("")

    def heard(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def requests(self):
        return [f"{fact['method']} {fact['path']}" for fact in self.heard() if "path" in fact]
