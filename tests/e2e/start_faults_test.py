"""A gate on a broken machine: it does not start, says in one sentence what to do, nothing is open, doctor names it.

Each fault is made on a gate with an armed grant, so that a start which went on would open something (I1, I4).
"""
import json
import re
import subprocess
import time
from contextlib import contextmanager

import pytest
from lab import network
from lab.files import LAB, STATE
from lab.gate import CONFIG, LOG, RUN, console_environment, sanitizers
from support import base_table_of_another, grant_id, state_of  # noqa: F401

BIN = LAB / "bin"

# What an old kernel, or one without nftables, or a clock without a battery would answer, to the daemon alone.
PRELOADED = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef NO_NFTABLES
int socket(int family, int type, int protocol) {
  if (family == AF_NETLINK && protocol == NETLINK_NETFILTER) return errno = EPROTONOSUPPORT, -1;
  return (int)syscall(SYS_socket, family, type, protocol);
}
#endif
#ifdef NO_OWNER
/* A table's flag that no kernel knows stands for one that this kernel does not know: what answers is the kernel. */
static void forget_owner(char *bytes, size_t size) {
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
    struct nlmsghdr *message = (struct nlmsghdr *)(bytes + at);
    const size_t end = message->nlmsg_len;
    if (end < sizeof *message || at + end > size) return;
    if (message->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE))
      for (size_t in = NLMSG_HDRLEN + 4; in + 4 <= end;) {
        struct nlattr *attribute = (struct nlattr *)(bytes + at + in);
        if (attribute->nla_len < 4) return;
        unsigned char *value = (unsigned char *)(attribute + 1);
        if (attribute->nla_type == NFTA_TABLE_FLAGS && (value[3] & NFT_TABLE_F_OWNER) != 0) value[3] = 0x80;
        in += NLMSG_ALIGN(attribute->nla_len);
      }
    at += NLMSG_ALIGN(end);
  }
}
ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
  char copy[65536];
  if (to != NULL && to->sa_family == AF_NETLINK && size <= sizeof copy) {
    memcpy(copy, bytes, size);
    forget_owner(copy, size);
    bytes = copy;
  }
  return syscall(SYS_sendto, fd, bytes, size, flags, to, length);
}
#endif
#ifdef IN_1970
int clock_gettime(clockid_t id, struct timespec *now) {
  const int done = (int)syscall(SYS_clock_gettime, id, now);
  if (id == CLOCK_REALTIME) now->tv_sec = now->tv_sec % 86400;
  return done;
}
#endif
"""


# ---- what breaks, and how it is mended

def sh(script):
    subprocess.run(["sh", "-e", "-c", script], check=True)


@contextmanager
def script(broken, mended):
    sh(broken)
    try:
        yield {}
    finally:
        sh(mended)


def away(path):
    return script(f"mv {path} {LAB}/away", f"mv {LAB}/away {path}")


def mode(path, bits):
    before = path.stat().st_mode & 0o7777
    return script(f"chmod {bits:o} {path}", f"chmod {before:o} {path}")


def somebodys(path):
    return script(f"chown 2003 {path}", f"chown 0 {path}")


def read_only(path):
    return script(f"mount --bind {path} {path}; mount -o remount,ro,bind {path}", f"umount {path}")


def full(path):
    """What is in the folder, on a disk of its own without a free block."""
    return script(f"mkdir {LAB}/disk; mount -t tmpfs -o size=2M,mode=750 disk {LAB}/disk; cp -a {path}/. {LAB}/disk/; "
                  f"mount --move {LAB}/disk {path}; ! dd if=/dev/zero of={path}/ballast bs=4k 2>/dev/null",
                  f"umount {path}; rmdir {LAB}/disk")


@contextmanager
def without(library):
    """A kernel or a clock as one of PRELOADED answers."""
    file = LAB / f"{library}.so"
    subprocess.run(["cc", "-shared", "-fPIC", f"-D{library}", "-x", "c", "-", "-o", file], input=PRELOADED, text=True,
                   check=True)
    yield {"LD_PRELOAD": str(file), "ASAN_OPTIONS": sanitizers()["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}


# case: (what breaks it, words of the sentence, doctor's line or None where only the kernel could tell it, words of its fix)
FAULTS = {
    "half installed: no worker": (lambda: away(BIN / "sallyport-ssh"), ["sallyport-ssh", "reinstall"], "programs", "reinstall"),
    "half installed: no web worker": (lambda: away(BIN / "sallyport-https"), ["sallyport-https", "reinstall"], "programs",
                                      "reinstall"),
    "half installed: no password helper": (lambda: away(BIN / "sallyport-auth"), ["sallyport-auth", "reinstall"], "programs",
                                           "reinstall"),
    "half installed: a worker that cannot be started": (lambda: mode(BIN / "sallyport-ssh", 0o644), ["sallyport-ssh", "chmod 755"],
                                                        "programs", "chmod 755"),
    "a worker that others may write": (lambda: mode(BIN / "sallyport-ssh", 0o777), ["sallyport-ssh", "chmod go-w"], "programs",
                                       "chmod go-w"),
    "half installed: no settings": (lambda: away(CONFIG / "sallyport.toml"), ["sallyport.toml"], "config", "sallyport check"),
    "half installed: no host key": (lambda: script(f"mkdir {LAB}/keys; mv {CONFIG}/ssh_host_*_key {LAB}/keys",
                                                   f"mv {LAB}/keys/* {CONFIG}; rmdir {LAB}/keys"),
                                    ["no host key", "ssh-keygen"], "host keys", "ssh-keygen"),
    "restored: a host key that others may read": (lambda: mode(CONFIG / "ssh_host_ed25519_key", 0o644), ["chmod 600"], "host keys",
                                                  "chmod 600"),
    "restored: a secret that others may read": (lambda: mode(CONFIG / "secrets/reps/kim", 0o644), ["chmod 600"], "config",
                                                "sallyport check"),
    "restored: somebody's journal": (lambda: somebodys(STATE / "journal"), ["chown root"], "records", "chown root"),
    "restored: a segment that others may write": (lambda: mode(STATE / "journal/journal-00000001.jsonl", 0o666), ["chmod go-w"],
                                                  "records", "chmod go-w"),
    "restored: a signing key that others may read": (lambda: mode(STATE / "journal-key", 0o644), ["chmod 600"], "records",
                                                     "chmod 600"),
    "restored: somebody's heads": (lambda: somebodys(STATE / "heads"), ["chown root"], "records", "chown root"),
    "restored: heads that others may write": (lambda: mode(STATE / "heads", 0o666), ["chmod go-w"], "records", "chmod go-w"),
    "restored: somebody's recordings": (lambda: somebodys(STATE / "recordings"), ["chown root"], "records", "chown root"),
    "the state folder is read-only": (lambda: read_only(STATE), ["Read-only file system", "remount"], "records", "remount"),
    "the run folder is read-only": (lambda: read_only(RUN), ["Read-only file system", "remount"], "daemon", "systemctl status"),
    "the disk is full": (lambda: full(STATE), ["No space left", "make room"], "records", "make room"),
    "a clock in 1970": (lambda: without("IN_1970"), ["1970-01-01", "set the clock"], None, ""),
    "a kernel without nftables": (lambda: without("NO_NFTABLES"), ["nftables", "kernel"], None, ""),
    "a kernel before 5.12": (lambda: without("NO_OWNER"), ["5.12"], None, ""),
}


def doctor(lab):
    done = subprocess.run(network.inside("gate", [str(BIN / "sallyport"), "doctor", "--json"]), text=True, capture_output=True,
                          timeout=20, env=console_environment())
    return {line["check"]: line for line in json.loads(done.stdout)["checks"]}


@pytest.fixture(scope="module")
def stopped(lab):
    """A gate with an armed grant, and its deny side in force, that does not run."""
    lab.kim = lab.fresh()
    lab.grant = grant_id(lab.enable())
    lab.gate.stop()
    yield lab
    lab.gate.stop()


@pytest.mark.parametrize("case", FAULTS)
def test_it_stays_closed_and_says_what_to_do(stopped, case):
    broken, words, line, fix = FAULTS[case]
    gate = stopped.gate
    LOG.unlink(missing_ok=True)
    with broken() as environment:
        gate.extra_environment = environment
        started = time.monotonic()
        went_on = gate.start()
        took = time.monotonic() - started
        code, gate.extra_environment = gate.stop(), {}
        assert not went_on and took < 5, took
        assert code == 1, gate.log()
        sentences = [text for text in gate.log().splitlines() if text.startswith("<3>")]
        assert all(word in gate.log() for word in words), gate.log()
        assert len(sentences) == (2 if line == "config" else 1), gate.log()  # each bad file, and that nothing was started
        assert gate.listening() == [] and gate.elements() == [] and gate.tables() == ["sallyport_base"], "closed (I1, I4)"
        found = doctor(stopped)
    assert found["daemon"]["verdict"] == "FAIL"
    if line:
        assert found[line]["verdict"] == "FAIL" and fix in found[line]["fix"], found[line]
        assert line == "daemon" or doctor(stopped)[line]["verdict"] == "ok", "it is well again, so it was that"


def test_mended_it_comes_back_with_its_grant(stopped):
    """Last in the file: none of the faults has cost the grant or the journal anything."""
    assert stopped.gate.start()
    assert state_of(stopped, stopped.grant) == "armed"
    assert stopped.gate.run_console("root", "audit", "verify").returncode == 0
    assert stopped.kim.ssh("lshmc -V").returncode == 0


# ---- what a gate lives with: it runs, and refuses what it cannot do

def switch_ipv6(lab, off):
    assert lab.run("gate", "sysctl", "-qw", f"net.ipv6.conf.all.disable_ipv6={int(off)}").returncode == 0


def test_ipv6_switched_off(site):
    addresses = site.run("gate", "ip", "-6", "-o", "addr", "show", "scope", "global").stdout
    routes = site.run("gate", "ip", "-6", "route").stdout
    switch_ipv6(site, True)
    try:
        done = site.gate.run_console("alice", "enable", "--rep", "kim", "--target", "hmc1", "--policy", "hmc-ssh", "--from",
                                     "192.0.2.10", "--reason", "x")
        assert done.returncode == 1 and site.gate.listening() == [] and site.gate.elements() == []
        assert network.GATE6 in done.stderr and "no address of this host" in done.stderr and "sallyport.toml" in done.stderr, done
        line = doctor(site)["addresses"]
        assert line["verdict"] == "FAIL" and network.GATE6 in line["text"] and "it has " in line["fix"] and network.GATE4 in line["fix"], line
        assert "grant.revoked" in site.gate.events() or not site.gate.console("alice", "list")
    finally:
        switch_ipv6(site, False)
        for device, address in re.findall(r"^\d+: (\S+)\s+inet6 (\S+)", addresses, re.MULTILINE):
            site.run("gate", "ip", "-6", "addr", "add", address, "dev", device, "nodad")
        for route in routes.splitlines():
            site.run("gate", "ip", "-6", "route", "replace", *route.split())
    assert doctor(site)["addresses"]["verdict"] == "ok"


def test_a_grant_whose_target_is_gone(armed):
    """The file was removed while the gate was down: the grant is not good any more, and the gate says which file it misses."""
    armed.gate.stop()
    with away(CONFIG / "targets/hmc1.toml"):
        assert armed.gate.start()
        line = doctor(armed)["grants"]
        assert line["verdict"] == "FAIL" and armed.grant in line["text"] and "hmc1" in line["text"], line
        assert "sallyport revoke" in line["fix"], line
        done = armed.kim.ssh("lshmc -V")
        assert done.returncode == 255 and "hmc1" not in armed.hmc1.log
    armed.gate.reload()
    assert doctor(armed)["grants"]["verdict"] == "ok"
