"""What several end-to-end tests do. Runs in: the lab."""
import subprocess
import time
from contextlib import contextmanager

import pexpect
from lab import network
from lab.files import LAB
from lab.gate import console_environment


def eventually(condition, seconds=5.0, what="the condition", every=0.01):
    """Waits until condition() is true and returns its value; the test fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(every)


def end_ssh(process, seconds=10):
    """Ends an ssh that runs in the background; what it printed, and on standard error.

    OpenSSH before 9.3 loses a SIGTERM that comes while it handles a packet, just before its poll(2): it is told again.
    """
    end = time.monotonic() + seconds
    while True:
        process.terminate()
        try:
            return process.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < end, f"ssh does not end within {seconds} s of a SIGTERM"


def records(lab, event):
    return [record for record in lab.gate.journal() if record["event"] == event]


def grant_id(result):
    return result["grant"]["id"] if isinstance(result["grant"], dict) else result["grant"]


def can_connect(lab, namespace="rep", address=network.GATE4, port=22, seconds=1):
    """'open', 'refused' or 'dropped': what a TCP client in `namespace` meets."""
    program = ("import socket,sys\ns=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n"
               "s.settimeout(float(sys.argv[3]))\n"
               "try: s.connect((sys.argv[1],int(sys.argv[2]))); print('open')\n"
               "except TimeoutError: print('dropped')\nexcept OSError as e: print('refused')")
    return lab.run(namespace, "/usr/bin/python3", "-S", "-c", program, address, str(port), str(seconds)).stdout.strip()


def time_to_die():
    """Seconds that a killed monitor's openings may outlive it: 10 ms.

    A sanitized program has a hundred megabytes, which the kernel frees before it comes to the sockets, while three
    other tests want the processors; there the bound only shows that they end by themselves. The program without sanitizers is held to 10 ms by tests/netns (netns_owner)
    and tests/bench.
    """
    with open(LAB / "bin/sallyportd", "rb") as program:
        return 1.0 if b"__asan_init" in program.read() else 0.010


def grant_of(lab, grant):
    return lab.gate.ask(ask="show", grant=grant)["result"]["grant"]


def state_of(lab, grant):
    return grant_of(lab, grant)["state"]


def everything_closed(lab):
    return not lab.gate.listening() and not lab.gate.elements() and not lab.gate.workers()


def assert_closes(lab, seconds=3.0):
    end = time.monotonic() + seconds
    while not everything_closed(lab):
        assert time.monotonic() < end, (f"after {seconds} s: listening {lab.gate.listening()}, "
                                        f"open {lab.gate.elements()}, workers {lab.gate.workers()}")
        time.sleep(0.02)


class Terminal:
    """A rep's terminal session through the gate, at the HMC's prompt."""

    def __init__(self, lab, rep, *arguments, prompt=r"hscroot@hmc1:~> ", options=(), size=(24, 80), environment=None, **where):
        command = rep.ssh_command(*arguments, options=["-tt", *options], **where)
        self.child = pexpect.spawn(command[0], command[1:], env=environment or rep.environment(), encoding="utf-8", timeout=15,
                                   dimensions=size, codec_errors="replace")
        self.lab, self.prompt = lab, prompt
        if prompt:
            self.child.expect(prompt)

    def type(self, line):
        self.drain()
        self.child.sendline(line)
        self.child.expect(self.prompt)
        return self.child.before

    def drain(self):
        """Takes what the far end shows unasked, e.g. its prompt once more after the window changed."""
        while self.child.expect([pexpect.TIMEOUT, r".+"], timeout=0.05):
            continue

    def leave(self):
        self.child.sendline("exit")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus

    def ended(self, seconds=10):
        """Waits for the connection's end; everything shown since the last prompt."""
        self.child.expect(pexpect.EOF, timeout=seconds)
        self.child.close()
        return self.child.before


def with_grant(lab, **more):
    return grant_id(lab.enable(**more))


def worker_ends_within(lab, seconds):
    eventually(lambda: not lab.gate.workers(), seconds, "the worker's end")


def sha256(path):
    return subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout.split()[0]


@contextmanager
def base_table_of_another(lab):
    """Somebody owns a table of the deny side's name, which nobody else can change: the gate cannot repair it."""
    owner = subprocess.Popen(network.inside("gate", ["nft", "-i"]), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    owner.stdin.write("add table inet sallyport_base\ndelete table inet sallyport_base\n"
                      "add table inet sallyport_base { flags owner; }\n")
    owner.stdin.flush()
    eventually(lambda: "flags owner" in lab.run("gate", "nft", "list", "table", "inet", "sallyport_base").stdout, 3)
    try:
        yield
    finally:
        owner.communicate()
    eventually(lambda: "service4" in lab.run("gate", "nft", "list", "table", "inet", "sallyport_base").stdout, 3)


def watching(lab, *arguments, user="sam"):
    """`sallyport watch`, on a terminal, once it shows what happens."""
    command = lab.gate.console_command(user, ["watch", *arguments])
    child = pexpect.spawn(command[0], command[1:], env=console_environment(), encoding="utf-8", timeout=10,
                          dimensions=(24, 300))
    # It is listening once what happens now is shown; before, there is nothing to see it by.
    for number in range(100):
        assert lab.gate.ask(ask="rep.add", name=f"probe{number}")["ok"]
        if child.expect([rf"probe{number}", pexpect.TIMEOUT], timeout=0.3) == 0:
            child.expect("\n")
            return child
    raise AssertionError("watch shows nothing")
