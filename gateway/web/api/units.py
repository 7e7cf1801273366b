"""The units that handle orders: everybody who works with orders sees them, an administrator edits them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.core.unit import Tree, Unit
from gateway.errors import Conflict, NotFound, StorageDown
from gateway.web.api import unit_models as models
from gateway.web.http.route import Answer, ApiRequest, Route

UNITS = "/api/v1/units"


class Person(Protocol):
    """An account, as far as it is shown."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def locked_at(self) -> datetime | None: ...


class Whole(Protocol):
    """A unit with people and history."""

    @property
    def unit(self) -> Unit: ...
    @property
    def people(self) -> Sequence[Person]: ...
    @property
    def history(self) -> Sequence[Any]: ...


class UnitDesk(Protocol):
    """gateway/accounts/unit_desk.py."""

    async def tree(self) -> Tree: ...

    async def people(self) -> Sequence[Person]: ...

    async def whole(self, id: str) -> Whole: ...

    async def change(self, id: str, values: Mapping[str, Any], who: str) -> Whole: ...

    async def add(self, id: str, zh: str, who: str) -> Whole: ...

    async def take_in(self, id: str, account: str) -> Whole: ...


class UnitsApi:
    """End points of units."""

    def __init__(self, desk: UnitDesk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", UNITS, "units", "承办单位", "Units that handle orders", self.units),
                {200: models.UnitsGiven},
                right=Right.SEE_UNITS,
                refuses=(StorageDown,),
            ),
            Route(
                *("POST", UNITS, "add_unit", "新增承办单位", "A new unit that handles orders", self.add),
                {201: models.UnitWholeShown},
                right=Right.EDIT_UNITS,
                body=models.NewUnit,
                refuses=(Conflict, StorageDown),
            ),
            Route(
                *("GET", "/api/v1/unit-people", "unit_people", "承办单位的人员"),
                *("Everybody who belongs to a unit", self.people),
                {200: models.UnitPeople},
                right=Right.EDIT_UNITS,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", f"{UNITS}/{{id}}", "unit", "一个承办单位：人员和修改记录"),
                *("One unit with its people and its history", self.whole),
                {200: models.UnitWholeShown},
                right=Right.EDIT_UNITS,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("PUT", f"{UNITS}/{{id}}", "change_unit", "修改承办单位；未给出的字段不变"),
                *("Change a unit; fields that are not given stay", self.change),
                {200: models.UnitWholeShown},
                right=Right.EDIT_UNITS,
                body=models.UnitBody,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("POST", f"{UNITS}/{{id}}/people", "take_into_unit", "将承办人调入该单位"),
                *("A handler or unit leader belongs to this unit from now on", self.take_in),
                {200: models.UnitWholeShown},
                right=Right.EDIT_UNITS,
                body=models.PersonBody,
                refuses=(NotFound, StorageDown),
            ),
        )

    async def units(self, request: ApiRequest) -> Answer:
        tree = await self._desk.tree()
        return Answer(models.UnitsGiven(items=tuple(models.UnitShown.model_validate(unit) for unit in tree)))

    async def people(self, request: ApiRequest) -> Answer:
        return Answer(models.UnitPeople(items=tuple(map(_person, await self._desk.people()))))

    async def whole(self, request: ApiRequest) -> Answer:
        return _whole(await self._desk.whole(request.part("id")))

    async def add(self, request: ApiRequest) -> Answer:
        body = request.body_as(models.NewUnit)
        return _whole(await self._desk.add(body.id, body.zh, request.account.name), 201)

    async def change(self, request: ApiRequest) -> Answer:
        values = request.body_as(models.UnitBody).model_dump(exclude_none=True)
        return _whole(await self._desk.change(request.part("id"), values, request.account.name))

    async def take_in(self, request: ApiRequest) -> Answer:
        account = request.body_as(models.PersonBody).account
        return _whole(await self._desk.take_in(request.part("id"), account))


def _whole(whole: Whole, status: int = 200) -> Answer:
    history = tuple(models.UnitChangeShown.model_validate(change) for change in whole.history)
    unit = models.UnitShown.model_validate(whole.unit)
    people = tuple(map(_person, whole.people))
    return Answer(models.UnitWholeShown(unit=unit, people=people, history=history), status)


def _person(row: Person) -> models.UnitPerson:
    locked = row.locked_at is not None
    return models.UnitPerson(id=row.id, name=row.name, role=Role(row.role), unit=row.unit, locked=locked)
