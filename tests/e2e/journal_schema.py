"""Holds records to docs/journal.schema.json. Runs in: the lab."""
import hashlib
import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

FILE = Path(__file__).resolve().parent.parent.parent / "docs/journal.schema.json"
SCHEMA = json.loads(FILE.read_text())
EVENTS = [branch["$ref"].rsplit("/", 1)[1] for branch in SCHEMA["oneOf"]]


@cache
def of_event(event):
    """The branch of one event alone: sixty times as fast as the whole, and it says what is wrong."""
    return Draft202012Validator({"$ref": f"#/$defs/{event}", "$defs": SCHEMA["$defs"]})


def faults(record):
    if record.get("event") not in EVENTS:
        return [f"no event of the schema: {record.get('event')}"]
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in of_event(record["event"]).iter_errors(record)]


def is_the_gates(record):
    """Whether a record is as the gate wrote it: tests also damage journals."""
    if not isinstance(record, dict):
        return False
    rest = {key: value for key, value in record.items() if key != "hash"}
    line = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return record.get("hash") == hashlib.sha256(line.encode(errors="surrogatepass")).hexdigest()


def lines_of(state):
    for path in sorted(state.glob("journal/*.jsonl")):
        yield from path.read_text(errors="replace").splitlines()


def hold(state):
    """Fails when the gate wrote a record that the schema refuses, into the journal below this folder."""
    for line in lines_of(state):
        try:
            record = json.loads(line)
        except ValueError:
            continue  # a torn tail, or a test's damage
        if is_the_gates(record) and (found := faults(record)):
            raise AssertionError(f"docs/journal.schema.json refuses {line}: {found}")
