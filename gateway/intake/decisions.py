"""What is decided on an item: every event of the core's table with the words, grounds and clocks it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Channel, Kind
from gateway.core.item.deadlines import Milestone, Rules, day_of
from gateway.core.item.item import Item, ItemState
from gateway.core.item.matter import Decision
from gateway.core.item.public_view import may_withdraw
from gateway.core.item.states import NEEDS, TERMINAL, Event, held, move, refuse_if_held_by_other
from gateway.errors import BadContact, Conflict, FieldFault
from gateway.intake.clocks import in_order, pauses_of
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.storage import Transaction

WITHOUT_LEASE = frozenset({Event.WITHDRAW, Event.REOPEN, Event.HAND_BACK})
"""What may be written down without a lease, while nobody else has one."""
LETS_GO = frozenset({Event.HAND_OVER, Event.WAIT_FOR_PAPERS, Event.WITHDRAW})
"""After these nobody of the centre works on the item any more."""
STARTS: Mapping[Event, Milestone] = MappingProxyType(
    {
        Event.ACCEPT: Milestone.ACCEPTED,
        Event.REFUSE_ACCEPTANCE: Milestone.NOT_ACCEPTED,
        Event.END_MEDIATION: Milestone.MEDIATION_ENDED,
    }
)
"""The milestone that an event is, for the clocks of the rules."""
TOLD_IN_WORDS = frozenset({Event.WAIT_FOR_PAPERS, Event.ANSWER})
"""Of these the person is told the words that the event needs."""
TAKES_BACK = (Milestone.NOT_ACCEPTED.value, Milestone.MEDIATION_ENDED.value)
"""Milestones that are undone when a matter is taken up again: the decision no longer stands."""

HandOverListener = Callable[[Transaction, str, str, str, str], None]
"""Called with transaction, item, who, the county's code and the words that go with it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One event on an item. core.item.states.NEEDS tells which words it needs; `texts` has them by that name.

    For refuse_acceptance `ground` is the number of a ground, for hand_over `to` a division's code.
    """

    event: Event
    texts: Mapping[str, str] = field(default_factory=dict)
    ground: int | None = None


class Decisions:
    """Decides by the rules in force on the day of receipt; `zone` tells which day it is."""

    def __init__(
        self, changes: ItemChanges, rules: Rules, zone: ZoneInfo, handed_over: HandOverListener | None = None
    ) -> None:
        """`handed_over` makes the work order of an item that the desk hands over, in the same transaction."""
        self._handed_over = handed_over
        self._changes = changes
        self._items = changes.items
        self._links = changes.links
        self._rules = rules
        self._zone = zone

    async def act(self, number: str, who: str, act: Act, *, held: bool = False) -> None:
        """One event of the table with all that follows from it. Raises NotFound, Conflict, BadContact.

        The clocks that run on are those that nothing has met yet. `held` as at ItemChanges.announce.
        """
        await self._changes.write(lambda t: self._act(t, number, who, act, held))
        self._changes.tell("changed", number)

    def act_in(self, t: Transaction, number: str, who: str, act: Act) -> None:
        """The same as part of a transaction of somebody else's, who tells of the change after it."""
        self._act(t, number, who, act, announced_later=False)

    async def withdraw_by_person(self, number: str, reason: str) -> None:
        """The person takes his matter back himself, whoever holds it. Raises NotFound, Conflict."""

        def withdrawn(t: Transaction) -> None:
            item = self._items.locked(t, number)
            if not may_withdraw(item):
                raise Conflict("该件不能撤回 / this cannot be withdrawn")
            self._decided(t, item, Channel.WEB.value, Act(Event.WITHDRAW, {"text": reason}))

        await self._changes.write(withdrawn)
        self._changes.tell("changed", number)

    def happen(
        self,
        t: Transaction,
        item: Item,
        who: str,
        event: Event,
        texts: Mapping[str, str],
        ground: int | None = None,
    ) -> None:
        """An event of a unit's order, whoever holds the item. Raises Conflict, BadContact."""
        self._decided(t, item, who, Act(event, texts, ground))

    def hand_over(self, t: Transaction, item: Item, who: str, county: str, text: str) -> None:
        """Hand an item over to a unit; what lies in the queue is taken from there. Raises Conflict."""
        if item.state is ItemState.RECEIVED:  # the table knows no way from the queue to a unit but by a claim
            item = replace(item, state=move(item.state, Event.CLAIM))
        decision = Decision(self._changes.now(), Event.HAND_OVER.value, who, county=county, text=text)
        self._write(t, item, who, Event.HAND_OVER, decision)

    def _act(self, t: Transaction, number: str, who: str, act: Act, announced_later: bool) -> None:
        item = self._items.locked(t, number)
        now = self._changes.now()
        # What a unit has lies in nobody's lease here, so the desk may act on it while no colleague holds it.
        if act.event in WITHOUT_LEASE or item.state is ItemState.HANDED_OVER:
            refuse_if_held_by_other(item.lease, who, now)
        else:
            held(item.lease, who)
        self._decided(t, item, who, act, announced_later)

    def _decided(self, t: Transaction, item: Item, who: str, act: Act, announced_later: bool = False) -> None:
        """The event with all that follows from it."""
        move(item.state, act.event)
        decision = self._decision(item, act, who, self._changes.now())
        self._write(t, item, who, act.event, decision, announced_later)
        if self._handed_over and act.event is Event.HAND_OVER:
            self._handed_over(t, item.number, who, decision.county, act.texts.get("text", ""))

    def _write(
        self,
        t: Transaction,
        item: Item,
        who: str,
        event: Event,
        decision: Decision,
        announced_later: bool = False,
    ) -> None:
        number, state = item.number, move(item.state, event)
        self._changes.done(t, item, event, who, state)
        self._items.set_state(t, number, state)
        if event in LETS_GO or (event is Event.REOPEN and item.state in TERMINAL):
            self._items.set_lease(t, number, None)
        if decision.county:
            self._items.change(t, number, county=decision.county)
        self._links.decide(t, number, decision)
        self._changes.note(t, number, event.value, who, decision.text)
        self._run_clocks(t, item, event, day_of(decision.at, self._zone))
        self._changes.announce(t, number, _payload(decision), held=announced_later)

    def _decision(self, item: Item, act: Act, who: str, now: datetime) -> Decision:
        """What is written down. Raises BadContact for what is missing or not in the rules."""
        text, need = act.texts.get("text", "").strip(), NEEDS.get(act.event, "text")
        word = act.texts.get(need, "").strip()
        text_told = word if act.event in TOLD_IN_WORDS else ""
        words = "，".join(dict.fromkeys(filter(None, (word, text))))
        plain = Decision(now, act.event.value, who, text=words, told=text_told)
        match act.event:
            case Event.REFUSE_ACCEPTANCE | Event.END_MEDIATION:
                return self._on_a_ground(item, act, replace(plain, text=text))
            case Event.HAND_OVER:
                return self._handing_over(word, replace(plain, text=text))
            case Event.ANSWER if item.kind is Kind.REPORT:
                return self._result(act.texts.get("basis", ""), plain)
            case event if event in NEEDS and not word:
                raise BadContact(FieldFault(need, "必填", "is required"))
        return plain

    def _on_a_ground(self, item: Item, act: Act, plain: Decision) -> Decision:
        """Only with a ground of the order in force on the day of receipt, and only of a complaint."""
        ends = act.event is Event.END_MEDIATION
        word = "终止调解" if ends else "不予受理"
        if item.kind is not Kind.COMPLAINT:
            raise Conflict(f"{word}只适用于投诉 / this is for complaints only")
        order = self._rules.on(day_of(item.received_at, self._zone))
        grounds = order.ending_mediation if ends else order.non_acceptance
        ground = grounds.numbered(act.ground) if act.ground is not None else None
        if ground is None:
            numbers = "、".join(str(entry.number) for entry in grounds.entries)
            raise BadContact(
                FieldFault(
                    "ground",
                    f"{order.zh}中的{word}情形为：{numbers}",
                    f"the grounds of {order.en} are: {numbers.replace('、', ', ')}",
                )
            )
        text = f"第（{ground.number}）项：{ground.zh}（{grounds.basis}）"
        return replace(
            plain,
            ground=ground.number,
            basis=grounds.basis,
            text="。".join(filter(None, (text, plain.text))),
        )

    def _result(self, basis: str, plain: Decision) -> Decision:
        """The result of a report; the reporter is told it where a law says so. Raises BadContact."""
        if not plain.text:
            raise BadContact(FieldFault("text", "必填", "is required"))
        if not basis:
            return replace(plain, told="")
        law = next((result for result in self._rules.report_results if result.id == basis), None)
        if law is None:
            ids = "、".join(result.id for result in self._rules.report_results)
            en = f"is none of {ids.replace('、', ', ')}"
            raise BadContact(FieldFault("basis", f"应为以下之一：{ids}", en))
        return replace(plain, basis=law.zh)

    def _handing_over(self, code: str, plain: Decision) -> Decision:
        division = next((d for d in self._rules.divisions if d.code == code), None)
        if division is None:
            raise BadContact(FieldFault("to", "不是已知的区县代码", "is no code of a division in the rules"))
        text = "，".join(filter(None, (f"{division.zh}（{code}）", plain.text)))
        return replace(plain, county=code, text=text)

    def _run_clocks(self, t: Transaction, item: Item, event: Event, day: date) -> None:
        """The item's clocks after an event that starts or meets one, or takes such a thing back."""
        changed = False
        if milestone := STARTS.get(event):
            self._links.mark(t, item.number, milestone.value, day)
            changed = True
        elif event is Event.REOPEN:
            changed = self._links.unmark(t, item.number, TAKES_BACK)
        if changed:
            self.recount(t, item)

    def recount(self, t: Transaction, item: Item) -> bool:
        """The item's clocks as they run now; False when nothing of them changed."""
        received = day_of(item.received_at, self._zone)
        pauses = pauses_of(self._changes, t, item.number, self._zone)
        days = self._links.days_of(t, item.number)
        clocks = in_order(self._rules.running(item.kind, received, days, pauses))
        # Writing equal rows anew would count as a change of the item at every desk.
        if clocks == item.due:
            return False
        self._items.replace_dues(t, item.number, clocks)
        return True


def _payload(decision: Decision) -> str:
    """What others learn of a decision: its word, the ground of a refusal, and what the person is told."""
    facts = {} if decision.ground is None else {"ground": str(decision.ground), "basis": decision.basis}
    if decision.told:
        facts["told"] = decision.told
    return what_changed(decision.event, **facts)
