#!/usr/bin/python3
"""A stand-in for the web side of an HMC: believes it is at its own address, as the real one does. Runs in: namespace hmc.

web_hmc.py NAME ADDRESS PORT CERTIFICATE KEY LOG: every request becomes a line of JSON in LOG.

    /               redirects to its own name
    /login          a form; sets JSESSIONID (HttpOnly, Domain) and XSRF-TOKEN; /logoff ends it
    /console        for a browser the pages of an application (web_hmc_pages.py), for others who is logged in, and the
                    headers that came; /console/terminal, /console/files, /console/events
    /upload         PUT or POST: size and SHA-256 of the body
    /download?N     N bytes, of known length; /chunked?N the same in chunks, with a trailer; /until-close?N
    /wait?S         answers after S seconds; /poll?N when there is an event after the first N
    /events?N       N server-sent events
    /terminal       a WebSocket that echoes; /terminal?shell one with a prompt, as /console/terminal uses it
    /early          answers 413 before it has read the body
    /rest/api/web/Logon   PUT: a session token in X-API-Session; DELETE: forgets it
    /rest/api/uom/ManagedSystem   with that token: an Atom feed of two systems
"""
import base64
import hashlib
import json
import secrets
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import web_hmc_pages as pages

SHELL = Path(__file__).with_name("hmc_shell")
PIECE = bytes(range(256)) * 256


