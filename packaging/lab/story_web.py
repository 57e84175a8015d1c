"""The quickstart's story at the HTTPS door: the same grant, login and record, by forms. Runs in: the lab."""
import hashlib
import html
import os
import re

from . import chromium, network
from .files import LAB, write
from .telling import wait_for
from .web import WebHmc, fingerprint_of, pin_of, shown_certificate

GATE = "https://gate"


class Curl:
    """Kim's curl, with a cookie jar; it trusts the one certificate that it was shown and told of."""

    def __init__(self, story, certificate):
        self.story = story
        jar = story.lab.reps["kim"].file("cookies")
        self.command = ["curl", "-sS", "--resolve", f"gate:443:{network.GATE4}", "--cacert", str(certificate), "-b", str(jar),
                        "-c", str(jar), "-H", "Accept: text/html"]

    def get(self, path, note=""):
        self.story.command("rep", f"curl -L {GATE}{path}{note}")
        return self.run(path)

    def post(self, path, shown="", **fields):
        """shown: instead of the fields, for what is secret."""
        shown = shown or "".join(f" -d {name}={value}" for name, value in fields.items()) or " -X POST"
        self.story.command("rep", f"curl -L {GATE}{path}{shown}")
        return self.run(path, *(word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")),
                        *([] if fields else ["-d", ""]))

    def send(self, path, file):
        self.story.command("rep", f"curl -L {GATE}{path} -F file=@{file.name}")
        return self.run(path, "-F", f"file=@{file}")

    def run(self, path, *options):
        """The page's text, at the end of its redirects."""
        page = self.story.lab.run("rep", *self.command, *options, "-w", "%{redirect_url}", GATE + path).stdout
        if page.startswith(GATE):
            return self.run(page.removeprefix(GATE))
        text = text_of(page)
        self.story.output(text)
        return text


def text_of(page):
    page = re.sub(r"<head>.*?</head>|<textarea.*?</textarea>", "", page, flags=re.DOTALL)
    page = re.sub(r"</?(?:h1|p|label|button|tr|header|nav|ul|li)\b[^>]*>", "\n", page)
    page = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"</(?:td|th|a|b)>", "  ", page)))
    return "\n".join(line.strip() for line in page.splitlines() if line.strip())


def web(story):
    console = pin(story)
    work(story, console, *enable(story))
    review(story)


def pin(story):
    story.step("The HMC's web interface: the admin pins its certificate, and enables a session with both doors")
    folder = LAB / "web"
    folder.mkdir(exist_ok=True)
    console = WebHmc(folder)
    console.start(network.HMC1_4, 443, network.inside("hmc", []))
    story.command("hmc", f"openssl s_client -connect {network.HMC1_4}:443 | ...  # as sallyport-target(5) has it")
    seen = pin_of(shown_certificate(folder / "hmc-shown.pem", network.HMC1_4, "hmc"))
    story.output(seen)
    lines = f'[https]\nname = "{console.name}"\npins = ["sha256//{seen}"]\n'
    story.command("root", "cat >>/etc/sallyport/targets/hmc1.toml")
    target = story.gate.config / "targets/hmc1.toml"
    write(target, target.read_text() + "\n" + lines)
    story.output(lines)
    story.console("root", "check")
    story.command("root", story.gate.how_to_reload)
    story.check("the files are in force", story.gate.reload() == "")
    console.forget()
    return console


def enable(story):
    told = story.console("alice", "enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-web", "--from",
                         network.REP4 + "/32", "--ticket", "PMR 12346", most=30)
    shown = shown_certificate(LAB / "web/gate-shown.pem", network.GATE4, "rep")
    story.check("the certificate that the gate shows is the one that was told", fingerprint_of(shown) in told)
    story.check("open for kim's address, at both doors", sorted(element.split(" . ")[-1].split()[0] for element in story.kernel())
                == ["22", "443"])
    return re.search(r"g-[0-9a-z]{8}", told)[0], shown


