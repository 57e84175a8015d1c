"""What the stand-in for an HMC's web side shows: pages, their script and style, and a REST feed. Runs in: namespace hmc."""
import html

# machine type, model and serial number as hmc_shell's lssyscfg has them
SYSTEMS = (("S1022-7A1B2C0", "9105", "22A", "7A1B2C0", "operating", "4f1c2a7e-0d6b-3c55-9a0e-7a1b2c000001"),
           ("S1024-7A1B2D4", "9105", "42A", "7A1B2D4", "operating", "a83b90d2-61ce-3f0a-8d17-7a1b2d400002"))
EVENTS = ("B7006971: I/O subsystem, PCIe adapter in slot C5", "Call home: PMR 12345 was opened",
          "S1022-7A1B2C0: service processor answers")

# As an application has it that knows no other address than its own; pages may have inline styles and scripts nowhere.
CSP = "default-src 'self'; frame-ancestors 'self'; form-action 'self'"

STYLE = """\
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#161616;background:#f4f4f4}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;padding:.75rem 1.5rem;background:#161616}
header b,header span{color:#f4f4f4}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:.5rem 1.5rem;background:#e0e0e0}
nav a{color:#0043ce}
main{margin:1.5rem;padding:1.5rem;max-width:60rem;background:#fff;border:1px solid #e0e0e0}
h1{margin:0 0 1rem;font-size:1.5rem;font-weight:400}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem .75rem;border-bottom:1px solid #e0e0e0}
th{background:#e0e0e0}
label{display:block;margin-top:1rem}
input{font:inherit;padding:.4rem}
button{margin-top:1rem;font:inherit;padding:.5rem 1.5rem;border:0;color:#fff;background:#0f62fe}
.terminal{margin:0;padding:1rem;height:24rem;overflow:auto;white-space:pre-wrap;font:.9rem/1.4 ui-monospace,monospace;
color:#f4f4f4;background:#161616}
"""

# Keys go as they are typed and are shown when the HMC sends them back, as on a terminal.
TERMINAL_SCRIPT = """\
const screen = document.getElementById("screen");
const socket = new WebSocket("wss://" + location.host + "/terminal?shell");
const show = text => { screen.textContent += text; screen.scrollTop = screen.scrollHeight; };
const keys = { Enter: "\\r", Backspace: "\\x7f" };
socket.onmessage = message => {
  for (const piece of message.data.split(/(\\x08 \\x08)/))
    if (piece === "\\x08 \\x08") screen.textContent = screen.textContent.slice(0, -1); else show(piece);
};
socket.onclose = () => show("\\n[the connection is closed]\\n");
screen.addEventListener("keydown", event => {
  const key = keys[event.key] || (event.key.length === 1 && !event.ctrlKey && !event.altKey ? event.key : "");
  if (!key || socket.readyState !== WebSocket.OPEN) return;
  event.preventDefault();
  socket.send(key);
});
screen.focus();
"""

# One request waits at the HMC at any time; it answers when something has happened.
EVENTS_SCRIPT = """\
const list = document.getElementById("list");
async function poll(number) {
  const answer = await fetch("/poll?" + number, { headers: { "X-XSRF-TOKEN": "abc" } });
  if (!answer.ok) return;
  const event = await answer.json();
  list.appendChild(document.createElement("li")).textContent = event.text;
  poll(event.number);
}
poll(0);
"""

ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#0f62fe" d="M0 0h8v8H0z"/></svg>'

STATIC = {"/static/icon.svg": ("image/svg+xml", ICON), "/static/hmc.css": ("text/css", STYLE),
          "/static/terminal.js": ("text/javascript", TERMINAL_SCRIPT), "/static/events.js": ("text/javascript", EVENTS_SCRIPT)}

LINKS = (("/console", "Systems"), ("/console/terminal", "Terminal"), ("/console/files", "Files"),
         ("/console/events", "Events"), ("/logoff", "Log off"))


def page(name, title, content, script="", links=LINKS):
    nav = "".join(f'<a href="{path}">{text}</a>' for path, text in links)
    script = f'<script src="{script}" defer></script>' if script else ""
    return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)} - {name}</title>'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="/static/icon.svg">'
            f'<link rel="stylesheet" href="/static/hmc.css">{script}</head><body><header><b>Hardware Management Console'
            f"</b><span>{name}</span></header>{f'<nav>{nav}</nav>' if nav else ''}<main><h1>{html.escape(title)}</h1>"
            f"{content}</main></body></html>\n")


def login_page(name, notice=""):
    notice = f'<p role="alert">{notice}</p>' if notice else ""
    return page(name, "Log on", f'<form method="post">{notice}<label for="user">User ID</label>'
                '<input id="user" name="user" autofocus><label for="password">Password</label><input id="password" '
                'name="password" type="password"><br><button>Log on</button></form>', links=())


def systems_page(name):
    rows = "".join(f"<tr><td>{system}</td><td>{machine}-{model}</td><td>{serial}</td><td>{state}</td></tr>"
                   for system, machine, model, serial, state, _ in SYSTEMS)
    return page(name, "Systems", "<table><thead><tr><th>System</th><th>Type and model</th><th>Serial number</th>"
                f"<th>State</th></tr></thead><tbody>{rows}</tbody></table>")


def terminal_page(name):
    return page(name, "Terminal", '<pre id="screen" class="terminal" tabindex="0" role="textbox" aria-label="Terminal">'
                "</pre>", "/static/terminal.js")


def files_page(name, received=()):
    told = "".join(f"<li>received {html.escape(file)}: {size} bytes, SHA-256 <code>{digest}</code></li>"
                   for file, size, digest in received)
    return page(name, "Files", f'<ul id="received">{told}</ul><form method="post" action="/console/files" '
                'enctype="multipart/form-data"><label for="file">File for the console</label><input id="file" name="file" '
                'type="file" required><br><button>Upload</button></form><p><a id="dump" href="/download?300000">Download '
                "dump.bin</a></p>")


def events_page(name):
    return page(name, "Events", '<ul id="list"></ul>', "/static/events.js")


def managed_systems(name):
    """What GET /rest/api/uom/ManagedSystem answers: an Atom feed, with links to the HMC's own name."""
    entries = "".join(
        f'<entry><id>{uuid}</id><title>ManagedSystem</title><link rel="SELF" href="https://{name}:443/rest/api/uom/'
        f'ManagedSystem/{uuid}"/><content type="application/vnd.ibm.powervm.uom+xml; type=ManagedSystem">'
        '<ManagedSystem:ManagedSystem xmlns:ManagedSystem="http://www.ibm.com/xmlns/systems/power/firmware/uom/mc/2012_10/" '
        f'schemaVersion="V1_0"><MachineTypeModelAndSerialNumber><MachineType>{machine}</MachineType><Model>{model}</Model>'
        f"<SerialNumber>{serial}</SerialNumber></MachineTypeModelAndSerialNumber><State>{state}</State>"
        f"<SystemName>{system}</SystemName></ManagedSystem:ManagedSystem></content></entry>"
        for system, machine, model, serial, state, uuid in SYSTEMS)
    return ('<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>ManagedSystem</title>'
            f"{entries}</feed>\n")
