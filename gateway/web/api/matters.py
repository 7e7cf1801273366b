"""One matter, many arrivals, and the decisions on it: suggestions, links, splitting, every event by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.core.item import number as numbers
from gateway.core.item.contact import Kind, Person, Receipt
from gateway.core.item.duplicates import Likely
from gateway.core.item.item import ItemDetail
from gateway.core.item.matter import Matter
from gateway.core.item.states import EVENT_NAMES, Event
from gateway.core.roles import Role
from gateway.errors import Conflict, KeyReused, NotFound, StorageDown
from gateway.intake.decisions import Act
from gateway.intake.splits import Split
from gateway.web.api import matter_shapes, shapes, translate
from gateway.web.api.queue import ONE
from gateway.web.http.auth import HOUSE, LEADERS
from gateway.web.http.route import Answer, Asked, Does, Route

SHOWN = 200
"""Characters of a likely twin's content that are shown."""


class MatterDesk(Protocol):
    """What is needed of gateway/intake/matters.py. Every method may raise NotFound and StorageDown."""

    async def matter(self, number: str) -> Matter: ...

    async def likely(self, number: str) -> Sequence[Likely]: ...

    async def identity(self, number: str) -> Person: ...

    async def link(self, number: str, other: str, who: str, reason: str) -> Matter: ...

    async def unlink(self, number: str, other: str, who: str, reason: str) -> Matter: ...

    async def unmerge(self, number: str, who: str, reason: str) -> ItemDetail: ...

    async def split(self, number: str, half: Split, who: str) -> Receipt: ...

    async def act(self, number: str, who: str, act: Act, *, held: bool = False) -> ItemDetail:
        """`held`: nobody outside is told of it before it can no longer be undone."""

    async def set_external(self, number: str, source: str, external_no: str, who: str) -> Matter: ...


class MattersApi:
    """End points below /api/v1/queue/{number} that QueueApi does not have."""

    def __init__(self, desk: MatterDesk, openers: tuple[Role, ...] = LEADERS) -> None:
        self._desk = desk
        self._openers = openers  # who may learn who a reporter is

    def routes(self) -> tuple[Route, ...]:
        return (
            self._look(
                "likely",
                "可能重复的工单及理由",
                "Items that may be the same matter, with the reasons",
                self.likely,
                matter_shapes.LikelyGiven,
                lists=True,
            ),
            self._look(
                "matter",
                "关联、决定、办理节点和其他系统编号",
                "Links, decisions, milestones and numbers elsewhere",
                self.matter,
                matter_shapes.MatterShown,
            ),
            self._do(
                "link",
                "与另一件关联",
                "Tie to another item as one matter",
                self.link,
                matter_shapes.LinkWish,
                matter_shapes.MatterShown,
            ),
            self._do(
                "unlink",
                "取消关联",
                "Undo a link",
                self.unlink,
                matter_shapes.LinkWish,
                matter_shapes.MatterShown,
            ),
            self._do(
                "external",
                "登记其他系统的编号",
                "Note the number that another system gave",
                self.external,
                matter_shapes.ExternalWish,
                matter_shapes.MatterShown,
            ),
            self._do(
                "split",
                "拆分举报或投诉，另立一件",
                "Make the report (or complaint) in it an item of its own",
                self.split,
                matter_shapes.SplitWish,
                shapes.ReceiptGiven,
                status=201,
            ),
            self._do(
                "unmerge", "取消合并", "Undo a merge", self.unmerge, matter_shapes.Why, shapes.ItemWhole
            ),
            Route(
                "GET",
                f"{ONE}/identity",
                "identity",
                "查看举报人身份（须有权限并写明理由，每次均记录）",
                "Who a reporter is: for a reason, and each look is written down",
                self.identity,
                {200: shapes.PersonShown},
                roles=self._openers,
                query=matter_shapes.IdentityAsked,
                number=True,
                refuses=(NotFound, StorageDown),
                looks="identity.view",
            ),
            *(self._event(event, shape) for event, shape in _EVENTS.items()),
        )

    def _look(
        self, name: str, zh: str, en: str, does: Does, gives: type[object], *, lists: bool = False
    ) -> Route:
        return Route(
            "GET",
            f"{ONE}/{name}",
            name,
            zh,
            en,
            does,
            {200: gives},
            roles=HOUSE,
            lists=lists,
            number=True,
            refuses=(NotFound, StorageDown),
            looks=f"{name}.view",
        )

    def _do(
        self,
        name: str,
        zh: str,
        en: str,
        does: Does,
        body: type[object],
        gives: type[object],
        status: int = 200,
    ) -> Route:
        return Route(
            "POST",
            f"{ONE}/{name}",
            name,
            zh,
            en,
            does,
            {200: gives, status: gives},
            roles=HOUSE,
            body=body,
            number=True,
            refuses=(NotFound, Conflict, KeyReused, StorageDown),
        )

    def _event(self, event: Event, shape: type[object]) -> Route:
        zh, en = EVENT_NAMES[event]
        does = self._acts(event, shape)
        return self._do(event.value, zh, f"Event: {en}", does, shape, shapes.ItemWhole)

    # ------------------------------------------------------------ looking

    async def likely(self, asked: Asked) -> Answer:
        found = await self._desk.likely(number_of(asked))
        return Answer(matter_shapes.LikelyGiven(tuple(map(_likely, found))))

    async def matter(self, asked: Asked) -> Answer:
        return Answer(_matter(await self._desk.matter(number_of(asked))))

    async def identity(self, asked: Asked) -> Answer:
        return Answer(translate.person(await self._desk.identity(number_of(asked))))

    # ------------------------------------------------------------ tying

    async def link(self, asked: Asked) -> Answer:
        wish = asked.sent(matter_shapes.LinkWish)
        made = await self._desk.link(number_of(asked), wish.other, asked.account.name, wish.reason)
        return Answer(_matter(made))

    async def unlink(self, asked: Asked) -> Answer:
        wish = asked.sent(matter_shapes.LinkWish)
        left = await self._desk.unlink(number_of(asked), wish.other, asked.account.name, wish.reason)
        return Answer(_matter(left))

    async def unmerge(self, asked: Asked) -> Answer:
        reason = asked.sent(matter_shapes.Why).reason
        return Answer(translate.whole(await self._desk.unmerge(number_of(asked), asked.account.name, reason)))

    async def split(self, asked: Asked) -> Answer:
        wish = asked.sent(matter_shapes.SplitWish)
        half = Split(Kind(wish.kind.value), wish.content, wish.anonymous)
        receipt = await self._desk.split(number_of(asked), half, asked.account.name)
        return Answer(translate.receipt(receipt), 200 if receipt.repeated else 201)

    async def external(self, asked: Asked) -> Answer:
        wish = asked.sent(matter_shapes.ExternalWish)
        noted = await self._desk.set_external(
            number_of(asked), wish.source, wish.external_no, asked.account.name
        )
        return Answer(_matter(noted))

    # ------------------------------------------------------------ events

    def _acts(self, event: Event, shape: type[object]) -> Does:
        async def acts(asked: Asked) -> Answer:
            act = replace(_ACTS[shape](asked), event=event)
            who = asked.account
            done = await self._desk.act(number_of(asked), who.name, act, held=bool(who.csrf))
            return Answer(translate.whole(done))

        return acts


