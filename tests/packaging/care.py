"""What an admin does with a gate, in the words of docs/OPERATE.md: daily work, backup, restore, another machine.
Runs in: the lab."""
import json
import shutil

from booted_gate import UNIT
from installation import follow, no_unit_failed
from lab.telling import wait_for
from life import enable, states

SEND = "sallyport-send.service"


def operate(story, heading):
    return story.lab.documents.follow(story, "OPERATE.md", heading)


def daily(story):
    story.step("Daily work, and what the security team looks at, as docs/OPERATE.md says")
    operate(story, "Daily work")
    story.check("the journal is whole", "whole" in operate(story, "What the security team looks at"))


def restore(story):
    story.step("A backup is made and restored; a grant of before cannot be used twice")
    gate = story.gate
    grant = enable(story, "lee")
    operate(story, "Backup")
    done = story.lab.reps["lee"].ssh("lshmc", "-V")
    story.check("after the backup lee uses the grant", "V10R3" in done.stdout, done.stderr)
    operate(story, "Restore")
    story.check("what was after the backup is gone", "grant.enabled" in gate.events(grant)
                and "session.ended" not in gate.events(grant))
    story.check("the grant that was armed then is taken back", states(story, grant) == ["revoked"])
    refused = story.lab.reps["lee"].ssh("lshmc", "-V", options=["-o", "ConnectTimeout=1"])
    story.check("and lee is not let in by it again", refused.returncode == 255)
    story.check("nothing of the restoring is left", "restoring" not in gate.tables())
    no_unit_failed(story)


def move(story):
    story.step("The gate moves to another machine, with an armed grant")
    gate, lab = story.gate, story.lab
    grant, old = enable(story, "lee"), lab.machine
    operate(story, "On the old machine")
    story.check("the old one does not start again", old.unit(UNIT, "ActiveState", "UnitFileState")
                == ["inactive", "disabled"])
    old.power_off()
    old.forget_kernel()
    new = lab.new_machine()
    shutil.copy(old.tree / "var/backups/sallyport/move.tar.gz", new.tree / "root")
    gate.move_to(new)
    new.boot()
    prepare(story)
    operate(story, "On the new machine")
    story.check("the grant is armed there", states(story, grant) == ["armed"])
    story.check("the deny side and the one opening are in the kernel", gate.base_table() and
                {name for name, _ in gate.elements_with_times()} == {"entry4"})
    done = lab.reps["lee"].ssh("lshmc", "-V")
    story.check("lee uses it, with the secret and the host key of before", "V10R3" in done.stdout, done.stderr)
    no_unit_failed(story)


def prepare(story):
    """The new machine gets what the document says that INSTALL.md says."""
    lab = story.lab
    for user in ("alice", "sam"):
        lab.machine.run("useradd", user)
    for heading in ("The package", "Who may enable sessions, and who may look", "If policies forward ports"):
        follow(story, heading)
    follow(story, "A representative's password", typed=f"{lab.reps['kim'].password}\n" * 2)
    lab.machine.run("useradd", "--shell", "/usr/sbin/nologin", "lee")
    lab.machine.run("chpasswd", input=f"lee:{lab.reps['lee'].password}\n")


def send(story):
    story.step("The journal is sent on to the host's journald, as docs/OPERATE.md says, and through a reboot")
    machine, gate = story.lab.machine, story.gate
    operate(story, "Sending the journal on")
    everything_is_sent(story)
    machine.power_off()
    machine.forget_kernel()
    machine.boot()
    wait_for(lambda: machine.unit(UNIT, "ActiveState") == ["active"], 10)
    story.check("after a reboot it runs again", machine.unit(SEND, "ActiveState", "SubState") == ["active", "running"])
    everything_is_sent(story)
    events = [event for event in gate.events() if event.startswith("gateway.")]
    story.check("and so are those of the reboot", events[-2:] == ["gateway.stopped", "gateway.started"], events)
    no_unit_failed(story)


def everything_is_sent(story):
    machine, gate = story.lab.machine, story.gate
    told = lambda: gate.console("sam", "audit", "sending")["destinations"][0]  # noqa: E731
    wait_for(lambda: told()["waiting"] == 0, 20)
    story.check("the gate says that nothing waits", told()["waiting"] == 0 and "problem" not in told(), told())
    sent, kept = sent_to(machine), [record["hash"] for record in gate.journal()]
    story.output(f"{len(kept)} records, {len(sent)} in journald")
    story.check("every record is in journald, in order", list(dict.fromkeys(sent)) == kept, machine.log_of(SEND))


def sent_to(machine):
    """The hashes of the records that journald has, in its order."""
    said = machine.run("journalctl", "--no-pager", "-t", "sallyport", "_SYSTEMD_UNIT=" + SEND, "--output=json").stdout
    return [json.loads(line)["SALLYPORT_HASH"] for line in said.splitlines()]


def nothing_untried(story):
    story.check("every marked block of the documents was typed", story.lab.documents.left == set(), story.lab.documents.left)
