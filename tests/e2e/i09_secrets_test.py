"""I9: passwords, responses and keys never appear in a log, a journal, a recording, an argument or an environment."""
import base64
import threading
import time
from pathlib import Path

from dialogue import Dialogue, respond
from lab.files import STATE
from lab.gate import pids_of
from signing import signer
from support import Terminal, assert_closes, with_grant


class Watcher(threading.Thread):
    """Reads arguments and environments of the gate's processes again and again while logins run (`with`)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.stopping = set(), False

    def run(self):
        while not self.stopping:
            for name in ("sallyportd", "sallyport-ssh", "sallyport-auth"):
                for pid in pids_of(name):
                    for file in ("cmdline", "environ"):
                        try:
                            self.seen.add(Path(f"/proc/{pid}/{file}").read_bytes())
                        except OSError:
                            continue
            time.sleep(0.005)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.join()

    def assert_nowhere(self, lab, secrets):
        """In no file of the gate's, no line of its log, no argument and no environment; after __exit__."""
        assert any(b"sallyport-ssh" in text for text in self.seen), "the watcher saw the worker"
        written = [path.read_bytes() for path in STATE.rglob("*") if path.is_file()]
        written += [lab.gate.log().encode(), *self.seen]
        for secret in secrets:
            assert len(secret) >= 8
            for text in written:
                assert (secret if isinstance(secret, bytes) else secret.encode()) not in text, text[:500]


def secrets_of(lab):
    key = Path("/etc/sallyport/ssh_host_ed25519_key").read_text().splitlines()
    return [lab.kim.password, lab.kim.secret, lab.kim.secret.rstrip("="), lab.hmc_password(), key[1], key[2]]


def test_no_secret_is_written_anywhere(armed):
    right = armed.kim.password
    with Watcher() as watcher:
        armed.kim.know_password("CANARY-wrong-password")
        assert armed.kim.ssh("lshmc -V").returncode == 255
        armed.kim.know_password(right)
        terminal = Terminal(armed, armed.kim)
        terminal.type("lshmc -V")
        terminal.leave()
        assert_closes(armed)
    watcher.assert_nowhere(armed, [*secrets_of(armed), "CANARY-wrong-password"])


def test_no_response_is_written_anywhere_neither_a_wrong_one_nor_the_right_one(armed):
    with Watcher() as watcher:
        dialogue = Dialogue(armed.kim)
        dialogue.give_password(armed.kim.password)
        dialogue.challenge()
        dialogue.answer("CANARY-wrong-response")
        dialogue.give_password(armed.kim.password)
        right = respond(armed.kim, dialogue.challenge())
        dialogue.answer(right)
        assert dialogue.ended()[0] == 0
        assert_closes(armed)
    watcher.assert_nowhere(armed, ["CANARY-wrong-response", right])


def test_no_signature_is_written_anywhere(site):
    kim = signer(site)
    with_grant(site)
    with Watcher() as watcher:
        assert kim.logs_in()
        assert_closes(site)
    lines = (kim.folder / "challenge.sig").read_text().splitlines()[1:-1]
    watcher.assert_nowhere(site, [*lines, base64.b64decode("".join(lines))[-64:]])


def test_no_process_of_the_gate_can_leave_a_core_file(armed):
    terminal = Terminal(armed, armed.kim)
    for name in ("sallyportd", "sallyport-ssh"):
        for pid in pids_of(name):
            limits = Path(f"/proc/{pid}/limits").read_text()
            core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
            assert core.split()[4] == "0", (name, core)
    terminal.leave()


def test_secret_files_are_readable_by_root_only(site):
    for folder in (Path("/etc/sallyport/secrets/reps"), Path("/etc/sallyport/secrets/targets")):
        assert folder.stat().st_mode & 0o077 == 0
        assert list(folder.iterdir()), "the enrolled secret, the stored password"
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o077 == 0 and path.stat().st_uid == 0
