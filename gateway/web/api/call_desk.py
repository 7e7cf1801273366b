"""A call at its agent's desk: the pop, the draft, the items, the recording's picture, an item's call-back.

A call is its own agent's and his leaders'; whatever another agent asks of it is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aiohttp import web

from gateway.calls.desk import Pop
from gateway.core.call.draft import Draft
from gateway.core.call.record import Callback
from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.item import Item
from gateway.core.ledgers import CallLog
from gateway.core.rights import Right
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.intake.faults import registration_faults
from gateway.web.api import call_desk_models as models
from gateway.web.api import translate
from gateway.web.api.peaks import Peaks
from gateway.web.api.phone import recorded
from gateway.web.api.sealed import Sealed, SealedAsked
from gateway.web.http.auth import LEADERS
from gateway.web.http.call_rights import CallRights, refuse
from gateway.web.http.file_response import Opener, plain
from gateway.web.http.route import Answer, ApiRequest, Route

log = logging.getLogger(__name__)

CALL = "/api/v1/calls/{id}"
ITEM_BACK = "/api/v1/queue/{number}/call-back"


class Feed(Protocol):
    """What is needed of web/api/events.py."""

    def publish(self, name: str, data: dict[str, object]) -> None: ...


class Calls(Protocol):
    """What is needed of gateway/calls/desk.py."""

    async def call(self, call: str) -> Pop: ...

    async def pop(self, call: str, agent: str) -> Pop: ...

    async def draft(self, call: str, agent: str) -> Draft: ...

    async def save_draft(self, call: str, agent: str, before: int, text: str) -> Draft | None: ...

    async def drafts(self, agent: str) -> list[Draft]: ...

    async def drop_draft(self, call: str) -> None: ...

    async def owed_of_item(self, number: str) -> Callback: ...

    async def owe_again(self, number: str, who: str) -> Callback: ...

    async def write(
        self, call: str, contacts: Sequence[Contact], who: str, close: str | None, more: str = ""
    ) -> list[Receipt]: ...

    async def add(self, call: str, number: str, text: str, who: str) -> None: ...


class CallDeskApi:
    """`var` holds the recordings; `place` tells where a number belongs."""

    def __init__(
        self,
        calls: Calls,
        records: CallLog,
        var: Path,
        now: Callable[[], datetime],
        place: Callable[[str], str],
        feed: Feed,
        rights: CallRights,
        sealed: Sealed,
        opened: Opener = plain,
    ) -> None:
        self._calls = calls
        self._records = records
        self._var = var
        self._now = now
        self._place = place
        self._feed = feed
        self._rights = rights
        self._sealed = sealed
        self._peaks = Peaks(var / "peaks", opened)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", f"{CALL}/pop", "pop", "来电弹屏：来电人的历史记录与草稿"),
                "A call with what came from its number before, and its draft",
                self.pop,
                {200: models.PopShown},
                right=Right.WORK_CALLS,
                refuses=(NotFound, StorageDown),
                looks="pop.view",
            ),
            Route(
                *("GET", f"{CALL}/draft", "draft", "通话草稿", "The call's draft"),
                self.draft,
                {200: models.DraftShown},
                right=Right.WORK_CALLS,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("PUT", f"{CALL}/draft", "save_draft", "保存草稿；版本不符为 409"),
                "Save the draft; 409 when it was saved from elsewhere meanwhile",
                self.save_draft,
                {200: models.DraftShown},
                right=Right.WORK_CALLS,
                body=models.DraftBody,
                refuses=(NotFound, Conflict, StorageDown),
                noted=False,
            ),
            Route(
                *("DELETE", f"{CALL}/draft", "drop_draft", "丢弃草稿", "Throw the draft away"),
                self.drop_draft,
                {204: None},
                right=Right.WORK_CALLS,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("GET", "/api/v1/drafts", "drafts", "本人未完成的草稿", "The asker's open drafts"),
                self.drafts,
                {200: models.DraftsOwn},
                right=Right.WORK_CALLS,
                refuses=(StorageDown,),
            ),
            Route(
                *("POST", f"{CALL}/items", "write_items", "由通话登记事项（投诉、举报分别登记）"),
                "Make items of a call: complaint and report apart",
                self.write,
                {201: models.ItemsMade},
                right=Right.WORK_CALLS,
                body=models.ItemsBody,
                also=self._faults,
                refuses=(NotFound, Conflict, StorageDown),
            ),
            Route(
                *("POST", f"{CALL}/addition", "add_to_item", "来电人对已有事项的补充（任何状态）"),
                "What the caller adds to an item that was there before, in any state",
                self.add,
                {204: None},
                right=Right.WORK_CALLS,
                body=models.AdditionBody,
                refuses=(NotFound, Conflict, StorageDown),
            ),
            Route(
                *("GET", f"{CALL}/peaks", "peaks", "录音波形图", "The recording as a picture"),
                self.peaks,
                {200: None},
                right=Right.HEAR_CALLS,
                query=SealedAsked,
                media="image/svg+xml",
                refuses=(NotFound, StorageDown),
                looks="recording.picture",
            ),
            Route(
                *(
                    "GET",
                    ITEM_BACK,
                    "call_back",
                    "该件的回电",
                    "The call-back that an item owes, or owed last",
                ),
                self.call_back,
                {200: models.OwedShown},
                right=Right.WORK_CALLS,
                number=True,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("POST", ITEM_BACK, "call_back_again", "重新安排未接通的回电"),
                "Try a call-back again that was not reached",
                self.call_back_again,
                {200: models.OwedShown},
                right=Right.WORK_CALLS,
                number=True,
                refuses=(NotFound, Conflict, StorageDown),
            ),
        )

    async def pop(self, request: ApiRequest) -> Answer:
        pop = await self._calls.pop(self._id(request), request.account.name)
        self._own(request, pop)
        assert pop.draft
        return Answer(
            models.PopShown(
                call=translate.call(pop.record),
                number=pop.number,
                place=self._place(pop.number),
                kind=pop.kind,
                path=pop.path,
                calls=tuple(translate.call(earlier) for earlier in pop.calls),
                items=tuple(_brief(earlier) for earlier in pop.items),
                owed=tuple(_owed(earlier) for earlier in pop.owed),
                draft=_draft(pop.draft),
                back=_back(pop.back),
            )
        )

    async def draft(self, request: ApiRequest) -> Answer:
        self._own(request, await self._calls.call(self._id(request)))
        return Answer(_draft(await self._calls.draft(self._id(request), request.account.name)))

    async def save_draft(self, request: ApiRequest) -> Answer:
        call, body = self._id(request), request.body_as(models.DraftBody)
        live_call = await self._calls.call(call)
        self._own(request, live_call)
        saved = await self._calls.save_draft(call, request.account.name, body.version, body.text)
        if saved is None:
            raise Conflict("草稿已在别处更改 / the draft was changed elsewhere meanwhile")
        for other in live_call.agents - {
            request.account.name
        }:  # whom he asked into the call, or who asked him
            self._feed.publish("call.draft", {"agent": other, "id": call})
        return Answer(_draft(saved))

    async def drop_draft(self, request: ApiRequest) -> Answer:
        self._own(request, await self._calls.call(self._id(request)))
        await self._calls.drop_draft(self._id(request))
        return Answer(None, 204)

    async def drafts(self, request: ApiRequest) -> Answer:
        drafts = await self._calls.drafts(request.account.name)
        return Answer(models.DraftsOwn(items=tuple(_draft(draft) for draft in drafts)))

    async def write(self, request: ApiRequest) -> Answer:
        call, body = self._id(request), request.body_as(models.ItemsBody)
        self._own(request, await self._calls.call(call))
        if not body.items:
            raise BadContact(FieldFault("items", "至少一项", "has at least one entry"))
        contacts = [translate.contact(item, "", self._now()) for item in body.items]
        receipts = await self._calls.write(call, contacts, request.account.name, body.close, body.more)
        return Answer(models.ItemsMade(items=tuple(translate.receipt(item) for item in receipts)), 201)

    async def add(self, request: ApiRequest) -> Answer:
        call, body = self._id(request), request.body_as(models.AdditionBody)
        self._own(request, await self._calls.call(call))
        await self._calls.add(call, body.number, body.text.strip(), request.account.name)
        return Answer(None, 204)

    def _faults(self, request: ApiRequest) -> list[FieldFault]:
        today = self._now().date()
        items = request.body_as(models.ItemsBody).items
        faults = [
            FieldFault(f"items[{n}].occurred_on", "日期在将来", "lies in the future")
            for n, item in enumerate(items)
            if item.occurred_on and (item.occurred_on - today).days > 1
        ]
        for n, item in enumerate(items):
            missing = registration_faults(translate.contact(item, "", self._now()))
            faults += [replace(fault, field=f"items[{n}].{fault.field}") for fault in missing]
        return faults

    async def peaks(self, request: ApiRequest) -> web.StreamResponse:
        call = self._id(request)
        await self._rights.check_hearing(request.account, call)
        if record := await self._records.get(call):
            await self._sealed.may_listen(request.account, record, request.query_as(SealedAsked).reason)
        file = await recorded(self._records, self._var, call)
        try:
            picture = await asyncio.to_thread(self._peaks.picture, call, file)
        except OSError as error:
            raise StorageDown(f"{file.name} cannot be drawn: {error.strerror}") from error
        headers = {"Cache-Control": "private, no-store"}
        return web.Response(body=picture, content_type="image/svg+xml", headers=headers)

    async def call_back(self, request: ApiRequest) -> Answer:
        return Answer(_owed(await self._calls.owed_of_item(request.part("number"))))

    async def call_back_again(self, request: ApiRequest) -> Answer:
        callback = await self._calls.owe_again(request.part("number"), request.account.name)
        return Answer(_owed(callback))

    @staticmethod
    def _id(request: ApiRequest) -> str:
        return request.part("id")

    def _own(self, request: ApiRequest, pop: Pop) -> None:
        """Raises NotAllowed for a call that is another agent's."""
        who = request.account
        if who.role not in LEADERS and who.name not in pop.agents:
            refuse(who, pop.record.id)


def _draft(draft: Draft) -> models.DraftShown:
    return models.DraftShown.model_validate(draft)


def _owed(callback: Callback) -> models.OwedShown:
    return models.OwedShown(
        id=callback.id,
        phone=callback.phone,
        booked_at=callback.booked_at,
        state=callback.state,
        number=callback.number or None,
        attempts=callback.attempts,
        due_at=callback.due_at,
    )


def _back(callback: Callback | None) -> models.BackShown | None:
    if callback is None:
        return None
    return models.BackShown(
        id=callback.id,
        number=callback.number or None,
        booked_at=callback.booked_at,
        attempt=callback.attempts + 1,
    )


def _brief(item: Item) -> models.ItemBrief:
    return models.ItemBrief(
        number=item.number,
        channel=item.channel,
        kind=item.kind,
        task=item.task,
        state=item.state,
        received_at=item.received_at,
        name=item.person.name,
        respondent_name=item.respondent.name,
        content=item.content[:300],
    )
