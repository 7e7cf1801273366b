"""Invented orders for `gateway demo`: items that were handed over go through units in all states.

Each goes through the services, at times that are over: nothing happens today, nobody outside is told, and
nothing comes back to the queue. The same seed makes the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from gateway.cases.assigning import Assignment
from gateway.cases.follow_ups import FollowUps
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import Orders, asked_about
from gateway.core.followup import Answers
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Rules
from gateway.core.order.order import Report, Urgency
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.core.unit import Tree
from gateway.errors import BadContact, Conflict
from gateway.intake.intake import Intake
from gateway.storage import Storage, bulk

E = OrderEvent
DISPATCHER = Account("supervisor", Role.SUPERVISOR)
URGENCIES = (Urgency.GENERAL,) * 8 + (Urgency.PRESSING, Urgency.MAJOR)
# What happens to an order after it was assigned, and how often of a hundred.
WAYS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (6, ()),
    (4, ("pass_down",)),
    (6, ("sign",)),
    (4, ("pass_down", "sign", "return")),
    (3, ("sign", "suspend")),
    (5, ("sign", "suspend", "resume")),
    (4, ("sign", "ask_extension")),
    (4, ("sign", "ask_extension", "decide_extension")),
    (2, ("sign", "dispute")),
    (4, ("sign", "urge")),
    (3, ("sign", "supervise")),
    (8, ("sign", "report")),
    (5, ("sign", "report", "send_back")),
    (4, ("cancel", "assign", "sign")),
    (4, ("sign", "report", "approve", "again")),
    (34, ("sign", "report", "approve")),
)
REPORTS = {
    Kind.COMPLAINT: ("mediated", "已组织双方调解，经营者同意退款。", "经调解，经营者已同意为您退款。"),
    Kind.REPORT: ("corrected", "现场检查发现标价签不规范，已责令改正。", "已依法核查并责令改正。"),
    Kind.QUESTION: ("answered", "已电话解释相关规定。", "已向您解释相关规定。"),
}
ANSWERS = (
    *((Answers(True, True, 1, 1),) * 4),
    *((Answers(True, True, 2, 2),) * 3),
    Answers(True, True, 3, 3),
    Answers(True, False, 2, 4, "law"),
)


WORDS = {
    "return": ("不在辖区", "not_competent"),
    "suspend": ("", "商品送检"),
    "ask_extension": ("", "当事人外出，需要延期"),
    "cancel": ("", "重复分派"),
    "dispute": ("经营地址不在本辖区", ""),
    "urge": ("请尽快办理", ""),
    "supervise": ("请按期办结", ""),
    "send_back": ("请补充调解记录", ""),
}
UNIT_ACTS = frozenset(
    {E.SIGN, E.RETURN, E.PASS_DOWN, E.ASK_EXTENSION, E.SUSPEND, E.RESUME, E.DISPUTE, E.REPORT}
)


@dataclass(slots=True)
class Moved:
    """A clock that is set by hand."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


