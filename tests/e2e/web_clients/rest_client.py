"""A script of the kind that administrators write against the HMC's REST API: logs on, lists the managed systems, logs off; with
nothing but Python's own library. rest_client.py ORIGIN CERTIFICATE USER: as requests_client.py. Runs in: the lab's rep."""
import html
import http.cookiejar
import json
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

origin, certificate, user = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate)),
                                     urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
ATOM, WEB = "{http://www.w3.org/2005/Atom}", "application/vnd.ibm.powervm.web+xml; type=LogonRequest"
LOGON = ('<LogonRequest xmlns="http://www.ibm.com/xmlns/systems/power/firmware/web/mc/2012_10/" schemaVersion="V1_0">'
         "<UserID>hscroot</UserID><Password>abc</Password></LogonRequest>")


def ask(method, path, body=None, **headers):
    request = urllib.request.Request(origin + path, body, {name.replace("_", "-"): value for name, value in headers.items()},
                                     method=method)
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def form(page, **fields):
    return ask("POST", f"/.sallyport/{page}", urllib.parse.urlencode(fields).encode(), Origin=origin)[1]


ask("GET", "/.sallyport/login")
question = form("login", user=user, password=sys.stdin.readline().rstrip("\n"))
print(html.unescape(re.search(r'id="question">(.*?)</p>', question)[1]), flush=True)
assert "connected to" in form("answer", response=sys.stdin.readline().rstrip("\n"))

before = ask("GET", "/rest/api/uom/ManagedSystem", Accept="application/atom+xml")[0]
status, answer = ask("PUT", "/rest/api/web/Logon", LOGON.encode(), Content_Type=WEB)
token = next(one.text for one in xml.fromstring(answer).iter() if one.tag.endswith("X-API-Session"))
feed = xml.fromstring(ask("GET", "/rest/api/uom/ManagedSystem", Accept="application/atom+xml", X_API_Session=token)[1])
names = [one.text for entry in feed.iter(f"{ATOM}entry") for one in entry.iter() if one.tag.endswith("SystemName")]
off = ask("DELETE", "/rest/api/web/Logon", X_API_Session=token)[0]
after = ask("GET", "/rest/api/uom/ManagedSystem", X_API_Session=token)[0]
form("logout")
print(json.dumps({"before": before, "logon": status, "systems": names, "off": off, "after": after}))
