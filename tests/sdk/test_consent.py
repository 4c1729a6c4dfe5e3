"""Verifier, challenge, state and the answer a consent page sends back."""

from __future__ import annotations

import re

import pytest

from jangbu.kernel.errors import InputError
from jangbu.kernel.secret import Secret
from jangbu.sdk.consent import challenge_of, new_state, new_verifier, read_answer, state_hash

PAGE = "https://jangbu.example/shops/connect/etsy/return"


@pytest.mark.parametrize(
    ("verifier", "challenge"),
    [  # RFC 7636 appendix B, and the pair on Etsy's own page
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("vvkdljkejllufrvbhgeiegrnvufrhvrffnkvcknjvfid", "DSWlW2Abh-cf8CeLL8-g3hQ2WQyYdKyiu83u_s7nRhI"),
    ],
)
def test_the_challenge_is_the_published_one(verifier: str, challenge: str) -> None:
    assert challenge_of(Secret(verifier)) == challenge


def test_verifiers_and_states_are_long_hidden_and_never_the_same() -> None:
    made = [make() for make in (new_verifier, new_state) for _ in range(50)]
    assert len({each.reveal() for each in made}) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", each.reveal()) for each in made)
    assert repr(made[0]) == "‹hidden›"


def test_what_is_kept_of_a_state_does_not_give_it_away() -> None:
    state = new_state()
    assert state.reveal() not in state_hash(state)
    assert state_hash(state) == state_hash(Secret(state.reveal()))
    assert state_hash(state) != state_hash(new_state())


def test_a_whole_address_is_read_and_its_secrets_are_hidden() -> None:
    answer = read_answer(f"  {PAGE}?code=abc-1&state=xyz \n")
    assert (answer.page, answer.code.reveal(), answer.state.reveal(), answer.error) == (PAGE, "abc-1", "xyz", "")
    assert "abc-1" not in repr(answer)
    assert "xyz" not in repr(answer)


def test_an_address_broken_over_lines_is_put_together() -> None:
    assert read_answer(f"{PAGE}?code=ab\nc&sta\nte=xyz").code.reveal() == "abc"


def test_only_what_stands_behind_the_question_mark_is_enough() -> None:
    answer = read_answer("?state=xyz&code=abc")
    assert (answer.page, answer.code.reveal()) == ("", "abc")


def test_a_refusal_is_a_word_and_nothing_else_of_it_is_taken() -> None:
    assert read_answer(f"{PAGE}?error=access_denied&error_description=No&state=x").error == "access_denied"
    assert read_answer(f"{PAGE}?error=<b>hi</b>&state=x").error == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", PAGE, f"{PAGE}?code=abc", f"{PAGE}?code=abc&state=", "http://[?state=a&code=b",
        f"{PAGE}?code=a&code=b&state=x", f"{PAGE}?state=a&state=b&code=c", f"{PAGE}?state=x&code=" + "a" * 5000,
        "?" + "&".join(f"a{n}=1" for n in range(40)) + "&state=x&code=y",
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InputError) as refused:
        read_answer(text)
    assert refused.value.code == "connect.address_form"
    assert not text or text not in str(refused.value)
