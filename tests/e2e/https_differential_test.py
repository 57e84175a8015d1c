"""What the gate lets through is read in one way only: two other servers, real ones, are given the very bytes that reached the
target, and must find in them the same requests; or nothing whole reached it. Runs in: the lab."""
import re
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from https_corpus import hand_written, mutations
from https_fixtures import Inside, connect
from https_player import GATE_PORT, NAME
from https_raw_target import raw_target, size_of
from listening import serve_each
from support import eventually

SEED = 20260930
MUTATIONS = 260
ANSWER = b"HTTP/1.1 200 OK\r\nX-Target: 1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
LAST = "GET /.sallyport/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"  # the portal's: 404, and closed
SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

NGINX = """
daemon off; master_process off; error_log {folder}/nginx.log; pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 0; large_client_header_buffers 8 64k; underscores_in_headers on; ignore_invalid_headers off; merge_slashes off;
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Host $http_host; }} }}
}}
"""
HAPROXY = """
global
  tune.bufsize 131072
  tune.http.maxhdr 256
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  http-reuse never
listen all
  bind 127.0.0.1:{port}
  option http-buffer-request
  server behind 127.0.0.1:{behind}
"""
# Said for one connection, or how long a body is: each server says it anew. The body itself is compared.
NOT_COMPARED = {"connection", "upgrade", "transfer-encoding", "content-length"}


class Understood:
    """A real server, and what it understood of the requests that it was sent: it hands them on to here."""

    def __init__(self, folder, port, command, configuration):
        self.port, self.requests, self.lock = port, {}, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port + 100), backlog=256)
        serve_each(self.listener, self.take)
        file = folder / f"{command[0]}.conf"
        file.write_text(configuration.format(folder=folder, port=port, behind=port + 100))
        self.process = subprocess.Popen([*command, file])
        eventually(self.is_up, 10, command[0])

    def is_up(self):
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0

    def take(self, connection):
        with connection:
            heard = b""
            while size_of(lower_names(heard)) is None:
                got = connection.recv(1 << 16)
                if not got:
                    return  # not whole: no request
                heard += got
            with self.lock:
                self.requests.setdefault(re.search(rb"(?i)\r\nx-number: (\d+)\r\n", heard)[1], []).append(parsed(heard))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def read(self, number, stream, whole):
        """What it makes of `stream`, each of whose requests bears the number."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(stream + (SENTINEL.replace(b"\r\n\r\n", b"\r\nX-Number: %d\r\n\r\n" % number) if whole else b""))
            if not whole:
                connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
        return self.requests.get(b"%d" % number, [])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.listener.close()


def lower_names(heard):
    """With the framing headers spelled as size_of() looks for them: haproxy writes names in lower case."""
    return heard.replace(b"\r\ncontent-length:", b"\r\nContent-Length:").replace(b"\r\ntransfer-encoding:", b"\r\nTransfer-Encoding:")


def parsed(heard):
    """Of what a server wrote itself, and so is in one form."""
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    pairs = [line.split(b":", 1) for line in lines]
    headers = [(name.lower().decode("latin-1"), value.strip(b" \t")) for name, value in pairs]
    if b"chunked" in dict(headers).get("transfer-encoding", b""):
        body = unchunked(body)
    method, target, _ = first.split(b" ")
    return {"method": method, "target": target, "host": dict(headers)["host"], "body": body,
            "headers": [one for one in headers if one[0] not in NOT_COMPARED | {"host"}]}


def unchunked(text):
    data = b""
    while size := int(text.split(b"\r\n", 1)[0], 16):
        text = text.split(b"\r\n", 1)[1]
        data, text = data + text[:size], text[size + 2:]
    return data


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with raw_target(tmp_path_factory.mktemp("hmc"), ANSWER) as made:
        yield made


@pytest.fixture(scope="module")
def inside(tmp_path_factory, target):
    made = Inside(tmp_path_factory.mktemp("inside"), target)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servers")
    made = [Understood(folder, 7001, ["nginx", "-p", folder, "-c"], NGINX), Understood(folder, 7002, ["haproxy", "-db", "-f"], HAPROXY)]
    yield made
    for server in made:
        server.stop()


def ask(inside, request):
    """All that the gate answers. It closes after the last request, if it comes to that one; else somebody who waits gives up."""
    with connect(inside.player, timeout=0.4) as connection:
        answer = b""
        try:
            connection.sendall(request + LAST.encode())
            while got := connection.recv(1 << 16):
                answer += got
        except OSError:
            pass
        return answer


def reached(inside, target, request):
    """The gate's answer, and connection by connection what reached the target because of this request."""
    target.known = [len(stream) for stream in target.streams]
    answer = ask(inside, request)
    eventually(lambda: target.busy == 0, 5, "the connections to the target closed")
    return answer, target.heard()


def test_two_servers_find_the_same_requests_in_what_reaches_the_target(inside, target, servers):
    cookie = f"__Host-sallyport={inside.kim.cookies()['__Host-sallyport']}"
    corpus = [*hand_written(), *mutations(SEED, MUTATIONS)]
    print(f"{len(corpus)} requests, seed {SEED}")
    begun, refused, streams = time.monotonic(), 0, []
    for number, text in enumerate(corpus):
        request = text.replace("@HOST@", f"{NAME}:{GATE_PORT}").replace("@COOKIE@", cookie).encode("latin-1")
        answer, heard = reached(inside, target, request)
        statuses = [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) (?!Continue)", answer)]
        whole = [stream for stream in heard if size_of(stream) is not None]
        assert all(size_of(stream) == len(stream) for stream in whole), f"more than one request on a connection: {text!r}"
        assert answer.count(b"\r\nX-Target: 1\r\n") <= len(whole), f"an answer to what was no request: {text!r}"
        if any(400 <= status < 500 and status not in (401, 403, 404) for status in statuses):
            refused += 1
            assert 400 <= statuses[-1] < 500 and answer.count(b"\r\nX-Target: 1\r\n") == len(whole), \
                f"refused, and yet the target has answered: {text!r}"
        assert b"smuggled HTTP/1.1\r\nHost: hmc1" not in b"".join(heard) or b"@COOKIE@" in text.encode(), text
        streams += [(number, text, stream, stream in whole) for stream in heard]
    print(f"{refused} refused, {len(streams)} reached the target, {sum(not one[3] for one in streams)} of them not whole, "
          f"{time.monotonic() - begun:.1f} s")
    assert refused > 120 and sum(one[3] for one in streams) > 80, "the corpus does not try both"

    def check(index):
        number, text, stream, whole = streams[index]
        marked = stream.replace(b"\r\nHost: hmc1.example\r\n", b"\r\nHost: hmc1.example\r\nX-Number: %d\r\n" % index, 1)
        nginx, haproxy = (server.read(index, marked, whole) for server in servers)
        assert nginx == haproxy, f"request {number}, {text!r}: they read differently what reached the target: {stream!r}"
        assert len(nginx) == (2 if whole else 0), f"request {number}, {text!r}: {len(nginx)} requests in {stream!r}"
        if whole:
            ours = parsed(marked)
            assert nginx[0] == ours and nginx[0]["host"] == b"hmc1.example" and nginx[1]["target"] == b"/sentinel", (ours, nginx)
    with ThreadPoolExecutor(16) as at_once:
        list(at_once.map(check, range(len(streams))))
    print(f"{time.monotonic() - begun:.1f} s in all")
    assert time.monotonic() - begun < 60
