"""Each row of the adapters' fault tables is met by an answer of the marketplace's own, as far as the sandbox has it."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

import pytest
from tests.contract.forcing import LINE_REFUSALS, Forced, Known, Outcome, outcomes

from jangbu.channels.etsy import faults as etsy_faults
from jangbu.channels.naver import faults as naver_faults
from jangbu.kernel.errors import (
    AddressNotAllowed,
    ChannelError,
    ContractBroken,
    Gone,
    OutcomeUnknown,
    ReauthRequired,
    Rejected,
    ScopeMissing,
    Throttled,
    TokenExpired,
    Transient,
)
from jangbu.sdk.client import Request

pytestmark = pytest.mark.xdist_group("contract faults")

READINESS: Final = 1_402_336_017_455


def _page(status: int) -> list[dict[str, Any]]:
    return [{"kind": "html", "params": {"status": status}}]


def _broken(status: int) -> list[dict[str, Any]]:
    return [{"kind": "error_before", "params": {"status": status}}]


def _switch(name: str) -> list[dict[str, Any]]:
    return [{"kind": name}]


# -- Etsy ---------------------------------------------------------------------------------------------------


def _me(_: Known) -> Request:
    return Request("getMe")


def _shop(number: str = "") -> Any:
    return lambda known: Request("getShop", path={"shop_id": number or known.shop_id})


def _listings(number: str = "", **query: str) -> Any:
    return lambda known: Request("getListingsByShop", path={"shop_id": number or known.shop_id}, query=query)


def _inventory(*quantities: int, price: float = 20.0, properties: int = 0) -> Any:
    values = [
        {"property_id": 513 + place, "property_name": f"P{place}", "value_ids": [], "values": ["x"]}
        for place in range(properties)
    ]
    products = [
        {
            "sku": "A",
            "property_values": values,
            "offerings": [{"price": price, "quantity": number, "is_enabled": True, "readiness_state_id": READINESS}],
        }
        for number in quantities
    ]
    body = {"products": products} if products else {}
    return lambda known: Request("updateListingInventory", path={"listing_id": known.listing}, json=body)


def _parcel(order: str = "", **body: str) -> Any:
    def ask(known: Known) -> Request:
        path = {"shop_id": known.shop_id, "receipt_id": order or known.american_order}
        return Request("createReceiptShipment", path=path, json=body)

    return ask


def _cancelled_parcel(known: Known) -> Request:
    path = {"shop_id": known.shop_id, "receipt_id": known.cancelled_order}
    return Request("createReceiptShipment", path=path, json={"tracking_code": "600000000001", "carrier_name": "dhl"})


def _etsy_token(**changes: str) -> Any:
    def ask(known: Known) -> Request:
        form = {
            "grant_type": "refresh_token",
            "client_id": known.fields["keystring"],
            "refresh_token": known.fields["refresh_token"],
        }
        return Request("token", form=form | changes)

    return ask


def _etsy_code(**changes: str) -> Any:
    def ask(known: Known) -> Request:
        form = {
            "grant_type": "authorization_code",
            "client_id": known.fields["keystring"],
            "redirect_uri": "http://127.0.0.1:3003/oauth/redirect",
            "code": "stale",
            "code_verifier": "x" * 43,
        }
        return Request("redeemCode", form=form | changes)

    return ask


ETSY: Final = [
    Forced("daily_limit", Throttled, _me, settings={"limit_per_day": 0}),
    Forced("second_limit", Throttled, _me, settings={"limit_per_second": 0}),
    Forced("second_limit", Throttled, _inventory(1), rules=_switch("rate_limited_bare")),
    Forced("server_error", Transient, _me, rules=_broken(500)),
    Forced("server_error", Transient, _etsy_token(), rules=_broken(500)),
    Forced("server_error", Transient, _me, rules=_page(502)),
    Forced("outcome_unknown", OutcomeUnknown, _inventory(1), rules=_broken(500)),
    Forced("outcome_unknown", OutcomeUnknown, _inventory(1), rules=_page(504)),
    Forced("outcome_unknown", OutcomeUnknown, _inventory(1), rules=_page(403)),
    Forced("outcome_unknown", OutcomeUnknown, _inventory(1), rules=_page(302)),
    Forced("unexpected_status", ContractBroken, _me, rules=_page(302)),
    Forced(
        "secret_missing", ReauthRequired, _me,
        headers=lambda signed: signed | {"x-api-key": signed["x-api-key"].partition(":")[0]},
    ),
    Forced("key_unknown", ReauthRequired, _me, headers=lambda signed: signed | {"x-api-key": "unknown:secret"}),
    Forced(
        "key_unknown", ReauthRequired, _me,
        headers=lambda signed: signed | {"x-api-key": signed["x-api-key"] + "x"},
    ),
    Forced("key_unknown", ReauthRequired, _inventory(1), rules=_switch("secret_expired")),
    Forced("key_unknown", ReauthRequired, _me, rules=_switch("dormant_app")),
    Forced("key_unknown", ReauthRequired, _etsy_token(client_id="unknown")),
    Forced("refresh_refused", ReauthRequired, _etsy_token(), rules=_switch("token_revoked")),
    Forced("refresh_refused", ReauthRequired, _etsy_token(refresh_token="1.unknown")),
    Forced("token_refused", ReauthRequired, _etsy_token(grant_type="wish")),
    Forced("code_refused", ReauthRequired, _etsy_code()),
    Forced("consent_refused", ReauthRequired, _etsy_code(code="")),
    Forced("other_shop", ReauthRequired, _listings("7")),
    Forced("token_revoked", TokenExpired, _me, rules=_switch("token_revoked")),
    Forced("token_expired", TokenExpired, _me, headers=lambda signed: signed | {"authorization": "Bearer 1.gone"}),
    Forced("token_expired", TokenExpired, _inventory(1), headers=lambda signed: {"x-api-key": signed["x-api-key"]}),
    Forced("blocked", Transient, _me, rules=_page(403)),
    Forced("not_etsy", ContractBroken, _me, rules=_page(404)),
    Forced("shipment_closed", Rejected, _parcel(), rules=_switch("address_not_allowed")),
    Forced("forbidden", ScopeMissing, _me, rules=_switch("address_not_allowed")),
    Forced("no_shop", Rejected, _shop("7")),
    Forced("order_gone", Gone, _parcel("7")),
    Forced("listing_gone", Gone, lambda _: Request("getListing", path={"listing_id": "7"})),
    Forced(
        "listing_gone", Gone,
        lambda known: Request("getListingsInventoryByListingIds", query={"listing_ids": f"{known.listing},7"}),
    ),
    Forced("all_zero", Rejected, _inventory(0)),
    Forced("number_out_of_range", Rejected, _inventory(1_000)),
    Forced("tracking_required", Rejected, _parcel()),
    Forced("third_variation", Rejected, _inventory(1, properties=3)),
    Forced("price_too_low", Rejected, _inventory(1, price=0.1)),
    Forced("wrong_encoding", Rejected, _inventory()),
    Forced("conflict", Rejected, _cancelled_parcel),
    Forced("refused", Rejected, _listings(state="open")),
    Forced("refused", Rejected, _listings(limit="101")),
]  # fmt: skip
ETSY_UNFORCED: Final = {
    ("secret_wrong", ReauthRequired): "the sandbox says of a wrong secret what it says of a wrong key",
    ("scope_missing", ScopeMissing): "forced in a test of its own: it takes a consent with fewer scopes",
}

# -- Naver --------------------------------------------------------------------------------------------------


def _account(_: Known) -> Request:
    return Request("getSellerAccount")


def _product(number: str) -> Any:
    return lambda _: Request("getOriginProduct", path={"originProductNo": number})


def _numbers(known: Known) -> Request:
    item = {"originProductNo": int(known.listing), "multiUpdateTypes": ["STOCK"], "stockQuantity": 1}
    return Request("multiUpdateProducts", json={"multiProductUpdateRequestVos": [item]})


def _no_numbers(_: Known) -> Request:
    return Request("multiUpdateProducts", json={"multiProductUpdateRequestVos": []})


def _status(number: str, word: str) -> Any:
    return lambda _: Request("changeProductStatus", path={"originProductNo": number}, json={"statusType": word})


def _feed(since: str) -> Any:
    return lambda _: Request("listLastChangedStatuses", query={"lastChangedFrom": since})


def _naver_token(**changes: str) -> Any:
    def ask(known: Known) -> Request:
        form = {
            "client_id": known.fields["client_id"],
            "timestamp": str(known.now_ms),
            "grant_type": "client_credentials",
            "client_secret_sign": "x" * 80,
            "type": "SELF",
        }
        return Request("issueToken", form=form | changes)

    return ask


def _stranger(signed: dict[str, str]) -> dict[str, str]:
    return signed | {"Authorization": "Bearer unknown"}


_GATEWAY: Final = [
    Forced(code, kind, ask, rules=rules)
    for ask, kind in ((_account, Transient), (_numbers, OutcomeUnknown))
    for code, rules in (
        ("gateway", _broken(500)),
        ("maintenance", _broken(503)),
        ("timeout", _broken(504)),
        ("gateway", _page(502)),
        ("server_error", _page(500)),
    )
]
NAVER: Final = [
    *_GATEWAY,
    Forced("path_unknown", ContractBroken, _account, path="/external/v9/nothing"),
    Forced("path_unknown", Rejected, _numbers, path="/external/v9/nothing"),
    Forced("path_unknown", ContractBroken, _account, rules=_page(404)),
    Forced("path_unknown", OutcomeUnknown, _numbers, rules=_page(404)),
    Forced("address_not_allowed", AddressNotAllowed, _account, rules=_switch("address_not_allowed")),
    Forced("address_not_allowed", AddressNotAllowed, _naver_token(), rules=_switch("address_not_allowed")),
    Forced("token_expired", TokenExpired, _account, headers=_stranger),
    Forced("token_expired", TokenExpired, _numbers, rules=_switch("dormant_app")),
    Forced("token_expired", TokenExpired, _account, settings={"missing_group": "판매자정보"}),
    Forced("app_not_entitled", ReauthRequired, _naver_token(), rules=_switch("dormant_app")),
    Forced("rate_limited", Throttled, _account, settings={"burst": 0}),
    Forced("rate_limited", Throttled, _numbers, rules=_switch("rate_limited")),
    Forced("token_quota", Throttled, _naver_token(), settings={"token_penalty": True, "token_issues_per_hour": 0}),
    Forced("secret_wrong", ReauthRequired, _naver_token()),
    Forced("client_id_wrong", ReauthRequired, _naver_token(client_id="unknown")),
    Forced("clock_wrong", ReauthRequired, _naver_token(timestamp="1772445600000")),
    Forced("token_refused", ReauthRequired, _naver_token(type="SELLER")),
    Forced("product_gone", Gone, _product("7")),
    Forced("product_gone", Gone, _status("7", "SUSPENSION")),
    Forced("product_refused", Rejected, _no_numbers),
    Forced("product_refused", Rejected, _product("seven")),
    Forced("bad_parameter", Rejected, _feed("yesterday")),
    Forced("bad_parameter", Rejected, lambda _: Request("confirmProductOrders", json={"productOrderIds": []})),
    Forced("order_gone", Gone, lambda _: Request("listProductOrderIds", path={"orderId": "7"})),
    Forced("group_missing", ScopeMissing, _account, rules=_page(403)),
    Forced("call_refused", ContractBroken, _account, rules=_page(405)),
    Forced("call_refused", Rejected, _numbers, rules=_page(415)),
    Forced("call_refused", Rejected, _account, rules=_page(418)),
]
NAVER_UNFORCED: Final = {
    "order_other": "code 9999: the sandbox fails in the gateway's words only",
    "order_not_yours": "the sandbox has one seller",
    "order_refused": "a code nobody has described",
    "due_date_range": "of an operation we do not use",
    "exchange_state": "the sandbox has no exchanges",
    "hoped_date": "the sandbox has no hoped-for delivery days",
    "store_not_found": "the sandbox has one store, and it is there",
    "store_blocked": "the sandbox has one store, and it is open",
    "circuit": "the sandbox closes for maintenance only",
    "quota": "the sandbox has a quota for tokens only",
    "already_done": "told of an operation we do not use",
    **dict.fromkeys(LINE_REFUSALS, "told per line in an answer of success, see the test of lines"),
}
CASES: Final = {"etsy": ETSY, "naver": NAVER}
NUMBERED: Final = [(channel, number) for channel, cases in CASES.items() for number in range(len(cases))]


@pytest.fixture(scope="session")
def forced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    return {channel: outcomes(channel, cases, tmp_path_factory.mktemp(channel)) for channel, cases in CASES.items()}


def _named(channel: str, number: int) -> str:
    case = CASES[channel][number]
    return f"{channel}.{case.code}-{case.error.__name__}-{number}"


@pytest.mark.parametrize(("channel", "number"), NUMBERED, ids=[_named(*each) for each in NUMBERED])
def test_an_error_answer_becomes_its_row(channel: str, number: int, forced: dict[str, list[Outcome]]) -> None:
    case, outcome = CASES[channel][number], forced[channel][number]
    assert not 200 <= outcome.status < 300, "nothing was refused"
    assert (type(outcome.error), outcome.error.code) == (case.error, f"{channel}.{case.code}")
    assert outcome.problems == []


def test_every_row_of_etsy_s_table_is_forced_or_named() -> None:
    rows = {(row.code.removeprefix("etsy."), row.error) for row in etsy_faults.TABLE}
    met: set[tuple[str, type[ChannelError]]] = {(case.code, case.error) for case in ETSY}
    assert rows == met | set(ETSY_UNFORCED)
    assert not met & set(ETSY_UNFORCED)


def test_every_code_of_naver_s_faults_is_forced_or_named() -> None:
    written = set(re.findall(r'"naver\.([a-z_]+)"', inspect.getsource(naver_faults)))
    composed = {f"{family}_{end}" for family in ("product", "order") for end in ("gone", "refused")} | {"call_refused"}
    met = {case.code for case in NAVER}
    assert written | composed == met | set(NAVER_UNFORCED)
    assert not met & set(NAVER_UNFORCED)
