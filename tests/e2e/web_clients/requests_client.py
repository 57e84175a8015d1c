"""python3-requests at the HTTPS door. requests_client.py ORIGIN CERTIFICATE USER: reads the password and the response to the
challenge, which it prints, as lines; then works on the HMC and prints what came of it as JSON. Runs in: the lab's rep."""
import hashlib
import html
import json
import re
import sys

import requests

origin, certificate, user = sys.argv[1:]
session = requests.Session()
session.verify = certificate


def portal(page, **form):
    return session.post(f"{origin}/.sallyport/{page}", data=form, headers={"Origin": origin}, timeout=30)


def pieces():
    for number in range(64):
        yield bytes([number]) * 40_000


session.get(f"{origin}/", headers={"Accept": "text/html"}, timeout=30)
question = portal("login", user=user, password=sys.stdin.readline().rstrip("\n")).text
print(html.unescape(re.search(r'id="question">(.*?)</p>', question)[1]), flush=True)
status = portal("answer", response=sys.stdin.readline().rstrip("\n"))

home = session.get(f"{origin}/", timeout=30)
login = session.post(f"{origin}/login", data={"user": "hscroot", "password": "abc"}, timeout=30)
sent = session.put(f"{origin}/upload", data=pieces(), timeout=60).text
got = session.get(f"{origin}/chunked?1000000", timeout=60).content
events = [line for line in session.get(f"{origin}/events?3", stream=True, timeout=30).iter_lines() if line]
missing = session.get(f"{origin}/missing", timeout=30)
goodbye = portal("logout", bye="1")
print(json.dumps({
    "status": status.url, "home": home.url, "login": [login.url, json.loads(login.text)["logged_in"]],
    "upload": sent.split()[1] == hashlib.sha256(b"".join(pieces())).hexdigest(), "download": hashlib.sha256(got).hexdigest(),
    "events": len(events), "missing": missing.status_code, "goodbye": "you have logged out" in goodbye.text}))
