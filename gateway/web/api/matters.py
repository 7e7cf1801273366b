"""One matter, many arrivals, and the decisions on it: suggestions, links, splitting, every event by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from gateway.core.item import number as numbers
from gateway.core.item.contact import Kind, Person, Receipt
from gateway.core.item.deadlines import Milestone
from gateway.core.item.duplicates import Likely
from gateway.core.item.item import Item, ItemDetail
from gateway.core.item.matter import Matter
from gateway.core.item.states import EVENT_NAMES, Event
from gateway.core.item.steps import Step
from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.errors import Conflict, KeyReused, NotFound, StorageDown
from gateway.intake.decisions import Act
from gateway.intake.likely import History
from gateway.intake.splits import Split
from gateway.web.api import matter_models, translate
from gateway.web.api.intake_models import ReceiptGiven
from gateway.web.api.item_routes import ONE, item_act
from gateway.web.api.queue_models import ItemWhole, PersonShown, Word
from gateway.web.http.auth import LEADERS
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Does, Route

SHOWN = 200
"""Characters of a likely twin's content that are shown."""


class MatterDesk(Protocol):
    """What is needed of gateway/intake/matters.py. Every method may raise NotFound and StorageDown."""

    async def matter(self, number: str) -> Matter: ...

    async def likely(self, number: str) -> Sequence[Likely]: ...

    async def history(self, number: str) -> History: ...

    async def identity(self, number: str) -> Person: ...

    async def link(self, number: str, other: str, who: str, reason: str) -> Matter: ...

    async def unlink(self, number: str, other: str, who: str, reason: str) -> Matter: ...

    async def unmerge(self, number: str, who: str, reason: str) -> ItemDetail: ...

    async def split(self, number: str, half: Split, who: str) -> Receipt: ...

    async def act(self, number: str, who: str, act: Act, *, held: bool = False) -> ItemDetail:
        """`held`: nobody outside is told of it before it can no longer be undone."""

    async def take_step(self, number: str, who: str, step: Step) -> ItemDetail: ...

    async def set_external(self, number: str, source: str, external_no: str, who: str) -> Matter: ...


_act = partial(item_act, refuses=(NotFound, Conflict, KeyReused, StorageDown))


