"""Who may do what: one table, right by right. Pure.

Routes of the API and pages name a right, never a role; docs/operating/accounts.md has this table. What a
right reaches may be less than everything: an agent's calls are those that went through his hands, a handler's
orders those of his unit. Those who hand out the thing itself check that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.roles import OF_CENTRE, OF_UNITS, Role


class Right(StrEnum):
    """What somebody may do."""

    WORK_ITEMS = "work_items"
    WORK_CALLS = "work_calls"
    LEAD_SHIFT = "lead_shift"
    HOLD_ITEMS = "hold_items"
    SEE_HOLDS = "see_holds"
    OPEN_IDENTITY = "open_identity"
    SEND_REFERRALS = "send_referrals"
    ANSWER_REFERRALS = "answer_referrals"
    SEE_ITEM = "see_item"
    ADD_FILES = "add_files"
    HEAR_CALLS = "hear_calls"
    SEE_ORDERS = "see_orders"
    ASSIGN_ORDERS = "assign_orders"
    HANDLE_ORDERS = "handle_orders"
    DIRECT_ORDERS = "direct_orders"
    SUPERVISE_ORDERS = "supervise_orders"
    SEE_SUPERVISION = "see_supervision"
    FOLLOW_UP = "follow_up"
    WORK_IN_UNIT = "work_in_unit"
    KEEP_HANDLERS = "keep_handlers"
    SEE_UNITS = "see_units"
    EDIT_UNITS = "edit_units"
    ADMINISTER = "administer"
    WATCH_BOARD = "watch_board"
    READ_FIGURES = "read_figures"
    READ_METRICS = "read_metrics"
    READ_AUDIT = "read_audit"
    OWN_ACCOUNT = "own_account"


@dataclass(frozen=True, slots=True)
class Grant:
    """A right in words, and the roles that have it."""

    zh: str
    en: str
    roles: tuple[Role, ...]


LEADERS = (Role.SUPERVISOR, Role.ADMIN)
DIRECTORS = (Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.ADMIN)
DECIDERS = (Role.SUPERVISOR, Role.LEADER, Role.ADMIN)

GRANTS: Mapping[Right, Grant] = {
    Right.WORK_ITEMS: Grant("办理事项", "see and work all items of the queue", OF_CENTRE),
    Right.WORK_CALLS: Grant("接听、转接、回电，查看通话", "take, transfer and see calls", OF_CENTRE),
    Right.LEAD_SHIFT: Grant(
        "值班管理：改派、监听、任何坐席和录音、被隔离文件、待发通知",
        "lead a shift: reassign, listen in, any seat and recording, quarantined files, the outbox",
        LEADERS,
    ),
    Right.HOLD_ITEMS: Grant("封存事项", "keep items whatever their term", LEADERS),
    Right.SEE_HOLDS: Grant("查看已封存的事项", "see which items are held", (*LEADERS, Role.AUDITOR)),
    Right.OPEN_IDENTITY: Grant(
        "凭理由查看举报人身份（由 accounts.identity_roles 设定，此处为默认）",
        "learn who a reporter is, for a reason; `accounts.identity_roles` says who, this is its default",
        LEADERS,
    ),
    Right.SEND_REFERRALS: Grant("送来转办", "send referrals to us", (Role.PARTNER,)),
    Right.ANSWER_REFERRALS: Grant("查看和答复转办", "see and answer referrals", (*OF_CENTRE, Role.PARTNER)),
    Right.SEE_ITEM: Grant(
        "查看一件事项及附件；承办单位仅限本单位（含下属所）工单的事项",
        "see one item with its files; people of units: items of their unit's orders",
        (*OF_CENTRE, *OF_UNITS),
    ),
    Right.ADD_FILES: Grant(
        "添加文件；承办单位仅限本单位工单的事项",
        "put files beside an item; people of units: items of their unit's orders",
        (*OF_CENTRE, *OF_UNITS),
    ),
    Right.HEAR_CALLS: Grant(
        "收听录音；坐席仅限本人通话和在办事项，承办单位仅限本单位工单的事项",
        "hear recordings; agents: their own calls and items, people of units: items of their unit's orders",
        (*OF_CENTRE, *OF_UNITS),
    ),
    Right.SEE_ORDERS: Grant(
        "查看工单；承办单位仅限本单位（含下属所）",
        "see orders; people of units: their unit's and those of units below it",
        (*OF_CENTRE, *OF_UNITS),
    ),
    Right.ASSIGN_ORDERS: Grant("分派工单", "assign items to units", OF_CENTRE),
    Right.HANDLE_ORDERS: Grant(
        "签收、退回、下派、申请延期、书面上报等；中心仅代线下单位登记",
        "sign, return, pass down, ask, report; the centre only for units that work offline",
        (*OF_UNITS, *DIRECTORS),
    ),
    Right.DIRECT_ORDERS: Grant(
        "撤回、审核、退回补正、催办、撤销，决定延期和维持",
        "take back, approve, send back, urge, cancel; decide on extensions and returns",
        DIRECTORS,
    ),
    Right.SUPERVISE_ORDERS: Grant("督办，裁定异议", "supervise, decide disputes", DECIDERS),
    Right.SEE_SUPERVISION: Grant("查看督办总览", "see how all units stand", OF_CENTRE),
    Right.FOLLOW_UP: Grant("回访", "make follow-up calls", OF_CENTRE),
    Right.WORK_IN_UNIT: Grant("本单位工单页面", "the page of one's own unit", OF_UNITS),
    Right.KEEP_HANDLERS: Grant(
        "维护本单位（含下属所）承办人的账号",
        "make, disable and reset accounts of handlers of one's own unit and those below it",
        (Role.UNIT_LEADER,),
    ),
    Right.SEE_UNITS: Grant("查看承办单位", "see the units", (*OF_CENTRE, *OF_UNITS)),
    Right.EDIT_UNITS: Grant("维护承办单位和人员归属", "edit units and who belongs to them", (Role.ADMIN,)),
    Right.ADMINISTER: Grant("系统管理", "administer the system", (Role.ADMIN,)),
    Right.WATCH_BOARD: Grant(
        "大屏和实时事件", "watch the wallboard and live events", (*OF_CENTRE, Role.DISPLAY)
    ),
    Right.READ_FIGURES: Grant("查看统计", "read the figures", (*OF_CENTRE, Role.AUDITOR)),
    Right.READ_METRICS: Grant("读取监控指标", "read the metrics", (*OF_CENTRE, Role.AUDITOR, Role.DISPLAY)),
    Right.READ_AUDIT: Grant("查看审计日志", "read the audit log", (Role.ADMIN, Role.AUDITOR)),
    Right.OWN_ACCOUNT: Grant("自己的账号", "one's own account", (*OF_CENTRE, *OF_UNITS, Role.AUDITOR)),
}
"""Every right. A new one stands here, and nowhere else."""


def holders(right: Right) -> tuple[Role, ...]:
    """The roles that have it."""
    return GRANTS[right].roles


def may(role: Role, right: Right) -> bool:
    return role in GRANTS[right].roles
