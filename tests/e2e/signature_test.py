"""Method ssh-signature: stock ssh and ssh-keygen open the gate with keys of every kind, and nothing that was signed
for something else does."""
import pytest
from crowd import all_done, many_addresses, wire_from
from raw_ssh import DISCONNECT, GONE, INFO_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS, raw_rep
from signing import (accepted, agent_for, bare, challenge_on, fields_of, fingerprint, refused, signer, signing,  # noqa: F401
                     text_of, verdict)
from support import assert_closes, state_of, with_grant

# ---- stock ssh

def test_stock_ssh_and_ssh_keygen_log_in(signing):
    kim = signing.kim
    assert kim.logs_in()
    record = accepted(signing)[-1]
    assert record["method"] == "ssh-signature" and record["key_type"] == "ssh-ed25519"
    assert record["key"] == fingerprint(kim)
    assert "key_counter" not in record and "authority" not in record


def test_the_prompt_says_what_it_means_and_the_text_names_everything(signing):
    kim = signing.kim
    assert kim.logs_in("-o", "LogLevel=ERROR")
    password, challenge = kim.prompts()
    assert password.endswith("Gate password: ")
    fields = fields_of(text_of(challenge))
    assert list(fields) == ["gateway", "host-key", "grant", "rep", "target", "services", "time", "expires", "nonce"]
    assert fields["gateway"] == "gate" and fields["host-key"] == signing.gate.fingerprint
    assert fields["grant"] == signing.grant and fields["rep"] == "kim" and fields["target"] == "hmc1"
    assert fields["services"] == "ssh" and len(fields["nonce"]) == 32
    words = challenge.splitlines()[0]
    assert words.endswith(f"Sign to open hmc1 (ssh) for kim, grant {signing.grant}, at gate gate, host key "
                          f"{signing.gate.fingerprint}, until {fields['expires'][11:19]} UTC.")


@pytest.mark.parametrize("options", [("-t", "rsa", "-b", "4096"), ("-t", "ecdsa", "-b", "521")], ids=" ".join)
@pytest.mark.parametrize("way", ["bare", "lines"])
def test_keys_of_other_kinds_in_as_many_parts_as_they_need(site, options, way):
    kim = signer(site, "kim", *options)
    kim.sign_as = way
    with_grant(site)
    assert kim.logs_in()
    parts = [prompt for prompt in kim.prompts() if "Signature, part " in prompt]
    long = "rsa" in options
    if way == "bare":
        assert [prompt.split(") ")[-1] for prompt in parts] == (["Signature, part 2: "] if long else [])
    else:
        assert len(parts) == len((kim.folder / "challenge.sig").read_text().splitlines()) - 1 > 1


def certified(kim, *options):
    kim.new_key("id")
    (kim.folder / "id-cert.pub").unlink(missing_ok=True)
    kim.keygen("-s", "ca", "-I", "kim at vendor", "-z", "4711", *options, "id.pub")
    kim.sign_with = kim.folder / "id-cert.pub"


@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "rsa", "-b", "3072")], ids=" ".join)
def test_a_certificate_of_an_enrolled_authority_logs_in(site, options):
    kim = signer(site, "kim", *options, role="authority")
    certified(kim, "-n", "kim", "-V", "-1m:+10m", "-O", "source-address=192.0.2.0/24")
    with_grant(site)
    agent = agent_for(kim, "id")
    try:
        assert kim.logs_in()
    finally:
        agent.kill()
        agent.wait()
    record = accepted(site)[-1]
    assert record["key"] == fingerprint(kim) and record["authority"] == fingerprint(kim, "ca")
    assert record["certificate_serial"] == "4711" and record["certificate_id"] == "kim at vendor"


WRONG_CERTIFICATES = [("-n", "lee"), (), ("-n", "kim", "-V", "-10m:-1m"), ("-n", "kim", "-V", "+1m:+9m"),
                      ("-n", "kim", "-O", "source-address=203.0.113.0/24"), ("-n", "kim", "-O", "force-command=true"),
                      ("-n", "kim", "-O", "verify-required")]
RIGHT_CERTIFICATE = ("-n", "kim", "-O", "source-address=192.0.2.0/24")


