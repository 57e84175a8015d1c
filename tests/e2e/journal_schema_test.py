"""The journal's schema, its document and the code that writes it name the same events and fields."""
import copy
import json
import re

import pytest
from conftest import SOURCE
from journal_schema import EVENTS, FILE, SCHEMA, faults, is_the_gates
from jsonschema import Draft202012Validator

DOCUMENT = (SOURCE / "docs/JOURNAL.md").read_text()
EXAMPLES = [json.loads(line) for block in re.findall(r"^```jsonl\n(.*?)^```", DOCUMENT, re.M | re.S)
            for line in block.splitlines()]
# What has the shape of an event and is none: files of the journal. The control socket's commands stand in commands.cpp.
NO_EVENTS = {"journal.draft", "journal.lock"}


def written_by_the_code():
    """Every event that a literal of the monitor, its ledger or the journal names."""
    families = "|".join(sorted({event.split(".")[0] for event in EVENTS}))
    found = set()
    for folder in ("audit", "core", "monitor"):
        for path in (SOURCE / "gateway" / folder).iterdir():
            if path.suffix in (".cpp", ".h") and path.name != "commands.cpp":
                found |= set(re.findall(rf'"((?:{families})\.[a-z_]+)"', path.read_text()))
    return found - NO_EVENTS


def objects(schema):
    """Every schema in `schema` that describes an object's members."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "type" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def described(member):
    if "$ref" in member and "description" not in member:
        member = SCHEMA["$defs"][member["$ref"].rsplit("/", 1)[1]]
    return "description" in member


def test_the_schema_is_one_and_describes_every_field():
    Draft202012Validator.check_schema(SCHEMA)
    assert sorted(EVENTS) == sorted(set(EVENTS))
    for schema in objects(SCHEMA["$defs"]):
        assert schema["additionalProperties"] is False, schema
        assert set(schema.get("required", ())) <= set(schema["properties"]), schema
        for name, member in schema["properties"].items():
            assert name == "event" or described(member), name


def test_the_code_writes_the_events_of_the_schema_and_no_others():
    assert written_by_the_code() == set(EVENTS)


def test_the_document_tells_of_each_event_and_each_of_its_fields():
    table = DOCUMENT.split("\n## Events\n")[1].split("\n## Examples\n")[0]
    rows = {}
    for line in table.splitlines():
        if line.startswith("| `"):
            events, fields = line.split("|")[1:3]
            for event in re.findall(r"`([a-z.]+[a-z_]+)`", events):
                rows[event] = set(re.findall(r"`([a-z_0-9]+)`", fields))
    assert set(rows) == set(EVENTS)
    for event in EVENTS:
        fields = set(SCHEMA["$defs"][event]["properties"]) - {"event", "seq", "time", "prev", "hash"}
        assert fields <= rows[event], f"{event}: {fields - rows[event]}"


def test_the_document_has_an_example_of_each_event():
    assert {record["event"] for record in EXAMPLES} == set(EVENTS)


def test_the_whole_schema_and_the_branch_of_the_event_accept_each_example():
    whole = Draft202012Validator(SCHEMA)
    for record in EXAMPLES:
        assert is_the_gates(record)
        assert not faults(record), record
        assert whole.is_valid(record), record


@pytest.mark.parametrize("event", EVENTS)
def test_an_unknown_or_missing_or_mistyped_field_is_found(event):
    example = next(record for record in EXAMPLES if record["event"] == event)
    for required in SCHEMA["$defs"][event]["required"]:
        less = {key: value for key, value in example.items() if key != required}
        assert faults(less), f"{event} without {required}"
    assert faults({**example, "colour": "red"})
    for key in set(example) - {"event"}:
        changed = copy.deepcopy(example)
        changed[key] = 0.5
        assert faults(changed), f"{event} with a half as {key}"


def test_the_console_prints_the_schema(lab):
    done = lab.gate.run_console("mallory", "audit", "schema")
    assert done.returncode == 0 and done.stdout == FILE.read_text()
