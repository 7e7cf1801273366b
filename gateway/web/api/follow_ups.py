"""Follow-up calls after a matter is closed: the list, a call rung from the own seat, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

from gateway.cases.follow_ups import FollowUpPage, Try
from gateway.core.call.about import follow_up_about
from gateway.core.followup import FOLLOW_UP_STATES, Answers, FollowUpQuery, FollowUpRow
from gateway.core.followup_rules import FollowUpRules
from gateway.core.item.contact import Person
from gateway.core.item.item import Item
from gateway.core.rights import Right
from gateway.core.roles import Account, Role
from gateway.errors import BadContact, Conflict, FieldFault, NotAllowed, NotFound, PbxDown, StorageDown
from gateway.web.api import follow_up_models as models
from gateway.web.api.sealed import SHORTEST
from gateway.web.http.route import Answer, ApiRequest, AuditNotes, Route

PATH = "/api/v1/follow-ups"
ONE = f"{PATH}/{{id}}"


class FollowUpDesk(Protocol):
    """What is needed of gateway/cases/follow_ups.py. Every method may raise StorageDown."""

    @property
    def rules_now(self) -> FollowUpRules: ...

    def due_by(self, day: date) -> datetime: ...

    async def page(self, query: FollowUpQuery) -> FollowUpPage: ...

    async def get(self, call_id: int) -> FollowUpRow: ...

    async def result(self, call_id: int, who: str, answers: Answers, call: str = "") -> FollowUpRow: ...

    async def tried(self, call_id: int, who: str, how: Try, text: str = "") -> FollowUpRow: ...

    async def person(self, call_id: int) -> Person: ...


@dataclass(frozen=True, slots=True)
class FollowUpsApi:
    """End points below /api/v1/follow-ups. `openers` may learn who a reporter is; `ring` rings the seat of an
    agent, and dials a number about an item from there."""

    desk: FollowUpDesk
    openers: tuple[Role, ...]
    zone: tzinfo
    now: Callable[[], datetime]
    ring: Callable[[str, str, str], Awaitable[None]] | None = None
    notes: AuditNotes | None = None

    def routes(self) -> tuple[Route, ...]:
        refuses = (NotFound, Conflict, StorageDown)
        listed = Route(
            *("GET", PATH, "follow_ups", "回访列表", "Follow-up calls that are to be made", self.list),
            {200: models.FollowUpsPage},
            right=Right.FOLLOW_UP,
            lists=True,
            query=models.FollowUpsAsked,
            refuses=(StorageDown,),
            looks="follow_ups.view",
        )
        result = Route(
            *("POST", f"{ONE}/result", "follow_up_result"),
            *("登记回访结果", "Write down what the person answered", self.result),
            {200: models.FollowUpShown},
            right=Right.FOLLOW_UP,
            body=models.ResultBody,
            refuses=refuses,
        )
        attempt = Route(
            *("POST", f"{ONE}/attempt", "follow_up_attempt"),
            *("登记未接通或拒绝回访", "A call that brought no answers", self.attempt),
            {200: models.FollowUpShown},
            right=Right.FOLLOW_UP,
            body=models.AttemptBody,
            refuses=refuses,
        )
        ring = Route(
            *("POST", f"{ONE}/call", "follow_up_call"),
            *("拨打回访电话：先响坐席，再拨出", "Call the person: the own seat rings first", self.call),
            {200: models.PersonRung},
            right=Right.FOLLOW_UP,
            body=models.RingBody,
            refuses=(*refuses, PbxDown),
        )
        return (listed, result, attempt, *((ring,) if self.ring else ()))

    async def list(self, request: ApiRequest) -> Answer:
        q = request.query_as(models.FollowUpsAsked)
        try:
            day = models.day_asked(q.due, self.now().astimezone(self.zone).date())
            before = self.desk.due_by(day) if day else None
        except (ValueError, OverflowError):
            raise BadContact(FieldFault("due", "不是有效日期", "is no day")) from None
        page = await self.desk.page(FollowUpQuery(before, q.state, q.number, q.by_pbx, q.after, q.limit + 1))
        rows, more = page.rows[: q.limit], len(page.rows) > q.limit
        return Answer(
            models.FollowUpsPage(
                items=tuple(shown(row) for row in rows),
                next=str(rows[-1].call.id) if more else None,
                count=page.count,
                reasons=tuple(models.ReasonOffered.model_validate(r) for r in self.desk.rules_now.reasons),
            )
        )

    async def result(self, request: ApiRequest) -> Answer:
        body = request.body_as(models.ResultBody)
        row = await self._allowed(request)
        answers = Answers(
            body.contacted, body.solved, body.handler, body.outcome, body.reason, body.text.strip()
        )
        kept = await self.desk.result(row.call.id, request.account.name, answers, body.call_id)
        return Answer(shown(kept))

    async def attempt(self, request: ApiRequest) -> Answer:
        body = request.body_as(models.AttemptBody)
        row = await self._allowed(request)
        return Answer(
            shown(await self.desk.tried(row.call.id, request.account.name, body.outcome, body.text))
        )

    async def call(self, request: ApiRequest) -> Answer:
        row, reason = await self._allowed(request), request.body_as(models.RingBody).reason
        person = await self.desk.person(row.call.id)
        if row.secret:
            await self._note_look(row.item, reason)
        assert self.ring
        await self.ring(request.account.name, person.phone, follow_up_about(row.item.number))
        return Answer(models.PersonRung(name=person.name))

    async def _note_look(self, item: Item, reason: str) -> None:
        """Who a reporter is is told for a reason alone, and that stands in the audit log first."""
        if len(reason.strip()) < SHORTEST:
            zh = f"呼叫举报人须写明理由，至少 {SHORTEST} 个字"
            raise BadContact(FieldFault("reason", zh, f"is a reason of at least {SHORTEST} characters"))
        if self.notes:
            await self.notes.note("identity.view", item.number, {"reason": reason})

    async def _allowed(self, request: ApiRequest) -> FollowUpRow:
        """The call that is named, for whoever may make it. Raises NotFound, NotAllowed."""
        part = request.part("id")
        if not (part.isascii() and part.isdigit() and len(part) < 16):
            raise NotFound
        row = await self.desk.get(int(part))
        self._check(request.account, row)
        return row

    def _check(self, who: Account, row: FollowUpRow) -> None:
        if row.secret and who.role not in self.openers:
            raise NotAllowed(
                "举报人由有权查看身份的人员回访 / a reporter is called by those who may learn who he is"
            )


def shown(row: FollowUpRow) -> models.FollowUpShown:
    """A follow-up call for the API; of a secret person nothing."""
    call, item, answers = row.call, row.item, row.call.answers
    return models.FollowUpShown(
        id=str(call.id),
        number=call.number,
        round=call.round,
        kind=call.kind,
        state=call.state,
        state_zh=FOLLOW_UP_STATES[call.state][0],
        closed_at=call.closed_at,
        due_at=call.due_at,
        by_pbx=call.by_pbx,
        unit=call.unit,
        order=None if call.order is None else str(call.order),
        attempts=call.attempts,
        dials=call.dials,
        tried_at=call.tried_at,
        secret=row.secret,
        name="" if row.secret else item.person.name,
        phone="" if row.secret else item.person.phone,
        respondent_name=item.respondent.name,
        content=item.content[:200],
        contacted=answers.contacted if answers else None,
        solved=answers.solved if answers else None,
        handler=answers.handler if answers else None,
        outcome=answers.outcome if answers else None,
        reason=answers.reason if answers else "",
        text=answers.text if answers else "",
        answered_at=call.answered_at,
        who=call.who,
        call_id=call.call_id,
        verdict=call.verdict,
        again=call.again,
    )