def body_of(size):
    while size > 0:
        yield PIECE[:size]
        size -= len(PIECE)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in-hmc"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name.replace("_", "-"), one)
        if "Content_Type" not in headers:
            self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end(self):
        """The end of the connection is the end of the answer: said in TLS, so that nobody can cut it short."""
        self.close_connection = True
        self.wfile.flush()
        try:
            self.connection.settimeout(2)
            self.connection.unwrap()
        except OSError:
            pass  # the other side closes without waiting

    def pieces(self):
        """The request's body."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            if not piece:
                return
            left -= len(piece)
            yield piece

    def serve(self):
        path, _, query = self.path.partition("?")
        self.server.note({"method": self.command, "path": self.path, "headers": self.headers.items()})
        known = {"/": self.home, "/login": self.login, "/console": self.console, "/upload": self.upload,
                 "/download": self.download, "/chunked": self.chunked, "/until-close": self.until_close,
                 "/wait": self.wait, "/events": self.events, "/terminal": self.terminal, "/early": self.early,
                 "/rest/api/web/Logon": self.logon, "/rest/api/uom/ManagedSystem": self.managed_systems,
                 "/logoff": self.logoff, "/poll": self.poll, "/console/terminal": self.terminal_page,
                 "/console/files": self.files_page, "/console/events": self.events_page}
        if path in known:
            return known[path](query)
        if path in pages.STATIC:
            kind, content = pages.STATIC[path]
            return self.answer(200, content, Content_Type=kind, Cache_Control="max-age=3600")
        return self.answer(404, "no such page")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = serve

    def home(self, _):
        self.answer(302, Location=f"https://{self.server.name}/console")

    def login(self, _):
        if self.command == "GET":
            return self.show(pages.login_page(self.server.name))
        form = b"".join(self.pieces())
        if self.headers.get("Origin") not in (None, f"https://{self.server.name}"):
            return self.answer(403, f"not my origin: {self.headers['Origin']}")
        if b"user=hscroot" not in form:
            return self.show(pages.login_page(self.server.name, "The user ID or the password is wrong."), 401)
        session = secrets.token_hex(8)
        self.server.sessions.add(session)
        self.answer(303, Location=f"https://{self.server.name}/console",
                    Set_Cookie=[f"JSESSIONID={session}; Path=/; Domain={self.server.name}; Secure; HttpOnly",
                                "XSRF-TOKEN=abc; Path=/; Secure", "__Host-sallyport=evil; Path=/; Secure"],
                    Strict_Transport_Security="max-age=99999999")

    def logoff(self, _):
        self.server.sessions.discard(self.cookies().get("JSESSIONID"))
        self.answer(303, Location=f"https://{self.server.name}/login")

    # ---- the application's pages

    def show(self, page, status=200):
        self.answer(status, page, Content_Type="text/html; charset=utf-8", Content_Security_Policy=pages.CSP,
                    X_Frame_Options="SAMEORIGIN")

    def cookies(self):
        return dict(pair.strip().split("=", 1) for pair in self.headers.get("Cookie", "").split(";") if "=" in pair)

    def is_logged_in(self):
        return self.cookies().get("JSESSIONID") in self.server.sessions

    def show_if_logged_in(self, page):
        if self.is_logged_in():
            return self.show(page)
        return self.answer(303, Location=f"https://{self.server.name}/login")

    def console(self, _):
        if "text/html" in self.headers.get("Accept", ""):
            return self.show_if_logged_in(pages.systems_page(self.server.name))
        return self.answer(200, json.dumps({"logged_in": self.is_logged_in(), "cookies": self.cookies(),
                                            "headers": dict(self.headers.items())}), Content_Type="application/json")

    def terminal_page(self, _):
        self.show_if_logged_in(pages.terminal_page(self.server.name))

    def events_page(self, _):
        self.show_if_logged_in(pages.events_page(self.server.name))

    def files_page(self, _):
        received = self.form_files(b"".join(self.pieces())) if self.command == "POST" else ()
        self.show_if_logged_in(pages.files_page(self.server.name, received))

    def form_files(self, body):
        """Name, size and SHA-256 of each file in a multipart form."""
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        for part in body.split(b"--" + boundary)[1:-1]:
            head, _, data = part.partition(b"\r\n\r\n")
            data = data.removesuffix(b"\r\n")
            yield head.decode().partition('filename="')[2].split('"')[0], len(data), hashlib.sha256(data).hexdigest()

    def poll(self, query):
        number = int(query)
        time.sleep(0.2 if number < len(pages.EVENTS) else 25)
        if number < len(pages.EVENTS):
            return self.answer(200, json.dumps({"number": number + 1, "text": pages.EVENTS[number]}),
                               Content_Type="application/json")
        return self.answer(204)

    def upload(self, _):
        digest, size = hashlib.sha256(), 0
        for piece in self.pieces():
            digest.update(piece)
            size += len(piece)
        self.answer(200, f"{size} {digest.hexdigest()}\n")

    def download(self, query):
        self.send_response(200)
        self.send_header("Content-Length", query)
        self.send_header("Content-Disposition", 'attachment; filename="dump.bin"')
        self.end_headers()
        if self.command != "HEAD":
            for piece in body_of(int(query)):
                self.wfile.write(piece)

    def chunked(self, query):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Trailer", "X-Sum")
        self.end_headers()
        for piece in body_of(int(query)):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\nX-Sum: done\r\n\r\n")

    def until_close(self, query):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in body_of(int(query)):
            self.wfile.write(piece)
        self.end()

    def wait(self, query):
        time.sleep(float(query))
        self.answer(200, "at last")

    def events(self, query):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(int(query)):
            self.wfile.write(b"data: %d\n\n" % number)
            self.wfile.flush()
            time.sleep(0.2)
        self.end()

    def early(self, _):
        self.answer(413, "too much", Connection="close")
        time.sleep(0.3)  # closing at once would reset the connection
        self.close_connection = True

    def logon(self, _):
        body = b"".join(self.pieces())
        if self.command == "PUT" and b"<UserID>hscroot</UserID>" in body:
            token = secrets.token_hex(16)
            self.server.sessions.add(token)
            return self.answer(200, f"<LogonResponse><X-API-Session>{token}</X-API-Session></LogonResponse>",
                               Content_Type="application/xml")
        token = self.headers.get("X-API-Session")
        if self.command == "DELETE" and token in self.server.sessions:
            self.server.sessions.discard(token)
            return self.answer(204)
        return self.answer(401, "no")

    def managed_systems(self, _):
        if self.headers.get("X-API-Session") not in self.server.sessions:
            return self.answer(401, "log on first")
        return self.answer(200, pages.managed_systems(self.server.name),
                           Content_Type="application/atom+xml; type=ManagedSystem")

    # ---- WebSocket

    def terminal(self, query):
        if self.headers.get("Origin") not in (None, f"https://{self.server.name}"):
            return self.answer(403, "not my origin")
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        return self.shell() if query == "shell" else self.echo()

    def frames(self):
        """What comes, message by message; a close is one, too, and the last."""
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            size = head[1] & 0x7f
            if size == 126:
                size = struct.unpack(">H", self.rfile.read(2))[0]
            mask = self.rfile.read(4)
            yield head[0], bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(size)))
            if head[0] & 0xf == 8:
                return

    def send_frame(self, first, data):
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        self.wfile.write(bytes([first]) + length + data)

    def echo(self):
        for first, data in self.frames():
            self.send_frame(first, data)

    def shell(self):
        """Sends back what is typed, as a terminal's line discipline does, and what hmc_shell answers to each line."""
        line, say = "", lambda text: self.send_frame(0x81, text.encode())
        prompt = f"hscroot@{self.server.name.split('.')[0]}:~> "
        say(prompt)
        for first, data in self.frames():
            if first & 0xf != 1:
                return self.send_frame(0x88, b"") if first & 0xf == 8 else None
            for key in data.decode():
                if key == "\x7f":
                    say("\x08 \x08" if line else "")
                    line = line[:-1]
                elif key != "\r":
                    say(key)
                    line += key
                elif line.strip() in ("exit", "logout"):
                    return self.send_frame(0x88, b"")
                else:
                    say("\n" + self.run_line(line) + prompt)
                    line = ""
        return None

    def run_line(self, line):
        return subprocess.run([SHELL, "-c", line], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin", "HMC_NAME": self.server.name.split(".")[0]}).stdout


class WebHmc(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name, address, port, certificate, key, log):
        if ":" in address:
            self.address_family = socket.AF_INET6
        super().__init__((address, port), Handler)
        self.name, self.sessions = name, set()
        self.log, self.lock = open(log, "a", buffering=1), threading.Lock()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)

    def note(self, fact):
        with self.lock:
            self.log.write(json.dumps(fact) + "\n")

    def get_request(self):
        connection, peer = super().get_request()
        self.note({"connection": peer[0]})
        connection.settimeout(60)
        # The handshake is made by the connection's own thread, at its first read.
        return self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    hmc_name, hmc_address, hmc_port, *files = sys.argv[1:]
    WebHmc(hmc_name, hmc_address, int(hmc_port), *files).serve_forever()
