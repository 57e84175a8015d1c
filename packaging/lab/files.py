"""Private copies of /etc, /run and /var/lib, so that the host's accounts, PAM and state are never touched."""
import os
import shutil
import subprocess
from pathlib import Path

from .init import mount

MS_NOSUID, MS_NODEV, MS_BIND = 2, 4, 4096
PROGRAMS = ("sallyportd", "sallyport-ssh", "sallyport-https", "sallyport-auth", "sallyport", "sallyport-respond",
            "sallyport-metrics", "sallyport-send")
LAB = Path("/run/lab")
STATE = Path("/var/lib/sallyport")

# name: (uid, group, further groups, home, shell). The gate's people and machines' users share one account file.
ACCOUNTS = {
    "sallyport-ssh": (2000, [], "/nonexistent", "/usr/sbin/nologin"),
    "alice": (2001, ["sallyport-admin"], "/nonexistent", "/bin/sh"),
    "sam": (2002, ["sallyport-auditor"], "/nonexistent", "/bin/sh"),
    "mallory": (2003, [], "/nonexistent", "/bin/sh"),
    "kim": (2004, [], "/nonexistent", "/usr/sbin/nologin"),
    "lee": (2005, [], "/nonexistent", "/usr/sbin/nologin"),
    "laptop": (2006, [], "/run/lab/laptop", "/bin/bash"),  # whom a representative is at home
    "sallyport-metrics": (2007, ["sallyport-auditor"], "/nonexistent", "/usr/sbin/nologin"),
    "sallyport-send": (2008, ["sallyport-auditor"], "/nonexistent", "/usr/sbin/nologin"),
    "hscroot": (2010, [], "/run/lab/home/hscroot", "/run/lab/hmc_shell"),
    "tester": (2011, [], "/run/lab/home/tester", "/bin/bash"),
}
GROUPS = {"sallyport-admin": 2100, "sallyport-auditor": 2101}

PAM_MINIMAL = "auth required pam_unix.so\naccount required pam_unix.so\n"
PAM_HMC = PAM_MINIMAL + "session required pam_permit.so\n"


def tmpfs(path, size, mode="755"):
    mount("tmpfs", str(path), "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode={mode}")


def set_up(source, programs):
    """source: the repository; programs: the folder with the built programs."""
    etc = copy_of_etc()
    source_pam = source / "packaging/pam.d/sallyport"
    pam = source_pam.read_text() if source_pam.exists() else PAM_MINIMAL
    shell = (source / "packaging/lab/hmc_shell").read_text()
    tmpfs("/run", "1g")
    for folder in ("bin", "etc", "home", "laptop", "sshd"):
        (LAB / folder).mkdir(parents=True)
    # Copies: the checkout may lie where only root may look, and may be rebuilt meanwhile.
    for program in PROGRAMS:
        shutil.copy(programs / program, LAB / "bin")
    write(LAB / "hmc_shell", shell, 0o755)
    fill_etc(etc, pam)
    tmpfs("/var/lib", "8m")
    new_state()
    private_terminals()
    for name in ("laptop", "hscroot", "tester"):
        uid, _, home, _ = ACCOUNTS[name]
        Path(home).mkdir(exist_ok=True)
        os.chown(home, uid, uid)
        os.chmod(home, 0o700)
    Path("/run/sshd").mkdir(mode=0o755)


def new_state(size="256m"):
    if STATE.is_mount():
        subprocess.run(["umount", "--lazy", str(STATE)], check=True)
    STATE.mkdir(exist_ok=True)
    # As packaging/tmpfiles.d makes it: the security team reads the journal and the recordings in it.
    tmpfs(STATE, size, f"750,gid={GROUPS['sallyport-auditor']}")


def private_terminals():
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=0620,gid=5")
    mount("/dev/pts/ptmx", "/dev/ptmx", flags=MS_BIND)


def copy_of_etc():
    copied = {}
    for folder, folders, names in os.walk("/etc"):
        for name in folders + names:
            path = Path(folder, name)
            try:
                if path.is_symlink():
                    copied[path] = (os.readlink(path), None)
                elif path.is_file() and path.stat().st_size < 1 << 20:
                    copied[path] = (path.read_bytes(), path.stat().st_mode & 0o7777)
            except OSError:
                continue  # unreadable even for root: not ours to need
    return copied


def fill_etc(copied, pam):
    new = LAB / "etc"
    skip = {Path("/etc") / name for name in ("hosts.allow", "hosts.deny", "nologin", "resolv.conf")}
    for path, (content, mode) in copied.items():
        if path in skip or "sallyport" in str(path):
            continue
        mine = new / path.relative_to("/etc")
        mine.parent.mkdir(parents=True, exist_ok=True)
        if mode is None:
            mine.symlink_to(content)
        else:
            write(mine, content, mode)
    write_accounts(new)
    write(new / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n", 0o644)
    write(new / "hosts", "127.0.0.1 localhost\n::1 localhost\n192.0.2.1 gate\n2001:db8:1::1 gate\n", 0o644)
    write(new / "pam.d/sallyport", pam, 0o644)
    write(new / "pam.d/sshd", PAM_HMC, 0o644)
    mount(str(new), "/etc", flags=MS_BIND)


def write_accounts(etc):
    def others(name):
        lines = (etc / name).read_text().splitlines() if (etc / name).exists() else []
        return [line for line in lines if line.split(":")[0] not in {*ACCOUNTS, *GROUPS}]

    passwd, shadow, group = others("passwd"), others("shadow"), others("group")
    for name, (uid, _, home, shell) in ACCOUNTS.items():
        passwd.append(f"{name}:x:{uid}:{uid}::{home}:{shell}")
        shadow.append(f"{name}:!:19000:0:99999:7:::")
        group.append(f"{name}:x:{uid}:")
    for name, gid in GROUPS.items():
        members = ",".join(user for user, account in ACCOUNTS.items() if name in account[1])
        group.append(f"{name}:x:{gid}:{members}")
    write(etc / "passwd", "\n".join(passwd) + "\n", 0o644)
    write(etc / "shadow", "\n".join(shadow) + "\n", 0o640)
    write(etc / "group", "\n".join(group) + "\n", 0o644)


def set_password(user, password):
    hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, text=True, check=True,
                            capture_output=True).stdout.strip()
    path = Path("/etc/shadow")
    lines = [f"{user}:{hashed}:19000:0:99999:7:::" if line.startswith(user + ":") else line
             for line in path.read_text().splitlines()]
    write(path, "\n".join(lines) + "\n", 0o640)


def write(path, content, mode=0o644, owner=0):
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.chown(path, owner, owner)
    os.chmod(path, mode)
