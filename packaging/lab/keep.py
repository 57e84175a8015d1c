"""quickstart --keep: the site stays, with a script for each kind of person to enter it. Runs in: the lab."""
import os
import signal
from pathlib import Path

from . import network
from .files import ACCOUNTS, GROUPS, LAB, write

ENTER = """\
#!/bin/sh
# A shell as {who} in the quickstart's site, or one command there. Needs root; ends with the site.
[ $# -gt 0 ] || set -- /bin/bash --norc
exec nsenter --target {pid} --mount --pid --net --ipc --uts --root --wd=/ \\
  nsenter --net=/run/netns/{namespace} setpriv --reuid={uid} --regid={uid} {groups} \\
  env -i TERM="$TERM" LC_ALL=C.UTF-8 HOME={home} PATH={bin}:/usr/sbin:/usr/bin:/sbin:/bin PS1='{who}$ ' {more} "$@"
"""


def script(folder, who, user, namespace, home="/", more=""):
    uid = 0 if user == "root" else ACCOUNTS[user][0]
    groups = [] if user == "root" else [str(GROUPS[name]) for name in ACCOUNTS[user][1]]
    path = Path(folder) / f"enter-{who}"
    write(path, ENTER.format(who=who, pid=os.environ["LAB_HOST_PID"], namespace=namespace, uid=uid, home=home, more=more,
                             bin=LAB / "bin", groups="--groups=" + ",".join(groups) if groups else "--clear-groups"), 0o755)
    return path


def leave_running(story, folder):
    rep = story.lab.reps["kim"]
    admin, security, gate = (script(folder, who, user, "gate") for who, user in
                             (("admin", "alice"), ("security", "sam"), ("gate", "root")))
    environment = " ".join(f"{name}={value}" for name, value in rep.environment().items()
                           if name.startswith(("SSH_", "SALLYPORT_")))
    laptop = script(folder, "rep", "laptop", "rep", rep.folder, environment)
    other = script(folder, "other", "laptop", "other", rep.folder, environment)
    known_hosts = f"-o UserKnownHostsFile={rep.folder}/known_hosts"
    print(f"""
{story.bold}The site stays until Ctrl-C. In other terminals, as root:{story.plain}

  admin      {admin}
               sallyport enable --rep kim --target hmc1 --policy hmc-web --from {network.REP4}/32
               sallyport watch
  rep        {laptop}
               ssh -F /dev/null {known_hosts} kim@{network.GATE4}
               curl --cacert {LAB}/web/gate-shown.pem https://gate/.sallyport/login
               (password and challenge are answered by sallyport-respond; unset SSH_ASKPASS to type them:
               the password is {rep.password}, `sallyport-respond K7XQM 3PDR4` answers a challenge)
  security   {security}
               sallyport audit list
               sallyport audit verify
               sallyport replay SESSION
  gate       {gate}        (root: nft list ruleset, ss -ltnp, sallyport doctor)
  stranger   {other}       (a host outside the granted network)
""", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nThe site is gone.")
