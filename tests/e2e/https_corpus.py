"""Requests that somebody sends who wants two servers to read them differently: written by hand, and mutations of good ones,
always the same for a seed. HOST and COOKIE stand for the gate's and the session's. Runs in: tests."""
import random

from https_smuggling_test import SECOND, SMUGGLED

HOST, COOKIE = "Host: @HOST@\r\n", "Cookie: @COOKIE@\r\n"
KEEP = HOST + COOKIE
CHUNKED = "Transfer-Encoding: chunked\r\n"
WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

GOOD = [
    f"GET / HTTP/1.1\r\n{KEEP}\r\n",
    f"GET /a/b%20c?d=e&f=%0a HTTP/1.1\r\n{KEEP}Accept: */*\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n",
    f"HEAD /a HTTP/1.1\r\n{KEEP}Range: bytes=0-1\r\nIf-None-Match: \"x\"\r\n\r\n",
    f"OPTIONS /a HTTP/1.1\r\n{KEEP}Origin: https://@HOST@\r\n\r\n",
    f"DELETE /rest/api/web/Logon HTTP/1.1\r\n{KEEP}X-API-Session: abc=\r\n\r\n",
    f"GET https://@HOST@/a;b=c HTTP/1.1\r\n{KEEP}\r\n",
    f"GET /old HTTP/1.0\r\n{KEEP}Connection: keep-alive\r\n\r\n",
    f"POST /a HTTP/1.1\r\n{KEEP}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    f"POST /a HTTP/1.1\r\n{KEEP}Content-Length: {len(SECOND)}\r\n\r\n{SECOND}",
    f"POST /a HTTP/1.1\r\n{KEEP}Content-Length: 0\r\n\r\n",
    f"PUT /a HTTP/1.1\r\n{KEEP}{CHUNKED}\r\n5\r\nhello\r\n006\r\n world\r\n0\r\n\r\n",
    f"PUT /a HTTP/1.1\r\n{KEEP}{CHUNKED}Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    f"PUT /a HTTP/1.1\r\n{KEEP}{CHUNKED}\r\n{len(SECOND):x}\r\n{SECOND}\r\n0\r\n\r\n",
    f"PUT /a HTTP/1.1\r\n{KEEP}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    f"GET /terminal HTTP/1.1\r\n{KEEP}{WEBSOCKET}\r\n",
    f"GET /a HTTP/1.1\r\n{KEEP}Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n\r\n",
    f"POST /a HTTP/1.1\r\n{KEEP}Content-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n{KEEP}\r\n",
    f"GET /a HTTP/1.1\r\n{KEEP}\r\nPUT /b HTTP/1.1\r\n{KEEP}{CHUNKED}\r\n1\r\nx\r\n0\r\n\r\nHEAD /c HTTP/1.1\r\n{KEEP}\r\n",
    f"GET /a HTTP/1.1\r\n{KEEP}X-Odd: \x80\xff caf\xe9 \"quoted, (comment)\" a=b;c\r\nX-!#$%&'*+.^_`|~: token\r\n\r\n",
    f"GET /a?b|c^d`e{{}}\\\"<> HTTP/1.1\r\n{KEEP}Forwarded: for=x\r\nX-Forwarded-For: 1\r\nVia: 1.1 x\r\n\r\n",
]

# What is put into the place of a header line's colon, of its end, of a space in the first line, of a chunk's size ...
COLONS = [" :", "\t:", ":\t", ": \t", "::", ":\v", ":\0", "=", ""]
ENDS = ["\n", "\r", "\n\r", "\r\r\n", "\r\n ", "\r\n\t", "\0\r\n", "\v\r\n", " \r\n", "\t\r\n", "\x85", "\r\n\r\n"]
SPACES = ["\t", "  ", "", "\v", "\xa0", "%20", " \t"]
FRAMINGS = ["Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n", "content-length: 05\r\n",
            "Content-Length: 0x5\r\n", "Content-Length: 5 \r\n", "Content_Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: Chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding:\tchunked\r\n", "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: chunked\x0b\r\n", "transfer_encoding: chunked\r\n", "Connection: content-length\r\n",
            "Connection: transfer-encoding, close\r\n", "Connection: close\r\n", "Host: evil\r\n", "Expect: 100-continue\r\n",
            "Upgrade: h2c\r\nConnection: upgrade\r\n", "Trailer: Content-Length\r\n", "TE: chunked\r\n", "X: y\r\n z\r\n"]