class MattersApi:
    """End points below /api/v1/queue/{number} that QueueApi does not have."""

    def __init__(self, desk: MatterDesk, openers: tuple[Role, ...] = LEADERS) -> None:
        self._desk = desk
        self._openers = openers  # who may learn who a reporter is

    def routes(self) -> tuple[Route, ...]:
        return (
            self._look(
                "likely",
                "可能重复的事项及理由",
                "Items that may be the same matter, with the reasons",
                self.likely,
                matter_models.LikelyGiven,
                lists=True,
            ),
            self._look(
                "history",
                "同一人、同一企业的其他事项",
                "Other items of this person and about this firm",
                self.history,
                matter_models.HistoryGiven,
            ),
            self._look(
                "matter",
                "关联、决定、办理节点和其他系统编号",
                "Links, decisions, milestones and numbers elsewhere",
                self.matter,
                matter_models.MatterShown,
            ),
            _act(
                "link",
                "与另一件关联",
                "Tie to another item as one matter",
                self.link,
                matter_models.LinkBody,
                matter_models.MatterShown,
            ),
            _act(
                "unlink",
                "取消关联",
                "Undo a link",
                self.unlink,
                matter_models.LinkBody,
                matter_models.MatterShown,
            ),
            _act(
                "external",
                "登记其他系统的编号",
                "Note the number that another system gave",
                self.external,
                matter_models.ExternalBody,
                matter_models.MatterShown,
            ),
            _act(
                "split",
                "拆分举报或投诉，另立一件",
                "Make the report (or complaint) in it an item of its own",
                self.split,
                matter_models.SplitBody,
                ReceiptGiven,
                status=201,
            ),
            _act(
                "step",
                "登记办理节点",
                "Write down a step of the law that starts or ends a clock",
                self.step,
                matter_models.StepBody,
                ItemWhole,
            ),
            _act("unmerge", "取消合并", "Undo a merge", self.unmerge, matter_models.Why, ItemWhole),
            Route(
                "GET",
                f"{ONE}/identity",
                "identity",
                "查看举报人身份（须有权限并写明理由，每次均记录）",
                "Who a reporter is: for a reason, and each look is written down",
                self.identity,
                {200: PersonShown},
                right=Right.OPEN_IDENTITY,
                roles=self._openers,
                query=matter_models.IdentityAsked,
                number=True,
                handles=True,
                refuses=(NotFound, StorageDown),
                looks="identity.view",
            ),
            *(self._event(event, body) for event, body in _EVENTS.items()),
        )

    def _look(
        self, name: str, zh: str, en: str, does: Does, gives: type[AnswerModel], *, lists: bool = False
    ) -> Route:
        return Route(
            "GET",
            f"{ONE}/{name}",
            name,
            zh,
            en,
            does,
            {200: gives},
            right=Right.WORK_ITEMS,
            lists=lists,
            number=True,
            refuses=(NotFound, StorageDown),
            looks=f"{name}.view",
        )

    def _event(self, event: Event, body: type[RequestModel]) -> Route:
        zh, en = EVENT_NAMES[event]
        does = self._acts(event, body)
        return _act(event.value, zh, f"Event: {en}", does, body, ItemWhole)

    # ------------------------------------------------------------ looking

    async def likely(self, request: ApiRequest) -> Answer:
        candidates = await self._desk.likely(number_of(request))
        return Answer(matter_models.LikelyGiven(items=tuple(map(_likely, candidates))))

    async def history(self, request: ApiRequest) -> Answer:
        history = await self._desk.history(number_of(request))
        person, respondent = (tuple(map(_earlier, items)) for items in (history.person, history.respondent))
        return Answer(matter_models.HistoryGiven(person=person, respondent=respondent))

    async def matter(self, request: ApiRequest) -> Answer:
        return Answer(_matter(await self._desk.matter(number_of(request))))

    async def identity(self, request: ApiRequest) -> Answer:
        return Answer(PersonShown.model_validate(await self._desk.identity(number_of(request))))

    # ------------------------------------------------------------ tying

    async def link(self, request: ApiRequest) -> Answer:
        body = request.body_as(matter_models.LinkBody)
        matter = await self._desk.link(number_of(request), body.other, request.account.name, body.reason)
        return Answer(_matter(matter))

    async def unlink(self, request: ApiRequest) -> Answer:
        body = request.body_as(matter_models.LinkBody)
        left = await self._desk.unlink(number_of(request), body.other, request.account.name, body.reason)
        return Answer(_matter(left))

    async def unmerge(self, request: ApiRequest) -> Answer:
        reason = request.body_as(matter_models.Why).reason
        return Answer(
            translate.whole(await self._desk.unmerge(number_of(request), request.account.name, reason))
        )

    async def split(self, request: ApiRequest) -> Answer:
        body = request.body_as(matter_models.SplitBody)
        half = Split(Kind(body.kind.value), body.content, body.anonymous)
        receipt = await self._desk.split(number_of(request), half, request.account.name)
        return Answer(translate.receipt(receipt), 200 if receipt.repeated else 201)

    async def external(self, request: ApiRequest) -> Answer:
        body = request.body_as(matter_models.ExternalBody)
        noted = await self._desk.set_external(
            number_of(request), body.source, body.external_no, request.account.name
        )
        return Answer(_matter(noted))

    async def step(self, request: ApiRequest) -> Answer:
        body = request.body_as(matter_models.StepBody)
        step = Step(Milestone(body.step.value), body.on, body.approved_by, body.text)
        return Answer(
            translate.whole(await self._desk.take_step(number_of(request), request.account.name, step))
        )

    # ------------------------------------------------------------ events

    def _acts(self, event: Event, body: type[RequestModel]) -> Does:
        async def acts(request: ApiRequest) -> Answer:
            act = replace(_ACTS[body](request), event=event)
            who = request.account
            done = await self._desk.act(number_of(request), who.name, act, held=bool(who.csrf))
            return Answer(translate.whole(done))

        return acts


