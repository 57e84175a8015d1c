"""A client whose own output is gone says so (eow@openssh.com): the program at the target ends, as without a gate."""
import subprocess
import time

from support import assert_closes, end_ssh, eventually, grant_id, state_of


def piped_to_head(lab, *arguments, options=()):
    words = lab.kim.ssh_command(*arguments, options=options)
    command = " ".join(f"'{word}'" for word in words) + " | head -n 1; echo ${PIPESTATUS[0]}"
    return subprocess.run(["bash", "-c", command], env=lab.kim.environment(), capture_output=True, text=True,
                          timeout=20, stdin=subprocess.DEVNULL)


def running(lab, program):
    return lab.run("hmc", "pgrep", "-x", program, capture_output=True, text=True).stdout.split()


def test_yes_piped_to_head_ends_here_and_there(site):
    site.add_target("box", user="tester")
    grant = grant_id(site.enable(target="box"))
    before, started = running(site, "yes"), time.monotonic()
    said = piped_to_head(site, "yes")
    assert said.stdout == "y\n255\n", said
    assert time.monotonic() - started < 10, "long before the idle limit"
    eventually(lambda: running(site, "yes") == before, what="the end of yes at the target")
    assert_closes(site)
    assert state_of(site, grant) == "spent"


def test_one_early_end_leaves_the_connections_other_programs_alone(site):
    site.add_target("box", user="tester")
    site.enable(target="box")
    shared = ("-o", f"ControlPath={site.kim.folder}/mux")
    master = site.kim.start_ssh(options=("-M", "-N", *shared))
    eventually(lambda: site.kim.file("mux").exists(), what="the shared connection")
    other = site.kim.start_ssh("read line; echo got $line", options=shared)
    assert piped_to_head(site, "yes", options=shared).stdout == "y\n255\n"
    assert other.communicate("word\n", timeout=10)[0] == "got word\n"
    end_ssh(master)
    assert_closes(site)
