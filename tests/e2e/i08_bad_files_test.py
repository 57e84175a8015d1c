"""I8: a bad policy, target or config file is refused whole, with file, line and what was expected."""
from lab.files import write
from lab.gate import CONFIG
from support import Terminal, eventually, grant_id

BAD = {
    "policies/hmc-ssh.toml": ("nonsense = = 1\n", 1),
    "targets/hmc1.toml": ("description = \"x\"\naddresses = [\"198.51.100.300\"]\n", 2),
    "sallyport.toml": ("\n\nfrobnicate = true\n", 3),
    "reps/kim.toml": ("[response]\nsuite = \"OCRA-1:HOTP-MD5-6:QN08\"\n", 2),
}


def spoil(name):
    path = CONFIG / name
    old = path.read_text()
    write(path, BAD[name][0])
    return old


def test_check_names_file_and_line_of_each(site):
    for name, (_, line) in BAD.items():
        old = spoil(name)
        done = site.gate.run_console("root", "check")
        assert done.returncode == 1, (name, done)
        assert f"{name}:{line}" in done.stdout + done.stderr, (name, done)
        write(CONFIG / name, old)
    assert site.gate.run_console("root", "check").returncode == 0


def test_a_reload_of_bad_files_keeps_those_in_force(site):
    for name in ("policies/hmc-ssh.toml", "targets/hmc1.toml", "reps/kim.toml"):
        old = spoil(name)
        said = site.gate.reload()
        assert f"{name}:{BAD[name][1]}" in said, said
        grant = grant_id(site.enable())
        assert site.gate.ask(ask="revoke", grant=grant, reason="test")["ok"]
        write(CONFIG / name, old)
    grant_id(site.enable())
    assert site.kim.ssh("lshmc -V").returncode == 0


def test_a_reload_takes_good_files(site):
    write(CONFIG / "policies/second.toml", (CONFIG / "policies/hmc-ssh.toml").read_text())
    assert not site.gate.ask(ask="enable", rep="kim", target="hmc1", policy="second", networks=["192.0.2.10/32"])["ok"]
    site.gate.reload()
    eventually(lambda: site.gate.ask(ask="enable", rep="kim", target="hmc1", policy="second",
                                     networks=["192.0.2.10/32"])["ok"], 3, "the new policy", every=0.2)


def test_a_live_session_survives_a_bad_reload(armed):
    terminal = Terminal(armed, armed.kim)
    spoil("policies/hmc-ssh.toml")
    armed.gate.reload()
    assert "V10R3" in terminal.type("lshmc -V")
    terminal.leave()


def test_it_does_not_start_on_bad_files_and_says_which(site):
    site.gate.stop()
    old = spoil("sallyport.toml")
    assert site.gate.start() is None
    assert site.gate.process.wait(5) == 1
    assert "sallyport.toml:3" in site.gate.log()
    site.gate.process = None
    write(CONFIG / "sallyport.toml", old)


def test_files_that_others_may_write_are_refused(site):
    (CONFIG / "policies/hmc-ssh.toml").chmod(0o666)
    done = site.gate.run_console("root", "check")
    assert done.returncode == 1 and "hmc-ssh.toml" in done.stdout + done.stderr
    (CONFIG / "policies/hmc-ssh.toml").chmod(0o644)


def test_a_link_in_place_of_a_file_is_refused(site):
    write(CONFIG / "elsewhere.toml", (CONFIG / "policies/hmc-ssh.toml").read_text())
    (CONFIG / "policies/linked.toml").symlink_to(CONFIG / "elsewhere.toml")
    done = site.gate.run_console("root", "check")
    assert done.returncode == 1 and "linked.toml" in done.stdout + done.stderr
    (CONFIG / "policies/linked.toml").unlink()