def _word(asked: Asked) -> Act:
    return Act(Event.ACCEPT, {"text": asked.sent(shapes.Word).text})


def _refusal(asked: Asked) -> Act:
    wish = asked.sent(matter_shapes.RefusalWish)
    return Act(Event.REFUSE_ACCEPTANCE, {"text": wish.text}, wish.ground)


def _handing_over(asked: Asked) -> Act:
    wish = asked.sent(matter_shapes.HandOverWish)
    return Act(Event.HAND_OVER, {"to": wish.to, "text": wish.text})


def _papers(asked: Asked) -> Act:
    wish = asked.sent(matter_shapes.PapersWish)
    return Act(Event.WAIT_FOR_PAPERS, {"papers": wish.papers, "text": wish.text})


def _answer(asked: Asked) -> Act:
    return Act(Event.ANSWER, {"text": asked.sent(matter_shapes.AnswerWish).text})


def _why(asked: Asked) -> Act:
    return Act(Event.REOPEN, {"reason": asked.sent(matter_shapes.Why).reason})


_EVENTS: dict[Event, type[object]] = {
    Event.ACCEPT: shapes.Word,
    Event.REFUSE_ACCEPTANCE: matter_shapes.RefusalWish,
    Event.HAND_OVER: matter_shapes.HandOverWish,
    Event.HAND_BACK: matter_shapes.Why,
    Event.WAIT_FOR_PAPERS: matter_shapes.PapersWish,
    Event.PAPERS_CAME: shapes.Word,
    Event.ANSWER: matter_shapes.AnswerWish,
    Event.WITHDRAW: shapes.Word,
    Event.REOPEN: matter_shapes.Why,
}
_ACTS: dict[type[object], Callable[[Asked], Act]] = {
    shapes.Word: _word,
    matter_shapes.RefusalWish: _refusal,
    matter_shapes.HandOverWish: _handing_over,
    matter_shapes.PapersWish: _papers,
    matter_shapes.AnswerWish: _answer,
    matter_shapes.Why: _why,
}


def number_of(asked: Asked) -> str:
    """The number in the path. Raises NotFound for what can be none."""
    number = asked.part("number")
    if not numbers.valid(number):
        raise NotFound
    return number


def _likely(found: Likely) -> matter_shapes.LikelyShown:
    item = found.item
    return matter_shapes.LikelyShown(
        item.number,
        found.score,
        tuple(matter_shapes.ReasonShown(r.what, r.points, r.zh, r.en) for r in found.reasons),
        item.kind,
        item.channel,
        item.state,
        item.received_at,
        item.respondent.name,
        item.content[:SHOWN],
    )


def _matter(made: Matter) -> matter_shapes.MatterShown:
    return matter_shapes.MatterShown(
        made.number,
        tuple(
            matter_shapes.LinkShown(
                one.other, one.kind, one.other_kind, one.other_state, one.at, one.who, one.reason
            )
            for one in made.links
        ),
        tuple(
            matter_shapes.DecisionShown(d.at, d.event, d.who, d.ground, d.basis, d.county, d.text)
            for d in made.decisions
        ),
        tuple(matter_shapes.ExternalShown(e.source, e.external_no, e.at, e.who) for e in made.externals),
        tuple(matter_shapes.MilestoneShown(name, on) for name, on in made.milestones),
    )
