"""A representative who types: stock ssh on a terminal, without sallyport-respond in its place. Runs in: the lab."""
import pexpect


class Dialogue:
    """Every prompt of one connection, in order, as the person sees it."""

    def __init__(self, rep, *arguments, options=(), **where):
        command = rep.ssh_command(*(arguments or ["lshmc -V"]), options=[*options, "-o", "NumberOfPasswordPrompts=9"],
                                  **where)
        environment = rep.environment(SSH_ASKPASS_REQUIRE="never")
        self.child = pexpect.spawn(command[0], command[1:], env=environment, encoding="utf-8", timeout=15,
                                   codec_errors="replace")
        self.rep = rep

    def give_password(self, password):
        self.child.expect("Gate password: ")
        self.child.sendline(password)

    def challenge(self):
        self.child.expect(r"Challenge ([0-9A-Z ]+), response: ")
        return self.child.match[1]

    def answer(self, response):
        self.child.sendline(response)

    def ended(self, seconds=10):
        """Waits for the connection's end: exit status, what was shown since the last prompt."""
        self.child.expect(pexpect.EOF, timeout=seconds)
        self.child.close()
        return self.child.exitstatus, self.child.before

    def try_once(self, password, respond):
        """One try: respond makes the response from the challenge."""
        self.give_password(password)
        self.answer(respond(self.challenge()))


def respond(rep, challenge, *options):
    """What the rep's own sallyport-respond says."""
    return rep.respond(challenge, *options)
