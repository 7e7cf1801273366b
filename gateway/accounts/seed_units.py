"""The units that the lists of rules/ name, put into the database where it has none of that id."""

from __future__ import annotations

from datetime import datetime

from gateway.core.item.deadlines import Rules
from gateway.core.unit import units_of
from gateway.storage import Storage


async def ensure_units(storage: Storage, rules: Rules, centre: str, now: datetime) -> int:
    """How many were put in. `centre` is the centre's name. Raises StorageDown."""
    return await storage.units.ensure(units_of(centre, rules.divisions, rules.stations), now)
