"""What each event does to an order: which input it needs, and what of the order changes.

Called after the table and its conditions (core/order/moves.py) have allowed the event. Everything is part of
one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gateway.cases.answering import Answering
from gateway.cases.assigning import Assigning, down
from gateway.cases.order_changes import OrderChanges, OrderOutcome, not_between
from gateway.cases.papers import Papers
from gateway.core.item.catalogue import Claim
from gateway.core.item.item import Attachment, Item, ItemState
from gateway.core.item.states import NEEDS, Event
from gateway.core.order.handling import named
from gateway.core.order.moves import MoveContext
from gateway.core.order.order import Order, OrderState, Report, Suspension
from gateway.core.order.states import OrderEvent
from gateway.core.unit import CENTRE
from gateway.errors import BadContact, FieldFault
from gateway.storage import Transaction

E = OrderEvent
DECISIONS = (Event.ACCEPT, Event.REFUSE_ACCEPTANCE, Event.END_MEDIATION)
"""What the competent unit decides."""
REQUIRED = ("必填", "is required")


DirectiveListener = Callable[[Transaction, Order, OrderEvent, str, str, date | None], None]
"""Called when somebody urges or supervises, with the order, the event, who, the text, and the day by which a
supervision wants the report."""


@dataclass(frozen=True, slots=True)
class OrderInput:
    """What is entered with an event; the function of the event tells which it needs. `day` is the `from` of a
    suspension, the `on` of a resumption, the `due` of a supervision. `files` come with the report that names
    them and stand beside the item from then on."""

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
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderAction:
    """One event that is about to happen: to which order of which item, by whom, when, and the state after
    it."""

    t: Transaction
    order: Order
    item: Item
    who: str
    input: OrderInput
    context: MoveContext
    now: datetime
    after: OrderState

    def order_with(self, **values: object) -> Order:
        return replace(self.order, state=self.after, **values)  # type: ignore[arg-type]


class OrderActions:
    """The functions by event."""

    def __init__(
        self, changes: OrderChanges, assigning: Assigning, answering: Answering, papers: Papers
    ) -> None:
        self._changes = changes
        self._rows = changes.rows
        self._assigning = assigning
        self._answering = answering
        self._papers = papers
        self.directive_listeners: list[DirectiveListener] = []
        self._does: Mapping[OrderEvent, Callable[[OrderAction], OrderOutcome]] = {
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

    def done(self, event: OrderEvent, action: OrderAction) -> OrderOutcome:
        """Raises BadContact for missing or wrong input, Conflict."""
        return self._does[event](action)

    # ------------------------------------------------------------ coming to a unit and leaving it

    def _sign(self, action: OrderAction) -> OrderOutcome:
        return OrderOutcome(action.order_with(signed_at=action.now, returned_to=""), action.input.text)

    def _return(self, action: OrderAction) -> OrderOutcome:
        """`reason` is an id or name of the rules; goes upward: a station's to its bureau, a bureau's to the
        centre."""
        reason = _entry("reason", action.context.rules.return_reasons, action.input.reason)
        order, text = action.order, "，".join(filter(None, (reason.zh, action.input.text)))
        facts = {"reason": reason.id, "unit": order.unit}
        passes = order.passes + 1
        if order.unit != order.bureau:
            up = action.order_with(
                unit=order.bureau, returned_to=order.bureau, since=action.now, passes=passes
            )
            return OrderOutcome(up, text, facts)
        self._rows.change(action.t, order, action.order_with())
        self._assigning.take_from_unit(action.t, action.item, action.who, text)
        return OrderOutcome(action.order_with(returned_to=CENTRE, passes=passes), text, facts)

    def _pass_down(self, action: OrderAction) -> OrderOutcome:
        unit = down(self._changes.tree(action.t), action.order, action.input.unit)
        if action.order.state is OrderState.RETURNED:
            self._assigning.give_again(action.t, action.order, action.who)
        order = action.order_with(
            unit=unit.id, since=action.now, signed_at=None, returned_to="", asked_days=0
        )
        return OrderOutcome(order, action.input.text, {"from": action.order.unit, "unit": unit.id})

    def _cancel(self, action: OrderAction) -> OrderOutcome:
        """A cancelled order, or one that is taken back: the item lies with the centre again."""
        why = action.input.reason or action.input.text
        after = action.order_with(closed_at=action.now, disputed_on=None)
        self._rows.change(action.t, action.order, after)
        self._assigning.take_from_unit(action.t, action.item, action.who, why or "工单收回")
        return OrderOutcome(after, why)

    def _dispute(self, action: OrderAction) -> OrderOutcome:
        text = _word("text", action.input.text)
        within = action.context.rules.dispute_within
        until = self._changes.rules.calendar.workday_after(action.context.today, within)
        return OrderOutcome(
            action.order_with(disputed_on=action.context.today), text, {"until": until.isoformat()}
        )

    def _uphold(self, action: OrderAction) -> OrderOutcome:
        """The unit is the right one: the first-responsible unit from now on."""
        if action.order.state is OrderState.RETURNED:
            self._assigning.give_again(action.t, action.order, action.who)
        after = action.order_with(firm=True, disputed_on=None, returned_to="")
        return OrderOutcome(after, _word("text", action.input.text))

    def _do_again(self, action: OrderAction) -> OrderOutcome:
        """The same unit does it once more: counted anew, but never past a legal clock."""
        reason = _word("reason", action.input.reason or action.input.text)
        order, changes = action.order, self._changes
        if action.item.state is not ItemState.HANDED_OVER:
            changes.decisions.happen(action.t, action.item, action.who, Event.REOPEN, {"reason": reason})
        self._assigning.give_again(action.t, order, action.who)
        again = action.order_with(
            rounds=order.rounds + 1,
            begun_on=action.context.today,
            budget=action.context.rules.budget(action.item.kind, order.urgency),
            since=action.now,
            **dict.fromkeys(("granted", "extensions", "asked_days"), 0),
            **dict.fromkeys(("closed_at", "told_at", "reported_at", "signed_at", "disputed_on")),
        )
        return OrderOutcome(again, reason, {"round": str(again.rounds)})

    # ------------------------------------------------------------ its time

    def _ask_extension(self, action: OrderAction) -> OrderOutcome:
        """`days` within the rules and within the legal clock, `reason`."""
        days, most = action.input.days, action.context.rules.extension_days
        faults = [] if action.input.reason else [FieldFault("reason", *REQUIRED)]
        if not 1 <= days <= most:
            faults.append(FieldFault("days", f"每次 1 至 {most} 个工作日", f"is 1 to {most} working days"))
        else:
            faults += self._past_legal(action, days, "days")
        if faults:
            raise BadContact(*faults)
        return OrderOutcome(action.order_with(asked_days=days), action.input.reason, {"days": str(days)})

    def _past_legal(self, action: OrderAction, days: int, name: str) -> list[FieldFault]:
        """What is wrong with an extension by so many days."""
        longer = self._changes.clock(replace(action.order, granted=action.order.granted + days), action.item)
        if longer.legal is None or longer.inner <= longer.legal:
            return []
        now = self._changes.clock(action.order, action.item)
        left = 0 if now.inner > longer.legal else self._left(action, longer.legal)
        zh = f"延期后为 {longer.inner}，超过法定期限 {longer.legal}；最多可延 {left} 个工作日"
        en = f"would end on {longer.inner}, past the legal clock {longer.legal}; at most {left} days"
        return [FieldFault(name, zh, en)]

    def _left(self, action: OrderAction, legal: date) -> int:
        """How many days can still be given before the legal clock ends."""
        granted, most = action.order.granted, action.context.rules.extension_days
        orders = (replace(action.order, granted=granted + days) for days in range(1, most + 1))
        return sum(self._changes.clock(order, action.item).inner <= legal for order in orders)

    def _decide_extension(self, action: OrderAction) -> OrderOutcome:
        """`granted`; a refusal says why."""
        order, given = action.order, action.input
        if not given.granted:
            return OrderOutcome(action.order_with(asked_days=0), _word("text", given.text), {"granted": "no"})
        if faults := self._past_legal(action, order.asked_days, "granted"):
            raise BadContact(*faults)
        after = action.order_with(
            granted=order.granted + order.asked_days, extensions=order.extensions + 1, asked_days=0
        )
        return OrderOutcome(after, given.text, {"granted": "yes", "days": str(order.asked_days)})

    def _suspend(self, action: OrderAction) -> OrderOutcome:
        """`reason`, `paper`, and from which day; today when none is given."""
        begins, order = action.input.day or action.context.today, action.order
        faults = [FieldFault(n, *REQUIRED) for n in ("reason", "paper") if not getattr(action.input, n)]
        first = max([order.begun_on, *(s.ends for s in order.suspensions if s.ends)])
        faults += not_between("from", begins, first, action.context.today)
        if faults:
            raise BadContact(*faults)
        entry = Suspension(0, begins, action.input.reason, action.input.paper)
        entry = self._rows.suspend(action.t, order, entry)
        self._changes.decisions.recount(action.t, action.item)
        after = action.order_with(suspensions=(*order.suspensions, entry))
        return OrderOutcome(
            after, action.input.reason, {"from": begins.isoformat(), "paper": action.input.paper}
        )

    def _resume(self, action: OrderAction) -> OrderOutcome:
        """The day from which it is counted again; today when none is given."""
        suspension = action.order.suspension
        assert suspension
        ends = action.input.day or action.context.today
        if faults := not_between("on", ends, suspension.begins, action.context.today):
            raise BadContact(*faults)
        return OrderOutcome(self._resumed(action, ends), action.input.text, {"on": ends.isoformat()})

    def _resumed(self, action: OrderAction, ends: date) -> Order:
        """The order with its suspension over."""
        return self._changes.resumed(action.t, action.order_with(), action.item, ends)

    # ------------------------------------------------------------ decisions and the report

    def _decide(self, action: OrderAction) -> OrderOutcome:
        """A decision of the competent unit on the item, with its ground and the legal notice that follows."""
        event = next((entry for entry in DECISIONS if entry.value == action.input.event), None)
        if event is None:
            words = [entry.value for entry in DECISIONS]
            zh, en = f"应为以下之一：{'、'.join(words)}", f"is one of: {', '.join(words)}"
            raise BadContact(FieldFault("event", zh, en))
        texts = {"text": action.input.text, NEEDS.get(event, "text"): action.input.text}
        self._changes.decisions.happen(action.t, action.item, action.who, event, texts, action.input.ground)
        facts = {"event": event.value}
        if action.input.ground is not None:
            facts["ground"] = str(action.input.ground)
        return OrderOutcome(action.order_with(), action.input.text, facts)

    def _report(self, action: OrderAction) -> OrderOutcome:
        """The written report; a suspension is over with it. One on paper counts from the day it came."""
        given = action.input.report
        result = self._answering.check(given, action.item, action.context.rules)
        if action.input.files:
            self._changes.items.add_files(action.t, action.item, action.input.files, action.who)
        if faults := self._papers.faults(action.t, action.order, given, action.context.today):
            raise BadContact(*faults)
        report = replace(given, result=result.id, who=action.who, at=action.now)
        self._rows.report(action.t, action.order, report, given=True)
        ends = report.received_on or action.context.today
        if action.order.suspension is not None:
            ends = max(ends, action.order.suspension.begins)
        after = replace(self._resumed(action, ends), reported_at=action.now, asked_days=0)
        facts = {"result": result.id, "signed_by": report.signed_by}
        if report.received_on is None:
            return OrderOutcome(after, result.zh, facts)
        return self._papers.on_paper(action.t, OrderOutcome(after, result.zh, facts), action.item, report)

    def _approve(self, action: OrderAction) -> OrderOutcome:
        return self._answering.approve(action.t, action.order, action.item, action.who, action.input.text)

    def _send_back(self, action: OrderAction) -> OrderOutcome:
        return OrderOutcome(action.order_with(), _word("text", action.input.text))

    def _urge(self, action: OrderAction) -> OrderOutcome:
        text = _word("text", action.input.text)
        self._tell_directed(action, E.URGE, text, None)
        return OrderOutcome(action.order_with(urged_at=action.now), text)

    def _supervise(self, action: OrderAction) -> OrderOutcome:
        """`text`, and the day by which the leader wants it done."""
        faults = [] if action.input.text else [FieldFault("text", *REQUIRED)]
        due = action.input.day
        if due is None:
            faults.append(FieldFault("due", *REQUIRED))
        elif due < action.context.today:
            faults.append(FieldFault("due", "不能早于今天", "is not before today"))
        if faults or due is None:
            raise BadContact(*faults)
        after = action.order_with(supervised_at=action.now, supervised_due=due)
        self._tell_directed(action, E.SUPERVISE, action.input.text, due)
        return OrderOutcome(after, action.input.text, {"due": due.isoformat()})

    def _tell_directed(self, action: OrderAction, event: OrderEvent, text: str, due: date | None) -> None:
        for listener in self.directive_listeners:
            listener(action.t, action.order, event, action.who, text, due)


def _word(name: str, text: str) -> str:
    if not text.strip():
        raise BadContact(FieldFault(name, *REQUIRED))
    return text.strip()


def _entry(name: str, entries: tuple[Claim, ...], word: str) -> Claim:
    """The entry of a list of the rules. Raises BadContact with all that there are."""
    entry = named(entries, word.strip())
    if entry is None:
        zh = "、".join(entry.zh for entry in entries)
        en = ", ".join(entry.id for entry in entries)
        raise BadContact(FieldFault(name, f"应为以下之一：{zh}", f"is one of: {en}"))
    return entry