def test_a_certificate_for_somebody_or_something_else_does_not(site):
    """Each from an address of its own; the right one, made in the same way, comes last and logs in."""
    kim = signer(site, "kim", role="authority")
    names = [f"id{number}" for number in range(len(WRONG_CERTIFICATES) + 1)]
    for name, options in zip(names, [*WRONG_CERTIFICATES, RIGHT_CERTIFICATE], strict=True):
        kim.new_key(name)
        kim.keygen("-s", "ca", "-I", "kim at vendor", "-z", "4711", *options, f"{name}.pub")
    grant = with_grant(site, networks=["192.0.2.0/24"])
    agent = agent_for(kim, *names)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(kim.folder), **kim.more}

    def kind_of_verdict(item):
        name, source = item
        wire = wire_from(source)
        text = challenge_on(wire, "kim", kim.password)
        wire.answer(bare(kim.keygen("-Y", "sign", "-n", "sallyport", "-f", f"{name}-cert.pub", input=text, env=environment)))
        kind = verdict(wire)
        wire.close()
        return name, kind

    try:
        with many_addresses() as sources:
            kinds = all_done(zip(names[:-1], sources, strict=False), kind_of_verdict, at_once=7)
            assert dict(kinds) == dict.fromkeys(names[:-1], USERAUTH_FAILURE)
            assert state_of(site, grant) == "armed" and not accepted(site)
            assert kind_of_verdict((names[-1], sources[-1]))[1] == USERAUTH_SUCCESS
    finally:
        agent.kill()
        agent.wait()


# ---- replays

def test_a_signature_serves_once_and_on_its_own_connection(signing):
    kim = signing.kim
    victim, thief = raw_rep().ask_for_userauth(), raw_rep().ask_for_userauth()
    seen = challenge_on(victim, "kim", kim.password)
    own = challenge_on(thief, "kim", kim.password)
    assert seen != own
    answer = bare(kim.sign(seen))
    assert refused(thief, answer), "of another connection"
    assert "grant.claimed" not in signing.gate.events()
    victim.answer(answer)
    assert verdict(victim) == USERAUTH_SUCCESS
    victim.close(), thief.close()
    assert_closes(signing)
    again = with_grant(signing)
    wire = raw_rep().ask_for_userauth()
    for _ in range(2):
        challenge_on(wire, "kim", kim.password)
        assert refused(wire, answer), "used before"
    wire.close()
    assert state_of(signing, again) == "armed"


def test_a_signature_of_an_earlier_try_on_the_same_connection_is_refused(signing):
    kim = signing.kim
    wire = raw_rep().ask_for_userauth()
    first = challenge_on(wire, "kim", "wrong password")
    answer = bare(kim.sign(first))
    assert refused(wire, answer), "the password was wrong"
    second = challenge_on(wire, "kim", kim.password)
    assert first != second
    assert refused(wire, answer), "right once, with the wrong password"
    third = challenge_on(wire, "kim", kim.password)
    wire.answer(bare(kim.sign(third)))
    assert verdict(wire) == USERAUTH_SUCCESS
    wire.close()


def test_a_signature_for_another_grant_is_refused(signing):
    signing.add_target("hmc2", signing.hmc2)
    other = with_grant(signing, target="hmc2")
    kim = signing.kim
    first, second = raw_rep().ask_for_userauth(), raw_rep().ask_for_userauth()
    one = challenge_on(first, "kim+hmc1", kim.password)
    two = challenge_on(second, "kim+hmc2", kim.password)
    assert fields_of(one)["grant"] == signing.grant and fields_of(two)["grant"] == other
    assert fields_of(two)["target"] == "hmc2"
    assert refused(first, bare(kim.sign(two)))
    assert refused(second, bare(kim.sign(one)))
    first.close(), second.close()
    assert not accepted(signing)


def test_a_signature_of_or_for_another_rep_is_refused(signing):
    lee, kim = signer(signing, "lee"), signing.kim
    with_grant(signing, rep="lee")
    mine, lees = raw_rep().ask_for_userauth(), raw_rep().ask_for_userauth()
    text, other = challenge_on(mine, "kim", kim.password), challenge_on(lees, "lee", lee.password)
    assert refused(mine, bare(lee.sign(text))), "lee's key is not kim's"
    assert refused(lees, bare(kim.sign(other))), "nor the other way round"
    text, other = challenge_on(mine, "kim", kim.password), challenge_on(lees, "lee", lee.password)
    assert refused(mine, bare(kim.sign(other))), "kim's signature of lee's challenge"
    mine.close(), lees.close()
    assert not accepted(signing)


OTHER_TEXTS = [("gateway: gate", "gateway: gate2"), ("host-key: SHA256:", "host-key: SHA256:A"), ("rep: kim", "rep: lee"),
               ("nonce: ", "nonce: 0")]


