"""Who the HTTPS benchmark compares the gate with: nginx and haproxy, each doing TLS on both sides, and the web server that
stands for the HMC behind all three. Runs in: the lab.

Each does the same work as the gate: one process (or thread) that decrypts, checks the target's certificate, encrypts,
keeps its connections to the target, and writes a line for every request; bodies stream and are never put on disk."""
import os
import subprocess

from lab import network
from lab.files import write
from ssh_site import listening, wait_until

NAME = "hmc1.example"  # of the target
# What a browser and the gate agree upon; the target and the peers offer nothing else, so that all legs are equal.
CIPHER, GROUP = "TLS_AES_256_GCM_SHA384", "X25519"
PORTS = {"gate": 443, "nginx": 8443, "haproxy": 9443}
MANY = 1_000_000_000  # requests over one connection: nginx closes after 1,000 otherwise

NGINX = """\
daemon off;
user root;
worker_processes {workers};
worker_rlimit_nofile 8192;
pid {folder}/{name}.pid;
error_log {folder}/{name}.error warn;
events {{ worker_connections 4096; }}
http {{
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  client_body_buffer_size 256k;
  keepalive_timeout 600;
  keepalive_requests {many};
  tcp_nodelay on;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites {cipher};
  ssl_ecdh_curve {group};
  ssl_session_cache off;
  ssl_session_tickets off;
  {more}
}}
"""

# A page of 1 KiB, files of any size, and uploads that become files.
TARGET = """\
  access_log off;
  client_body_temp_path {data}/body;
  server {{
    listen {hmc1}:443 ssl;
    listen {hmc2}:443 ssl;
    root {data};
    location = /1k {{ default_type text/html; }}
    location /there/ {{ dav_methods PUT; }}
  }}
"""

# Its buffers are the best that were found: the defaults (8 KiB) are as quick for small pages and a fifth slower in bulk.
PROXY = """\
  access_log {folder}/nginx.access;
  client_body_temp_path {folder}/body;
  upstream target {{ server {target}:443; keepalive 64; keepalive_requests {many}; }}
  server {{
    listen {gate}:{port} ssl;
    location / {{
      proxy_pass https://target;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host {name};
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate {authority};
      proxy_ssl_name {name};
      proxy_ssl_server_name on;
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_conf_command Ciphersuites {cipher};
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_buffer_size 8k;
      proxy_buffers 16 64k;
      proxy_busy_buffers_size 128k;
    }}
  }}
"""

HAPROXY = """\
global
  nbthread 1
  maxconn 4096
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
frontend rep
  bind {gate}:{port} ssl crt {both} ssl-min-ver TLSv1.3 ciphersuites {cipher} curves {group} alpn http/1.1 no-tls-tickets
  default_backend target
backend target
  http-request set-header Host {name}
  server target {target}:443 ssl verify required ca-file {authority} verifyhost {name} sni str({name}) ssl-min-ver TLSv1.3 ciphersuites {cipher}
"""


class Server:
    """A program in a namespace, from its start until it accepts connections."""

    def __init__(self, namespace, command, group, addresses, log):
        with open(log, "ab") as output:
            # Before it starts: nginx's worker is its child, and would be left out if it came first.
            self.process = subprocess.Popen(network.inside(namespace, command), stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, preexec_fn=lambda: group.take(os.getpid()))
        wait_until(lambda: self.is_up(namespace, addresses), 10, f"{command[0]} (see {log})")

    def is_up(self, namespace, addresses):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.process.args} has ended with {self.process.returncode}")
        shown = listening(namespace)
        return all(address in shown for address in addresses)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def start_nginx(namespace, folder, group, addresses, name, workers, more, certificate):
    settings = folder / f"{name}.conf"
    write(settings, NGINX.format(name=name, folder=folder, workers=workers, more=more, many=MANY, cipher=CIPHER, group=GROUP,
                                 certificate=f"{certificate}.pem", key=f"{certificate}.key"))
    return Server(namespace, ["nginx", "-c", str(settings)], group, addresses, folder / f"{name}.log")


def start_target(folder, group, data):
    """Two workers, so that it is not what is measured."""
    more = TARGET.format(hmc1=network.HMC1_4, hmc2=network.HMC2_4, data=data)
    return start_nginx("hmc", folder, group, [f"{network.HMC1_4}:443", f"{network.HMC2_4}:443"], "target", 2, more,
                       folder / "target")


def start_peers(folder, group):
    """nginx and haproxy beside the gate. Their target is hmc2's address of the same server, because the gate's firewall
    keeps others from its targets."""
    facts = {"gate": network.GATE4, "target": network.HMC2_4, "name": NAME, "authority": folder / "target.pem",
             "folder": folder, "cipher": CIPHER, "group": GROUP, "many": MANY}
    nginx = start_nginx("gate", folder, group.child("nginx"), [f"{network.GATE4}:{PORTS['nginx']}"], "nginx", 1,
                        PROXY.format(port=PORTS["nginx"], **facts), folder / "gate")
    both = folder / "both.pem"
    write(both, (folder / "gate.pem").read_text() + (folder / "gate.key").read_text(), 0o600)
    write(folder / "haproxy.cfg", HAPROXY.format(port=PORTS["haproxy"], both=both, **facts))
    haproxy = Server("gate", ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")], group.child("haproxy"),
                     [f"{network.GATE4}:{PORTS['haproxy']}"], folder / "haproxy.access")
    return {"nginx": nginx, "haproxy": haproxy}
