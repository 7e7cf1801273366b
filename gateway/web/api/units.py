"""The units that handle orders, as everybody who works with orders sees them."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field

from gateway.core.rights import Right
from gateway.core.unit import Tree, UnitKind
from gateway.errors import StorageDown
from gateway.web.http.models import AnswerModel
from gateway.web.http.route import Answer, ApiRequest, Route

UNITS = "/api/v1/units"


class UnitLedger(Protocol):
    """What is needed of storage/units.py."""

    async def tree(self) -> Tree: ...


class UnitShown(AnswerModel):
    """One unit; `parent` is empty for the centre."""

    id: str
    parent: str
    kind: UnitKind
    zh: str
    en: str
    phones: tuple[str, ...] = Field(
        description="值班电话，按拨打顺序 / duty telephones in the order of trying"
    )
    mail: str
    leader_mail: str
    fax: str
    hours: str = Field(description="工作时间 / working hours on workdays")
    online: bool = Field(description="在系统内办理 / its people have accounts")
    active: bool
    area: str
    places: tuple[str, ...]
    verified: bool = Field(description="false 为示例，未经核实 / false: an example nobody has confirmed")


class UnitsGiven(AnswerModel):
    """Every unit: the centre, its departments, then each bureau with its stations."""

    items: tuple[UnitShown, ...]


class UnitsApi:
    """End points of units."""

    def __init__(self, units: UnitLedger) -> None:
        self._units = units

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", UNITS, "units", "承办单位", "Units that handle orders", self.units),
                {200: UnitsGiven},
                right=Right.SEE_UNITS,
                refuses=(StorageDown,),
            ),
        )

    async def units(self, request: ApiRequest) -> Answer:
        tree = await self._units.tree()
        return Answer(UnitsGiven(items=tuple(UnitShown.model_validate(unit) for unit in tree)))