def test_a_signature_of_another_gates_text_is_refused(site):
    kim = signer(site)
    with_grant(site, networks=["192.0.2.0/24"])

    def act(item):
        (old, new), source = item
        wire = wire_from(source)
        text = challenge_on(wire, "kim", kim.password)
        assert old in text
        of_another_text = refused(wire, bare(kim.sign(text.replace(old, new))))
        text = challenge_on(wire, "kim", kim.password)
        of_another_namespace = refused(wire, bare(kim.sign(text, namespace="file")))
        wire.close()
        return of_another_text, of_another_namespace

    with many_addresses() as sources:
        assert all_done(zip(OTHER_TEXTS, sources, strict=False), act) == [(True, True)] * len(OTHER_TEXTS)
    assert not accepted(site)


def test_a_lone_signature_without_the_password_opens_nothing(signing):
    kim = signing.kim
    wire = raw_rep().ask_for_userauth()
    for password in ("", "wrong"):
        text = challenge_on(wire, "kim", password)
        assert refused(wire, bare(kim.sign(text)))
    wire.close()
    assert not accepted(signing)


def test_an_answer_may_have_forty_parts(signing):
    kim = signing.kim
    wire = raw_rep().ask_for_userauth()
    text = challenge_on(wire, "kim", kim.password)
    whole = bare(kim.sign(text))
    step = -(-(len(whole) - 8) // 39)
    parts = [whole[:8]] + [whole[at:at + step] for at in range(8, len(whole), step)]
    assert 30 < len(parts) <= 40
    wire.answer(parts[0])
    for number, part in enumerate(parts[1:], start=2):
        assert wire.prompt() == f"Signature, part {number}: "
        wire.answer(part)
    assert verdict(wire) == USERAUTH_SUCCESS
    wire.close()


@pytest.mark.parametrize("answer", ["-----BEGIN SSH SIGNATURE-----", "U1NIU0lH" + "A" * 200_000, "U1NIU0lH",
                                    "-----BEGIN SSH SIGNATURE-----\n" + "A" * 100_000],
                         ids=["armour", "long", "begun", "long armour"])
def test_endless_answers_are_refused_like_any_other(signing, answer):
    wire = raw_rep().ask_for_userauth()
    challenge_on(wire, "kim", signing.kim.password)
    wire.answer(answer)
    for part in range(41):
        kind, message = wire.hear(USERAUTH_FAILURE, INFO_REQUEST, DISCONNECT, GONE, seconds=20)
        if kind != INFO_REQUEST:
            break
        wire.answer("A" * 100)
    assert kind == USERAUTH_FAILURE and part <= 40
    wire.close()
    assert signing.kim.logs_in()


# ---- I11

def asked(name, password="anything"):
    wire = raw_rep().ask_for_userauth()
    wire.begin_attempt(name)
    wire.answer(password)
    prompt = wire.prompt()
    wire.close()
    return prompt


def test_strangers_are_asked_to_sign_as_reps_are(signing):
    signer(signing, "lee")
    seen = {name: asked(name) for name in ("kim", "lee", "zed", "amy")}
    fields = {name: fields_of(text_of(prompt)) for name, prompt in seen.items()}
    for name, found in fields.items():
        assert found["rep"] == name
        assert {key: len(value) for key, value in found.items()} == {key: len(value) for key, value in
                                                                     fields["kim"].items()}
        for field in ("gateway", "host-key", "target", "services"):
            assert found[field] == fields["kim"][field]
        again = fields_of(text_of(asked(name)))
        assert again["grant"] == found["grant"] and again["nonce"] != found["nonce"]
        assert fields_of(text_of(asked(f"{name}+hmc1")))["grant"] == found["grant"]
    assert len({found["grant"] for found in fields.values()}) == 4
    assert len({len(prompt) for prompt in seen.values()}) == 1
    # What they see changes when a real grant ends and another begins, as kim's does.
    assert signing.gate.ask(ask="revoke", grant=signing.grant)["ok"]
    with_grant(signing)
    for name, found in fields.items():
        assert fields_of(text_of(asked(name)))["grant"] != found["grant"]


def test_strangers_are_asked_by_the_methods_that_reps_have(site):
    site.enroll("lee")
    signer(site, "kim")
    with_grant(site)
    kinds = {f"guess{number}": "Signature: " in asked(f"guess{number}") for number in range(12)}
    assert set(kinds.values()) == {True, False}
    assert {name: "Signature: " in asked(name) for name in kinds} == kinds