def respond(story, page):
    challenge = re.search(r"Challenge ([0-9A-Z ]+), response", page)[1]
    return challenge, story.lab.reps["kim"].respond(challenge)


def work(story, console, grant, certificate):
    story.step("The representative opens https://gate/ (here in curl): the same two questions, then the HMC's own pages")
    curl = Curl(story, certificate)
    story.check("the gate's own form comes first", "Password" in curl.get("/"))
    page = curl.post("/.sallyport/login", " -d user=kim -d password=...", user="kim", password=story.lab.reps["kim"].password)
    challenge, response = respond(story, page)
    story.check("the HMC has heard nothing yet", console.heard() == [])
    page = curl.post("/.sallyport/answer", f" -d response=$(sallyport-respond {challenge})", response=response)
    story.check("kim is in, and knows that it is recorded", "connected to hmc1" in page and "recorded" in page)
    curl.get("/", "  # what the HMC has there")
    page = curl.post("/login", " -d user=hscroot -d password=...", user="hscroot", password=story.lab.hmc_password())
    story.check("the HMC answered, and its redirects stayed at the gate", "9105-22A" in page)
    file = story.lab.reps["kim"].file("fix.iso")
    write(file, os.urandom(200_000))
    page = curl.send("/console/files", file)
    story.check("a file went up unchanged", hashlib.sha256(file.read_bytes()).hexdigest() in page)
    story.check("the gate's cookies did not reach the HMC", "sallyport" not in str(console.heard()))
    page = curl.post("/.sallyport/logout")
    story.check("logging out ends the session", "logged out" in page)
    wait_for(lambda: not story.gate.listening() and not story.gate.elements() and not story.gate.workers())
    story.check("nothing listens", story.listeners() == [])
    story.check("the grant is spent", story.gate.ask(ask="show", grant=grant)["result"]["grant"]["state"] == "spent")


def review(story):
    session = [record["session"] for record in story.gate.journal() if record["event"] == "session.ended"][-1]
    record = story.console("sam", "replay", session, "--text")
    story.check("each request is on record, and no password is", "POST /login" in record
                and story.lab.hmc_password() not in record)
    sent = hashlib.sha256(story.lab.reps["kim"].file("fix.iso").read_bytes()).hexdigest()
    story.check("and the file with its SHA-256", sent in record)


def picture_it(story, folder):
    """--keep: once more, in a browser, for who wants to see it."""
    story.step("The same in Chromium")
    if not chromium.is_installed():
        return story.output("it is not installed (packaging/install-packages browser), so there are no pictures")
    story.console("alice", "enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-web", "--from", network.REP4 + "/32",
                  show=False)
    story.command("rep", f"chromium {GATE}/")
    camera = chromium.Camera({"gate": network.GATE4}, pin_of(shown_certificate(LAB / "web/gate-shown.pem", network.GATE4, "rep")))
    try:
        pictures = take_pictures(story, camera, folder)
    finally:
        camera.close()
    story.check("kim worked on the HMC in a browser, and logged out", len(pictures) == 4)
    return story.output("\n".join(f"picture: {path}" for path in pictures))


def take_pictures(story, camera, folder):
    pictures = []

    def picture(name):
        pictures.append(folder / f"{name}.png")
        camera.picture(pictures[-1])
    camera.open(f"{GATE}/", "#password")
    picture("login")
    camera.submit({"#user": "kim", "#password": story.lab.reps["kim"].password}, "#question")
    picture("challenge")
    camera.submit({"#response": respond(story, camera.evaluate("document.body.innerText"))[1]}, "form[action$=logout]")
    picture("session")
    camera.open(f"{GATE}/", "#password")
    camera.submit({"#user": "hscroot", "#password": story.lab.hmc_password()}, "table")
    picture("console")
    camera.open(f"{GATE}/.sallyport/status", "form[action$=logout]")
    camera.submit({}, "[role=status]")
    return pictures
