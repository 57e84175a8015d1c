#!/usr/bin/python3
"""Installs the package on a booted Debian and lives with it for a while, each step checked. Runs in: the lab."""
import argparse
import os
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "packaging"))

from care import daily, move, nothing_untried, restore, send  # noqa: E402
from installation import boot, configure, first_session, install, measure, sshd_in_the_way  # noqa: E402
from lab import story as quickstart  # noqa: E402
from lab.story_web import web  # noqa: E402
from lab.telling import Failed, Story  # noqa: E402
from life import closed_at_boot, keep, kill, purge, purge_all, reboot, upgrade  # noqa: E402
from booted_site import Site  # noqa: E402


def ssh_session(story):
    grant = quickstart.enable(story)
    quickstart.work(story, grant)
    quickstart.after(story, grant)


STEPS = (boot, install, sshd_in_the_way, configure, first_session, measure, ssh_session, web, keep, reboot, closed_at_boot,
         kill, upgrade, daily, restore, move, send, nothing_untried, purge, purge_all)


def main():
    arguments = argparse.ArgumentParser(prog="tests/packaging/run")
    arguments.add_argument("--tree", required=True, action="append")
    for name in ("packages", "programs"):
        arguments.add_argument("--" + name, required=True)
    chosen = arguments.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    started = time.monotonic()
    site = Site(chosen.tree, chosen.packages, chosen.programs)
    story = Story(site, sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    try:
        for step in STEPS:
            step(story)
    except Failed as failure:
        print(f"\nFAILED in step {story.number}: {failure}\n\n{what_the_machine_said(site.machine)}")
        return 1
    print(f"\n{story.bold}Every step held, in {time.monotonic() - started:.1f} s.{story.plain}")
    return 0


def what_the_machine_said(machine):
    if not machine.leader or machine.process.poll() is not None:
        return machine.log.read_text(errors="replace")[-4000:] if machine.log.exists() else ""
    return machine.run("journalctl", "--no-pager", "--lines=60", expect=None).stdout


if __name__ == "__main__":
    sys.exit(main())
