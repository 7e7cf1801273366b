"""A work order (工单): one item at one unit, as it stands. Pure data, kept by storage, changed by
gateway/cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.core.item.contact import Kind
from gateway.core.order.figures import Figure


class OrderState(StrEnum):
    """Where an order stands. Values are words of the API."""

    ASSIGNED = "assigned"  # 待签收
    SIGNED = "signed"  # 已签收
    RETURNED = "returned"  # 已退回
    HANDLING = "handling"  # 办理中
    EXTENSION_ASKED = "extension_asked"  # 申请延期
    REPORTED = "reported"  # 已上报
    SENT_BACK = "sent_back"  # 退回补正
    APPROVED = "approved"  # 审核通过
    CLOSED = "closed"  # 已办结
    DONE_AGAIN = "done_again"  # 重新办理
    CANCELLED = "cancelled"  # 已作废


class Urgency(StrEnum):
    """How soon an order is to be handled; rules/handling.yaml says what that means in days."""

    GENERAL = "general"
    PRESSING = "pressing"
    MAJOR = "major"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time that is not counted, by a paper: a test, an appraisal. It begins on `begins` and is over on
    `ends`, which is counted again; None while it lasts."""

    id: int
    begins: date
    reason: str
    paper: str
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a unit reports in writing (书面上报). `text` stays inside, `answer` is for the person; `result`
    is an id of rules/handling.yaml, `basis` of rules/report_results.yaml. Amounts in fen. `files` are the
    SHA-256 of attachments of the item that belong to it. `received_on`: it came on paper that day, and `who`
    of the centre typed it in."""

    result: str = ""
    text: str = ""
    answer: str = ""
    amount_in_dispute: int | None = None
    amount_recovered: int | None = None
    signed_by: str = ""
    basis: str = ""
    files: tuple[str, ...] = ()
    received_on: date | None = None
    who: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """One line of what happened to an order. `event` is a word of OrderEvent, or `assign`, `late`,
    `recounted`; `facts` are what else belongs to it, by name."""

    at: datetime
    event: str
    who: str
    unit: str
    text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it is kept. `bureau` answers for it to the centre, `unit` has it now, since `since`.

    `begun_on` is the day from which its days are counted, `budget` how many workdays it has, `granted` how
    many were added in `extensions` extensions. `due` and `legal_due` are derived (core/order/clock.py) and
    kept for lists alone; None where nothing ends. `returned_to`: with whom a returned order lies. `passes`
    counts how often the item came back from a unit, `rounds` how often it was done again. `firm`: the centre
    has said that the unit is the right one. `disputed_on`: the unit says it is not, and a leader has not
    decided. `told_at`: the person has been told the answer. `ever_late` is never taken back.
    """

    id: int
    number: str
    unit: str
    bureau: str
    state: OrderState
    urgency: Urgency
    assigned_at: datetime
    since: datetime
    begun_on: date
    budget: int
    granted: int = 0
    extensions: int = 0
    asked_days: int = 0
    due: date | None = None
    legal_due: date | None = None
    late_from_start: bool = False
    ever_late: bool = False
    firm: bool = False
    disputed_on: date | None = None
    returned_to: str = ""
    passes: int = 0
    rounds: int = 0
    problem: bool = False
    note: str = ""
    signed_at: datetime | None = None
    reported_at: datetime | None = None
    closed_at: datetime | None = None
    told_at: datetime | None = None
    urged_at: datetime | None = None
    supervised_at: datetime | None = None
    supervised_due: date | None = None
    suspensions: tuple[Suspension, ...] = ()

    @property
    def suspension(self) -> Suspension | None:
        """The one that lasts."""
        return next((entry for entry in self.suspensions if entry.ends is None), None)


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders. `units` are ids of units that have or answer for them, None for all; `copied` takes
    those of which these units have a copy as well, `copies_only` those of which they have nothing else.
    `bureau` answers for them, `at` is the unit that has
    them; `figure` are those that a column of the matrix counts on the day `today`, `pressing` urgent ones
    that are not signed for or are due then. `open`: somebody has to do something. `overdue` is a day: due
    before it. `after` is the id of the last one seen; the first to be due comes first."""

    units: tuple[str, ...] | None = None
    states: tuple[OrderState, ...] = ()
    open: bool = False
    overdue: date | None = None
    number: str = ""
    problem: bool = False
    disputed: bool = False
    copied: bool = False
    copies_only: bool = False
    bureau: str = ""
    at: str = ""
    kind: Kind | None = None
    figure: Figure | None = None
    pressing: bool = False
    today: date | None = None
    after: int = 0
    limit: int = 50


def is_problem(order: Order, passes: int, rounds: int) -> bool:
    """A problem order (问题工单): it came back, or was done again, so often. `passes`, `rounds` are the
    limits."""
    return order.passes >= passes or order.rounds >= rounds
