"""A representative's client that attacks what is behind the gate: requests that two servers read differently, headers with
line ends, paths that go up, pages of other sites. Nothing of it reaches the HMC. Runs in: the lab."""
import re

import pytest
from https_fixtures import cookie_line, head, hmc, inside, raw  # noqa: F401 (fixtures, too)
from https_player import GATE_PORT, NAME

HOST = f"{NAME}:{GATE_PORT}"
SECOND = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = "POST /upload HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked\r\n"

# What stands behind the first line, Host and the cookie. A "body" trick is found when the head is at the HMC already.
SMUGGLED = {
    "cl.te": (POST, f"Content-Length: 44\r\n{CHUNKED}\r\n0\r\n\r\n{SECOND}"),
    "te.cl": (POST, f"{CHUNKED}Content-Length: 4\r\n\r\n5c\r\n{SECOND}0\r\n\r\n"),
    "te.te": (POST, f"{CHUNKED}Transfer-Encoding: x\r\n\r\n0\r\n\r\n{SECOND}"),
    "te twice the same": (POST, f"{CHUNKED}{CHUNKED}\r\n0\r\n\r\n{SECOND}"),
    "te in a list": (POST, f"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n{SECOND}"),
    "te with a parameter": (POST, f"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n{SECOND}"),
    "te behind a tab": (POST, f"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n{SECOND}"),
    "te with a vertical tab": (POST, f"Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n{SECOND}"),
    "te with _": (POST, f"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SECOND}"),
    "two lengths": (POST, f"Content-Length: 0\r\nContent-Length: 40\r\n\r\n{SECOND}"),
    "two equal lengths": (POST, f"Content-Length: 0\r\nContent-Length: 0\r\n\r\n{SECOND}"),
    "a length with a sign": (POST, f"Content-Length: +0\r\n\r\n{SECOND}"),
    "a length in hexadecimal": (POST, f"Content-Length: 0x0\r\n\r\n{SECOND}"),
    "a length as a list": (POST, f"Content-Length: 0, 40\r\n\r\n{SECOND}"),
    "a length beyond 64 bits": (POST, f"Content-Length: 18446744073709551616\r\n\r\n{SECOND}"),
    "space": (POST, f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SECOND}"),
    "bare lf": (POST, f"X: y\n{CHUNKED}\r\n0\r\n\r\n{SECOND}"),
    "bare cr": (POST, f"X: y\r{CHUNKED}\r\n0\r\n\r\n{SECOND}"),
    "an end by bare lf": (POST, f"X: y\n\n{SECOND}"),
    "fold": (POST, f"X: y\r\n Content-Length: 5\r\n\r\n{SECOND}"),
    "nul": (POST, f"X: y\0z\r\n\r\n{SECOND}"),
    "te in http/1.0": ("POST /upload HTTP/1.0", f"{CHUNKED}\r\n0\r\n\r\n{SECOND}"),
    "a connection that names the length": (POST, f"Content-Length: 5\r\nConnection: content-length\r\n\r\nhello{SECOND}"),
    "a path that goes up": ("GET /../smuggled HTTP/1.1", "Content-Length: 5\r\n\r\nhello"),
    "connect": ("CONNECT /smuggled HTTP/1.1", "\r\n"),
    "another host": ("GET https://hmc2.example/smuggled HTTP/1.1", "\r\n"),
    "http/2's preface": ("PRI * HTTP/2.0", "\r\nSM\r\n\r\n"),
    "http/1.2": ("GET /smuggled HTTP/1.2", "\r\n"),
    "body: chunk extension": (POST, f"{CHUNKED}\r\n5;\n{SECOND}"),
    "body: chunk extension with a value": (POST, f"{CHUNKED}\r\n5;a=b\r\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk size with 0x": (POST, f"{CHUNKED}\r\n0x5\r\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk size with a sign": (POST, f"{CHUNKED}\r\n+5\r\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk size with a space": (POST, f"{CHUNKED}\r\n5 \r\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk size of seventeen digits": (POST, f"{CHUNKED}\r\n10000000000000005\r\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk size ended by lf": (POST, f"{CHUNKED}\r\n5\nhello\r\n0\r\n\r\n{SECOND}"),
    "body: chunk longer than its size": (POST, f"{CHUNKED}\r\n5\r\nhelloo\r\n0\r\n\r\n{SECOND}"),
    "body: chunk ended by lf": (POST, f"{CHUNKED}\r\n5\r\nhello\n0\r\n\r\n{SECOND}"),
    "body: a trailer with a length": (POST, f"{CHUNKED}\r\n0\r\nContent-Length: 40\r\n\r\n{SECOND}"),
    "body: a trailer with a cookie": (POST, f"{CHUNKED}\r\n0\r\nCookie: JSESSIONID=x\r\n\r\n{SECOND}"),
    "body: a trailer with a bare lf": (POST, f"{CHUNKED}\r\n0\r\nX: y\n\r\n{SECOND}"),
}


@pytest.mark.parametrize("trick", SMUGGLED)
def test_nothing_is_smuggled(inside, trick):
    inside.hmc.forget()
    first, rest = SMUGGLED[trick]
    answer = inside.says(first, rest)
    assert answer.startswith("HTTP/1.1 400 ") and answer.count("HTTP/1.1 ") == 1, answer
    reached = inside.hmc.requests()
    assert reached == [] if not trick.startswith("body:") else set(reached) <= {"POST /upload"}


@pytest.mark.parametrize("first, status", [("POST /.sallyport/login HTTP/1.1", 400), ("POST /upload HTTP/1.1", 400),
                                           ("GET /.sallyport/../smuggled HTTP/1.1", 400), ("TRACE / HTTP/1.1", 405)])
def test_nor_by_somebody_who_is_not_logged_in(inside, first, status):
    inside.hmc.forget()
    answer = raw(inside.player, f"{first}\r\nHost: {HOST}\r\nContent-Length: 44\r\n{CHUNKED}\r\n0\r\n\r\n{SECOND}")
    assert answer.startswith(f"HTTP/1.1 {status} ") and answer.count("HTTP/1.1 ") == 1
    assert inside.hmc.requests() == []


def test_what_a_stranger_sends_behind_a_request_is_answered_as_a_strangers(inside):
    """No request lends its cookie to the next one on its connection, nor on another."""
    inside.hmc.forget()
    answer = raw(inside.player, head(inside.kim, "GET /console HTTP/1.1") + "\r\n" +
                 f"GET /smuggled HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
    assert re.findall(r"HTTP/1.1 (\d+)", answer) == ["200", "401"]
    assert inside.hmc.requests() == ["GET /console"]


def test_pipelined_bodies_are_each_requests_own(inside):
    inside.hmc.forget()
    put = f"PUT /upload HTTP/1.1\r\nHost: {HOST}\r\n{cookie_line(inside.kim)}"
    answer = raw(inside.player, f"{put}Content-Length: 40\r\n\r\n{SECOND:40.40}"
                 f"{put}{CHUNKED}\r\n{len(SECOND):x}\r\n{SECOND}\r\n0\r\n\r\n"
                 f"{put}Content-Length: 0\r\nConnection: close\r\n\r\n")
    assert re.findall(r"\r\n\r\n(\d+) [0-9a-f]{64}\n", answer) == ["40", str(len(SECOND)), "0"]
    assert inside.hmc.requests() == ["PUT /upload"] * 3


# ---- header injection

@pytest.mark.parametrize("line", [
    "X: a\rSet-Cookie: b=c\r\n", "X: a\nSet-Cookie: b=c\r\n", "X: a\r\n\tSet-Cookie: b=c\r\n", "X: a\x0bb\r\n", "X: a\x7fb\r\n",
    "X\r\n: a\r\n", "X a: b\r\n", ": a\r\n", "X\xe9: a\r\n", "no colon\r\n", "Referer: https://x/\r\rX: y\r\n", "Origin: \x00null\r\n",
    "X-API-Session: a\nX-Forwarded-For: 10.0.0.1\r\n", "X_Forwarded_For: 10.0.0.1\r\n", "Cookie: a=b\r\n"])
def test_no_header_is_injected(inside, line):
    inside.hmc.forget()
    assert inside.says("GET /console HTTP/1.1", f"{line}\r\n").startswith("HTTP/1.1 400 ")
    assert inside.hmc.requests() == []


@pytest.mark.parametrize("path", ["/console%0d%0aX:y", "/console%0aX", "/console%0d", "/console%00", "/console\x80", "/console\x7f",
                                  "/a%0D%0A%0D%0AGET /smuggled"])
def test_no_line_end_travels_in_a_path(inside, path):
    inside.hmc.forget()
    assert inside.says(f"GET {path} HTTP/1.1").startswith("HTTP/1.1 400 ")
    assert inside.hmc.requests() == []


def test_line_ends_in_a_query_stay_encoded_for_the_target(inside):
    inside.hmc.forget()
    assert inside.says("GET /console?a=%0d%0aX:y HTTP/1.1", "Connection: close\r\n\r\n").startswith("HTTP/1.1 200 ")
    fact, = [one for one in inside.hmc.heard() if "path" in one]
    assert fact["path"] == "/console?a=%0d%0aX:y" and "X" not in dict(fact["headers"])


def test_nobody_says_who_the_client_is_or_what_is_asked_for_beside_the_request(inside):
    inside.hmc.forget()
    claims = ("Forwarded: for=10.0.0.1;host=evil", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil", "X-Forwarded-Proto: http",
              "X-Real-IP: 10.0.0.1", "Via: 1.1 evil", "X-Original-URL: /smuggled", "X-Rewrite-URL: /smuggled", "X-Host: evil",
              "Proxy: http://evil", "Proxy-Authorization: Basic eA==", "Keep-Alive: 300", "TE: trailers")
    assert inside.says("GET /console HTTP/1.1", "\r\n".join(claims) + "\r\nConnection: close\r\n\r\n").startswith("HTTP/1.1 200 ")
    seen = {name.lower() for name, _ in [one for one in inside.hmc.heard() if "path" in one][0]["headers"]}
    assert not seen & {claim.split(":")[0].lower() for claim in claims}


# ---- paths

@pytest.mark.parametrize("path", [
    "/..", "/.", "/a/..", "/a/../b", "/a/./b", "/%2e%2e/b", "/%2E%2e/b", "/.%2e/b", "/%2e", "/a%2f..%2fb", "/a%2F%2e%2e%2Fb",
    "/a%5c..%5cb", "/a\\..\\b", "/a/..;/b", "/a/..;x=y/b", "/a/.;/b", "/a/..%3b/b", "/a/%2e%2e%3bx/b", "/%c0%ae%c0%ae/b",
    "/..%c0%afb", "/%e0%80%ae%e0%80%ae/b", "/%u002e%u002e/b", "//evil.example/", "//", "/%00/../b", "/a%", "/a%2", "/a%zz", "*", "a",
    "http:///a", "/a#b", "/..?a", "/.sallyport/..", "/.sallyport/%2e%2e/console", "/.sallyport/..;/console", "/./.sallyport/status",
    "/a/..%2f.sallyport/logout", "/%2e/.sallyport/status"])
def test_no_path_goes_up_by_any_spelling(inside, path):
    inside.hmc.forget()
    assert inside.says(f"GET {path} HTTP/1.1").startswith("HTTP/1.1 400 ")
    assert inside.hmc.requests() == []


@pytest.mark.parametrize("path", ["/%2esallyport/status", "/.Sallyport/status", "/.sallyport", "/x/.sallyport/status", "/.sallyport%2fstatus"])
def test_what_only_resembles_the_portal_is_the_targets(inside, path):
    """So that gate and browser agree on which page is whose; the gate never decodes a path to find its own."""
    inside.hmc.forget()
    assert inside.says(f"GET {path} HTTP/1.1", "Connection: close\r\n\r\n").startswith("HTTP/1.1 404 ")
    assert inside.hmc.requests() == [f"GET {path}"]


@pytest.mark.parametrize("path", ["/.sallyport/login?next=https://evil.example/", "/.sallyport/status?url=//evil.example",
                                  "/.sallyport/answer?continue=/%5cevil.example", "/.sallyport/question?to=https:evil.example"])
def test_the_portal_redirects_nowhere_but_to_itself(inside, path):
    answer = inside.says(f"GET {path} HTTP/1.1", "Referer: https://evil.example/\r\nConnection: close\r\n\r\n")
    where = re.findall(r"Location: (\S+)", answer)
    assert set(where) <= {"/.sallyport/login", "/.sallyport/status"} and "evil" not in answer


# ---- another site's page

WEBSOCKET = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


@pytest.mark.parametrize("page", ["Origin: https://evil.example", "Origin: null", f"Origin: http://{HOST}", f"Origin: https://{NAME}",
                                  f"Origin: https://{HOST}.evil.example", f"Origin: https://evil.example@{HOST}", "Origin:",
                                  "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"])
def test_another_sites_page_opens_no_websocket(inside, page):
    inside.hmc.forget()
    assert inside.says("GET /terminal HTTP/1.1", f"{WEBSOCKET}{page}\r\n\r\n").startswith("HTTP/1.1 403 ")
    assert inside.hmc.requests() == []


@pytest.mark.parametrize("more", [WEBSOCKET.replace("websocket", "h2c"), "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\n"
                                  "HTTP2-Settings: AAMAAABkAAQAAP__\r\n", "Upgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: x\r\n"])
def test_other_upgrades_are_plain_requests(inside, more):
    inside.hmc.forget()
    answer = inside.says("GET /console HTTP/1.1", f"{more}Cache-Control: no-cache\r\n\r\n" + head(inside.kim, "GET /download?3 HTTP/1.1") +
                         "Connection: close\r\n\r\n")
    assert re.findall(r"HTTP/1.1 (\d+)", answer) == ["200", "200"]
    assert not [one for one in inside.hmc.heard() if "path" in one and "Upgrade" in dict(one["headers"])]


def test_a_websocket_that_the_target_refuses_leaves_a_connection_of_plain_requests(inside):
    """What is sent behind the request for it is a request again, not bytes for the target."""
    inside.hmc.forget()
    answer = inside.says("GET /download?3 HTTP/1.1", f"{WEBSOCKET}\r\n{SECOND[:-2]}Connection: close\r\n\r\n")
    assert re.findall(r"HTTP/1.1 (\d+)", answer) == ["200", "401"]
    assert "GET /smuggled" not in inside.hmc.requests()


# ---- cookies of the rep's

def test_two_session_cookies_are_none(inside):
    """A neighbour that can plant a cookie under the gate's name, for another path, gets nobody in as somebody else."""
    inside.hmc.forget()
    mine = cookie_line(inside.kim)
    for cookies in (f"{mine.strip()}; __Host-sallyport=planted", f"Cookie: __Host-sallyport=planted; {mine.strip()[8:]}",
                    mine.strip().replace("__Host", "__host"), mine.strip().replace("__Host-", ""), f"{mine.strip()}x", mine.strip()[:-1],
                    "Cookie: __Host-sallyport=", "Cookie: __Host-sallyport", "Cookie: \"__Host-sallyport\"=x"):
        answer = raw(inside.player, f"GET /console HTTP/1.1\r\nHost: {HOST}\r\n{cookies}\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 401 "), cookies
    assert inside.hmc.requests() == []


def test_more_cookies_than_a_header_line_holds_are_431_and_the_session_lives(inside):
    inside.hmc.forget()
    answer = inside.says("GET /console HTTP/1.1", "X-Many: " + "a=b; " * 4000 + "\r\n\r\n")
    assert answer.startswith("HTTP/1.1 431 ") and inside.hmc.requests() == []
    assert inside.kim.status("/console") == "200"


def test_the_gates_cookies_never_reach_the_target(inside):
    inside.hmc.forget()
    mine = cookie_line(inside.kim).strip()
    raw(inside.player, f"GET /console HTTP/1.1\r\nHost: {HOST}\r\n{mine}; __Host-sallyport-login=x; __Secure-sallyport=y; sallyport=z; "
        "sallyport-abcdefghijkl-JSESSIONID=old; lang=de\r\nConnection: close\r\n\r\n")
    fact, = [one for one in inside.hmc.heard() if "path" in one]
    assert dict(fact["headers"])["Cookie"] == "lang=de"


# ---- limits

def test_limits_have_their_status(inside):
    assert raw(inside.player, "GET /" + "a" * 9000 + " HTTP/1.1\r\n").startswith("HTTP/1.1 414 ")
    assert raw(inside.player, "GET / HTTP/1.1\r\nA: " + "a" * 17_000).startswith("HTTP/1.1 431 ")
    assert raw(inside.player, "GET / HTTP/1.1\r\n" + "A: b\r\n" * 200).startswith("HTTP/1.1 431 ")
    assert raw(inside.player, "GET / HTTP/1.1\r\n" + ("A: " + "b" * 12_000 + "\r\n") * 6).startswith("HTTP/1.1 431 ")
    assert inside.says(POST, "Content-Length: 3\r\nExpect: 200-ok\r\n\r\nabc").startswith("HTTP/1.1 417 ")
    assert inside.says(POST, CHUNKED + "\r\n0\r\n" + "A: b\r\n" * 40 + "\r\n").startswith("HTTP/1.1 431 ")
