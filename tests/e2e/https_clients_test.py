"""Clients that representatives and their scripts use, through a real gate's forms: requests, Node, wget, curl, HTTP/1.0, and one
of the HMC's REST API. Runs in: the lab."""
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from https_gate_fixtures import CERTIFICATE, answer_to, browser, challenge, console, ended, log_in, web  # noqa: F401 (fixtures, too)
from lab import network
from support import grant_id, records

CLIENTS = Path(__file__).with_name("web_clients")
ORIGIN = f"https://{network.GATE4}"
PATTERN = bytes(range(256)) * 4096


def run_client(lab, *command):
    """A client that prints the challenge, is told the response, and prints in JSON what came of its work."""
    lab.grant = grant_id(lab.enable(policy="web"))
    client = subprocess.Popen(network.inside("rep", [*command, ORIGIN, CERTIFICATE, "kim"]), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(CERTIFICATE), "LC_ALL": "C.UTF-8"})
    try:
        client.stdin.write(lab.kim.password + "\n")
        client.stdin.flush()
        question = client.stdout.readline()
        assert "Challenge" in question, client.communicate(timeout=30)
        said, complaints = client.communicate(answer_to(lab, question) + "\n", timeout=90)
    finally:
        client.kill()
    assert client.returncode == 0, complaints
    assert ended(lab)["reason"].endswith("logged out")
    return json.loads(said)


def test_python_requests(web):
    told = run_client(web, "/usr/bin/python3", CLIENTS / "requests_client.py")
    assert told == {"status": f"{ORIGIN}/.sallyport/status", "home": f"{ORIGIN}/console", "login": [f"{ORIGIN}/console", True],
                    "upload": True, "download": hashlib.sha256(PATTERN[:1_000_000]).hexdigest(), "events": 3, "missing": 404,
                    "goodbye": True}


def test_node(web):
    told = run_client(web, "node", CLIENTS / "fetch_client.mjs")
    kept = told.pop("kept")
    assert told == {"status": "/.sallyport/status", "login": ["/console", True], "upload": True,
                    "download": hashlib.sha256(PATTERN[:1_000_000]).hexdigest(), "goodbye": True}
    assert kept == [[200, hashlib.sha256(PATTERN[:size]).hexdigest(), again] for size, again in ((1, False), (100_000, True), (3, True))]


def test_a_script_of_the_rest_api_logs_on_lists_the_managed_systems_and_logs_off(web):
    told = run_client(web, "/usr/bin/python3", CLIENTS / "rest_client.py")
    assert told["systems"] and (told["before"], told["logon"], told["off"], told["after"]) == (401, 200, 204, 401)
    asked = web.console_log.requests()
    assert asked[:3] == ["GET /rest/api/uom/ManagedSystem", "PUT /rest/api/web/Logon", "GET /rest/api/uom/ManagedSystem"]


def test_wget(web, tmp_path):
    jar = tmp_path / "wget.jar"
    web.grant = grant_id(web.enable(policy="web"))

    def wget(path, *options):
        return web.run("rep", "wget", "-q", "-O", "-", f"--ca-certificate={CERTIFICATE}", f"--load-cookies={jar}",
                       f"--save-cookies={jar}", "--keep-session-cookies", f"--header=Origin: {ORIGIN}", *options, ORIGIN + path).stdout
    jar.touch()
    wget("/.sallyport/login")
    page = wget("/.sallyport/login", "--post-data", f"user=kim&password={web.kim.password}")
    response = answer_to(web, re.search(r'id="question">(.*?)</p>', page)[1])
    assert "connected to hmc1" in wget("/.sallyport/answer", "--post-data", f"response={response}")
    assert json.loads(wget("/login", "--post-data", "user=hscroot&password=abc"))["logged_in"]
    for path in ("download", "chunked", "until-close"):
        file = tmp_path / path
        wget(f"/{path}?700001", "-O", str(file))
        assert file.read_bytes() == PATTERN[:700_001], path
    assert "you have logged out" in wget("/.sallyport/logout", "--post-data", "bye=1", "--content-on-error")
    ended(web)


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
def test_curl_of_both_versions(web, version, tmp_path):
    kim = log_in(web)
    (tmp_path / "data").write_bytes(os.urandom(400_000))
    for path in ("download", "chunked", "until-close"):
        assert kim.curl(f"/{path}?700001", version).stdout == PATTERN[:700_001], path
    for more in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")):
        if version == "--http1.0" and "chunked" in str(more):
            continue
        assert hashlib.sha256((tmp_path / "data").read_bytes()).hexdigest() in kim.text("/upload", version, "-T", tmp_path / "data", *more)
    assert kim.status("/console", version, "-I") == "200" and kim.text("/wait?1", version) == "at last"
    kim.text("/.sallyport/logout", version, "-X", "POST", "-d", "")
    ended(web)


def test_http_1_0_by_hand_is_answered_and_closed_also_when_it_asks_to_stay(web):
    kim = log_in(web)
    cookie = f"__Host-sallyport={kim.cookies()['__Host-sallyport']}"
    program = ("import socket, ssl, sys\n"
               f"tls = ssl.create_default_context(cafile='{CERTIFICATE}')\n"
               f"with tls.wrap_socket(socket.create_connection(('{network.GATE4}', 443), 10), server_hostname='gate') as it:\n"
               "    it.sendall(sys.stdin.buffer.read())\n"
               "    while got := it.recv(65536): sys.stdout.buffer.write(got)\n")
    for more in ("", "Connection: keep-alive\r\n", "Host: gate\r\n"):
        answer = web.run("rep", "/usr/bin/python3", "-c", program,
                         input=f"GET /chunked?300 HTTP/1.0\r\n{more}Cookie: {cookie}\r\n\r\n", text=True, encoding="latin-1").stdout
        assert "Connection: close" in answer and "chunked" not in answer and len(answer.split("\n\n", 1)[1]) >= 300, answer[:200]
    kim.text("/.sallyport/logout", "-X", "POST", "-d", "")
    ended(web)


def test_the_challenge_is_the_same_one_when_its_page_is_asked_for_again(web):
    """A client that retries a request that it has already made."""
    web.grant = grant_id(web.enable(policy="web"))
    kim = browser(web)
    question = challenge(kim, web)
    assert question in kim.text("/.sallyport/login") and len(records(web, "login.failed")) == 0
    assert "connected to hmc1" in kim.respond(answer_to(web, question))
