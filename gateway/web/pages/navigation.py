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
    """A page that the head links to: its address, its name, and the right that opens it. `first` are the
    roles for whom it stands before the others."""

    path: str
    zh: str
    en: str
    right: Right
    first: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Menu:
    """What the head shows in a row, and what lies in the menu behind it."""

    row: tuple[Place, ...]
    more: tuple[Place, ...]


IN_ROW, IN_ROW_BESIDE_SEAT = 8, 5
"""Places in the row of the head; an agent's has the controls of his seat beside them."""
PLACES = (
    Place("/unit", "本单位工单", "Orders", Right.WORK_IN_UNIT),
    Place("/unit/people", "人员", "People", Right.KEEP_HANDLERS),
    Place("/desk", "工作台", "Desk", Right.WORK_ITEMS),
    Place("/desk/today", "今日", "Today", Right.LEAD_SHIFT),
    Place("/desk/dispatch", "分派", "Dispatch", Right.ASSIGN_ORDERS),
    Place("/desk/entry", "来访来函", "Visits, letters", Right.WORK_ITEMS),
    Place("/desk/calls", "通话记录", "Calls", Right.WORK_CALLS),
    Place("/desk/supervision", "督办", "Supervision", Right.SEE_SUPERVISION),
    Place("/desk/follow-ups", "回访", "Follow-up calls", Right.FOLLOW_UP),
    Place("/wallboard", "大屏", "Wallboard", Right.WATCH_BOARD),
    Place("/desk/linkage", "互通互报台账", "Linkage", Right.WORK_ITEMS),
    Place("/desk/units", "承办单位", "Units", Right.EDIT_UNITS, (Role.ADMIN,)),
    Place("/desk/admin", "系统管理", "Administration", Right.ADMINISTER, (Role.ADMIN,)),
    Place("/desk/audit", "审计与统计", "Audit, figures", Right.READ_AUDIT, (Role.ADMIN,)),
)
"""In the order in which they stand in the head. A page that is switched off is left out."""


def places(app: web.Application, account: Account) -> Menu:
    """The places that this account may open in this application."""
    served = {resource.canonical for resource in app.router.resources()}
    mine = [place for place in PLACES if may(account.role, place.right) and place.path in served]
    mine.sort(key=lambda place: account.role not in place.first)
    most = IN_ROW_BESIDE_SEAT if account.seat else IN_ROW
    if len(mine) == most + 1:  # a menu of one would take as much room as its entry
        most += 1
    return Menu(tuple(mine[:most]), tuple(mine[most:]))
