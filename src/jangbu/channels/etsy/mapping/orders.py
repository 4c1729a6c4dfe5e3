"""Receipts to orders, and dispatches to shipments. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.mapping.keys import key, money, offer_key, texts
from jangbu.kernel.clock import from_ms
from jangbu.sdk.records import Dispatch, LineState, OrderLine, Parcel, Person, RemoteOrder

_STATES: Final = {
    "payment processing": LineState.UNPAID,
    "open": LineState.UNPAID,
    "paid": LineState.PAID,
    "completed": LineState.SHIPPED,
    "canceled": LineState.CANCELLED,
    "fully refunded": LineState.REFUNDED,
    "partially refunded": LineState.PAID,
}

_PERSONALISATION: Final = 54  # the property Etsy reports a buyer's own words under

# Etsy names Korea Post's own service kpost and its EMS korea-post; Korean couriers it does not know at all.
_CARRIERS: Final = {
    "epost": "kpost",
    "kpost_registered": "kpost",
    "kpost_ems": "korea-post",
    "dhl": "dhl",
    "fedex": "fedex",
    "ups": "ups",
    "usps": "usps",
    "tnt": "tnt",
    "japan_post": "japan-post",
    "yamato": "taqbin-jp",
    "sagawa": "sagawa",
    "royal_mail": "royal-mail",
    "canada_post": "canada-post",
    "australia_post": "australia-post",
    "sf_express": "sf-express",
}
_OTHER: Final = "other"  # keeps the tracking code of a carrier Etsy does not know

_US_LIMIT: Final = Decimal(10)  # US dollars


def line_state(status: str | None, *, is_paid: bool, is_shipped: bool) -> LineState:
    """Read the state all lines of a receipt share; letter case varies on the wire."""
    state = _STATES.get((status or "").strip().lower(), LineState.UNKNOWN)
    if is_shipped and state in {LineState.UNPAID, LineState.PAID}:
        return LineState.SHIPPED
    if is_paid and state is LineState.UNPAID:
        return LineState.PAID
    return state


def remote_order(receipt: wire.Receipt) -> RemoteOrder:
    """Read a receipt with its transactions."""
    state = line_state(receipt.status, is_paid=bool(receipt.is_paid), is_shipped=bool(receipt.is_shipped))
    parcels = tuple(_parcel(shipment) for shipment in receipt.shipments or ())
    return RemoteOrder(
        remote_id=str(receipt.receipt_id),
        placed_at=_moment(receipt.created_timestamp),
        updated_at=_moment(receipt.updated_timestamp),
        lines=tuple(_line(line, receipt, state, parcels) for line in receipt.transactions or ()),
        total=money(receipt.grandtotal),
        ship_to=_person(receipt),
        extra=_extra(receipt),
    )


def carrier_name(word: str) -> str:
    """Give Etsy's code for one of the hub's carrier words."""
    return _CARRIERS.get(word, _OTHER)


def has_tracking(receipt: wire.Receipt, tracking_number: str) -> bool:
    """Tell whether this number was handed over before; with no number, whether it is marked as shipped."""
    if not tracking_number.strip():
        return bool(receipt.is_shipped)
    wanted = _bare(tracking_number)
    return any(_bare(shipment.tracking_code or "") == wanted for shipment in receipt.shipments or ())


def shipment_body(dispatch: Dispatch) -> dict[str, Any]:
    """Make the body that hands tracking over. An empty number only marks the receipt as shipped."""
    body = {"ship_date": dispatch.shipped_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if dispatch.tracking_number.strip():
        body |= {
            "tracking_code": dispatch.tracking_number.strip(),
            "carrier_name": carrier_name(dispatch.carrier),
        }
    return body


def shipment_refusal(receipt: wire.Receipt, dispatch: Dispatch, ship_from: str) -> str:
    """Tell why Etsy would refuse this shipment ("" = no reason known), so that nothing is sent.

    `ship_from` is the shop's country; "" = not known, and then the rule for parcels inside the US is applied.
    """
    if (receipt.status or "").strip().lower() == "canceled":
        return "etsy.order_cancelled"
    if dispatch.tracking_number.strip() and dispatch.carrier:
        return ""
    return "etsy.tracking_required" if _needs_tracking(receipt, ship_from) else ""


def _needs_tracking(receipt: wire.Receipt, ship_from: str) -> bool:
    match (receipt.country_iso or "").upper():
        case "IN":
            return True
        case "US" if ship_from.upper() in {"", "US"}:
            total = money(receipt.grandtotal)
            return total.currency == "USD" and total.to_decimal() > _US_LIMIT
        case _:
            return False


def _line(line: wire.Transaction, receipt: wire.Receipt, state: LineState, parcels: tuple[Parcel, ...]) -> OrderLine:
    return OrderLine(
        remote_id=str(line.transaction_id),
        listing_id=str(line.listing_id) if line.listing_id else "",
        offer_key=_offer_key(line),
        sku=line.sku or "",
        title=line.title or "",
        options=_options(line),
        quantity=line.quantity,
        remaining=line.quantity,  # a partial refund does not name the lines it is for
        state=state,
        raw_state=receipt.status or "",
        lowered_at=_moment(receipt.created_timestamp),
        price=money(line.price),
        parcels=parcels,
        personalisation="\n".join(each.formatted_value or "" for each in _typed(line)),
        ship_by=_moment(line.expected_ship_date) if line.expected_ship_date else None,
    )


def _offer_key(line: wire.Transaction) -> str:
    if not line.listing_id:
        return ""
    if line.product_data:
        return offer_key(line.listing_id, line.product_data)
    chosen = [(each.property_id or 0, [each.formatted_value or ""]) for each in _chosen(line)]
    return key(line.listing_id, chosen)


def _options(line: wire.Transaction) -> str:
    pairs = [(each.formatted_name, each.formatted_value or "") for each in _chosen(line)] or [
        (value.property_name, ", ".join(texts(value))) for value in line.product_data or ()
    ]
    return ", ".join(f"{name}: {value}" if name else value for name, value in pairs)


def _chosen(line: wire.Transaction) -> list[wire.Variation]:
    return [each for each in line.variations or () if not _is_typed(each)]


def _typed(line: wire.Transaction) -> list[wire.Variation]:
    return [each for each in line.variations or () if _is_typed(each)]


def _is_typed(variation: wire.Variation) -> bool:
    return variation.property_id == _PERSONALISATION or variation.question_id is not None


def _parcel(shipment: wire.Shipment) -> Parcel:
    told = shipment.shipment_notification_timestamp
    return Parcel(shipment.carrier_name or "", shipment.tracking_code or "", _moment(told) if told else None)


def _person(receipt: wire.Receipt) -> Person:
    words = [receipt.message_from_buyer, receipt.gift_message]
    return Person(
        name=receipt.name or "",
        country=receipt.country_iso or "",
        zip_code=receipt.zip or "",
        region=receipt.state or "",
        city=receipt.city or "",
        line_1=receipt.first_line or "",
        line_2=receipt.second_line or "",
        message="\n".join(word for word in words if word),
    )


def _extra(receipt: wire.Receipt) -> dict[str, str]:
    extra = {"status": receipt.status or "", "payment_method": receipt.payment_method or ""}
    if receipt.is_gift:
        extra["gift"] = "yes"
    if not receipt.first_line and not receipt.formatted_address:
        extra["address_withheld"] = "yes"  # Etsy shows addresses in some regions to chosen partners only
    return {name: value for name, value in extra.items() if value}


def _moment(seconds: int) -> datetime:
    return from_ms(seconds * 1000)


def _bare(tracking_number: str) -> str:
    return "".join(letter for letter in tracking_number if letter.isalnum()).upper()
