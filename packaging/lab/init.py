#!/usr/bin/python3
"""Runs a command as the only inhabitant of new namespaces: nothing of it outlives this process, however it ends.

Use: init.py COMMAND [ARGUMENT...], as root. The environment variable LAB_HOST_PID tells the command the process
id that nsenter on the host needs. Standard library only; Python 3.11 (os.setns came with 3.12, hence ctypes).
"""
import ctypes
import errno
import os
import signal
import sys

MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH, PR_SET_PDEATHSIG = 0x1000, 0x4000, 1 << 18, 2, 1
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def check(outcome, what):
    if outcome < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else text.encode()
    check(libc.mount(encode(source), target.encode(), encode(kind), flags, encode(data)), f"mount on {target}")


def make_mounts_private():
    try:
        mount(None, "/", flags=MS_REC | MS_PRIVATE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        leave_chroot()


def leave_chroot():
    # In a chroot "/" is no mount point: its propagation cannot be changed, and ip(8) cannot do its work either.
    # So the chroot's folder becomes a mount, and that the root of our mount namespace. Joining the namespace again
    # is what takes us out of the chroot.
    root, here = os.open("/", os.O_RDONLY | os.O_DIRECTORY), os.getcwd()
    check(libc.setns(os.pidfd_open(os.getpid()), CLONE_NEWNS), "setns")
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    os.fchdir(root)
    os.close(root)
    mount(".", ".", flags=MS_BIND | MS_REC)
    os.chdir(os.getcwd())  # into the new mount
    check(libc.pivot_root(b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount")  # the old root, which lies on top
    os.chdir(here)


def wait_for(child):
    """Waits for `child` and reaps what else ends; passes on what asks us to end. Ctrl-C reaches all by itself."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: os.kill(child, received))
    signal.signal(signal.SIGINT, lambda *_: None)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            sys.exit(code if code >= 0 else 128 - code)


def be_process_one(command):
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")  # and with process 1 all others end
    os.environ["LAB_INSIDE"] = "1"
    os.environ["LAB_HOST_PID"] = os.readlink("/proc/self") if os.path.islink("/proc/self") else "1"
    make_mounts_private()
    mount("proc", "/proc", "proc")
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    wait_for(child)


def main():
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET), "unshare (root?)")
    child = os.fork()
    if child == 0:
        be_process_one(sys.argv[1:])
    wait_for(child)


if __name__ == "__main__":
    main()
