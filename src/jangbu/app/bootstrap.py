"""All wiring in one place: settings in, a house with its doors out. Owns no decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jangbu.app.calls import CallLog
from jangbu.infra import plugins
from jangbu.infra.budget import SharedBudget, prepare
from jangbu.infra.db import Database
from jangbu.infra.settings import Settings
from jangbu.infra.vault import Vault, load_master_key
from jangbu.kernel.clock import Clock, LoopClock
from jangbu.kernel.ids import ShopId
from jangbu.orders.service import ShopView
from jangbu.people import service as people
from jangbu.people.passwords import Passwords
from jangbu.sdk.adapter import Auth, Grant
from jangbu.sdk.budget import Budget, MemoryBudget
from jangbu.sdk.client import Order
from jangbu.sdk.http import HTTPClient
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.tokens import MemoryTokens
from jangbu.shops import service as shops
from jangbu.shops.model import Shop


@dataclass
class House:
    """Everything a shell needs. Make it with `open_house`, end it with `close`."""

    settings: Settings
    db: Database
    limits: Database
    vault: Vault
    manifests: Mapping[str, Manifest]
    clock: Clock
    budget: Budget
    calls: CallLog
    passwords: Passwords = field(default_factory=Passwords)
    transport: Any = None  # tests and simulations put the marketplaces in this process
    doors: dict[ShopId, ShopDoor] = field(default_factory=dict)  # one way out a shop, shared by all who use it

    def api_url(self, channel: str) -> str:
        """Give the marketplace's address by settings (a shop may carry its own)."""
        configured = getattr(self.settings, f"{channel}_api_url", "")
        return str(configured or self.manifests[channel].api_url)

    def auth_url(self, channel: str) -> str:
        """Give the address of its consent page."""
        configured = getattr(self.settings, f"{channel}_auth_url", "")
        return str(configured or self.manifests[channel].auth_url)

    def adopt_choices(self) -> None:
        """Speak the language and count the days of the zone chosen at the set-up, where no setting says another."""
        chosen = self.db.read_now(people.choices)
        given = {"language": chosen.language, "time_zone": chosen.zone}
        wanted = {k: v for k, v in given.items() if v and self.settings.origins.get(k, "default") == "default"}
        self.settings = replace(self.settings, **wanted)  # type: ignore[arg-type]

    async def close(self) -> None:
        """Write what is left, end all connections."""
        for door in list(self.doors.values()):
            await door.client.aclose()
        await self.calls.flush()
        self.limits.close()
        self.db.close()


def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: Any = None,  # noqa: ANN401 - httpx2's transport, whose door is elsewhere
    inline: bool = False,
    synchronous: str = "FULL",
) -> House:
    """Open databases (brought to this version's tables), vault and budget.

    Errors: ConfigError naming the setting that is wrong.
    """
    clock = clock or LoopClock()
    db = Database.open(settings.database_url, inline=inline, synchronous=synchronous)
    db.upgrade()
    limits = db if db.kind == "postgresql" else Database.open(
        f"sqlite:///{_beside(settings)}", inline=inline, synchronous="NORMAL"
    )  # fmt: skip
    budget = _budget(limits, clock, alone=inline)
    manifests = plugins.channels()
    vault = Vault(load_master_key(settings))
    house = House(settings, db, limits, vault, manifests, clock, budget, CallLog(db), transport=transport)
    house.adopt_choices()
    return house


def _budget(limits: Database, clock: Clock, *, alone: bool) -> Budget:
    """Count calls in shared rows; alone on PostgreSQL in memory, for rows there go by the server's clock, not ours."""
    if alone and limits.kind == "postgresql":
        return MemoryBudget(clock)
    prepare(limits)
    return SharedBudget(limits, clock)


def _beside(settings: Settings) -> Path:
    return settings.home / "limits.sqlite3"


class ShopDoor:
    """The way out to one shop: its client, its tokens, its adapter at any priority."""

    def __init__(
        self,
        house: House,
        manifest: Manifest,
        grant: Grant,
        *,
        key: str,
        api_url: str,
        egress: str = "direct",
        options: Mapping[str, str] | None = None,
        keep: Callable[[Grant], Any] | None = None,
    ) -> None:
        """Open nothing yet. `keep(grant)` is awaited before a renewed grant is first used."""
        auth: Auth = manifest.auth()
        self.users = 1
        self.options = dict(options or {})
        self._forget: Callable[[ShopDoor], object] = lambda _door: None
        self._manifest = manifest
        self.client = HTTPClient(
            manifest,
            base_url=api_url,
            shop_key=key,
            budget=house.budget,
            clock=house.clock,
            app_key=auth.app_key(grant.fields),
            options=dict(options or {}),
            transport=house.transport,
            proxy=None if egress == "direct" else egress,
            on_call=house.calls.add,
        )
        self.tokens = MemoryTokens(auth, self.client.bare(), grant, house.clock, keep)
        self.client.use_tokens(self.tokens)

    def adapter(self, order: Order) -> Any:  # noqa: ANN401 - the channel's own type
        """Build the adapter around a client whose calls are treated as `order` says."""
        return self._manifest.adapter(self.client.at(order))

    def forgotten_by(self, forget: Callable[[ShopDoor], object]) -> None:
        """Take who is to be told when its last user has closed it."""
        self._forget = forget

    async def close(self) -> None:
        """End its connections, when nobody else uses it."""
        self.users -= 1
        if self.users > 0:
            return
        self._forget(self)
        await self.client.aclose()


def open_door(house: House, shop: Shop) -> ShopDoor:
    """Open the way to a connected shop, with the credential from the vault; close it when done.

    All users in this process share one: a credential whose refresh rotates must never be renewed by two.
    """
    found = house.doors.get(shop.id)
    if found is not None and found.options == dict(shop.options):
        found.users += 1
        return found
    grant = house.db.read_now(lambda tx: shops.open_grant(tx, house.vault, shop.id))

    async def keep(new: Grant) -> None:
        now = house.clock.now()
        await house.db.write(lambda tx: shops.keep_grant(tx, house.vault, shop.id, new, now))

    door = ShopDoor(
        house,
        house.manifests[shop.channel],
        grant,
        key=shop.id,
        api_url=shop.api_url,
        egress=shop.egress,
        options=shop.options,
        keep=keep,
    )
    house.doors[shop.id] = door
    door.forgotten_by(lambda gone: house.doors.pop(shop.id, None) if house.doors.get(shop.id) is gone else None)
    return door


def view_of(house: House, shop: Shop) -> ShopView:
    """Give what taking in a shop's orders needs to know of it."""
    key = house.db.read_now(lambda tx: shops.data_key(tx, shop.id))
    return ShopView(
        shop.id,
        house.manifests[shop.channel].line_effects,
        shop.created_at,
        lambda context, clear: house.vault.seal(key, clear, context),
    )
