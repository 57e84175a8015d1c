"""A WebAuthn security key in software, with the browser in front of it (W3C Web Authentication Level 2, sections 5.8.1
and 6.1): each says what it is told to, right or wrong. Runs in: the lab."""
import base64
import hashlib
import html
import json
import os
import re
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def un64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def asked_by(page):
    """What a page asks its script to ask a key: the form's data attributes."""
    return {name: html.unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', page)}


class Authenticator:
    def __init__(self, relying_party="gate", origin="https://gate"):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(64)
        self.relying_party, self.origin = relying_party, origin
        self.counter, self.flags = 0, 0x05  # touched, and PIN or fingerprint

    @property
    def file(self):
        """As fido2-cred -V prints it."""
        pem = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return base64.b64encode(self.id).decode() + "\n" + pem

    @property
    def _blob(self):
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return b"".join(struct.pack(">I", len(part)) + part for part in (b"ecdsa-sha2-nistp256", b"nistp256", point))

    @property
    def line(self):
        """As the gate keeps it, without the role in front."""
        return f"ecdsa-sha2-nistp256 {base64.b64encode(self._blob).decode()} {url64(self.id)}"

    @property
    def fingerprint(self):
        return "SHA256:" + base64.b64encode(hashlib.sha256(self._blob).digest()).decode().rstrip("=")

    def sign(self, message):
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))

    def answer(self, page, **wrong):
        """What the page's script posts. wrong: origin, type, challenge, relying_party, flags, counter, id, cross_origin."""
        asked = asked_by(page)
        assert url64(self.id) in asked["credentials"].split(), "the page asks for this key"
        self.counter += 1
        client = {"type": wrong.get("type", "webauthn.get"), "challenge": wrong.get("challenge", asked["challenge"]),
                  "origin": wrong.get("origin", self.origin), "crossOrigin": wrong.get("cross_origin", False)}
        client = json.dumps(client, separators=(",", ":")).encode()
        data = hashlib.sha256(wrong.get("relying_party", self.relying_party).encode()).digest()
        data += struct.pack(">BI", wrong.get("flags", self.flags), wrong.get("counter", self.counter))
        signature = self.sign(data + hashlib.sha256(client).digest())
        return ".".join(map(url64, (wrong.get("id", self.id), client, data, signature)))

    def made(self):
        """As fido2-cred -M prints a credential just made, attested by itself: what fido2-cred -V verifies."""
        numbers = self.private.public_key().public_numbers()
        key = (b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + numbers.x.to_bytes(32, "big") + b"\x22\x58\x20" +
               numbers.y.to_bytes(32, "big"))  # CBOR: a COSE key of ES256
        data = (hashlib.sha256(self.relying_party.encode()).digest() + struct.pack(">BI", 0x41, 0) + bytes(16) +
                struct.pack(">H", len(self.id)) + self.id + key)
        client = hashlib.sha256(b"client data").digest()
        blob = b"\x58" + bytes([len(data)]) + data
        lines = (base64.b64encode(client).decode(), self.relying_party, "packed", base64.b64encode(blob).decode(),
                 base64.b64encode(self.id).decode(), base64.b64encode(self.sign(data + client)).decode())
        return "\n".join(lines) + "\n"
