"""The linkage ledger over the API: ours to refer and to close, a partner's to push and to reply.

A partner's token bears the partner's id as its name; it sees its own referrals alone, and of ours the slip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.referral import Account, Direction, Referral, ReferralEvent, ReferralState
from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.web.api.intake_models import NewContact
from gateway.web.api.item_routes import ONE
from gateway.web.http.fields import Choice, Day, Flag, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route

MOST_DAYS = 366
MakeContact = Callable[[NewContact, str], Contact]


class LinkageDesk(Protocol):
    """gateway/intake/referrals.py, as far as the web side needs it."""

    async def refer(self, number: str, partner_id: str, who: str, *, text: str = "") -> Referral: ...

    async def take(
        self, contact: Contact, partner_id: str, their_number: str
    ) -> tuple[Receipt, Referral]: ...

    async def happen(
        self,
        referral_id: str,
        event: ReferralEvent,
        who: str,
        *,
        text: str = "",
        their_number: str = "",
        satisfied: bool | None = None,
        partner: str = "",
    ) -> Referral: ...

    async def get(self, referral_id: str, partner: str = "") -> Referral: ...

    async def page(
        self, partner: str, state: ReferralState | None, number: str, after: str, limit: int
    ) -> Sequence[Referral]: ...

    async def accounts(self, first: date, last: date) -> tuple[Account, ...]: ...

    def opens(self, referral_id: str, token: str) -> bool: ...

    def expired(self, referral: Referral) -> bool: ...


class ReferBody(RequestModel):
    """To whom an item is handed, and what is said with it."""

    partner: Annotated[str, Text(32, shortest=1)] = Field(
        description="协作单位编号 / the partner's id", examples=["12345"]
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="转办说明 / a word with it")


class Pushed(NewContact):
    """A matter that a partner hands to us, with its own number of it."""

    their_number: Annotated[str, Text(64)] = Field(default="", description="贵方编号 / your own number of it")


class Reply(RequestModel):
    """What the other side (or we) say of a referral."""

    text: Annotated[str, Text(4000, lines=True)] = Field(
        default="", description="理由或办理结果 / why, or what was done"
    )
    their_number: Annotated[str, Text(64)] = Field(
        default="", description="对方编号 / the other side's number"
    )
    satisfied: Flag | None = Field(default=None, description="回访是否满意 / was the person satisfied")


class ReferralsAsked(RequestModel):
    """Which referrals, the newest first."""

    state: Choice[ReferralState] | None = Field(default=None, description="状态 / state")
    partner: Annotated[str, Text(32)] = Field(default="", description="协作单位 / partner")
    number: Annotated[str, Text(12)] = Field(default="", description="登记编号 / number of the item")
    after: Annotated[str, Text(20)] = Field(
        default="", description="上一页最后一件 / id of the last one seen"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="条数 / how many")


class SlipShown(AnswerModel):
    """What the partner may see of the matter; what is not for it is empty."""

    kind: str = ""
    content: str = ""
    respondent: str = ""
    county: str = ""
    occurred_on: str = ""
    name: str = ""
    phone: str = ""
    address: str = ""


class ReferralShown(AnswerModel):
    """One referral. A partner sees no `call_id`."""

    id: str
    number: str
    partner: str
    direction: Direction
    state: ReferralState
    their_number: str
    call_id: str | None
    made_at: datetime
    due: date
    answered_at: datetime | None
    ended_at: datetime | None
    satisfied: bool | None
    text: str
    slip: SlipShown


class ReferralsPage(AnswerModel):
    items: tuple[ReferralShown, ...]
    next: str | None


class PushAnswer(AnswerModel):
    """Our number and query code for a matter that was pushed, and its referral."""

    number: str
    query_code: str
    referral: ReferralShown


class SpanAsked(RequestModel):
    """Days of a report, both included."""

    first: Day = Field(description="起始日期 / first day")
    last: Day = Field(description="截止日期 / last day")


class AccountShown(AnswerModel):
    """A span's referrals with one partner in one direction."""

    partner: str
    direction: Direction
    made: int
    accepted: int
    refused: int
    returned: int
    kept: int
    answered: int
    in_time: int
    late: int
    owed: int
    overdue: int
    satisfied: int
    dissatisfied: int


class AccountsShown(AnswerModel):
    items: tuple[AccountShown, ...]