SIZES = ["5;a=b", "5 ", " 5", "+5", "-5", "0x5", "5;", "00000000000000005", "5\t", "5,5", "", "g", "fffffffffffffffff", "05", "5\n"]


def hand_written():
    return [*GOOD, *(f"{first}\r\n{KEEP}{rest}" for first, rest in SMUGGLED.values()),
            *(f"POST /a HTTP/1.1\r\n{KEEP}{framing}\r\nhello" for framing in FRAMINGS),
            *(f"POST /a HTTP/1.1\r\n{KEEP}{one}{other}\r\n0\r\n\r\n" for one in FRAMINGS[:3] for other in FRAMINGS[8:14]),
            *(f"PUT /a HTTP/1.1\r\n{KEEP}{CHUNKED}\r\n{size}\r\nhello\r\n0\r\n\r\n" for size in SIZES),
            *(f"GET /a HTTP/1.1\r\n{KEEP}X{colon}y\r\n\r\n" for colon in COLONS),
            *(f"GET /a HTTP/1.1\r\n{KEEP}X: y{end}Z: 1\r\n\r\n" for end in ENDS),
            *(f"GET{space}/a HTTP/1.1\r\n{KEEP}\r\n" for space in SPACES),
            *(f"GET /a{space}HTTP/1.1\r\n{KEEP}\r\n" for space in SPACES)]


def replace_one(dice, text, what, choices):
    """One of the places where `what` stands becomes one of `choices`."""
    places = [at for at in range(len(text)) if text.startswith(what, at)]
    if not places:
        return text
    at = dice.choice(places)
    return text[:at] + dice.choice(choices) + text[at + len(what):]


HARMLESS = ["X: \t a  b \t\r\n", "x-twice: 1\r\nX-Twice: 2\r\n", "A" * 200 + ": b\r\n", "If-Match: \"a\", W/\"b\"\r\n", "X-Long: " + "y" * 9000 + "\r\n",
            "X_Under: 1\r\n", "Referer: https://@HOST@/x?y\r\n", "X-Quoted: \"a\\\"b\"\r\n", "Authorization: Basic eDp5\r\n",
            "Connection: close\r\n", "X-Latin: \xe9\xa0\x85\r\n", "X-Empty:\r\n"]
PATHS = ["/a|b", "/%20%e2%82%ac", "/a;b=c,d", "/a//b", "/...", "/a?b=\"<>\\^`{|}", "/a?b=/../%2e%2e/", "/a?%00", "/~!$&'()*+,;=:@[]"]


def mutated(dice, text):
    """The session's cookie stays, or nothing would be asked of the target at all."""
    kind = dice.randrange(14)
    if kind in (8, 9, 10):
        return replace_one(dice, text, COOKIE, [COOKIE + line for line in HARMLESS])
    if kind in (11, 12):
        return replace_one(dice, text, " /a", [" " + path for path in PATHS])
    if kind == 13:
        return replace_one(dice, text, ": ", [":", ":  ", ": \t"])
    if kind == 0:
        return replace_one(dice, text, ": ", COLONS)
    if kind == 1:
        return replace_one(dice, text, "\r\n", ENDS)
    if kind == 2:
        return replace_one(dice, text, " ", SPACES)
    if kind == 3:
        return replace_one(dice, text, COOKIE, [COOKIE + framing for framing in FRAMINGS])
    if kind == 4:
        return replace_one(dice, text, "5\r\n", [size + "\r\n" for size in SIZES])
    at = dice.randrange(len(text))
    if kind == 5:
        return text[:at] + chr(dice.choice([0, 9, 10, 11, 13, 32, 34, 44, 58, 59, 92, 127, 128, 133, 160, 255])) + text[at:]
    if kind == 6:
        return text[:at] + text[at + 1:]
    return text[:at] + dice.choice([SECOND, "\r\n", "0\r\n\r\n", "a" * 20_000, "%2e%2e/", "chunked"]) + text[at:]


def mutations(seed, count):
    dice = random.Random(seed)
    for _ in range(count):
        text = dice.choice(GOOD)
        for _ in range(dice.choice([1, 1, 2, 3])):
            text = mutated(dice, text)
        yield text
