"""A consent on its way: one person, one answer, minutes; nothing readable at rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.shops.samples import NOW, OWNER, everything, vault

from jangbu.infra.db import Database
from jangbu.kernel.errors import AccessError, InputError, NotFound, StateError
from jangbu.kernel.secret import Secret
from jangbu.sdk.consent import ConsentAnswer, new_state, read_answer
from jangbu.shops import consents
from jangbu.shops.consents import LASTS, REMEMBERED, Asked

BACK = "https://jangbu.example/shops/connect/bazaar/return"
TYPED = {"keystring": "sample-key", "shared_secret": "sample-shared-secret"}
VERIFIER = Secret("sample-verifier-" + "v" * 30)
ASKED = Asked("bazaar", "My shop", "", BACK, VERIFIER, TYPED, "direct", {"return_free": "yes"})
VAULT = vault()


def begun(database: Database, asked: Asked = ASKED) -> tuple[str, Secret]:
    state = new_state()
    return database.write_now(lambda tx: consents.begin(tx, VAULT, asked, state, NOW, actor=OWNER)), state


def answer(state: Secret, text: str = "code=sample-code", page: str = BACK) -> ConsentAnswer:
    return read_answer(f"{page}?{text}&state={state.reveal()}")


def take(database: Database, told: ConsentAnswer, *, actor: str = OWNER, after: timedelta = timedelta()) -> Asked:
    taken = database.write_now(lambda tx: consents.take(tx, VAULT, "bazaar", told, NOW + after, actor=actor))
    return taken[1]


def test_an_answer_gives_back_what_the_consent_was_begun_with(database: Database) -> None:
    _, state = begun(database)
    assert take(database, answer(state)) == ASKED


def test_an_answer_is_good_once(database: Database) -> None:
    _, state = begun(database)
    take(database, answer(state))
    with pytest.raises(StateError) as refused:
        take(database, answer(state))
    assert refused.value.code == "connect.state_used"


def test_a_state_nobody_made_is_refused(database: Database) -> None:
    begun(database)
    with pytest.raises(NotFound) as refused:
        take(database, answer(new_state()))
    assert refused.value.code == "connect.state_unknown"


def test_an_answer_for_another_marketplace_is_refused(database: Database) -> None:
    _, state = begun(database)
    with pytest.raises(NotFound):
        database.write_now(lambda tx: consents.take(tx, VAULT, "market", answer(state), NOW, actor=OWNER))
    assert take(database, answer(state)) == ASKED


def test_another_persons_answer_is_refused_and_leaves_the_attempt_to_its_owner(database: Database) -> None:
    _, state = begun(database)
    with pytest.raises(AccessError) as refused:
        take(database, answer(state), actor="person:mallory")
    assert refused.value.code == "connect.state_foreign"
    assert take(database, answer(state)) == ASKED


@pytest.mark.parametrize(("after", "taken"), [(LASTS - timedelta(seconds=1), True), (LASTS, False)])
def test_an_attempt_lasts_ten_minutes(database: Database, after: timedelta, taken: bool) -> None:
    _, state = begun(database)
    if taken:
        assert take(database, answer(state), after=after) == ASKED
        return
    with pytest.raises(StateError) as refused:
        take(database, answer(state), after=after)
    assert refused.value.code == "connect.state_expired"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("code=sample-code", "https://elsewhere.example/shops/connect/bazaar/return"),
        ("code=sample-code", BACK + "/"),
        ("client_id=sample-key", BACK),  # the consent page's own address has a state, and no answer
    ],
)
def test_an_address_that_does_not_lead_back_is_refused_and_may_be_pasted_again(
    database: Database, text: str, page: str
) -> None:
    _, state = begun(database)
    with pytest.raises(InputError) as refused:
        take(database, answer(state, text, page))
    assert (refused.value.code, refused.value.facts["redirect"]) == ("connect.not_back", BACK)
    assert take(database, answer(state)) == ASKED


def test_a_refusal_uses_the_attempt_up_too(database: Database) -> None:
    _, state = begun(database)
    take(database, answer(state, "error=access_denied"))
    with pytest.raises(StateError):
        take(database, answer(state))


def test_an_attempt_is_repeated_by_its_person_without_typing_anew_for_an_hour(database: Database) -> None:
    attempt, state = begun(database)
    take(database, answer(state, "error=access_denied"))

    def remembered(actor: str, after: timedelta) -> Asked:
        return database.read_now(lambda tx: consents.remembered(tx, VAULT, attempt, NOW + after, actor=actor))

    assert remembered(OWNER, LASTS) == ASKED
    for actor, after in (("person:mallory", LASTS), (OWNER, LASTS + REMEMBERED)):
        with pytest.raises(NotFound):
            remembered(actor, after)


def test_what_has_run_out_is_forgotten_when_the_next_is_begun(database: Database) -> None:
    _, state = begun(database)
    much_later = NOW + LASTS + REMEMBERED + timedelta(seconds=1)
    database.write_now(lambda tx: consents.begin(tx, VAULT, ASKED, new_state(), much_later, actor=OWNER))
    with pytest.raises(NotFound):
        take(database, answer(state))


def test_nothing_secret_lies_readable_in_the_database(database: Database) -> None:
    _, state = begun(database)
    kept = database.read_now(lambda tx: everything(tx, database.kind)).decode("utf-8", "replace")
    for secret in ("sample-shared-secret", VERIFIER.reveal(), state.reveal()):
        assert secret not in kept
    assert "sample-shared-secret" not in repr(ASKED)
    assert VERIFIER.reveal() not in repr(ASKED)


def test_how_far_an_application_has_come_is_what_the_seller_told(database: Database) -> None:
    def told() -> str:
        return database.read_now(lambda tx: consents.application(tx, "bazaar"))

    assert told() == "not_applied"
    def tell(state: str) -> None:
        database.write_now(lambda tx: consents.set_application(tx, "bazaar", state, NOW, actor=OWNER))

    for state in ("applied", "refused", "approved"):
        tell(state)
        assert told() == state
    with pytest.raises(InputError):
        tell("connected")