class ReferralApi:
    """End points of the linkage ledger."""

    def __init__(self, linkage: LinkageDesk, contact: MakeContact) -> None:
        self._linkage = linkage
        self._contact = contact

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("POST", f"{ONE}/refer", "refer", "转办协作单位", "Hand an item to a partner", self.refer),
                {201: ReferralShown},
                right=Right.WORK_ITEMS,
                body=ReferBody,
                number=True,
                refuses=(NotFound, Conflict, StorageDown),
            ),
            Route(
                *("POST", "/api/v1/referrals", "push", "协作单位转来事项", "A partner hands us a matter"),
                self.push,
                {200: PushAnswer, 201: PushAnswer},
                right=Right.SEND_REFERRALS,
                body=Pushed,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("GET", "/api/v1/referrals", "referrals", "互通互报台账", "The linkage ledger"),
                self.page,
                {200: ReferralsPage},
                right=Right.ANSWER_REFERRALS,
                query=ReferralsAsked,
                refuses=(StorageDown,),
                looks="referrals.view",
            ),
            Route(
                *("GET", "/api/v1/referrals/accounts", "referral_accounts"),
                *("一段时间的转办统计", "A span's referrals, counted"),
                self.accounts,
                {200: AccountsShown},
                right=Right.LEAD_SHIFT,
                query=SpanAsked,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", "/api/v1/referrals/{id}", "referral", "一件转办", "One referral", self.one),
                {200: ReferralShown},
                right=Right.ANSWER_REFERRALS,
                refuses=(NotFound, StorageDown),
                looks="referral.view",
            ),
            *(self._event(event) for event in ReferralEvent),
        )

    def _event(self, event: ReferralEvent) -> Route:
        async def does(request: ApiRequest) -> Answer:
            reply, who = request.body_as(Reply), request.account
            partner = who.name if who.role is Role.PARTNER else ""
            done = await self._linkage.happen(
                request.part("id"),
                event,
                f"partner:{partner}" if partner else who.name,
                text=reply.text,
                their_number=reply.their_number,
                satisfied=reply.satisfied,
                partner=partner,
            )
            return Answer(shown(done, partner))

        zh, en = EVENT_WORDS[event]
        return Route(
            *("POST", f"/api/v1/referrals/{{id}}/{event.value}", f"referral_{event.value}", zh, en, does),
            {200: ReferralShown},
            right=Right.ANSWER_REFERRALS,
            body=Reply,
            refuses=(NotFound, Conflict, StorageDown),
        )

    async def refer(self, request: ApiRequest) -> Answer:
        body = request.body_as(ReferBody)
        referral = await self._linkage.refer(
            request.part("number"), body.partner, request.account.name, text=body.text
        )
        return Answer(shown(referral, ""), 201)

    async def push(self, request: ApiRequest) -> Answer:
        pushed, partner = request.body_as(Pushed), request.account.name
        receipt, referral = await self._linkage.take(self._contact(pushed, ""), partner, pushed.their_number)
        answer = PushAnswer(
            number=receipt.number, query_code=receipt.query_code, referral=shown(referral, partner)
        )
        return Answer(answer, 200 if receipt.repeated else 201)

    async def page(self, request: ApiRequest) -> Answer:
        q, who = request.query_as(ReferralsAsked), request.account
        own = who.name if who.role is Role.PARTNER else ""
        referrals = await self._linkage.page(own or q.partner, q.state, q.number, q.after, q.limit + 1)
        items = tuple(shown(referral, own) for referral in referrals[: q.limit])
        return Answer(ReferralsPage(items=items, next=items[-1].id if len(referrals) > q.limit else None))

    async def one(self, request: ApiRequest) -> Answer:
        who = request.account
        own = who.name if who.role is Role.PARTNER else ""
        return Answer(shown(await self._linkage.get(request.part("id"), own), own))

    async def accounts(self, request: ApiRequest) -> Answer:
        q = request.query_as(SpanAsked)
        if not 0 <= (q.last - q.first).days < MOST_DAYS:
            raise BadContact(FieldFault("last", "时间段为 1 至 366 天", "a span has 1 to 366 days"))
        accounts = await self._linkage.accounts(q.first, q.last)
        return Answer(AccountsShown(items=tuple(_account(account) for account in accounts)))


EVENT_WORDS: Mapping[ReferralEvent, tuple[str, str]] = {
    ReferralEvent.ACCEPT: ("接收", "The receiver takes it"),
    ReferralEvent.REFUSE: ("不予接收", "It is not the receiver's matter"),
    ReferralEvent.RETURN: ("退回", "Given back after all"),
    ReferralEvent.KEEP: ("由首接方受理", "Unclear whose it is: the first receiver keeps it"),
    ReferralEvent.ANSWER: ("反馈办理结果", "What the receiver did"),
    ReferralEvent.CLOSE: ("办结", "The giver has taken note"),
}


def shown(referral: Referral, partner: str) -> ReferralShown:
    """As our side sees it, or as that partner does."""
    return ReferralShown(
        id=referral.id,
        number=referral.number,
        partner=referral.partner,
        direction=referral.direction,
        state=referral.state,
        their_number=referral.their_number,
        call_id=None if partner else referral.call_id or None,
        made_at=referral.made_at,
        due=referral.due,
        answered_at=referral.answered_at,
        ended_at=referral.ended_at,
        satisfied=referral.satisfied,
        text=referral.text,
        slip=SlipShown(**referral.slip),
    )


def _account(account: Account) -> AccountShown:
    return AccountShown.model_validate(account)
