"""What the end points of units take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.core.roles import Role
from gateway.core.unit import UnitKind
from gateway.core.unit_fields import MOST_PHONES, MOST_PLACES
from gateway.web.http.fields import Flag, Listed, Text
from gateway.web.http.models import AnswerModel, RequestModel

_UNIT_ID = r"[a-z0-9_-]{2,16}"
_UNIT_ID_WORDS = ("单位编号，如 141002", "is the id of a unit, such as 141002")


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


class UnitPerson(AnswerModel):
    """Somebody who belongs to a unit."""

    id: str
    name: str
    role: Role
    unit: str
    locked: bool


class UnitPeople(AnswerModel):
    """Everybody who belongs to a unit."""

    items: tuple[UnitPerson, ...]


class UnitChangeShown(AnswerModel):
    """What was changed at one time: by field what stood there before and after."""

    at: datetime
    who: str
    changes: dict[str, tuple[Any, Any]]


class UnitWholeShown(AnswerModel):
    """A unit with its people and its history, the newest change first."""

    unit: UnitShown
    people: tuple[UnitPerson, ...]
    history: tuple[UnitChangeShown, ...]


class UnitBody(RequestModel):
    """What is to stand in the fields of a unit; those that are not given stay."""

    zh: Annotated[str, Text(60)] | None = Field(default=None, description="名称 / name")
    en: Annotated[str, Text(120)] | None = Field(default=None, description="英文名 / English name")
    phones: Annotated[tuple[Annotated[str, Text(40)], ...], Listed(MOST_PHONES)] | None = Field(
        default=None, description="值班电话，按拨打顺序 / duty telephones in the order of trying"
    )
    mail: Annotated[str, Text(254)] | None = Field(default=None, description="邮箱 / mail")
    leader_mail: Annotated[str, Text(254)] | None = Field(
        default=None, description="负责人邮箱 / its leader's mail"
    )
    fax: Annotated[str, Text(40)] | None = Field(default=None, description="传真 / fax")
    hours: Annotated[str, Text(100)] | None = Field(
        default=None, description="工作时间，如 08:00-12:00 14:30-18:00 / working hours on workdays"
    )
    online: Flag | None = Field(default=None, description="线上办理 / its people have accounts")
    active: Flag | None = Field(default=None, description="启用 / orders may be assigned to it")
    area: Annotated[str, Text(500)] | None = Field(default=None, description="辖区 / what it covers")
    places: Annotated[tuple[Annotated[str, Text(40)], ...], Listed(MOST_PLACES)] | None = Field(
        default=None, description="地名 / names by which an address is known to be its"
    )
    verified: Flag | None = Field(default=None, description="已核实 / somebody has confirmed it")


class NewUnit(RequestModel):
    """A new unit; its kind and place follow from its id."""

    id: Annotated[str, Text(16, shortest=2, pattern=_UNIT_ID, words=_UNIT_ID_WORDS)] = Field(
        description="编号 / id"
    )
    zh: Annotated[str, Text(60, shortest=1)] = Field(description="名称 / name")


class PersonBody(RequestModel):
    """Who is to belong to the unit."""

    account: Annotated[str, Text(64, shortest=1)] = Field(description="账号 / account")
