"""Every request our adapters send and every answer the emulators give is as the official descriptions have it."""

from __future__ import annotations

from typing import Final

import pytest
from tests.contract.conftest import Lives
from tests.contract.lives import LIVES
from tests.support import oas
from tests.support.oas_amended import ONE_ADDRESS
from tests.support.recording import Exchange, disagreements

from jangbu.infra import plugins

pytestmark = pytest.mark.xdist_group("contract lives")

CHANNELS: Final = ("etsy", "naver")
UNSENT: Final = {
    "etsy": {
        "getShopSections": "no code of ours reads sections",
        "getListing": "asked only for rows that come without a state, and the emulator always tells one",
        "getListingInventory": "numbers are read in batches instead",
    },
    "naver": {"getChannelProduct": "no code of ours reads a product by its channel number"},
}
"""Operations of our tables that no life sends."""

HAPPENED: Final = {
    "etsy": {
        "a payment under way": ("getShopReceipts", "answer", '"status":"Payment Processing"'),
        "a sale": ("getShopReceipts", "answer", '"status":"Paid"'),
        "a part called off": ("getShopReceipts", "answer", '"status":"Partially Refunded"'),
        "an order called off": ("getShopReceipts", "answer", '"status":"Canceled"'),
        "a parcel": ("createReceiptShipment", "answer", '"status":"Completed"'),
        "a listing taken off sale": ("updateListing", "request", "state=inactive"),
        "a listing put on sale": ("updateListing", "request", "state=active"),
        "a number set": ("updateListingInventory", "request", '"quantity":'),
        "a deep look": ("getShopReceipts", "request", "was_canceled=true"),
        "a token renewed": ("token", "request", "grant_type=refresh_token"),
    },
    "naver": {
        "a payment awaited": ("queryProductOrders", "answer", '"productOrderStatus":"PAYMENT_WAITING"'),
        "a payment that never came": ("queryProductOrders", "answer", '"CANCELED_BY_NOPAYMENT"'),
        "a sale": ("queryProductOrders", "answer", '"productOrderStatus":"PAYED"'),
        "an order called off": ("queryProductOrders", "answer", '"productOrderStatus":"CANCELED"'),
        "a claim that stands open": ("queryProductOrders", "answer", '"currentClaim":{"cancel"'),
        "a claim that is over": ("queryProductOrders", "answer", '"completedClaims":[{'),
        "a part called off": (
            "queryProductOrders",
            "answer",
            '"quantity":2,"initialQuantity":2,"remainQuantity":1',
        ),
        "a confirmation": ("confirmProductOrders", "answer", '"successProductOrderInfos":[{'),
        "a parcel": ("queryProductOrders", "answer", '"productOrderStatus":"DELIVERING"'),
        "a product taken off sale": ("changeProductStatus", "request", '"SUSPENSION"'),
        "a product put on sale": ("changeProductStatus", "request", '"SALE"'),
        "an option's number set": ("updateOptionStock", "request", '"stockQuantity":'),
        "a product's number set": ("multiUpdateProducts", "request", '"stockQuantity":'),
        "a deep look": ("searchProductOrders", "request", "rangeType=ORDERED_DATETIME"),
        "a token issued": ("issueToken", "request", "client_secret_sign="),
    },
}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("life", LIVES)
def test_what_goes_over_the_wire_is_as_described(life: str, channel: str, lives: Lives) -> None:
    description, exchanges = oas.needed(channel), lives(life).of(channel)
    assert len(exchanges) > 40, "nothing happened: the recording proves nothing"
    assert not sorted(set(disagreements(description, exchanges)))


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_operation_of_the_table_was_sent(channel: str, lives: Lives) -> None:
    sent = {_operation(channel, each) for life in LIVES for each in lives(life).of(channel)}
    assert sent == set(plugins.channels()[channel].operations) - set(UNSENT[channel]) - set(ONE_ADDRESS)


@pytest.mark.parametrize(("channel", "what"), [(channel, what) for channel in CHANNELS for what in HAPPENED[channel]])
def test_the_lives_hold_what_they_are_for(channel: str, what: str, lives: Lives) -> None:
    operation, side, words = HAPPENED[channel][what]
    exchanges = (each for life in LIVES for each in lives(life).of(channel))
    assert any(words in _text(each, side) for each in exchanges if _operation(channel, each) == operation)


@pytest.mark.parametrize("channel", CHANNELS)
def test_tokens_end_and_are_renewed(channel: str, lives: Lives) -> None:
    operation = {"etsy": "token", "naver": "issueToken"}[channel]
    renewals = [each for each in lives("escrow").of(channel) if _operation(channel, each) == operation]
    tokens = {each.answer.json()["access_token"] for each in renewals if each.answer is not None}
    assert len(tokens) == len(renewals) >= 2


@pytest.mark.parametrize("life", LIVES)
def test_only_injected_faults_are_left_unjudged(life: str, lives: Lives) -> None:
    exchanges = lives(life).exchanges
    spoilt = [each for each in exchanges if each.spoilt]
    if life == "storm":
        statuses = {each.answer.status_code for each in exchanges if each.answer is not None and not each.spoilt}
        assert {200, 429, 500} <= statuses
        assert 0 < len(spoilt) < len(exchanges) / 10
    else:
        assert not spoilt
        assert {each.answer.status_code for each in exchanges if each.answer is not None} == {200}


def _operation(channel: str, exchange: Exchange) -> str:
    found = oas.needed(channel).find(exchange.request)
    assert found is not None
    return found.id


def _text(exchange: Exchange, side: str) -> str:
    if side == "request":
        return exchange.request.url.query.decode() + exchange.request.content.decode()
    return exchange.answer.text if exchange.answer is not None else ""
