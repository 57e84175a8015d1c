"""A vendor's set of representatives: exported signed, imported by who knows the signer's key, refused otherwise."""
import json
import re
import subprocess

import pytest
from lab.gate import CONFIG
from signing import bare, enroll_keys, signer
from support import with_grant


@pytest.fixture
def vendor(site):
    """kim signs by a key and an authority, lee answers by OCRA; a key to sign sets with, which the admin has."""
    kim = signer(site)
    assert enroll_keys(site, "kim", kim.new_key("ca"), "authority")["ok"]
    site.enroll("lee")
    kim.new_key("set")
    kim.new_key("stranger")
    site.folder = kim.folder
    site.kim = kim
    return site


def export(site, *names, key="set"):
    done = site.gate.run_console("root", "rep", "export", "--sign", str(site.folder / key), *names)
    assert done.returncode == 0, done.stderr
    return done.stdout


def take_in(site, text, *options, key="set.pub", user="root"):
    return site.gate.run_console(user, "rep", "import", "-", "--signer", str(site.folder / key), *options, input=text)


def split(text):
    at = text.index("-----BEGIN")
    return text[:at], text[at:]


def forget(site, *names):
    for name in names:
        site.gate.console("root", "rep", "remove", name)


def shown(site, name):
    return site.gate.ask(ask="rep.show", name=name)["result"]["rep"]


