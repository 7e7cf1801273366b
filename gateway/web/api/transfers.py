"""Three-way transfers over the API: consult, merge, back, leave; partners; listening in.

A call's own agent moves it, and his leaders; whatever another agent asks of it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.call.transfer import Ask, TargetKind, Transfer, TransferOutcome, TransferState
from gateway.core.flow.partner import Partner
from gateway.core.ledgers import CallLog
from gateway.core.rights import Right
from gateway.errors import (
    BadContact,
    Conflict,
    FieldFault,
    NotAllowed,
    NotFound,
    PbxDown,
    StorageDown,
)
from gateway.pbx.port import ListenMode
from gateway.web.http.auth import LEADERS
from gateway.web.http.call_rights import CallRights
from gateway.web.http.fields import PHONE, Choice, Flag, Text
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.ports import IntakeQueue

CALL = "/api/v1/calls/{id}"


class ConsultBody(RequestModel):
    """Whom the agent wants to speak with: a partner or another agent, one of the two."""

    partner: Annotated[str, Text(32)] = Field(
        default="", description="协作单位编号 / the partner's id", examples=["12345"]
    )
    agent: Annotated[str, Text(32)] = Field(default="", description="另一坐席编号 / the other agent's id")
    direct: Flag = Field(
        default=False, description="接通即转出（一键转接） / put the caller through as soon as it answers"
    )


class ListenBody(RequestModel):
    """How a supervisor wants to be on a call, and on which phone."""

    mode: Choice[ListenMode] = Field(description="监听、密语或强插 / unheard, heard by the agent, or by all")
    seat: Annotated[str, Text(20, shortest=1)] = Field(
        description="用哪部话机 / the phone that rings", examples=["8004"]
    )


class CallBody(RequestModel):
    """Whom to call about an item, and who calls; the person of the item and the asker if not given."""

    phone: Annotated[str, Text(24, pattern=PHONE)] = Field(
        default="", description="电话号码 / telephone number"
    )
    agent: Annotated[str, Text(32)] = Field(default="", description="由哪个坐席拨打 / the agent who calls")


class TransferShown(AnswerModel):
    """One transfer of a call that goes on."""

    call_id: str
    agent: str
    target: str
    kind: TargetKind
    state: TransferState
    outcome: TransferOutcome
    direct: bool
    asked_at: datetime
    answered_at: datetime | None
    joined_at: datetime | None
    ended_at: datetime | None


class TransfersShown(AnswerModel):
    items: tuple[TransferShown, ...]


class PartnerShown(AnswerModel):
    """A partner hotline and its terms, as its file says."""

    id: str
    name: str
    name_en: str
    open: bool
    told_before_joining: str
    paper: str
    decides: str


class PartnersNow(AnswerModel):
    items: tuple[PartnerShown, ...]


class TransferDesk(Protocol):
    """What is needed of the live side. Unknown calls raise NotFound, what cannot be now Conflict."""

    def agent_of(self, call: str) -> str: ...

    def agent_at(self, seat: str) -> str: ...

    def transfer(self, call: str) -> Transfer | None: ...

    async def consult(self, call: str, target: str, *, direct: bool = False) -> Transfer: ...

    async def ask_transfer(self, call: str, ask: Ask) -> Transfer: ...

    async def listen_to(self, call: str, seat: str, mode: ListenMode) -> None: ...

    async def call_out(self, agent_id: str, phone: str, item: str) -> None: ...

    def partners(self) -> Sequence[tuple[Partner, bool]]:
        """Every partner, and whether it is open now."""


class TransferApi:
    """End points below /api/v1/calls/{id} that move a live call."""

    def __init__(self, desk: TransferDesk, calls: CallLog, intake: IntakeQueue, rights: CallRights) -> None:
        self._desk = desk
        self._rights = rights
        self._intake = intake
        self._calls = calls

    def routes(self) -> tuple[Route, ...]:
        asks = (
            (Ask.MERGE, "三方通话", "Join caller, agent and target"),
            (Ask.BACK, "取消转接，回到来电人", "Let the target go and return to the caller"),
            (Ask.LEAVE, "坐席退出，由对方继续", "Leave the caller with the target"),
        )
        return (
            Route(
                *("POST", f"{CALL}/consult", "consult"),
                *("呼叫协作单位或其他坐席，来电人等候", "Speak with a partner or an agent in private"),
                self.consult,
                {200: TransferShown},
                right=Right.WORK_CALLS,
                body=ConsultBody,
                refuses=(NotFound, Conflict, PbxDown),
            ),
            *(self._ask(*route) for route in asks),
            Route(
                *("GET", f"{CALL}/transfer", "transfer", "当前转接", "The call's transfer now"),
                self.shown,
                {200: TransferShown},
                right=Right.WORK_CALLS,
                refuses=(NotFound,),
            ),
            Route(
                *("GET", f"{CALL}/transfers", "transfers"),
                *("通话的全部转接记录", "All transfers of a call that is over"),
                self.kept,
                {200: TransfersShown},
                right=Right.WORK_CALLS,
                refuses=(NotFound, StorageDown),
                looks="transfers.view",
            ),
            Route(
                *(
                    "POST",
                    f"{CALL}/listen",
                    "listen",
                    "值班长监听、密语、强插",
                    "Listen to a call, whisper or join",
                ),
                self.listen,
                {204: None},
                right=Right.LEAD_SHIFT,
                body=ListenBody,
                refuses=(NotFound, Conflict, PbxDown),
            ),
            Route(
                *("POST", "/api/v1/queue/{number}/call", "call_about"),
                *("就此件回电：先响坐席，再拨出", "Call somebody about an item: the seat rings first"),
                self.call,
                {204: None},
                right=Right.WORK_CALLS,
                body=CallBody,
                number=True,
                refuses=(NotFound, Conflict, PbxDown, StorageDown),
            ),
            Route(
                *("GET", "/api/v1/partners", "partners", "协作单位", "The partner hotlines"),
                self.partners,
                {200: PartnersNow},
                right=Right.WORK_CALLS,
            ),
        )

    def _ask(self, ask: Ask, zh: str, en: str) -> Route:
        async def does(request: ApiRequest) -> Answer:
            call = request.part("id")
            self._check_own(request, call)
            return Answer(self._view(await self._desk.ask_transfer(call, ask)))

        return Route(
            *("POST", f"{CALL}/{ask.value}", ask.value, zh, en, does, {200: TransferShown}),
            right=Right.WORK_CALLS,
            refuses=(NotFound, Conflict, PbxDown),
        )

    async def consult(self, request: ApiRequest) -> Answer:
        body, call = request.body_as(ConsultBody), request.part("id")
        if bool(body.partner) == bool(body.agent):
            raise BadContact(FieldFault("partner", "填写协作单位或坐席之一", "name a partner or an agent"))
        self._check_own(request, call)
        target = body.partner or body.agent
        return Answer(self._view(await self._desk.consult(call, target, direct=body.direct)))

    async def shown(self, request: ApiRequest) -> Answer:
        call = request.part("id")
        self._check_own(request, call)
        transfer = self._desk.transfer(call)
        if transfer is None:
            raise NotFound
        return Answer(self._view(transfer))

    async def kept(self, request: ApiRequest) -> Answer:
        await self._rights.check_seeing(request.account, request.part("id"))
        transfers = await self._calls.transfers(request.part("id"))
        return Answer(TransfersShown(items=tuple(self._view(transfer) for transfer in transfers)))

    async def listen(self, request: ApiRequest) -> Answer:
        body = request.body_as(ListenBody)
        await self._desk.listen_to(request.part("id"), body.seat, body.mode)
        return Answer(None, 204)

    async def call(self, request: ApiRequest) -> Answer:
        body, who = request.body_as(CallBody), request.account
        agent = body.agent or who.name
        if agent != who.name and who.role not in LEADERS:
            raise NotAllowed("只能用自己的坐席拨打 / call from your own seat")
        number = (await self._intake.get(request.part("number"))).item.number
        await self._desk.call_out(agent, body.phone or await self._intake.phone_of(number), number)
        return Answer(None, 204)

    async def partners(self, request: ApiRequest) -> Answer:
        return Answer(
            PartnersNow(items=tuple(_partner(partner, open_) for partner, open_ in self._desk.partners()))
        )

    def _check_own(self, request: ApiRequest, call: str) -> None:
        """May this account move this call? Raises NotFound, NotAllowed."""
        agent, who = self._desk.agent_of(call), request.account
        if who.role not in LEADERS and who.name != agent:
            raise NotAllowed("这不是您的通话 / this is another agent's call")

    def _view(self, transfer: Transfer) -> TransferShown:
        return TransferShown(
            call_id=transfer.call,
            agent=self._desk.agent_at(transfer.seat),
            target=transfer.target,
            kind=transfer.kind,
            state=transfer.state,
            outcome=transfer.outcome,
            direct=transfer.direct,
            asked_at=transfer.asked_at,
            answered_at=transfer.answered_at,
            joined_at=transfer.joined_at,
            ended_at=transfer.ended_at,
        )


def _partner(partner: Partner, open_: bool) -> PartnerShown:
    return PartnerShown(
        id=partner.id,
        name=partner.zh,
        name_en=partner.en,
        open=open_,
        told_before_joining=partner.told_before_joining,
        paper=partner.paper,
        decides=partner.decides,
    )
