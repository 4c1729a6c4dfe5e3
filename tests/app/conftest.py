from __future__ import annotations

from tests.shops.rooms import database, open_door, postgres_room, room_url

__all__ = ["database", "open_door", "postgres_room", "room_url"]