class DemoOrders:
    """Makes orders of one database. `until`: nothing happens after it."""

    def __init__(
        self, storage: Storage, rules: Rules, zone: ZoneInfo, chance: Random, until: datetime
    ) -> None:
        self._storage = storage
        self._chance = chance
        self._until = until
        self._clock = Moved(until)
        intake = Intake(storage, rules, zone, now=self._clock)
        self._orders = Orders(storage, rules, zone, now=self._clock)
        self._follow_ups = FollowUps(intake.changes, rules, zone) if rules.follow_ups else None
        if self._follow_ups:
            asked_about(self._orders, self._follow_ups)
        self._steps: dict[str, Callable[[int, Tree], Awaitable[object]]] = {
            "pass_down": self._pass_down,
            "assign": self._assign_again,
            "report": self._report,
            "approve": self._approve,
            "again": self._again,
        }

    async def make(self, most: int) -> int:
        """Orders of at most so many items that were handed over; how many were made. Raises StorageDown."""
        numbers = await bulk.without_order(self._storage.database, most)
        tree = await self._storage.units.tree()
        count = 0
        for place, number in enumerate(numbers):
            steps = WAYS[place][1] if place < len(WAYS) else self._way()
            count += await self._one(number, steps, tree)
        return count

    async def _one(self, number: str, steps: Sequence[str], tree: Tree) -> int:
        detail = await self._storage.database.read(lambda t: self._storage.items.there(t, number))
        self._clock.at = detail.received_at + timedelta(hours=self._chance.randrange(1, 20))
        if detail.county not in tree or self._clock.at >= self._until:
            return 0
        assignment = Assignment(detail.county, "请依法处理并按时反馈", self._chance.choice(URGENCIES))
        order = (await self._orders.assign(number, DISPATCHER, assignment)).order.id
        for step in steps:
            self._clock.at += timedelta(minutes=self._chance.randrange(20, 300))
            if self._clock.at >= self._until:
                break
            try:
                await self._steps.get(step, self._plain(step))(order, tree)
            except (Conflict, BadContact):
                break  # too late for it by now
            order = (await self._orders.of_item(number, DISPATCHER))[-1].order.id
        await bulk.forget_occasions(self._storage.database, number)
        return 1

    def _way(self) -> Sequence[str]:
        weights = [weight for weight, _ in WAYS]
        return self._chance.choices([steps for _, steps in WAYS], weights)[0]

    # ------------------------------------------------------------ steps

    def _plain(self, step: str) -> Callable[[int, Tree], Awaitable[object]]:
        async def done(order: int, tree: Tree) -> object:
            return await self._act(order, E(step), _words(step, self._clock().date()))

        return done

    async def _act(self, order: int, event: OrderEvent, values: OrderInput) -> object:
        kept = await self._orders.order(order, DISPATCHER)
        account = DISPATCHER
        if event in UNIT_ACTS:
            account = Account(f"demo-{kept.shown.order.unit}", Role.HANDLER, unit=kept.shown.order.unit)
        return await self._orders.act(order, account, event, values)

    async def _pass_down(self, order: int, tree: Tree) -> None:
        kept = (await self._orders.order(order, DISPATCHER)).shown.order
        stations = [unit for unit in tree.children(kept.unit) if unit.active]
        if stations:
            await self._act(order, E.PASS_DOWN, OrderInput(unit=self._chance.choice(stations).id))

    async def _assign_again(self, order: int, tree: Tree) -> None:
        kept = (await self._orders.order(order, DISPATCHER)).shown.order
        await self._orders.assign(kept.number, DISPATCHER, Assignment(kept.bureau, "重新分派"))

    async def _report(self, order: int, tree: Tree) -> None:
        kind = (await self._orders.order(order, DISPATCHER)).item.item.kind
        result, text, answer = REPORTS.get(kind, REPORTS[Kind.QUESTION])
        amount = self._chance.randrange(1, 80) * 10_000 if kind is Kind.COMPLAINT else None
        report = Report(result, text, answer, amount, amount, "王建国")
        await self._act(order, E.REPORT, OrderInput(report=report))

    async def _approve(self, order: int, tree: Tree) -> None:
        """The answer counts as told: nobody outside is written to, and the item is closed."""
        whole = await self._orders.order(order, DISPATCHER)
        await self._act(order, E.APPROVE, OrderInput())
        await bulk.forget_occasions(self._storage.database, whole.shown.order.number)
        self._clock.at += timedelta(minutes=30)
        await self._orders.close_told()
        if self._chance.random() < 0.6:
            await self._asked(whole.shown.order.number)

    async def _asked(self, number: str) -> None:
        """The person was called the day after."""
        if self._follow_ups is None:
            return
        for call in await self._follow_ups.of_item(number):
            if call.due_at < self._until:
                self._clock.at = call.due_at
                await self._follow_ups.result(call.id, "agent1", self._chance.choice(ANSWERS))

    async def _again(self, order: int, tree: Tree) -> None:
        await self._orders.do_again(order, "agent1", "回访：未解决")


def _words(step: str, today: date) -> OrderInput:
    """What is entered with a step that needs nothing else."""
    text, reason = WORDS.get(step, ("", ""))
    return OrderInput(
        text=text,
        reason=reason,
        days=2,
        granted=True,
        paper="检测委托书" if step == "suspend" else "",
        day=today + timedelta(days=5) if step == "supervise" else today,
    )
