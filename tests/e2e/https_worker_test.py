"""sallyport-https by itself: the real worker, confined, between curl and the stand-in HMC; the monitor is played."""
import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import time

import pytest
from https_fixtures import connect, head, hmc, kim, played, player, raw, read_all, stranger  # noqa: F401 (fixtures, too)
from https_player import END, GATE, GATE_PORT, HOLD, NAME, Browser, text
from support import eventually

BIG = 100 * 1024 * 1024


# ---- login

def test_i03_nothing_reaches_the_target_before_the_login(stranger, player, hmc):
    assert stranger.status("/") == "401"
    assert stranger.status("/", "-H", "Accept: text/html") == "303"
    assert stranger.status("/upload", "-T", "-", input=b"x" * 100_000) == "401"
    assert stranger.status("/console", "-H", "Cookie: __Host-sallyport=forged") == "401"
    assert stranger.status("/console", "-H", "Cookie: __Host-sallyport=") == "401"
    assert "K7XQM" in stranger.ask_challenge()
    assert stranger.status("/console") == "401"
    assert stranger.status("/.sallyport/status") == "303"
    for request in ("GET /terminal HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: close\r\n\r\n", "CONNECT hmc1:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                    "GET https://hmc1.example/ HTTP/1.1\r\nHost: hmc1.example\r\nConnection: close\r\n\r\n"):
        assert raw(player, request).split()[1] in ("400", "401")
    assert player.asked == ["password"]
    assert hmc.heard() == []


def test_a_login_by_two_forms(stranger, player):
    page = stranger.curl("/.sallyport/login", "-i").stdout.decode()
    for wanted in ("Content-Security-Policy: default-src 'none'", "Cache-Control: no-store", "X-Frame-Options: DENY",
                   "SameSite=Strict", "HttpOnly", "Secure", '<label for="user">', "Authorised &lt;use&gt; only."):
        assert wanted in page
    first = stranger.cookies()
    assert "K7XQM 2PDR4" in stranger.ask_challenge()
    second = stranger.cookies()
    stranger.respond()
    third = stranger.cookies()
    assert first["__Host-sallyport-login"] != second["__Host-sallyport-login"]
    assert "__Host-sallyport-login" not in third and len(third["__Host-sallyport"]) == 43
    assert player.asked == ["password", "answer", "target", "connected", "channel"]
    assert "recorded" in stranger.text("/.sallyport/status")


def test_a_wrong_response_is_asked_again_and_the_third_ends_it(stranger, player, hmc):
    for _ in range(2):
        stranger.ask_challenge()
        assert "not admitted" in stranger.respond("000000")
    stranger.ask_challenge(password="wrong")
    assert "The session has ended" in stranger.respond()
    eventually(lambda: player.finished, 5, "the worker's last word")
    assert "target" not in player.asked and hmc.heard() == []


def test_a_form_without_its_cookie_or_from_another_site_is_not_taken(stranger, player):
    stranger.curl("/.sallyport/login")
    assert stranger.status("/.sallyport/login", "-H", "Origin: https://evil.example", "-d", "user=kim&password=x") == "403"
    assert stranger.status("/.sallyport/login", "-H", "Sec-Fetch-Site: cross-site", "-d", "user=kim&password=x") == "403"
    stranger.jar.unlink()
    assert "Password" in stranger.text("/.sallyport/login", "-d", "user=kim&password=x")
    assert stranger.status("/.sallyport/login", "-H", "Content-Type: text/plain", "-d", "user=kim&password=x") == "400"
    assert stranger.status("/.sallyport/login", "-d", "user=" + "k" * 60_000) == "413"
    assert player.asked == []


def test_a_target_with_another_certificate_gets_no_request(tmp_path, hmc):
    player = played(tmp_path, hmc, pins=[base64.b64encode(hashlib.sha256(b"another").digest()).decode()])
    browser = Browser(tmp_path, player.certificate)
    browser.ask_challenge()
    assert "another certificate" in browser.respond()
    assert player.asked[-1] == "target failed"
    assert hmc.requests() == []
    player.stop()


@pytest.mark.parametrize("target, good", [("hmc1.example", True), ("127.0.0.1", True), ("other.example", False)])
def test_a_target_that_an_authority_certifies(tmp_path, hmc, target, good):
    player = played(tmp_path, hmc, pins=[], authorities=hmc.certificate.read_text(), target=target)
    browser = Browser(tmp_path, player.certificate)
    browser.ask_challenge()
    assert ("Session s-1" in browser.respond()) == good
    player.stop()


# ---- the proxy

def test_redirects_cookies_and_headers_are_made_to_fit(kim, hmc):
    assert kim.curl("/", "-o", "/dev/null", "-w", "%{redirect_url}").stdout.decode() == f"https://{NAME}:{GATE_PORT}/console"
    page = kim.curl("/login", "-i", "-H", f"Origin: https://{NAME}:{GATE_PORT}", "-d", "user=hscroot&password=abc").stdout.decode()
    assert "\r\nLocation: /console\r\n" in page
    assert "Strict-Transport-Security" not in page and "Domain=" not in page and "evil" not in page
    names = kim.cookies()
    assert re.search(r"sallyport-\w{12}-JSESSIONID", " ".join(names)) and "XSRF-TOKEN" in names
    seen = json.loads(kim.text("/console", "-H", f"Referer: https://{NAME}:{GATE_PORT}/x", "-H", "X-Forwarded-For: 1.2.3.4"))
    assert seen["logged_in"] and set(seen["cookies"]) == {"JSESSIONID", "XSRF-TOKEN"}
    assert seen["headers"]["Host"] == "hmc1.example"
    assert seen["headers"]["Referer"] == "https://hmc1.example/x"
    assert "X-Forwarded-For" not in seen["headers"]


def test_a_hundred_mebibytes_up_and_down(kim, player, tmp_path):
    data = os.urandom(BIG)
    (tmp_path / "up").write_bytes(data)
    wanted = f"{BIG} {hashlib.sha256(data).hexdigest()}\n"
    assert kim.text("/upload", "-T", tmp_path / "up", timeout=120) == wanted
    assert kim.text("/upload", "-T", tmp_path / "up", "-H", "Transfer-Encoding: chunked", timeout=120) == wanted
    down = bytes(range(256)) * (BIG // 256)
    for path in ("download", "chunked", "until-close"):
        assert kim.curl(f"/{path}?{BIG}", timeout=120).stdout == down, path
    before = player.memory_kib()
    kim.curl(f"/download?{4 * BIG}", "-o", "/dev/null", timeout=200)
    # Buffers are given back after a second, and the sanitizer's allocator gives pages back every five.
    eventually(lambda: player.memory_kib() < before + 4096, 10, "memory as before")
    eventually(lambda: player.activity[0] > 2 * BIG and player.activity[1] > 7 * BIG, 3, "the counters")


def test_i06_each_request_is_recorded_before_and_after_without_what_is_secret(kim, player):
    kim.text("/console?token=geheim")
    kim.curl("/rest/api/web/Logon", "-X", "PUT", "-H", "X-API-Session: geheim", "-d", "<Password>geheim</Password>")
    kim.status("/console;a=b", "-H", "X-Secret: geheim")
    lines = player.record()
    assert "geheim" not in player.record_file.read_text()
    assert [line for line in lines if " GET " in line or " PUT " in line] == [
        "#1 GET /console?...", "#2 PUT /rest/api/web/Logon", "#3 GET /console;a=b"]
    ends = [re.fullmatch(r"#(\d+) (\d+), (\d+) bytes in, (\d+) bytes out, \d+ ms", line) for line in lines[1::2]]
    assert [end.group(1, 2) for end in ends] == [("1", "200"), ("2", "401"), ("3", "404")]
    assert int(ends[0].group(4)) > 17


def test_i06_what_cannot_be_recorded_does_not_reach_the_target(stranger, player, hmc):
    player.record_limit = 400
    kim = stranger.log_in()
    for number in range(20):
        kim.text(f"/download?{number}")
    assert hmc.heard() and len(hmc.requests()) < 10
    assert len(hmc.requests()) <= sum(" GET " in line for line in player.record())
    assert player.record_file.stat().st_size <= 400
    assert "cannot be recorded" in kim.text("/.sallyport/status") or player.finished is not None


def test_the_rest_api_is_used_by_a_client(kim):
    body = "<LogonRequest><UserID>hscroot</UserID><Password>abc</Password></LogonRequest>"
    token = re.search(r"<X-API-Session>(\w+)<", kim.text("/rest/api/web/Logon", "-X", "PUT", "-d", body)).group(1)
    assert kim.status("/rest/api/web/Logon", "-X", "DELETE", "-H", f"X-API-Session: {token}") == "204"
    assert kim.status("/rest/api/web/Logon", "-X", "DELETE", "-H", f"X-API-Session: {token}") == "401"


def test_several_requests_on_one_connection_and_pipelined_ones_in_order(kim, player, hmc):
    request = head(kim, "GET /download?{} HTTP/1.1")
    answer = raw(player, "".join(request.replace("{}", str(size)) + "\r\n" for size in (1, 2, 3)) +
                 head(kim, "GET /download?4 HTTP/1.1", "Connection: close\r\n") + "\r\n")
    assert re.findall(r"Content-Length: (\d+)", answer) == ["1", "2", "3", "4"]
    assert len([fact for fact in hmc.heard() if "connection" in fact]) <= 2


def test_old_and_odd_clients(kim, player):
    answer = raw(player, head(kim, "GET /chunked?5 HTTP/1.0") + "\r\n")
    assert "Connection: close" in answer and "chunked" not in answer and answer.endswith("\x00\x01\x02\x03\x04")
    answer = raw(player, head(kim, "HEAD /download?5 HTTP/1.1", "Connection: close\r\n") + "\r\n")
    assert "Content-Length: 5" in answer and answer.endswith("\r\n\r\n")
    answer = raw(player, head(kim, "PUT /upload HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n") +
                 "\r\n", "hello", pause=0.5)
    assert answer.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200") and hashlib.sha256(b"hello").hexdigest() in answer
    answer = raw(player, head(kim, "PUT /upload HTTP/1.1", "Transfer-Encoding: chunked\r\nConnection: close\r\n") +
                 "\r\n", *"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", pause=0.01)
    assert hashlib.sha256(b"hello").hexdigest() in answer


def test_a_body_is_not_asked_for_when_there_is_no_way_to_the_target(kim, player, hmc):
    hmc.stop()
    answer = raw(player, head(kim, "PUT /upload HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
    hmc.start()
    assert answer.startswith("HTTP/1.1 502 ") and answer.count("HTTP/1.1 ") == 1


def test_an_answer_before_the_body_is_through(kim):
    assert kim.status("/early", "-T", "-", "-H", "Expect:", input=b"x" * 3_000_000) == "413"


def test_a_websocket_echoes(kim, player):
    with connect(player) as connection:
        connection.sendall(head(kim, "GET /terminal HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                f"Origin: https://{NAME}:{GATE_PORT}\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        assert b"101 Switching" in connection.recv(4096)
        for word in (b"lssyscfg", b"\x1b[A"):
            connection.sendall(b"\x81" + bytes([0x80 | len(word)]) + b"\0\0\0\0" + word)
            assert connection.recv(100) == b"\x81" + bytes([len(word)]) + word
        connection.sendall(b"\x88\x80\0\0\0\0")
        assert read_all(connection) == "\x88\x00"


def test_another_sites_page_gets_no_websocket_and_posts_nothing(kim, hmc):
    hmc.forget()
    for origin in ("https://evil.example", "null", f"https://{NAME}"):
        assert kim.status("/upload", "-H", f"Origin: {origin}", "-d", "x") == "403"
        assert kim.status("/terminal", "-H", f"Origin: {origin}", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
                          "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==") == "403"
    assert kim.status("/sw.js", "-H", "Service-Worker: script") == "403"
    assert hmc.requests() == []


def test_events_come_as_they_happen_and_long_polls_are_waited_for(kim):
    started = time.monotonic()
    events = subprocess.Popen(["curl", "-sSN", "--resolve", f"{NAME}:{GATE_PORT}:{GATE}", "--cacert", kim.certificate,
                               "-b", kim.jar, f"https://{NAME}:{GATE_PORT}/events?5"], stdout=subprocess.PIPE)
    assert events.stdout.readline() == b"data: 0\n"
    assert time.monotonic() - started < 0.9
    assert events.communicate(timeout=10)[0].endswith(b"data: 4\n\n")
    assert kim.text("/wait?3") == "at last"


def test_a_rep_that_leaves_is_not_waited_for(kim, player):
    with connect(player) as connection:
        connection.sendall((head(kim, "GET /wait?30 HTTP/1.1") + "\r\n").encode())
        time.sleep(0.5)
    descriptors = f"/proc/{player.process.pid}/fd"
    eventually(lambda: len(os.listdir(descriptors)) <= 8, 5, "both connections closed")


def test_a_connection_that_the_target_closed_unasked_is_not_the_reps_fault(kim, hmc):
    assert kim.status("/console") == "200"
    hmc.stop()
    assert kim.status("/console") == "502"
    hmc.start()
    assert kim.status("/console") == "200"


# ---- the end

def test_logging_out_ends_the_session_for_good(kim, player, hmc):
    hmc.forget()
    cookie = kim.cookies()["__Host-sallyport"]
    page = kim.curl("/.sallyport/logout", "-i", "-X", "POST", "-d", "").stdout.decode()
    assert "you have logged out" in page and "Clear-Site-Data" in page
    eventually(lambda: player.finished == (0, "logged out"), 5, "the worker's last word")
    assert hmc.requests() == []
    assert kim.curl("/console", "-H", f"Cookie: __Host-sallyport={cookie}").returncode != 0


def test_the_monitor_ends_the_session_and_pages_say_why(kim, player, hmc):
    player.tell(END, text("the session has ended: revoked by alice"))
    time.sleep(0.2)
    hmc.forget()
    for path in ("/console", "/.sallyport/status", "/.sallyport/login", "/"):
        page = kim.text(path)
        assert "revoked by alice" in page, path
    assert hmc.requests() == []


def test_a_paused_session_sends_nothing(kim, player, hmc):
    player.tell(HOLD, b"\1" + text("alice has paused this session"))
    time.sleep(0.2)
    hmc.forget()
    with pytest.raises(subprocess.TimeoutExpired):
        kim.curl("/console", timeout=1.5)
    assert hmc.requests() == []
    assert "paused" in kim.text("/.sallyport/status")
    player.tell(HOLD, b"\0" + text("alice lets this session go on"))
    assert kim.status("/console") == "200"


def test_the_worker_ends_with_its_monitor(kim, player):
    player.channel.shutdown(socket.SHUT_RDWR)
    player.process.wait(2)


def test_the_worker_is_confined(kim, player):
    status = open(f"/proc/{player.process.pid}/status").read()
    assert re.search(r"CapEff:\s0+\n", status) and re.search(r"Seccomp:\s2\n", status) and re.search(r"NoNewPrivs:\s1\n", status)
    assert os.listdir(f"/proc/{player.process.pid}/root") == []
