"""Opens connections to the gate, each of which has carried a request, and holds them until standard input ends. Says
"ready" then. Runs in: namespace rep of the lab.

idle_connections.py ADDRESS PORT CERTIFICATE COOKIE COUNT: CERTIFICATE is the gate's; a request is GET /1k."""
import resource
import socket
import ssl
import sys

address, port, certificate, cookie, count = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
tls = ssl.create_default_context(cafile=certificate)
request = f"GET /1k HTTP/1.1\r\nHost: gate\r\nCookie: {cookie}\r\n\r\n".encode()
connections = []
for _ in range(int(count)):
    connection = tls.wrap_socket(socket.create_connection((address, int(port))), server_hostname="gate")
    connection.sendall(request)
    answer = connection.recv(65536)
    while answer and b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < 1024:
        answer += connection.recv(65536) or sys.exit("a connection was closed")
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"not served: {answer[:200]}")
    connections.append(connection)
print("ready", flush=True)
sys.stdin.read()
