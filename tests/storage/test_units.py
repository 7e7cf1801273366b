"""Units on both kinds of database."""

from __future__ import annotations

from dataclasses import replace

from gateway.accounts.seed_units import ensure_units
from gateway.storage import Storage
from tests.storage.databases import MONDAY, rules


async def test_units_of_rules_are_put_in_once_and_edits_stay(storage: Storage) -> None:
    assert await ensure_units(storage, rules(), "中心", MONDAY) == 1 + 19 + 64
    (before,) = [unit for unit in await storage.units.tree() if unit.id == "14100201"]
    edited = replace(before, phones=("0357-2025100", "13800138000"), verified=True)
    assert await storage.units.keep([edited], "admin", MONDAY) == 1
    assert await storage.units.keep([edited], "admin", MONDAY) == 0
    assert await ensure_units(storage, rules(), "中心", MONDAY) == 0
    assert (await storage.units.tree()).get("14100201") == edited
    history = await storage.units.history("14100201")
    assert [change.who for change in history] == ["admin", ""]
    assert history[0].changes == {
        "phones": (["0357-0000001"], ["0357-2025100", "13800138000"]),
        "verified": (False, True),
    }
