"""Everything that goes wrong out there at once, as rules for the sandbox; and what a test asks of the end."""

from __future__ import annotations

from typing import Any

from tests.support.town import Town

from jangbu.app import promises

_STORM: list[tuple[str, float, dict[str, float]]] = [
    ("rate_limited", 0.01, {}),
    ("rate_limited_bare", 0.005, {}),
    ("error_before", 0.02, {}),
    ("error_after", 0.015, {}),
    ("timeout_before", 0.004, {}),
    ("timeout_after", 0.004, {}),
    ("late", 0.004, {"delay_s": 24}),  # within the timeout plus D of these worlds
    ("reset_before", 0.01, {}),
    ("reset_after", 0.01, {}),
    ("truncated", 0.01, {}),
    ("bad_json", 0.005, {}),
    ("html", 0.01, {}),
    ("slow", 0.02, {"delay_s": 3}),
]
STORM: list[dict[str, Any]] = [
    {"kind": kind, "operation": "*", "probability": probability, "params": params}
    for kind, probability, params in _STORM
]
NEWS_STORM: list[dict[str, Any]] = [
    {"kind": "lost", "probability": 0.15},
    {"kind": "duplicate", "probability": 0.15},
    {"kind": "delayed", "probability": 0.1},
    {"kind": "out_of_order", "probability": 0.1},
]


async def rush(town: Town, seconds: float, rate: float = 0.8) -> None:
    """Let buyers come in a storm, then let everything come to rest."""
    town.world.faults.replace(STORM + NEWS_STORM)
    town.world.buyers.configure({"rate": rate, "running": True, "cancel_share": 0.08})
    await town.sleep(seconds)
    town.world.buyers.configure({"running": False})
    town.world.faults.replace([])


async def assert_promises_held(town: Town) -> None:
    """Hold the marketplaces' own books against ours, and what stands for sale against what is left."""
    books = town.books()
    verdict = promises.compare(town.house, books)
    assert not verdict.problems, "\n".join(verdict.problems)
    assert books["oversold"] == {}
    assert verdict.orders > 10, "nobody came: the world proves nothing"
    left = physically_left(books)
    for sku, shown in shown_by_sku(books).items():
        assert shown <= left[sku], f"{sku}: {shown} stand for sale, {left[sku]} are left"


def physically_left(books: dict[str, Any]) -> dict[str, int]:
    """Give what lies on the shelf and is owed to nobody, by the marketplaces' books."""
    sold = [channel["sold"] for channel in books["channels"].values()]
    return {sku: units - sum(each.get(sku, 0) for each in sold) for sku, units in books["physical"].items()}


def shown_by_sku(books: dict[str, Any]) -> dict[str, int]:
    """Add up what buyers can buy now, over all marketplaces."""
    shown: dict[str, int] = {}
    for channel in books["channels"].values():
        for offer in channel["numbers"].values():
            if offer["on_sale"]:
                shown[offer["sku"]] = shown.get(offer["sku"], 0) + offer["quantity"]
    return shown
