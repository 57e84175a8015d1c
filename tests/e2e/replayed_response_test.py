"""A challenge is good for one answer on one connection: a response seen elsewhere or used before lets nobody in."""
from raw_ssh import DISCONNECT, GONE, INFO_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS, raw_rep, response_to
from support import assert_closes, state_of


def challenge_on(wire, rep):
    wire.begin_attempt(rep.name)
    wire.answer(rep.password)
    return wire.prompt()


def verdict(wire):
    return wire.hear(USERAUTH_SUCCESS, USERAUTH_FAILURE, INFO_REQUEST, DISCONNECT, GONE, seconds=12)[0]


def test_a_response_to_another_connections_challenge_is_refused(armed):
    victim, thief = raw_rep().ask_for_userauth(), raw_rep().ask_for_userauth()
    seen = challenge_on(victim, armed.kim)
    own = challenge_on(thief, armed.kim)
    assert seen != own
    response = response_to(armed.kim, seen)
    thief.answer(response)
    assert verdict(thief) == USERAUTH_FAILURE
    assert "grant.claimed" not in armed.gate.events()
    victim.answer(response)  # whose it is, it still serves
    assert verdict(victim) == USERAUTH_SUCCESS
    victim.close(), thief.close()
    assert_closes(armed)


def test_a_used_response_is_refused_on_the_same_and_on_another_connection(armed):
    first = raw_rep().ask_for_userauth()
    response = response_to(armed.kim, challenge_on(first, armed.kim))
    first.answer(response)
    assert verdict(first) == USERAUTH_SUCCESS
    first.close()
    assert_closes(armed)
    grant = armed.enable()["grant"]
    again = raw_rep().ask_for_userauth()
    for _ in range(2):
        challenge_on(again, armed.kim)
        again.answer(response)
        assert verdict(again) == USERAUTH_FAILURE
    again.close()
    assert state_of(armed, grant["id"] if isinstance(grant, dict) else grant) == "armed"


def test_a_second_answer_to_an_answered_challenge_is_no_answer(armed):
    wire = raw_rep().ask_for_userauth()
    prompt = challenge_on(wire, armed.kim)
    wire.answer("00000000")
    wire.answer(response_to(armed.kim, prompt))  # comes while the first is being judged, and after
    assert verdict(wire) != USERAUTH_SUCCESS
    wire.answer(response_to(armed.kim, prompt))
    assert USERAUTH_SUCCESS not in wire.replies
    wire.close()
    assert "grant.claimed" not in armed.gate.events()
