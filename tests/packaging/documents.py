"""What docs/INSTALL.md and docs/OPERATE.md have an admin type: their marked blocks, typed as they stand. Runs in: the lab.

A marked block begins with ```sh PERSON (who types it) or ```toml /PATH (what the file is to hold).
"""
import re
from collections import namedtuple
from pathlib import Path

from lab.files import write
from lab.telling import Failed

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
MARKED = re.compile(r"^```(?:sh (?P<person>\w+)|toml (?P<path>/\S+))\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^##+ (.*)$", re.MULTILINE)
Block = namedtuple("Block", "person path text")


class Documents:
    def __init__(self, folder):
        """folder: where on the machine the person stands."""
        self.folder = folder
        self.sections = {(name, heading): blocks for name in ("INSTALL.md", "OPERATE.md")
                         for heading, blocks in sections_of((DOCS / name).read_text())}
        self.left = set(self.sections)

    def follow(self, story, name, heading, typed="", **known):
        """Types the blocks of a section. typed: what their programs read; known: what a placeholder stands for, by the
        words before it. Returns what was printed."""
        if (name, heading) not in self.sections:
            raise Failed(f"docs/{name} has no marked block under '{heading}'")
        self.left.discard((name, heading))
        machine, said = story.lab.machine, ""
        for block in self.sections[name, heading]:
            text = block.text
            for placeholder, meaning in known.items():
                text = re.sub(rf"({placeholder} = )\[.*?\]", rf'\1["{meaning}"]', text)
            if block.path:
                write(machine.tree / block.path[1:], text, 0o644)
                continue
            for line in block.text.splitlines():
                story.command(block.person, line)
            done = machine.run(*machine.as_person(block.person), "bash", "-ec", f"cd {self.folder}\n{text}", input=typed,
                               timeout=180)
            story.output(done.stdout + done.stderr)
            said += done.stdout + done.stderr
        return said

    def text(self, name, heading):
        """Of the section's blocks, to compare with what a program says."""
        return "".join(block.text for block in self.sections[name, heading])


def sections_of(text):
    """Heading and marked blocks of each section that has some."""
    parts = HEADING.split(text)
    for heading, body in zip(parts[1::2], parts[2::2]):
        blocks = [Block(**found.groupdict()) for found in MARKED.finditer(body)]
        if blocks:
            yield heading, blocks
