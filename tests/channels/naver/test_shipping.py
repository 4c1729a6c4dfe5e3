"""Confirming and dispatching: partial success, what was done before, carriers, and unknown outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.channels.naver.support import FakeClient, answer, envelope, line, refuse, script_of
from tests.support import oas

from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.mapping.shipping import CARRIER_CODES, carrier_code
from jangbu.kernel.errors import OutcomeUnknown, Rejected
from jangbu.sdk.carriers import CARRIERS
from jangbu.sdk.client import Request, Response
from jangbu.sdk.records import Dispatch, LineAnswer

CONFIRM, DISPATCH, QUERY = "confirmProductOrders", "dispatchProductOrders", "queryProductOrders"
SENT_AT = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)


def confirmed(*names: str, refused: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    infos = [{"productOrderId": name, "isReceiverAddressChanged": False} for name in names]
    return envelope({"successProductOrderInfos": infos, "failProductOrderInfos": failures(refused)})


def dispatched(*names: str, refused: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    return envelope({"successProductOrderIds": list(names), "failProductOrderInfos": failures(refused)})


def failures(refused: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"productOrderId": name, "code": code, "message": "확인 필요"} for name, code in refused]


def parcel(*names: str, carrier: str = "cj", number: str = "1000-0000 0001", order: str = "11") -> Dispatch:
    return Dispatch(order, names, carrier, number, SENT_AT)


def shipped(name: str, status: str = "DELIVERING", number: str = "100000000001") -> dict[str, Any]:
    return line(name, productOrderStatus=status, delivery={"deliveryCompany": "CJGLS", "trackingNumber": number})


async def test_lines_are_confirmed_thirty_a_call() -> None:
    def confirm(request: Request) -> Response:
        return answer(request, confirmed(*request.json["productOrderIds"]))

    client = FakeClient({CONFIRM: confirm})
    names = [str(number) for number in range(61)]
    answers = await NaverAdapter(client).acknowledge(names)
    assert answers == [LineAnswer(name, accepted=True) for name in names]
    assert [len(request.json["productOrderIds"]) for request in client.sent] == [30, 30, 1]


async def test_a_line_confirmed_before_counts_as_accepted_once_a_read_shows_it() -> None:
    refused = [("31", "104443"), ("41", "104443")]
    details = envelope([line("31", placeOrderStatus="OK"), line("41", productOrderStatus="CANCELED")])
    client = FakeClient({CONFIRM: script_of(confirmed("21", refused=refused)), QUERY: script_of(details)})
    assert await NaverAdapter(client).acknowledge(["21", "31", "41"]) == [
        LineAnswer("21", accepted=True),
        LineAnswer("31", accepted=True),
        LineAnswer("41", accepted=False, refusal="naver.place_order_state", remote_code="104443"),
    ]
    assert client.asked(QUERY)[0].json["productOrderIds"] == ["31", "41"]


async def test_a_line_the_answer_does_not_name_is_looked_up() -> None:
    details = envelope([line("31", placeOrderStatus="OK"), line("41")])
    client = FakeClient({CONFIRM: script_of(confirmed("21")), QUERY: script_of(details)})
    answers = await NaverAdapter(client).acknowledge(["21", "31", "41"])
    assert [entry.accepted for entry in answers] == [True, True, False]
    assert answers[2].refusal == "naver.line_not_answered"


async def test_a_parcel_is_sent_under_one_number_for_each_of_its_lines() -> None:
    client = FakeClient({DISPATCH: script_of(dispatched("21", "31"))})
    answers = await NaverAdapter(client).ship([parcel("21", "31", carrier="lotte", number=" 100000000001 ")])
    assert client.sent[0].json == {
        "dispatchProductOrders": [
            {
                "productOrderId": name,
                "deliveryMethod": "DELIVERY",
                "deliveryCompanyCode": "HYUNDAI",
                "trackingNumber": "100000000001",
                "dispatchDate": "2026-10-01T16:00:00.000+09:00",
            }
            for name in ("21", "31")
        ]
    }
    assert answers == [LineAnswer("21", accepted=True), LineAnswer("31", accepted=True)]


async def test_a_call_never_names_more_than_thirty_lines_nor_one_twice() -> None:
    def dispatch(request: Request) -> Response:
        return answer(
            request, dispatched(*(entry["productOrderId"] for entry in request.json["dispatchProductOrders"]))
        )

    client = FakeClient({DISPATCH: dispatch})
    adapter = NaverAdapter(client)
    dispatches = [parcel(*(f"{box}{number}" for number in range(10, 17)), "999") for box in range(1, 6)]
    answers = await adapter.ship(dispatches)
    named = [entry["productOrderId"] for request in client.sent for entry in request.json["dispatchProductOrders"]]
    assert [len(request.json["dispatchProductOrders"]) for request in client.sent] == [30, 6]
    assert len(named) == len(set(named)) == len(answers) == 36
    assert adapter.ship_batch == 30


@pytest.mark.parametrize(
    ("remote_code", "refusal"),
    [
        ("104121", "naver.tracking_used"),
        ("104122", "naver.tracking_invalid"),
        ("104119", "naver.carrier_unknown"),
        ("104118", "naver.carrier_unknown"),
        ("104120", "naver.tracking_missing"),
        ("104117", "naver.delivery_method"),
        ("9999", "naver.order_other"),
        ("424242", "naver.order_refused"),
    ],
)
async def test_a_refused_line_says_why_and_the_others_stand(remote_code: str, refusal: str) -> None:
    client = FakeClient({DISPATCH: script_of(dispatched("21", refused=[("31", remote_code)]))})
    answers = await NaverAdapter(client).ship([parcel("21", "31")])
    assert answers == [
        LineAnswer("21", accepted=True),
        LineAnswer("31", accepted=False, refusal=refusal, remote_code=remote_code),
    ]
    assert client.asked(QUERY) == []


@pytest.mark.parametrize("remote_code", ["104442", "105306"])
@pytest.mark.parametrize(
    ("detail", "accepted"),
    [
        (shipped("21"), True),
        (shipped("21", "DELIVERED"), True),
        (shipped("21", number="1000-0000-0001"), True),
        (shipped("21", number="100000000002"), False),
        (shipped("21", "CANCELED"), False),
        (line("21"), False),
    ],
)
async def test_a_line_under_way_with_the_very_number_was_dispatched_before(
    remote_code: str, detail: dict[str, Any], *, accepted: bool
) -> None:
    client = FakeClient(
        {DISPATCH: script_of(dispatched(refused=[("21", remote_code)])), QUERY: script_of(envelope([detail]))}
    )
    (told,) = await NaverAdapter(client).ship([parcel("21")])
    assert told.accepted is accepted
    assert (told.remote_code == "") is accepted


async def test_what_cannot_be_sent_is_refused_here_and_the_rest_goes() -> None:
    client = FakeClient({DISPATCH: script_of(dispatched("41"))})
    answers = await NaverAdapter(client).ship(
        [parcel("21", carrier="pigeon"), parcel("31", number="  ", order="12"), parcel("41", order="13")]
    )
    assert [(entry.line_id, entry.accepted, entry.refusal) for entry in answers] == [
        ("21", False, "naver.carrier_unknown"),
        ("31", False, "naver.tracking_missing"),
        ("41", True, ""),
    ]
    assert len(client.sent[0].json["dispatchProductOrders"]) == 1


async def test_nothing_to_send_sends_nothing() -> None:
    client = FakeClient()
    assert await NaverAdapter(client).ship([]) == []
    assert await NaverAdapter(client).acknowledge([]) == []
    assert client.sent == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"data": [1]}', b"[]", b'{"timestamp": "x"}'])
async def test_a_success_that_does_not_tell_what_was_done_leaves_the_outcome_unknown(body: bytes) -> None:
    def reply(request: Request) -> Response:
        return answer(request, body, odd=True)

    adapter = NaverAdapter(FakeClient({CONFIRM: reply, DISPATCH: reply}))
    with pytest.raises(OutcomeUnknown):
        await adapter.acknowledge(["21"])
    with pytest.raises(OutcomeUnknown):
        await adapter.ship([parcel("21")])


async def test_a_look_up_that_fails_leaves_the_outcome_unknown() -> None:
    client = FakeClient(
        {
            DISPATCH: script_of(dispatched(refused=[("21", "104442")])),
            QUERY: lambda request: refuse(request, 503, "GW.BLOCK.01"),
        }
    )
    with pytest.raises(OutcomeUnknown):
        await NaverAdapter(client).ship([parcel("21")])


async def test_a_call_refused_whole_is_refused() -> None:
    client = FakeClient({DISPATCH: lambda request: refuse(request, 400, "4000")})
    with pytest.raises(Rejected) as refused:
        await NaverAdapter(client).ship([parcel("21")])
    assert refused.value.code == "naver.bad_parameter"


def test_every_carrier_of_ours_has_a_code_naver_describes() -> None:
    described = set(oas.needed("naver").document["components"]["schemas"]["DeliveryCompanyCode"]["enum"])
    assert set(CARRIER_CODES) == set(CARRIERS)
    assert set(CARRIER_CODES.values()) <= described


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("cj", "CJGLS"),
        ("lotte", "HYUNDAI"),
        ("logen", "KGB"),
        ("KDEXP", "KDEXP"),
        ("1004HOME", "1004HOME"),
        ("", ""),
        ("씨제이", ""),
    ],
)
def test_a_carrier_goes_by_our_word_or_by_naver_s_code(word: str, code: str) -> None:
    assert carrier_code(word) == code
