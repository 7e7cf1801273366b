"""What each event does to an order: what has to be said with it, and what of the order changes.

The table and the conditions (core/order/moves.py) have allowed it by then. Everything is part of one
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gateway.cases.answering import Answering
from gateway.cases.assigning import Assigning, down
from gateway.cases.order_changes import Done, OrderChanges
from gateway.cases.papers import Papers
from gateway.core.item.catalogue import Claim
from gateway.core.item.item import Item, ItemState
from gateway.core.item.states import NEEDS, Event
from gateway.core.order.handling import named
from gateway.core.order.moves import Moment
from gateway.core.order.order import Order, OrderState, Report, Suspension
from gateway.core.order.states import OrderEvent
from gateway.core.unit import CENTRE
from gateway.errors import BadContact, FieldFault
from gateway.storage import Transaction

E = OrderEvent
DECISIONS = (Event.ACCEPT, Event.REFUSE_ACCEPTANCE, Event.END_MEDIATION)
"""What the competent unit decides."""
REQUIRED = ("必填", "is required")


Directed = Callable[[Transaction, Order, OrderEvent, str, str, date | None], None]
"""Hears that somebody urges or supervises: order, event, who, the words, and the day of a supervision."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said with an event; which of it an event needs stands at its function. `day` is the `from` of a
    suspension, the `on` of a resumption, the `due` of a supervision."""

    text: str = ""
    reason: str = ""
    unit: str = ""
    days: int = 0
    granted: bool = False
    paper: str = ""
    day: date | None = None
    event: str = ""
    ground: int | None = None
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True)
class Deed:
    """One event that is about to happen: to which order of which item, by whom, when, and the state after
    it."""

    t: Transaction
    order: Order
    item: Item
    who: str
    said: Said
    moment: Moment
    now: datetime
    after: OrderState

    def order_with(self, **values: object) -> Order:
        return replace(self.order, state=self.after, **values)  # type: ignore[arg-type]


class Acts:
    """The functions by event."""

    def __init__(self, changes: OrderChanges, assigning: Assigning, answering: Answering) -> None:
        self._changes = changes
        self._rows = changes.rows
        self._assigning = assigning
        self._answering = answering
        self._papers = Papers(changes)
        self.directed: list[Directed] = []
        self._does: Mapping[OrderEvent, Callable[[Deed], Done]] = {
            E.SIGN: self._sign,
            E.RETURN: self._return,
            E.PASS_DOWN: self._pass_down,
            E.ASK_EXTENSION: self._ask_extension,
            E.DECIDE_EXTENSION: self._decide_extension,
            E.SUSPEND: self._suspend,
            E.RESUME: self._resume,
            E.DECIDE: self._decide,
            E.DISPUTE: self._dispute,
            E.UPHOLD: self._uphold,
            E.CANCEL: self._cancel,
            E.TAKE_BACK: self._cancel,
            E.REPORT: self._report,
            E.APPROVE: self._approve,
            E.SEND_BACK: self._send_back,
            E.URGE: self._urge,
            E.SUPERVISE: self._supervise,
            E.DO_AGAIN: self._do_again,
        }

    def done(self, event: OrderEvent, deed: Deed) -> Done:
        """Raises BadContact for what is not said as it has to be, Conflict."""
        return self._does[event](deed)

    # ------------------------------------------------------------ coming to a unit and leaving it

    def _sign(self, deed: Deed) -> Done:
        return Done(deed.order_with(signed_at=deed.now, returned_to=""), deed.said.text)

    def _return(self, deed: Deed) -> Done:
        """`reason` is an id or name of the rules; goes upward: a station's to its bureau, a bureau's to the
        centre."""
        reason = _entry("reason", deed.moment.rules.return_reasons, deed.said.reason)
        order, said = deed.order, "，".join(filter(None, (reason.zh, deed.said.text)))
        facts = {"reason": reason.id, "unit": order.unit}
        passes = order.passes + 1
        if order.unit != order.bureau:
            up = deed.order_with(unit=order.bureau, returned_to=order.bureau, since=deed.now, passes=passes)
            return Done(up, said, facts)
        self._rows.change(deed.t, order, deed.order_with())
        self._assigning.take_from_unit(deed.t, deed.item, deed.who, said)
        return Done(deed.order_with(returned_to=CENTRE, passes=passes), said, facts)

    def _pass_down(self, deed: Deed) -> Done:
        unit = down(self._changes.tree(deed.t), deed.order, deed.said.unit)
        if deed.order.state is OrderState.RETURNED:
            self._assigning.give_again(deed.t, deed.order, deed.who)
        order = deed.order_with(unit=unit.id, since=deed.now, signed_at=None, returned_to="", asked_days=0)
        return Done(order, deed.said.text, {"from": deed.order.unit, "unit": unit.id})

    def _cancel(self, deed: Deed) -> Done:
        """A cancelled order, or one that is taken back: the item lies with the centre again."""
        why = deed.said.reason or deed.said.text
        after = deed.order_with(closed_at=deed.now, disputed_on=None)
        self._rows.change(deed.t, deed.order, after)
        self._assigning.take_from_unit(deed.t, deed.item, deed.who, why or "工单收回")
        return Done(after, why)

    def _dispute(self, deed: Deed) -> Done:
        text = _word("text", deed.said.text)
        within = deed.moment.rules.dispute_within
        until = self._changes.rules.calendar.workday_after(deed.moment.today, within)
        return Done(deed.order_with(disputed_on=deed.moment.today), text, {"until": until.isoformat()})

    def _uphold(self, deed: Deed) -> Done:
        """The unit is the right one: the first-responsible unit from now on."""
        if deed.order.state is OrderState.RETURNED:
            self._assigning.give_again(deed.t, deed.order, deed.who)
        after = deed.order_with(firm=True, disputed_on=None, returned_to="")
        return Done(after, _word("text", deed.said.text))

    def _do_again(self, deed: Deed) -> Done:
        """The same unit does it once more: counted anew, but never past a legal clock."""
        reason = _word("reason", deed.said.reason or deed.said.text)
        order, changes = deed.order, self._changes
        if deed.item.state is not ItemState.HANDED_OVER:
            changes.decisions.happen(deed.t, deed.item, deed.who, Event.REOPEN, {"reason": reason})
        self._assigning.give_again(deed.t, order, deed.who)
        again = deed.order_with(
            rounds=order.rounds + 1,
            begun_on=deed.moment.today,
            budget=deed.moment.rules.budget(deed.item.kind, order.urgency),
            since=deed.now,
            **dict.fromkeys(("granted", "extensions", "asked_days"), 0),
            **dict.fromkeys(("closed_at", "told_at", "reported_at", "signed_at", "disputed_on")),
        )
        return Done(again, reason, {"round": str(again.rounds)})

    # ------------------------------------------------------------ its time

    def _ask_extension(self, deed: Deed) -> Done:
        """`days` within the rules and within the legal clock, `reason`."""
        days, most = deed.said.days, deed.moment.rules.extension_days
        faults = [] if deed.said.reason else [FieldFault("reason", *REQUIRED)]
        if not 1 <= days <= most:
            faults.append(FieldFault("days", f"每次 1 至 {most} 个工作日", f"is 1 to {most} working days"))
        else:
            faults += self._past_legal(deed, days, "days")
        if faults:
            raise BadContact(*faults)
        return Done(deed.order_with(asked_days=days), deed.said.reason, {"days": str(days)})

    def _past_legal(self, deed: Deed, days: int, name: str) -> list[FieldFault]:
        """What is wrong with an extension by so many days."""
        longer = self._changes.clock(replace(deed.order, granted=deed.order.granted + days), deed.item)
        if longer.legal is None or longer.inner <= longer.legal:
            return []
        now = self._changes.clock(deed.order, deed.item)
        left = 0 if now.inner > longer.legal else self._left(deed, longer.legal)
        zh = f"延期后为 {longer.inner}，超过法定期限 {longer.legal}；最多可延 {left} 个工作日"
        en = f"would end on {longer.inner}, past the legal clock {longer.legal}; at most {left} days"
        return [FieldFault(name, zh, en)]

    def _left(self, deed: Deed, legal: date) -> int:
        """How many days can still be given before the legal clock ends."""
        granted, most = deed.order.granted, deed.moment.rules.extension_days
        orders = (replace(deed.order, granted=granted + days) for days in range(1, most + 1))
        return sum(self._changes.clock(order, deed.item).inner <= legal for order in orders)

    def _decide_extension(self, deed: Deed) -> Done:
        """`granted`; a refusal says why."""
        order, said = deed.order, deed.said
        if not said.granted:
            return Done(deed.order_with(asked_days=0), _word("text", said.text), {"granted": "no"})
        if faults := self._past_legal(deed, order.asked_days, "granted"):
            raise BadContact(*faults)
        after = deed.order_with(
            granted=order.granted + order.asked_days, extensions=order.extensions + 1, asked_days=0
        )
        return Done(after, said.text, {"granted": "yes", "days": str(order.asked_days)})

    def _suspend(self, deed: Deed) -> Done:
        """`reason`, `paper`, and from which day; today when none is given."""
        begins, order = deed.said.day or deed.moment.today, deed.order
        faults = [FieldFault(n, *REQUIRED) for n in ("reason", "paper") if not getattr(deed.said, n)]
        first = max([order.begun_on, *(s.ends for s in order.suspensions if s.ends)])
        faults += _not_between("from", begins, first, deed.moment.today)
        if faults:
            raise BadContact(*faults)
        entry = Suspension(0, begins, deed.said.reason, deed.said.paper)
        entry = self._rows.suspend(deed.t, order, entry)
        after = deed.order_with(suspensions=(*order.suspensions, entry))
        return Done(after, deed.said.reason, {"from": begins.isoformat(), "paper": deed.said.paper})

    def _resume(self, deed: Deed) -> Done:
        """The day from which it is counted again; today when none is given."""
        suspension = deed.order.suspension
        assert suspension
        ends = deed.said.day or deed.moment.today
        if faults := _not_between("on", ends, suspension.begins, deed.moment.today):
            raise BadContact(*faults)
        return Done(self._resumed(deed, ends), deed.said.text, {"on": ends.isoformat()})

    def _resumed(self, deed: Deed, ends: date) -> Order:
        """The order with its suspension over."""
        last = deed.order.suspension
        if last is None:
            return deed.order_with()
        self._rows.resume(deed.t, last, ends)
        entries = tuple(replace(s, ends=ends) if s.id == last.id else s for s in deed.order.suspensions)
        return deed.order_with(suspensions=entries)

    # ------------------------------------------------------------ decisions and the report

    def _decide(self, deed: Deed) -> Done:
        """A decision of the competent unit on the item, with its ground and the legal notice that follows."""
        event = next((entry for entry in DECISIONS if entry.value == deed.said.event), None)
        if event is None:
            words = [entry.value for entry in DECISIONS]
            zh, en = f"应为以下之一：{'、'.join(words)}", f"is one of: {', '.join(words)}"
            raise BadContact(FieldFault("event", zh, en))
        said = {"text": deed.said.text, NEEDS.get(event, "text"): deed.said.text}
        self._changes.decisions.happen(deed.t, deed.item, deed.who, event, said, deed.said.ground)
        facts = {"event": event.value}
        if deed.said.ground is not None:
            facts["ground"] = str(deed.said.ground)
        return Done(deed.order_with(), deed.said.text, facts)

    def _report(self, deed: Deed) -> Done:
        """The written report; a suspension is over with it. One on paper counts from the day it came."""
        given = deed.said.report
        result = self._answering.check(given, deed.item, deed.moment.rules)
        if faults := self._papers.faults(deed.t, deed.order, given, deed.moment.today):
            raise BadContact(*faults)
        report = replace(given, result=result.id, who=deed.who, at=deed.now)
        self._rows.report(deed.t, deed.order, report, given=True)
        ends = report.received_on or deed.moment.today
        if deed.order.suspension is not None:
            ends = max(ends, deed.order.suspension.begins)
        after = replace(self._resumed(deed, ends), reported_at=deed.now, asked_days=0)
        facts = {"result": result.id, "signed_by": report.signed_by}
        if report.received_on is None:
            return Done(after, result.zh, facts)
        return self._papers.on_paper(deed.t, Done(after, result.zh, facts), deed.item, report)

    def _approve(self, deed: Deed) -> Done:
        return self._answering.approve(deed.t, deed.order, deed.item, deed.who, deed.said.text)

    def _send_back(self, deed: Deed) -> Done:
        return Done(deed.order_with(), _word("text", deed.said.text))

    def _urge(self, deed: Deed) -> Done:
        text = _word("text", deed.said.text)
        self._tell_directed(deed, E.URGE, text, None)
        return Done(deed.order_with(urged_at=deed.now), text)

    def _supervise(self, deed: Deed) -> Done:
        """`text`, and the day by which the leader wants it done."""
        faults = [] if deed.said.text else [FieldFault("text", *REQUIRED)]
        due = deed.said.day
        if due is None:
            faults.append(FieldFault("due", *REQUIRED))
        elif due < deed.moment.today:
            faults.append(FieldFault("due", "不能早于今天", "is not before today"))
        if faults or due is None:
            raise BadContact(*faults)
        after = deed.order_with(supervised_at=deed.now, supervised_due=due)
        self._tell_directed(deed, E.SUPERVISE, deed.said.text, due)
        return Done(after, deed.said.text, {"due": due.isoformat()})

    def _tell_directed(self, deed: Deed, event: OrderEvent, text: str, due: date | None) -> None:
        for hears in self.directed:
            hears(deed.t, deed.order, event, deed.who, text, due)


def _word(name: str, text: str) -> str:
    if not text.strip():
        raise BadContact(FieldFault(name, *REQUIRED))
    return text.strip()


def _entry(name: str, entries: tuple[Claim, ...], word: str) -> Claim:
    """The entry of a list of the rules. Raises BadContact with all that there are."""
    entry = named(entries, word.strip())
    if entry is None:
        zh = "、".join(f"{entry.id}（{entry.zh}）" for entry in entries)
        en = ", ".join(entry.id for entry in entries)
        raise BadContact(FieldFault(name, f"应为以下之一：{zh}", f"is one of: {en}"))
    return entry


def _not_between(name: str, day: date, first: date, last: date) -> list[FieldFault]:
    if first <= day <= last:
        return []
    return [FieldFault(name, f"应在 {first} 至 {last} 之间", f"is between {first} and {last}")]
