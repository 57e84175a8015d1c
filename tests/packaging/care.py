"""What an admin does with a gate, in the words of docs/OPERATE.md: daily work, backup, restore, another machine.
Runs in: the lab."""
import shutil

from booted_gate import UNIT
from installation import follow, no_unit_failed
from life import enable, states


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


def nothing_untried(story):
    story.check("every marked block of the documents was typed", story.lab.documents.left == set(), story.lab.documents.left)
