"""A target that answers with what splits responses, plants cookies, leads elsewhere or never comes to its answer: nothing of it
reaches the representative's browser as anything else than it was. Runs in: the lab."""
import re

import pytest
from https_fixtures import Inside, connect, cookie_line, head, raw, read_all
from https_player import GATE_PORT, NAME
from https_raw_target import NOTHING, raw_target

OK = b"HTTP/1.1 200 OK\r\n"
SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: evil=1\r\n\r\nevil"
HOST = f"{NAME}:{GATE_PORT}"


@pytest.fixture(scope="module")
def hmc(tmp_path_factory):
    with raw_target(tmp_path_factory.mktemp("hmc")) as target:
        yield target


@pytest.fixture(scope="module")
def session(tmp_path_factory, hmc):
    made = Inside(tmp_path_factory.mktemp("inside"), hmc)
    yield made
    made.stop()


@pytest.fixture
def inside(session, hmc):
    hmc.answer, hmc.ends_rudely = NOTHING, False
    hmc.forget()
    return session


def answer_to(inside, answer, first="GET /console HTTP/1.1", more="", behind=""):
    """What the representative gets when the target says `answer`, on a connection that the gate closes or is asked to."""
    inside.hmc.answer = answer
    return inside.says(first, f"{more}Connection: close\r\n\r\n{behind}")


# ---- response splitting

AMBIGUOUS = {
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\nok" + SECOND,
    "length and chunked": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "bare lf": OK + b"X: y\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok",
    "bare cr": OK + b"X: y\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok",
    "nul": OK + b"X: y\0z\r\nContent-Length: 2\r\n\r\nok",
    "escape": OK + b"X: \x1b]0;evil\x07\r\nContent-Length: 2\r\n\r\nok",
    "fold": OK + b"X: y\r\n Set-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok",
    "space before colon": OK + b"Content-Length : 2\r\n\r\nok",
    "no colon": OK + b"evil\r\nContent-Length: 2\r\n\r\nok",
    "two locations": b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
    "two types": OK + b"Content-Type: text/css\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok",
    "an upgrade unasked": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + SECOND,
    "a connection that names the length": OK + b"Content-Length: 2\r\nConnection: content-length\r\n\r\nok",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
    "a reason with a line end": b"HTTP/1.1 200 OK\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok",
    "http/2": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "http/0.9": b"<html>evil</html>\r\nContent-Length: 2\r\n\r\n",
    "a header line too long": OK + b"X: " + b"y" * 33_000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "too many headers": OK + b"X: y\r\n" * 300 + b"Content-Length: 2\r\n\r\nok",
    "headers too large": OK + (b"X: " + b"y" * 30_000 + b"\r\n") * 5 + b"Content-Length: 2\r\n\r\nok",
    "an empty line in front": b"\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("trick", AMBIGUOUS)
def test_a_response_that_can_be_read_in_two_ways_is_a_bad_gateway(inside, trick):
    answer = answer_to(inside, AMBIGUOUS[trick])
    assert answer.startswith("HTTP/1.1 502 ") and answer.count("HTTP/1.1 ") == 1 and "evil" not in answer, answer


@pytest.mark.parametrize("broken", [b"5\r\nhell", b"5;x\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n",
                                    b"5\nhello\r\n0\r\n\r\n", b"0\r\nSet-Cookie: evil=1\r\n\r\n", b"0\r\nX: y\nevil: 1\r\n\r\n",
                                    b"ffffffffffffffff\r\nhello"])
def test_a_body_that_breaks_off_does_not_look_whole(inside, broken):
    """The head is at the representative's already: the chunks break off, and the connection."""
    inside.hmc.ends_rudely = True
    inside.hmc.answer = lambda _: OK + b"Transfer-Encoding: CHUNKED\r\n\r\n" + broken  # CHUNKED: and then it leaves
    answer = inside.says("GET /console HTTP/1.1")
    assert answer.startswith("HTTP/1.1 200 ") and not answer.endswith("0\r\n\r\n") and "evil" not in answer


@pytest.mark.parametrize("method, answer", [
    ("GET", OK + b"Content-Length: 2\r\n\r\nok" + SECOND), ("HEAD", OK + b"Content-Length: 2\r\n\r\nok" + SECOND),
    ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil" + SECOND),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil" + SECOND),
    ("GET", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + SECOND)])
