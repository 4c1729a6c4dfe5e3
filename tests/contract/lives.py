"""Whole lives of a hub between its marketplaces, recorded: between them everything in use happens."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import httpx2
from tests.support.oas import at_hand
from tests.support.recording import Recording, disagreements, record
from tests.support.town import START, Town, a_town
from tests.support.trouble import NEWS_STORM, STORM
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.app.bootstrap import open_door
from jangbu.sdk.client import Order
from jangbu.shops import service as shops

OWNER: Final = "person:owner"
CARRIERS: Final = {"etsy": "kpost_ems", "naver": "cj"}
HOUR_S: Final = 3600.0


@contextlib.asynccontextmanager
async def a_recorded_town(home: Path, **more: Any) -> AsyncIterator[tuple[Town, Recording]]:
    """Give a town for a test; at its end everything that went over the wire is held against the descriptions."""
    async with a_town(home, **more) as town:
        recording = record(town)
        yield town, recording
    for channel in town.world.ports:
        description = at_hand(channel)
        if description is not None:
            assert not set(disagreements(description, recording.of(channel)))


async def adapter_of(town: Town, channel: str) -> Any:
    """Build the adapter of a connected shop, as the hub would for a person who waits."""
    shop = town.house.db.read_now(lambda tx: shops.named(tx, channel))
    return open_door(town.house, shop).adapter(Order())


async def ship_all(town: Town) -> None:
    """Ask for a parcel for every order that is paid for."""
    for number, order in enumerate(await ops.order_list(town.house)):
        if all(line["state"] == "paid" for line in order["lines"]):
            await ops.ship_order(
                town.house, order=order["order"], carrier=CARRIERS[order["shop"]], name=order["shop"], actor=OWNER,
                tracking_number=str(600_000_000_000 + number),
            )  # fmt: skip


async def _escrow(town: Town) -> None:
    """Sales, late payments, cancellations of all kinds, parcels, a pause long enough for every token to end."""
    await town.settle_in()
    town.run_world()
    await town.quiet()  # divided is not yet on sale: what was darkened to be divided comes back first
    await _pay_late(town)
    await _change_minds(town)
    await _cancel_what_was_confirmed(town)
    town.world.buyers.configure({"rate": 0.8, "running": True, "cancel_share": 0.2})
    await town.sleep(60)
    town.world.buyers.configure({"running": False})
    await town.quiet()
    await ship_all(town)
    await town.quiet()
    await town.stop_hub()
    await town.sleep(3 * HOUR_S)
    town.start_hub()
    await town.quiet()
    await _consent_again(town)
    whole = (await ops.order_list(town.house, name="naver", open_only=False))[0]["order"]
    assert await (await adapter_of(town, "naver")).read_orders([whole])


async def _consent_again(town: Town) -> None:
    """The owner consents anew: the page is a browser's, the code and the scopes are ours to ask for."""
    shop = await ops.shop_show(town.house, name="etsy")
    typed = {key: town.credentials("etsy")[key] for key in ("keystring", "shared_secret")}
    begun = await ops.connect_begin(
        town.house, channel="etsy", actor=OWNER, redirect=town.world.env()["ETSY_REDIRECT_URI"], name="",
        credentials=typed, shop=shop["id"],
    )  # fmt: skip
    app = httpx2.ASGITransport(town.world.emulators["etsy"].app)
    async with httpx2.AsyncClient(transport=app) as browser:
        back = (await browser.get(begun["address"])).headers["location"]
    renewed = await ops.connect_finish(town.house, channel="etsy", answer=back, actor=OWNER)
    assert renewed["renewed"]
    await town.quiet()


async def _pay_late(town: Town) -> None:
    """Orders that wait for their money; one of them never gets it."""
    etsy, naver = town.world.emulators["etsy"], town.world.emulators["naver"]
    etsy.settings.update({"processing_share": 1.0, "processing_max_s": 40.0})
    for lapses in (0.0, 1.0):
        naver.settings.update({"unpaid_share": 1.0, "unpaid_lapse_share": lapses})
        buy(town, "naver", 1)
    buy(town, "etsy", 1)
    etsy.settings.update({"processing_share": 0.0})
    naver.settings.update({"unpaid_share": 0.0})
    await town.sleep(80)


async def _change_minds(town: Town) -> None:
    """Buyers call off parts and wholes, with and without the units going back on sale."""
    for name, emulator in town.world.emulators.items():
        for quantity, restock in ((1, True), (1, False), (None, True), (None, False)):
            order = buy(town, name, 2)
            await town.sleep(5)
            assert emulator.cancel(order, None, quantity, restock=restock)
    await town.sleep(20)


async def _cancel_what_was_confirmed(town: Town) -> None:
    """A buyer who asks to cancel a confirmed line has to wait for the seller: a claim stands open."""
    order = buy(town, "naver", 1)
    await town.sleep(10)
    line = next(row["line"] for row in town.books()["channels"]["naver"]["orders"] if row["id"] == order)
    await (await adapter_of(town, "naver")).acknowledge([line])
    assert town.world.emulators["naver"].cancel(order, line, None, restock=True)


def buy(town: Town, channel: str, quantity: int) -> str:
    """Buy something of which there is enough; give the order."""
    emulator = town.world.emulators[channel]
    offer = max(emulator.offers(), key=lambda each: each.quantity if each.on_sale else 0)
    order = emulator.buy(offer.offer_id, quantity)
    assert order is not None, f"{channel} has nothing left: the life needs another seed"
    return order


async def _mirror(town: Town) -> None:
    """The same numbers everywhere, and everything sold out at one marketplace."""
    await town.settle_in(policy="mirror")
    town.run_world()
    await town.sleep(30)
    etsy, naver = town.world.emulators["etsy"], town.world.emulators["naver"]
    for offer in etsy.offers()[:3]:
        while etsy.buy(offer.offer_id, 1) is not None:
            pass
    for offer in naver.offers()[-3:]:
        assert naver.buy(offer.offer_id, 1)
    await town.sleep(30)
    await town.quiet()


async def _storm(town: Town) -> None:
    """A rush with every fault at once."""
    await town.settle_in()
    town.run_world()
    once_surely = [{"kind": rule["kind"], "params": rule["params"], "times": 1} for rule in STORM]
    town.world.faults.replace(once_surely + STORM + NEWS_STORM)
    town.world.buyers.configure({"rate": 0.8, "running": True, "cancel_share": 0.1})
    await town.sleep(150)
    await ship_all(town)
    await town.sleep(30)
    town.world.buyers.configure({"running": False})
    hits = {rule["kind"]: rule["hits"] for rule in town.world.faults.listing()}
    assert all(hits[kind] for kind in ("rate_limited", "error_before", "error_after", "truncated", "html")), hits
    town.world.faults.replace([])
    await town.quiet()


LIVES: Final[dict[str, Callable[[Town], Coroutine[Any, Any, None]]]] = {
    "escrow": _escrow,
    "mirror": _mirror,
    "storm": _storm,
}


def lived(name: str, home: Path, seed: int = 5) -> Recording:
    """Play a life to its end and give what went over the wire."""

    async def play() -> Recording:
        async with a_town(home, seed=seed) as town:
            recording = record(town)
            await LIVES[name](town)
            return recording

    return run_virtual(play(), start=START)
