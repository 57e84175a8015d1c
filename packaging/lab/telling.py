"""How the quickstart tells its story: steps, commands with what they print, and checks. Runs in: the lab."""
import re
import shlex
import time

SHOWN_LINES = 24


class Failed(Exception):
    pass


class Story:
    def __init__(self, lab, color):
        self.lab, self.gate = lab, lab.gate
        self.bold, self.dim, self.green, self.plain = ("\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[0m") if color else [""] * 4
        self.number = 0

    # ---- telling

    def step(self, title):
        self.number += 1
        print(f"\n{self.bold}{self.number}. {title}{self.plain}")

    def command(self, who, line):
        print(f"   {self.dim}{who}${self.plain} {line}")

    def output(self, text, most=SHOWN_LINES):
        lines = [line.rstrip() for line in text.replace("\r", "").strip("\n").splitlines()]
        for line in lines[:most]:
            print(f"     {line}")
        if len(lines) > most:
            print(f"     {self.dim}... {len(lines) - most} more lines{self.plain}")

    def check(self, sentence, held, detail=""):
        if not held:
            raise Failed(f"{sentence}: does not hold. {detail}")
        print(f"   {self.green}ok{self.plain} {sentence}")

    # ---- doing, with the real programs

    def console(self, user, *arguments, expect=0, most=SHOWN_LINES, show=True):
        self.command(user, "sallyport " + " ".join(shlex.quote(word) for word in arguments))
        done = self.gate.run_console(user, *arguments)
        if show:
            self.output(done.stdout + done.stderr, most)
        if done.returncode != expect:
            raise Failed(f"exit status {done.returncode} instead of {expect}: {done.stdout}{done.stderr}")
        return done.stdout

    def connect(self, namespace, address):
        """Whether a TCP connection to the gate's port 22 comes about within half a second."""
        port = 22
        self.command(namespace, f"nc -w1 {address} {port}".replace("nc -w1", "connect to"))
        program = ("import socket,sys\ns=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n"
                   "s.settimeout(0.4)\ntry: s.connect((sys.argv[1],22)); print('answered')\n"
                   "except TimeoutError: print('no answer at all')\nexcept OSError as e: print('refused')")
        said = self.lab.run(namespace, "/usr/bin/python3", "-S", "-c", program, address).stdout.strip()
        self.output(said)
        return said

    def kernel(self):
        self.command("gate", "nft list table inet sallyport_live  # its elements")
        elements = self.gate.elements_with_times()
        width = max((len(name) for name, _ in elements), default=0)
        self.output("\n".join(f"{name:{width}} {{ {without_milliseconds(element)} }}" for name, element in elements)
                    or "(nothing is open)")
        return [element for _, element in elements]

    def listeners(self):
        self.command("gate", "ss -ltn")
        listening = self.gate.listening()
        self.output("\n".join(listening) or "(nothing listens)")
        return listening


def without_milliseconds(element):
    return re.sub(r" timeout \S+|(?<=\d)\d+ms", "", re.sub(r"(?<=s)\d+ms", "", element))


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
