"""New keys in the middle of a transfer, asked for by the rep's ssh and by the target: not a byte is lost either way."""
import hashlib
import os

import pytest
from lab import network
from lab.files import LAB
from lab.hmc import Hmc
from support import assert_closes, eventually, grant_id

DATA = os.urandom(20 << 20)
DIGEST = hashlib.sha256(DATA).digest()


@pytest.fixture(params=["the rep", "the target"])
def rekeying(site, request):
    """Options for ssh, and a grant on a target that asks for new keys every MiB, as the parameter says."""
    hmc = None
    if request.param == "the target":
        hmc = Hmc("hmc3", [network.HMC2_4], ["Port 2200", "RekeyLimit 1M", "LogLevel DEBUG1"])
        hmc.wait_until_listening = lambda: eventually(
            lambda: ":2200" in site.run("hmc", "ss", "-Htln").stdout, 5, "the target that asks for new keys")
        hmc.start()
    site.add_target("box", hmc=hmc, user="tester", port=2200 if hmc else None)
    options = ["-v"] + ([] if request.param == "the target" else ["-o", "RekeyLimit=1M"])
    yield site, options, lambda ssh_log: rekeyed(hmc.log if hmc else ssh_log.decode())
    if hmc:
        hmc.stop()


def rekeyed(log):
    return log.count("SSH2_MSG_NEWKEYS received")


def test_twenty_mebibytes_each_way(rekeying):
    site, options, times = rekeying
    grant_id(site.enable(target="box"))
    up = site.kim.ssh("cat > there", options=options, input=DATA, text=False, timeout=60)
    assert up.returncode == 0, up.stderr
    assert hashlib.sha256((LAB / "home/tester/there").read_bytes()).digest() == DIGEST
    assert_closes(site)
    grant_id(site.enable(target="box"))
    down = site.kim.ssh("cat there", options=options, text=False, timeout=60)
    assert down.returncode == 0 and hashlib.sha256(down.stdout).digest() == DIGEST
    assert times(up.stderr) > 10 and times(down.stderr) > 10
    assert_closes(site)


def test_both_ways_at_once(rekeying):
    site, options, times = rekeying
    grant_id(site.enable(target="box"))
    done = site.kim.ssh("cat", options=options, input=DATA, text=False, timeout=60)
    assert done.returncode == 0 and hashlib.sha256(done.stdout).digest() == DIGEST
    assert times(done.stderr) > 10
    assert_closes(site)
