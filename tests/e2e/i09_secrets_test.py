"""I9: passwords, responses and keys never appear in a log, a journal, a recording, an argument or an environment."""
import threading
import time
from pathlib import Path

from lab.files import STATE
from lab.gate import pids_of
from support import Terminal, assert_closes


class Watcher(threading.Thread):
    """Reads arguments and environments of the gate's processes again and again while a login runs."""

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


def secrets_of(lab):
    key = Path("/etc/sallyport/ssh_host_ed25519_key").read_text().splitlines()
    return [lab.kim.password, lab.kim.secret, lab.kim.secret.rstrip("="), lab.hmc_password(), key[1], key[2]]


def test_no_secret_is_written_anywhere(armed):
    watcher = Watcher()
    watcher.start()
    right = armed.kim.password
    armed.kim.know_password("CANARY-wrong-password")
    assert armed.kim.ssh("lshmc -V").returncode == 255
    armed.kim.know_password(right)
    terminal = Terminal(armed, armed.kim)
    terminal.type("lshmc -V")
    terminal.leave()
    assert_closes(armed)
    watcher.stopping = True
    watcher.join()
    assert any(b"sallyport-ssh" in text for text in watcher.seen), "the watcher saw the worker"
    written = [path.read_bytes() for path in STATE.rglob("*") if path.is_file()]
    written += [armed.gate.log().encode(), *watcher.seen]
    for secret in [*secrets_of(armed), "CANARY-wrong-password"]:
        for text in written:
            assert secret.encode() not in text, text[:500]


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