def test_what_stands_behind_a_response_answers_nothing(inside, method, answer):
    """A second response that a target was made to send along is not the answer to the next request."""
    answers = iter([answer, NOTHING])
    inside.hmc.answer = lambda _: next(answers)
    got = inside.says(f"{method} /one HTTP/1.1", "\r\n" + head(inside.kim, "GET /two HTTP/1.1") + "Connection: close\r\n\r\n")
    assert "evil" not in got and got.endswith("\r\n\r\nok") and len(re.findall("HTTP/1.1 [23]", got)) == 2, got
    assert len(inside.hmc.heard()) == 2, "and that connection is not used again"


@pytest.mark.parametrize("method, answer", [("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"),
                                            ("HEAD", OK + b"Content-Length: 4\r\n\r\n"),
                                            ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n")])
def test_a_response_without_a_body_has_none_whatever_it_says(inside, method, answer):
    assert answer_to(inside, answer, f"{method} / HTTP/1.1").endswith("\r\n\r\n")


def test_a_body_that_ends_with_its_connection_ends_in_order_or_not_at_all(inside):
    inside.hmc.answer = OK + b"\r\nhalf"
    whole = inside.kim.curl("/console")
    inside.hmc.ends_rudely = True
    cut = inside.kim.curl("/console")
    assert (whole.returncode, whole.stdout, cut.returncode != 0) == (0, b"half", True)


# ---- 1xx

def test_interim_responses_are_the_gates_and_not_without_end(inside):
    between = b"HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\nHTTP/1.1 100 Continue\r\nSet-Cookie: evil=1\r\n\r\n"
    assert re.findall(r"HTTP/1.1 (\d+)", answer_to(inside, between + NOTHING)) == ["200"]
    answer = answer_to(inside, b"HTTP/1.1 102 Processing\r\n\r\n" * 5000 + NOTHING)
    assert re.findall(r"HTTP/1.1 (\d+)", answer) == ["502"]


def test_an_interim_response_that_breaks_a_rule_is_a_bad_gateway(inside):
    assert answer_to(inside, b"HTTP/1.1 100 Continue\r\nX: y\nz: 1\r\n\r\n" + NOTHING).startswith("HTTP/1.1 502 ")


# ---- where it leads

@pytest.mark.parametrize("said, shown", [
    (b"https://hmc1.example/a", "/a"), (b"http://hmc1/a", "/a"), (b"//hmc1.example/a", "/a"), (b"https://hmc1.example", "/"),
    (b"https://hmc1.example//evil.example/", "/evil.example/"), (b"https://hmc1.example/\\evil.example/", "/evil.example/"),
    (b"https://hmc1.example\\\\evil.example/", "/evil.example/"), (b"https://hmc1.example/\t/evil.example/", "/evil.example/"),
    (b"https://hmc1.example/\\\t/evil.example/", "/evil.example/"), (b"h\tttps://hmc1.example/\t/evil.example/", "/evil.example/"),
    (b"https:evil.example", "https:evil.example"), (b"/\\evil.example", "/\\evil.example"), (b"//evil.example/", "//evil.example/"),
    (b"https://hmc1.example@evil.example/", "https://hmc1.example@evil.example/"),
    (b"https://hmc1.example.evil.example/", "https://hmc1.example.evil.example/")])
def test_a_redirect_leads_nowhere_that_it_did_not_lead_before(inside, said, shown):
    answer = answer_to(inside, b"HTTP/1.1 302 Found\r\nLocation: " + said + b"\r\nContent-Length: 0\r\n\r\n")
    assert re.findall(r"\r\nLocation: (.*?)\r\n", answer) == [shown]


# ---- cookies and caches

@pytest.mark.parametrize("cookie", [
    "__Host-sallyport=evil; Path=/; Secure", "__HOST-SALLYPORT=evil; Path=/; Secure", "__Host-sallyport-login=evil; Path=/; Secure",
    "__Secure-sallyport=evil", "sallyport=evil", "sallyport-abcdefghijkl-JSESSIONID=evil; HttpOnly", "=evil", "=__Host-sallyport=evil",
    "evil", "__Host-sallyport =evil", " __Host-sallyport=evil", "\t__Host-sallyport=evil", "a b=evil", "\"__Host-sallyport\"=evil"])
def test_a_target_plants_no_cookie_of_the_gates(inside, cookie):
    answer = answer_to(inside, OK + f"Set-Cookie: {cookie}\r\nContent-Length: 2\r\n\r\nok".encode())
    assert answer.startswith("HTTP/1.1 200 ") and "Set-Cookie" not in answer


def test_cookies_are_this_hosts_and_go_back_to_this_target_alone(inside):
    lines = ["JSESSIONID=1; Path=/; Domain=.example; HttpOnly", "lang=de; Domain=hmc1.example", "__Host-x=2; Path=/; Secure; HttpOnly",
             "big=" + "b" * 5000 + "; HttpOnly", "id=%0d%0aSet-Cookie:evil=1"]
    answer = answer_to(inside, OK + "".join(f"Set-Cookie: {line}\r\n" for line in lines).encode() + b"Content-Length: 2\r\n\r\nok")
    sent = re.findall(r"\r\nSet-Cookie: (.*?)\r\n", answer.replace("\r\n", "\r\n\r\n"))
    assert len(sent) == 5 and all(line.endswith("; Secure") and "Domain" not in line for line in sent)
    tag = re.match(r"sallyport-(\w{12})-JSESSIONID=1; Path=/; HttpOnly", sent[0])[1]
    assert sent[1] == "lang=de; Secure" and sent[2].startswith(f"__Host-sallyport-{tag}-x=2; Path=/; HttpOnly")
    inside.hmc.forget()
    inside.hmc.answer = NOTHING
    raw(inside.player, f"GET /console HTTP/1.1\r\nHost: {HOST}\r\n{cookie_line(inside.kim).strip()}; JSESSIONID=planted; "
        f"sallyport-{tag}-JSESSIONID=1; sallyport-zzzzzzzzzzzz-JSESSIONID=of-another-session; lang=de\r\nConnection: close\r\n\r\n")
    assert b"\r\nCookie: JSESSIONID=1; lang=de\r\n" in inside.hmc.heard()[0]


@pytest.mark.parametrize("path, kind, kept", [
    ("/console", b"text/html", "no-store"), ("/console/x.css", b"text/html", "no-store"), ("/a", b"application/json", "no-store"),
    ("/a", b"", "no-store"), ("/a.css", b"text/css", "private, max-age=600"), ("/a", b"text/csswhatever/../html", "private, max-age=600")])
def test_pages_are_stored_nowhere_whatever_their_path_is_called(inside, path, kind, kept):
    answer = answer_to(inside, OK + b"Content-Type: " + kind + b"\r\nCache-Control: public, max-age=600\r\nContent-Length: 2\r\n\r\nok",
                       f"GET {path} HTTP/1.1")
    assert re.findall(r"\r\nCache-Control: (.*?)\r\n", answer) == [kept]


@pytest.mark.parametrize("name", ["Strict-Transport-Security", "Alt-Svc", "Clear-Site-Data", "NEL", "Report-To", "Reporting-Endpoints",
                                  "Service-Worker-Allowed", "Public-Key-Pins", "Keep-Alive", "Proxy-Authenticate", "Trailer", "Via"])
def test_what_is_not_the_targets_to_say_is_not_said(inside, name):
    answer = answer_to(inside, OK + f"{name}: evil\r\nContent-Length: 2\r\n\r\nok".encode())
    assert answer.startswith("HTTP/1.1 200 ") and "evil" not in answer


# ---- what reaches the target

def test_what_the_target_gets_is_written_anew(inside):
    inside.hmc.answer = NOTHING
    with connect(inside.player) as connection:
        connection.sendall(f"PUT /a%20b?c HTTP/1.1\r\nhOST:  {HOST}  \r\nX-a:\t 1 \t\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
                           f"__Host-Not: 2\r\nCookie: __Host-sallyport={inside.kim.cookies()['__Host-sallyport']}\r\n"
                           f"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n003\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n".encode())
        assert read_all(connection).endswith("ok")
    assert inside.hmc.heard() == [b"PUT /a%20b?c HTTP/1.1\r\nHost: hmc1.example\r\nX-a: 1\r\n__Host-Not: 2\r\n"
                                  b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"]


def test_a_get_is_asked_again_only_when_nothing_was_said_and_a_post_never(inside):
    """A connection that was kept is closed by the target as the request comes."""
    said = []

    def once(request):
        said.append(request.split(b" ", 1)[0])
        return NOTHING if len(said) % 2 else b"HTTP/1.1 "  # every second time: not a whole answer, and gone
    inside.hmc.ends_rudely = True
    inside.hmc.answer = once
    for method, wanted in (("GET", "200"), ("POST", "502")):
        said.clear()
        assert inside.kim.status("/one") == "200"
        assert inside.kim.status("/two", *(["-d", "x"] if method == "POST" else [])) == wanted
        assert said == [b"GET", *[method.encode()] * (2 if method == "GET" else 1)]
