"""Where an account may go from the head of each page: what its role may see and what is there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from gateway.core.roles import Account, Role
from gateway.web.http.auth import HOUSE, INSPECTORS, LEADERS, WATCHERS

ROLE_NAMES = {
    Role.AGENT: ("坐席人员", "agent"),
    Role.SUPERVISOR: ("值班长", "supervisor"),
    Role.DISPATCHER: ("分派员", "dispatcher"),
    Role.LEADER: ("中心领导", "leader"),
    Role.HANDLER: ("承办人", "handler"),
    Role.UNIT_LEADER: ("单位负责人", "unit leader"),
    Role.ADMIN: ("管理员", "administrator"),
    Role.AUDITOR: ("审计员", "auditor"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the head links to: its address, its name, and the roles that may open it."""

    path: str
    zh: str
    en: str
    roles: Collection[Role]


PLACES = (
    Place("/desk", "工作台", "Desk", HOUSE),
    Place("/desk/today", "今日", "Today", LEADERS),
    Place("/desk/entry", "来访来函", "Visits, letters", HOUSE),
    Place("/desk/calls", "通话记录", "Calls", HOUSE),
    Place("/desk/linkage", "互通互报台账", "Linkage", HOUSE),
    Place("/desk/audit", "审计与统计", "Audit, figures", INSPECTORS),
    Place("/wallboard", "大屏", "Wallboard", WATCHERS),
)
"""In the order in which they stand in the head. A page that is switched off is left out."""


def places(app: web.Application, account: Account) -> tuple[Place, ...]:
    """The places that this account may open in this application."""
    served = {resource.canonical for resource in app.router.resources()}
    return tuple(place for place in PLACES if account.role in place.roles and place.path in served)
