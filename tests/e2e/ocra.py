"""OCRA by the text of RFC 6287, and session information by docs/WIRE.md: answers that none of our programs made."""
import hashlib
import hmac
import re
import struct
from base64 import b32decode


def question_bytes(form, text):
    value = {"A": text.encode().hex(), "H": text, "N": f"{int(text):x}" if form == "N" else ""}[form]
    return bytes.fromhex(value.ljust(256, "0"))


def session_information(fingerprint, grant, length):
    text = f"sallyport-ocra-session-v1\n{fingerprint}\n{grant}\n".encode()
    blocks = [hashlib.sha512(text + (bytes([number]) if number else b"")).digest() for number in range(8)]
    return b"".join(blocks)[:length]


def without_pin(suite):
    """What the gate's own answer is made with, in mutual authentication."""
    return re.sub(r"-PSHA\d+", "", suite)


def ocra(suite, secret, question, second="", counter=0, step=0, pin="", place=None):
    """place: fingerprint and grant, for a suite with session information."""
    _, function, inputs = suite.split(":")
    _, name, digits = function.split("-")
    fields = inputs.split("-")
    form = next(field for field in fields if field.startswith("Q"))[1]
    data = suite.encode() + b"\0"
    for field in fields:
        if field == "C":
            data += struct.pack(">Q", counter)
        elif field.startswith("Q"):
            data += question_bytes(form, question + second)
        elif field.startswith("P"):
            data += hashlib.new(field[1:].lower(), pin.encode()).digest()
        elif field.startswith("S"):
            data += session_information(*place, int(field[1:]))
        elif field.startswith("T"):
            data += struct.pack(">Q", step)
    key = b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, data, name.lower()).digest()
    if digits == "0":
        return digest.hex()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 10 ** int(digits):0{digits}}"
