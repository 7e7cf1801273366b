"""Keeping units up to date: their fields, and which accounts belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.accounts.accounts import Accounts
from gateway.core.roles import OF_UNITS
from gateway.core.unit import Tree, Unit, UnitKind, place_fault
from gateway.core.unit_fields import faults_of, place_by_id, spelled
from gateway.errors import BadContact, Conflict, FieldFault, NotFound
from gateway.storage import Storage
from gateway.storage.accounts import AccountRow
from gateway.storage.units import UnitChange


@dataclass(frozen=True, slots=True)
class UnitWhole:
    """A unit, who belongs to it, and what was changed on it, the newest first."""

    unit: Unit
    people: tuple[AccountRow, ...]
    history: tuple[UnitChange, ...]


class UnitDesk:
    """Every method raises StorageDown."""

    def __init__(self, storage: Storage, accounts: Accounts, now: Callable[[], datetime]) -> None:
        self._units = storage.units
        self._accounts = accounts
        self._now = now

    async def tree(self) -> Tree:
        return await self._units.tree()

    async def people(self) -> tuple[AccountRow, ...]:
        """Everybody who belongs to a unit."""
        return tuple(row for row in await self._accounts.list() if row.role in OF_UNITS)

    async def whole(self, id: str) -> UnitWhole:
        """Raises NotFound."""
        people = tuple(row for row in await self.people() if row.unit == id)
        return UnitWhole(await self._get(id), people, await self._units.history(id))

    async def change(self, id: str, values: Mapping[str, Any], who: str) -> UnitWhole:
        """Fields that are not among the `values` stay. Raises NotFound, BadContact."""
        unit = spelled(replace(await self._get(id), **values))
        _check(unit)
        await self._units.keep([unit], who, self._now())
        return await self.whole(id)

    async def add(self, id: str, zh: str, who: str) -> UnitWhole:
        """A new unit, whose kind and place follow from its id. Raises BadContact, Conflict."""
        tree = await self._units.tree()
        if id in tree:
            raise Conflict(f"已有单位 {id} / there is a unit {id} already")
        kind, parent = place_by_id(id)
        unit = spelled(Unit(id, parent, kind, zh))
        if fault := place_fault(unit, tree):
            raise BadContact(replace(fault, field="id"))
        _check(unit)
        await self._units.keep([unit], who, self._now())
        return await self.whole(id)

    async def take_in(self, id: str, account: str) -> UnitWhole:
        """An account of a handler or unit leader belongs to this unit from now on, and is signed out.

        Raises NotFound, BadContact.
        """
        unit = await self._get(id)
        row = next((row for row in await self.people() if row.id == account), None)
        if row is None:
            raise BadContact(FieldFault("account", "没有这个承办人账号", "there is no such handler"))
        if unit.kind is UnitKind.CENTRE or not unit.active:
            raise BadContact(FieldFault("account", "不能归属该单位", "nobody can belong to this unit"))
        await self._accounts.move(account, id)
        return await self.whole(id)

    async def _get(self, id: str) -> Unit:
        unit = (await self._units.tree()).get(id)
        if unit is None:
            raise NotFound
        return unit


def _check(unit: Unit) -> None:
    if faults := tuple(faults_of(unit)):
        raise BadContact(*faults)