def test_a_set_holds_public_parts_only_and_ssh_keygen_verifies_it(vendor):
    text = export(vendor)
    body, armour = split(text)
    told = json.loads(body)
    assert [rep["name"] for rep in told["reps"]] == ["kim", "lee"]
    assert [line.split()[0] for line in told["reps"][0]["keys"]] == ["key", "authority"]
    assert told["reps"][1]["keys"] == []
    for name in ("kim", "lee"):
        for line in (CONFIG / f"secrets/reps/{name}").read_text().splitlines() if (CONFIG / f"secrets/reps/{name}").exists() else []:
            assert line not in text
    assert vendor.reps["lee"].secret not in text and vendor.reps["lee"].password not in text
    folder = vendor.folder
    (folder / "set.sig").write_text(armour)
    (folder / "signers").write_text("vendor " + (folder / "set.pub").read_text())
    done = subprocess.run(["ssh-keygen", "-Y", "verify", "-n", "sallyport-reps", "-f", folder / "signers", "-I", "vendor",
                           "-s", folder / "set.sig"], input=body, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_imported_representative_logs_in_with_the_key(vendor):
    text = export(vendor, "kim")
    before = shown(vendor, "kim")["keys"]
    forget(vendor, "kim")
    done = take_in(vendor, text)
    assert done.returncode == 0, done.stderr
    strip = lambda keys: [{**key, "enrolled_at": None} for key in keys]  # noqa: E731
    assert strip(shown(vendor, "kim")["keys"]) == strip(before)
    with_grant(vendor)
    assert vendor.kim.logs_in()
    records = [record for record in vendor.gate.journal() if "imported_from" in record]
    assert {record["event"] for record in records} == {"rep.added", "rep.enrolled"}
    assert {record["imported_from"] for record in records} == {vendor.kim.keygen("-l", "-f", "set.pub").split()[1]}


def test_a_dry_run_and_a_second_import_change_nothing(vendor):
    text = export(vendor)
    forget(vendor, "kim")
    before = len(vendor.gate.journal())
    done = take_in(vendor, text, "--dry-run")
    assert done.returncode == 0 and "kim" in done.stdout and "Would be" in done.stdout
    assert len(vendor.gate.journal()) == before
    assert take_in(vendor, text).returncode == 0
    between = len(vendor.gate.journal())
    done = take_in(vendor, text)
    assert done.returncode == 0 and "no new key" in done.stdout and len(vendor.gate.journal()) == between


def altered(text):
    body, armour = split(text)
    data = bare(armour)
    yield "a name", text.replace('"name": "kim"', '"name": "kin"')
    yield "a byte of a key", text.replace("AAAAC3NzaC1lZDI1NTE5AAAAI", "AAAAC3NzaC1lZDI1NTE5AAAAJ", 1)
    yield "a space more", text.replace('"reps": [', '"reps":  [')
    yield "the signature", text.replace(data[200:210], data[200:210][::-1])
    yield "no signature", body
    yield "two signatures", text + armour
    yield "something behind it", text + "x"
    yield "something between", body + "\n" + armour
    yield "nothing", ""


def test_what_was_altered_is_refused_whole(vendor):
    text = export(vendor)
    forget(vendor, "kim", "lee")
    before = len(vendor.gate.journal())
    for name, changed in altered(text):
        assert changed != text, name
        done = take_in(vendor, changed)
        assert done.returncode != 0, name
    assert take_in(vendor, text, key="stranger.pub").returncode != 0
    assert vendor.gate.ask(ask="rep.list")["result"]["reps"] == []
    assert len(vendor.gate.journal()) == before


def resigned(site, body, namespace="sallyport-reps", key="set"):
    return body + site.kim.keygen("-Y", "sign", "-n", namespace, "-f", key, input=body)


def test_a_signed_set_that_is_not_as_export_writes_it_is_refused(vendor):
    body, _ = split(export(vendor))
    forget(vendor, "kim", "lee")
    told = json.loads(body)
    rep = told["reps"][0]
    wrong = [{**told, "format": "sallyport-reps-v2"}, {**told, "more": 1}, {**told, "reps": [rep, rep]},
             {**told, "reps": [{**rep, "name": "../kim"}]}, {**told, "reps": [{**rep, "secret": "x"}]},
             {**told, "reps": [{**rep, "keys": ["key ssh-dss AAAA"]}]}, {**told, "reps": [{**rep, "keys": ["# none"]}]},
             {**told, "reps": [{**rep, "keys": ["root " + rep["keys"][0]]}]}, {**told, "reps": {}}]
    for one in wrong:
        text = json.dumps(one, indent=2, sort_keys=True) + "\n"
        assert take_in(vendor, resigned(vendor, text)).returncode != 0, one
    for namespace in ("sallyport", "file"):  # a signed challenge is no signed set
        assert take_in(vendor, resigned(vendor, body, namespace)).returncode != 0
    assert vendor.gate.ask(ask="rep.list")["result"]["reps"] == []
    assert take_in(vendor, resigned(vendor, body)).returncode == 0


def test_an_account_is_taken_over_only_where_the_admin_says_so(vendor):
    body, _ = split(export(vendor, "kim"))
    text = resigned(vendor, re.sub(r'"account": "kim"', '"account": "root"', body))
    forget(vendor, "kim")
    assert take_in(vendor, text).returncode == 0 and shown(vendor, "kim")["account"] == "kim"
    forget(vendor, "kim")
    assert take_in(vendor, text, "--with-accounts").returncode == 0 and shown(vendor, "kim")["account"] == "root"


def test_a_representative_with_a_secret_keeps_it_and_nothing_else_is_taken(vendor):
    body, _ = split(export(vendor))
    text = resigned(vendor, body.replace('"name": "lee"', '"name": "abe"').replace('"account": "lee"', '"account": "abe"'))
    forget(vendor, "kim")
    vendor.enroll("kim")  # by OCRA now
    before = len(vendor.gate.journal())
    done = take_in(vendor, text)
    assert done.returncode != 0 and "by hand" in done.stderr
    assert len(vendor.gate.journal()) == before and shown(vendor, "kim")["method"] == "ocra"


def test_only_an_admin_imports(vendor):
    text = export(vendor)
    forget(vendor, "kim")
    assert take_in(vendor, text, user="sam").returncode != 0
    assert not (CONFIG / "reps/kim.toml").exists()
