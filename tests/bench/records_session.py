#!/usr/bin/python3
"""What recording costs a session: a terminal at full speed through a worker that records and through one that keeps
nothing (records_parts/no_recorder.cpp), in turns. Prints one JSON object.

usage: records_session.py BUILD STATE ROUNDS MIB; STATE: a folder on a real disk. Runs in: the lab, for tests/bench/records.
"""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(SOURCE / "packaging")]
sys.dont_write_bytecode = True

from lab.files import ACCOUNTS, GROUPS, LAB, STATE, tmpfs, write  # noqa: E402
from lab.lab import Lab  # noqa: E402

WORKER = LAB / "bin/sallyport-ssh"
POLICY = """\
[recording]
limit = "64GiB"
{rules}
[[service]]
name = "ssh"
port = 22
carriage = "ssh"
exposure = "wide"
"""
# What is recorded with rules, too: as many words as an operator would name.
RULES = 'mask_after = ["Password:", "PIN for * is", "passphrase", "secret key ="]'
LINE = "2026-11-30 12:{:02}:{:02}.123 aix-db{:02} hmc[4711]: lssyscfg -r lpar -m S1022-7A1B2C0 state=Running {:08x}\n"


def make_text(path, mib):
    """Lines as a log has them; at the target's, in memory."""
    piece = "".join(LINE.format(i % 60, i * 7 % 60, i % 100, i * 2654435761 % 2**32) for i in range(10_000))
    with open(path, "w") as file:
        while file.tell() < mib << 20:
            file.write(piece)
    os.chown(path, ACCOUNTS["tester"][0], -1)
    return path.stat().st_size


class Session:
    def __init__(self, build, state, mib):
        self.lab = Lab(build / "bin")
        self.workers = {"recorded": build / "bin/sallyport-ssh", "unrecorded": build / "bench/bench_ssh_unrecorded",
                        "masked": build / "bin/sallyport-ssh"}
        self.put_state_on_disk(state)
        self.lab.gate.configure()
        self.lab.gate.start()
        self.lab.add_target("box", user="tester")
        self.rep = self.lab.enroll()
        self.text = LAB / "home/tester/text"
        tmpfs(self.text.parent, "3g")
        self.size = make_text(self.text, mib)

    @staticmethod
    def put_state_on_disk(state):
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir()
        os.chown(state, 0, GROUPS["sallyport-auditor"])
        state.chmod(0o750)
        subprocess.run(["mount", "--bind", str(state), str(STATE)], check=True)

    def use(self, kind):
        """From the next connection on."""
        shutil.copy(self.workers[kind], WORKER.with_suffix(".new"))
        os.replace(WORKER.with_suffix(".new"), WORKER)
        write("/etc/sallyport/policies/hmc-ssh.toml", POLICY.format(rules=RULES if kind == "masked" else ""))
        self.lab.gate.reload()

    def rate(self, kind):
        """MiB a second, as the representative's terminal gets them."""
        self.use(kind)
        self.lab.enable(target="box")
        command = self.rep.ssh_command(f"stty -opost; echo go; cat {self.text}", options=["-tt"])
        with subprocess.Popen(command, env=self.rep.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              bufsize=0) as child:
            seen = b""
            while b"go" not in seen:
                piece = child.stdout.read(4096)
                assert piece, f"{kind}: the session did not begin: {seen}\n{self.lab.gate.log()[-1000:]}"
                seen += piece
            begun, got = time.monotonic(), len(seen)
            while piece := child.stdout.read(1 << 20):
                got += len(piece)
            seconds = time.monotonic() - begun
        assert got >= self.size, f"{kind}: {got} of {self.size} bytes came"
        self.check_recording(kind)
        return self.size / (1 << 20) / seconds

    def check_recording(self, kind):
        """Is there as it should be, and goes, so that it takes no part in the next round."""
        end = time.monotonic() + 30
        while self.lab.gate.workers() or self.lab.gate.events()[-1] != "firewall.closed":
            assert time.monotonic() < end, "the session does not end"
            time.sleep(0.05)
        (cast,) = STATE.glob("recordings/*/*.cast")
        assert (cast.stat().st_size > self.size) == (kind != "unrecorded"), (kind, cast.stat().st_size)
        cast.unlink()
        os.sync()


def main():
    build, state, rounds, mib = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    session = Session(build, state, mib)
    try:
        kinds = ("recorded", "unrecorded", "masked")
        rates = {kind: [] for kind in kinds}
        session.rate("recorded")  # programs come from the disk
        for number in range(rounds):
            for kind in kinds[number % 3:] + kinds[:number % 3]:
                rates[kind].append(session.rate(kind))
    finally:
        session.lab.gate.stop()
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
