"""Where an account may go from the head of each page: what its role may see and what is there."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from gateway.core.rights import Right, may
from gateway.core.roles import Account, Role

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
    """A page that the head links to: its address, its name, and the right that opens it."""

    path: str
    zh: str
    en: str
    right: Right


PLACES = (
    Place("/desk", "工作台", "Desk", Right.WORK_ITEMS),
    Place("/desk/today", "今日", "Today", Right.LEAD_SHIFT),
    Place("/desk/entry", "来访来函", "Visits, letters", Right.WORK_ITEMS),
    Place("/desk/calls", "通话记录", "Calls", Right.WORK_CALLS),
    Place("/desk/follow-ups", "回访", "Follow-up calls", Right.FOLLOW_UP),
    Place("/desk/linkage", "互通互报台账", "Linkage", Right.WORK_ITEMS),
    Place("/desk/units", "承办单位", "Units", Right.EDIT_UNITS),
    Place("/desk/audit", "审计与统计", "Audit, figures", Right.READ_AUDIT),
    Place("/wallboard", "大屏", "Wallboard", Right.WATCH_BOARD),
)
"""In the order in which they stand in the head. A page that is switched off is left out."""


def places(app: web.Application, account: Account) -> tuple[Place, ...]:
    """The places that this account may open in this application."""
    served = {resource.canonical for resource in app.router.resources()}
    return tuple(place for place in PLACES if may(account.role, place.right) and place.path in served)
