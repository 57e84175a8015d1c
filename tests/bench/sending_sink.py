"""The receiver of tests/bench/sending: reads octet-counted messages over TCP or TLS, or datagrams, and counts them. And a
bare loop that sends it some. Runs in: the benchmark."""
import contextlib
import socket
import ssl
import threading
import time


class Sink:
    def __init__(self, way, folder, keep=False):
        self.way, self.folder, self.keep = way, folder, keep
        self.count, self.kept = 0, []
        self.begun = self.last = None  # when the first and the last bytes came
        if way == "unix":
            self.path = folder / "log"
            self.path.unlink(missing_ok=True)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(self.path))
            self.to, serve = f"unix:{self.path}", self.datagrams
        else:
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.port = self.socket.getsockname()[1]
            self.to, serve = f"{way}:127.0.0.1:{self.port}", self.connections
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self.thread.join(5)
        self.socket.close()

    def datagrams(self):
        buffer = bytearray(1 << 18)
        while self.socket.recv_into(buffer):
            self.last = time.monotonic()
            self.begun = self.begun or self.last
            self.count += 1

    def connections(self):
        context = None
        if self.way == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "siem.pem", self.folder / "siem.key")
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with contextlib.suppress(OSError):  # a peer that was ended
                    self.read(context.wrap_socket(connection, server_side=True) if context else connection)
                connection.close()

    def read(self, connection):
        """Counts by what each message says of its length, and looks at nothing else of it."""
        rest, missing = b"", 0
        while data := connection.recv(1 << 20):
            self.last = time.monotonic()
            self.begun = self.begun or self.last
            if self.keep:
                self.kept.append(data)
            at = missing
            data = rest + data if not missing else data
            while at < len(data):
                space = data.find(b" ", at, at + 8)
                if space < 0:
                    break
                at = space + 1 + int(data[at:space])
                self.count += 1
            rest, missing = (data[at:], 0) if at < len(data) else (b"", at - len(data))
        if self.way == "tls":
            connection.unwrap()
        connection.close()

    def messages(self):
        text, at, messages = b"".join(self.kept), 0, []
        while at < len(text):
            space = text.index(b" ", at)
            end = space + 1 + int(text[at:space])
            messages.append(text[space + 1:end])
            at = end
        return messages

    def send_barely(self, messages):
        if self.way == "unix":
            out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            out.connect(str(self.path))
            for message in messages:
                out.send(message)
            return
        out = socket.create_connection(("127.0.0.1", self.port))
        if self.way == "tls":
            context = ssl.create_default_context(cafile=self.folder / "ca.pem")
            out = context.wrap_socket(out, server_hostname="127.0.0.1")
        batch = 500  # a few hundred KiB at a time
        for first in range(0, len(messages), batch):
            out.sendall(b"".join(b"%d %s" % (len(one), one) for one in messages[first:first + batch]))
        if self.way == "tls":
            out = out.unwrap()  # closed without, unread session tickets would make the kernel reset
        out.close()
