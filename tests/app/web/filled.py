"""A house with two shops and a seller's ordinary day in it, made through the rooms' own services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from jangbu.app.bootstrap import House, open_house, view_of
from jangbu.catalog import photos
from jangbu.catalog import service as catalog
from jangbu.catalog.photos import Wanted
from jangbu.infra.db import WriteTx
from jangbu.infra.pictures import look_at
from jangbu.infra.settings import Settings
from jangbu.intake import service as intake
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import AddressNotAllowed
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money
from jangbu.orders import service as orders
from jangbu.orders.service import ShopView
from jangbu.people import service as people
from jangbu.people.model import Choices
from jangbu.people.passwords import Passwords
from jangbu.publish import service as publish
from jangbu.sandbox.core.pictures import path_of, picture_at
from jangbu.sdk.adapter import Grant
from jangbu.sdk.records import (
    LineState,
    Listing,
    ListingRef,
    ListingState,
    NumbersRead,
    Offer,
    OrderLine,
    Person,
    RemoteOrder,
    ShopProfile,
)
from jangbu.shops import service as shops
from jangbu.shops.model import Shop
from jangbu.shops.service import NewShop

NOW = datetime(2026, 3, 4, 5, 32, tzinfo=UTC)  # 14:32 in Seoul
WEBHOOK_SECRET = "whsec_amFuZ2J1LXdlYi10ZXN0LWtleS0wMDAwMDAwMDAwMDE="
SETTLE = timedelta(minutes=2)
ETSY_REMOTE_ID = "41230987"
BUYER = Person(name="Buyer 17", phone="010-0000-0017", country="KR", city="Sampleville", line_1="1 Sample Street")

Goods = tuple[str, str, str, str, int]  # SKU, English and Korean title, colour, units on the shelf

GOODS: tuple[Goods, ...] = (
    ("MUG-BLUE", "Hand-thrown mug, speckled glaze", "물레 머그컵 · 점박이 유약", "파랑", 12),
    ("MUG-WHITE", "Hand-thrown mug, speckled glaze", "물레 머그컵 · 점박이 유약", "하양", 7),
    ("BOWL-RICE-S", "Rice bowl with lid, small", "뚜껑 밥그릇 소", "", 9),
    ("BOWL-RICE-L", "Rice bowl with lid, large", "뚜껑 밥그릇 대", "", 4),
    ("PLATE-MOON-21", "Moon plate 21 cm, white porcelain", "백자 달접시 21cm", "", 3),
    ("PLATE-MOON-27", "Moon plate 27 cm, white porcelain", "백자 달접시 27cm", "", 6),
    ("NORIGAE-RED", "Norigae charm, knotted silk", "명주 매듭 노리개", "다홍", 2),
    ("NORIGAE-INDIGO", "Norigae charm, knotted silk", "명주 매듭 노리개", "쪽빛", 5),
    ("POUCH-JOGAKBO", "Patchwork pouch, ramie", "모시 조각보 파우치", "", 8),
    ("SPOON-SET-2", "Brass spoon and chopsticks, set of two", "방짜유기 수저 2벌 세트", "", 10),
    ("CANDLE-PINE", "Soy candle, pine forest", "소이캔들 솔숲", "", 15),
    ("STONE-HOLDER", "Chopstick rests, river stone, four", "강돌 수저받침 4개입", "", 0),
)


class FixedClock:
    """A clock a test moves by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def pass_by(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


def open_empty(
    home: Path, *, clock: FixedClock | None = None, inline: bool = True, database_url: str = "", owner: str = "owner"
) -> House:
    """Open a Korean seller's house without shops; its owner comes in by link, or is not there yet when nameless."""
    env = {"HOME": str(home), "JANGBU_HOME": str(home), "JANGBU_PROFILE": "dev", "JANGBU_LANGUAGE": "ko"}
    env |= {"JANGBU_DATABASE_URL": database_url} if database_url else {}
    house = open_house(Settings.load(env, home), clock=clock or FixedClock(), inline=inline, synchronous="OFF")
    house.passwords = Passwords(turns=1, memory_kib=64)
    if owner:
        chosen = Choices("ko", "Asia/Seoul", "KRW")
        house.db.write_now(lambda tx: people.set_up(tx, owner, "공방 주인", chosen, "", NOW))
    return house


def add_etsy(
    house: House, *, secret: str = WEBHOOK_SECRET, name: str = "Etsy 공방", remote_id: str = ETSY_REMOTE_ID
) -> Shop:
    """Connect an Etsy shop that signs its deliveries."""
    fields = {
        "keystring": f"key{remote_id}", "shared_secret": "sample-shared-secret",
        "refresh_token": f"{remote_id}.sample-refresh", "webhook_secret": secret,
    }  # fmt: skip
    return _add(house, "etsy", name, fields, ShopProfile(remote_id, "HanbitCeramics", "USD"))


def add_naver(house: House) -> Shop:
    """Connect a SmartStore."""
    fields = {"client_id": "sampleclient", "client_secret": "$2a$04$abcdefghijklmnopqrstuu"}
    return _add(house, "naver", "스마트스토어", fields, ShopProfile("ncp_1nhanbit_01", "한빛공방", "KRW"))


def _add(house: House, channel: str, name: str, fields: dict[str, str], profile: ShopProfile) -> Shop:
    new = NewShop(channel, name, fields, house.api_url(channel), house.auth_url(channel))
    manifest, at = house.manifests[channel], house.clock.now() - timedelta(days=20)
    return house.db.write_now(
        lambda tx: shops.add(tx, house.vault, manifest, new, profile, Grant(fields, version=1), at)
    )

UNCODED = (
    ("Moonlit porcelain cup, hand-painted", "Quilted linen pouch, set of 3"),
    ("[수제] 달빛 백자 찻잔", "누비 린넨 파우치"),
)


def fill(house: House, *, extra: int = 0) -> tuple[Shop, Shop]:
    """Put a day's trade in: twelve SKUs (and `extra` more), orders, changes at the shops, one shop in trouble."""
    both = (add_etsy(house), add_naver(house))
    more: list[Goods] = [
        (f"BEAD-{n:04}", f"Glass bead no. {n}", f"유리 구슬 {n}번", "", 3 + n % 7) for n in range(extra)
    ]
    goods, at = [*GOODS, *more], house.clock.now() - timedelta(hours=6)
    views = [(shop, view_of(house, shop)) for shop in both]
    house.db.write_now(lambda tx: _stock_up(tx, both, goods, at))
    house.db.write_now(lambda tx: _look(tx, house, both, goods, at))
    house.db.write_now(lambda tx: _sell(tx, house, views, at + timedelta(hours=1)))
    for shop in both:
        _publish(house, shop.id, at + timedelta(hours=2))
    _trouble(house, both[1])
    return both


def add_uncoded(house: House, both: tuple[Shop, Shop]) -> None:
    """Add goods without codes to both shops, with pictures seen already."""
    at = house.clock.now() - timedelta(hours=1)
    drawn = (picture_at(path_of(key, "etsy")) for key in ("FAN", "MOON"))
    pictures = [look_at(picture) for picture in drawn if picture]
    colours = (("Celadon", "청자"), ("Navy", "남색"), ("Red", "빨강"))

    def write(tx: WriteTx) -> None:
        for n, (shop, titles) in enumerate(zip(both, UNCODED, strict=True)):
            for place, title in enumerate(titles):
                ref = ListingRef(f"77{place}", "listing" if n == 0 else "options")
                keys = [f"{ref.remote_id}/{c}" for c in range(3 if place == 0 else 1)]
                price = Money(2400 + 900 * place, "USD") if n == 0 else Money(31_000 + 12_000 * place, "KRW")
                offers = tuple(
                    Offer(key, key, "", ((("Glaze", "유약")[n], colours[c][n]),) if place == 0 else (), price, 4,
                          enabled=True)
                    for c, key in enumerate(keys)
                )  # fmt: skip
                catalog.take_listings(
                    tx, shop.id,
                    [Listing(ref, title, ListingState.ON_SALE, "active", offers, pictures=(f"https://p/{place}",))], at,
                )  # fmt: skip
                seen = pictures[place % 2]
                photos.seen(tx, Wanted(shop.id, ref.remote_id, 0, f"https://p/{place}"), seen.hashes, seen.small)

    house.db.write_now(write)


def _stock_up(tx: WriteTx, both: tuple[Shop, Shop], goods: list[Goods], at: datetime) -> None:
    for shop in both:
        catalog.take_listings(tx, shop.id, [_listing(shop, each, n) for n, each in enumerate(goods)], at)
    catalog.link_by_code(tx, at, actor="person:owner")
    publish.sync_cells(tx)
    for sku, _, _, _, quantity in goods:
        if quantity:
            why = Why("person:owner", f"count:{sku}", "stock.count")
            inventory.count(tx, catalog.variant_of(tx, sku).id, quantity, why, at)
    for shop in both:
        shops.start(tx, shop.name, at, actor="person:owner")


def _look(tx: WriteTx, house: House, both: tuple[Shop, Shop], goods: list[Goods], at: datetime) -> None:
    complete = to_ms(at + timedelta(minutes=5))
    for shop in both:
        for n, each in enumerate(goods):
            publish.take_read(tx, shop.id, _numbers(shop, each, n, at), at, at + timedelta(seconds=1))
        orders.put_horizon(tx, shop.id, complete, complete)
        shops.set_heard(tx, shop.id, house.clock.now() - timedelta(seconds=12))
    publish.fold_news(tx, house.manifests)


def _sell(tx: WriteTx, house: House, views: list[tuple[Shop, ShopView]], at: datetime) -> None:
    for shop, view in views:
        found = [_order(shop, n, house.clock.now()) for n in range(7)]
        intake.take_orders(tx, view, found, at, at + timedelta(seconds=1), "poll")
    publish.fold_news(tx, house.manifests)


def _trouble(house: House, shop: Shop) -> None:
    at = house.clock.now() - timedelta(minutes=9)
    error = AddressNotAllowed(
        "sample", operation="getChangedOrders", status=403, remote_code="GW.IP_NOT_ALLOWED", request_id="req-5f2c"
    )
    house.db.write_now(lambda tx: shops.trouble(tx, shop.id, error, at, stops=True))


def _publish(house: House, shop: ShopId, at: datetime) -> None:
    """Send what the planner wants, and see it settled, but for the last two."""

    def write(tx: WriteTx) -> None:
        for number, (planned, info, component) in enumerate(publish.ranked(tx, house.manifests, shop, at)[:7]):
            now = at + timedelta(minutes=number)
            intent = publish.journal_intent(tx, planned, info, component, now)
            if intent is None or not publish.journal_sending(tx, shop, intent, now, SETTLE) or number >= 5:
                continue
            row = publish.write_row(tx, shop, intent.write_id)
            assert row is not None
            seen = NumbersRead(intent.ref, ListingState.ON_SALE, intent.numbers, now)
            if intent.act == "off":
                seen = NumbersRead(intent.ref, ListingState.OFF_SALE, intent.numbers, now)
            publish.settle_applied(tx, shop, row, seen, now, now + timedelta(seconds=2))
        publish.fold_news(tx, house.manifests)
        publish.ranked(tx, house.manifests, shop, at + timedelta(minutes=30))

    house.db.write_now(write)


def _key(shop: Shop, n: int) -> str:
    return f"{1_480_000_000 + n}" if shop.channel == "etsy" else f"{9_100_000_000 + n}"


def _listing(shop: Shop, goods: Goods, n: int) -> Listing:
    sku, english, korean, option, quantity = goods
    title = english if shop.channel == "etsy" else korean
    options = (("색상", option),) if option else ()
    price = Money(2400 + 100 * n, "USD") if shop.channel == "etsy" else Money(28_000 + 1000 * n, "KRW")
    key = _key(shop, n)
    offer = Offer(key, key, sku, options, price, quantity, enabled=True)
    return Listing(ListingRef(key, _write_kind(shop)), title, ListingState.ON_SALE, "active", (offer,))


def _write_kind(shop: Shop) -> str:
    return "listing" if shop.channel == "etsy" else "simple"


def _numbers(shop: Shop, goods: Goods, n: int, at: datetime) -> NumbersRead:
    """Show half of the stock at each shop, and all of two SKUs at both."""
    half = goods[4] // 2 if shop.channel == "etsy" else goods[4] - goods[4] // 2
    shown = goods[4] if goods[0] in {"BOWL-RICE-L", "SPOON-SET-2"} else half
    return NumbersRead(ListingRef(_key(shop, n), _write_kind(shop)), ListingState.ON_SALE, {_key(shop, n): shown}, at)


def _order(shop: Shop, n: int, now: datetime) -> RemoteOrder:
    number = f"{3_512_009_900 + n}" if shop.channel == "etsy" else f"20260304{41_230_000 + n}"
    placed = now - timedelta(hours=5, minutes=11 * n)
    sku, english, korean, option, _ = GOODS[n]
    title = english if shop.channel == "etsy" else korean
    line = OrderLine(
        f"{number}-1", _key(shop, n), _key(shop, n), sku, title, option,
        1 + n % 2, 1 + n % 2, LineState.PAID, "paid", placed, Money(2400, shop.currency),
        acknowledged=shop.channel == "etsy" or n > 2, personalisation="for Buyer 17",
        ship_by=now + timedelta(hours=(-20, 3, 8, 30, 50, 75, 120)[n]),
    )  # fmt: skip
    return RemoteOrder(number, placed, placed, (line,), Money(2400, shop.currency), ship_to=BUYER)