def _word(request: ApiRequest) -> Act:
    return Act(Event.ACCEPT, {"text": request.body_as(Word).text})


def _refusal(request: ApiRequest) -> Act:
    body = request.body_as(matter_models.RefusalBody)
    return Act(Event.REFUSE_ACCEPTANCE, {"text": body.text}, body.ground)


def _ended(request: ApiRequest) -> Act:
    body = request.body_as(matter_models.EndBody)
    return Act(Event.END_MEDIATION, {"text": body.text}, body.ground)


def _handing_over(request: ApiRequest) -> Act:
    body = request.body_as(matter_models.HandOverBody)
    return Act(Event.HAND_OVER, {"to": body.to, "text": body.text})


def _papers(request: ApiRequest) -> Act:
    body = request.body_as(matter_models.PapersBody)
    return Act(Event.WAIT_FOR_PAPERS, {"papers": body.papers, "text": body.text})


def _answer(request: ApiRequest) -> Act:
    body = request.body_as(matter_models.AnswerBody)
    return Act(Event.ANSWER, {"text": body.text, "basis": body.basis})


def _why(request: ApiRequest) -> Act:
    return Act(Event.REOPEN, {"reason": request.body_as(matter_models.Why).reason})


_EVENTS: dict[Event, type[RequestModel]] = {
    Event.ACCEPT: Word,
    Event.REFUSE_ACCEPTANCE: matter_models.RefusalBody,
    Event.HAND_OVER: matter_models.HandOverBody,
    Event.HAND_BACK: matter_models.Why,
    Event.WAIT_FOR_PAPERS: matter_models.PapersBody,
    Event.PAPERS_CAME: Word,
    Event.ANSWER: matter_models.AnswerBody,
    Event.END_MEDIATION: matter_models.EndBody,
    Event.WITHDRAW: Word,
    Event.REOPEN: matter_models.Why,
}
_ACTS: dict[type[RequestModel], Callable[[ApiRequest], Act]] = {
    Word: _word,
    matter_models.RefusalBody: _refusal,
    matter_models.EndBody: _ended,
    matter_models.HandOverBody: _handing_over,
    matter_models.PapersBody: _papers,
    matter_models.AnswerBody: _answer,
    matter_models.Why: _why,
}


def number_of(request: ApiRequest) -> str:
    """The number in the path. Raises NotFound for what can be none."""
    number = request.part("number")
    if not numbers.valid(number):
        raise NotFound
    return number


def _earlier(item: Item) -> matter_models.EarlierShown:
    return matter_models.EarlierShown(
        number=item.number,
        kind=item.kind,
        channel=item.channel,
        state=item.state,
        received_at=item.received_at,
        respondent_name=item.respondent.name,
        content=item.content[:SHOWN],
    )


def _likely(candidate: Likely) -> matter_models.LikelyShown:
    item = candidate.item
    return matter_models.LikelyShown(
        number=item.number,
        score=candidate.score,
        reasons=tuple(
            matter_models.ReasonShown(what=r.what, points=r.points, zh=r.zh, en=r.en)
            for r in candidate.reasons
        ),
        kind=item.kind,
        channel=item.channel,
        state=item.state,
        received_at=item.received_at,
        respondent_name=item.respondent.name,
        content=item.content[:SHOWN],
    )


def _matter(matter: Matter) -> matter_models.MatterShown:
    return matter_models.MatterShown(
        number=matter.number,
        links=tuple(
            matter_models.LinkShown(
                number=link.other,
                link=link.kind,
                kind=link.other_kind,
                state=link.other_state,
                at=link.at,
                who=link.who,
                reason=link.reason,
            )
            for link in matter.links
        ),
        decisions=tuple(
            matter_models.DecisionShown(
                at=d.at,
                event=d.event,
                who=d.who,
                ground=d.ground,
                basis=d.basis,
                county=d.county,
                text=d.text,
            )
            for d in matter.decisions
        ),
        externals=tuple(
            matter_models.ExternalShown(source=e.source, external_no=e.external_no, at=e.at, who=e.who)
            for e in matter.externals
        ),
        milestones=tuple(matter_models.MilestoneShown(name=name, on=on) for name, on in matter.milestones),
    )
