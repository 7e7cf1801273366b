"""Calls, their recordings, lines and seats."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, tzinfo
from pathlib import Path

from aiohttp import web

from gateway.core import telephone
from gateway.core.ledgers import CallFilters, CallLog
from gateway.core.rights import Right
from gateway.errors import Conflict, NotFound, PbxDown, StorageDown
from gateway.web.api import translate
from gateway.web.api.phone_models import (
    AgentBody,
    AgentShown,
    AgentsNow,
    CallsAsked,
    CallsPage,
    LinesNow,
    SeatPhone,
)
from gateway.web.api.sealed import Sealed, SealedAsked
from gateway.web.http.call_rights import CallRights, check_seat
from gateway.web.http.file_response import Opener, plain, stored_file
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.ports import Board

log = logging.getLogger(__name__)

SOUND = "audio/wav"


class PhoneApi:
    """The phone side. `var` is the folder that a record's recording is relative to."""

    def __init__(
        self,
        calls: CallLog,
        board: Board,
        var: Path,
        zone: tzinfo,
        rights: CallRights,
        area_code: str = "",
        sealed: Sealed | None = None,
        opened: Opener = plain,
    ) -> None:
        self._opened = opened
        self._sealed = sealed
        self._calls = calls
        self._board = board
        self._var = var
        self._zone = zone
        self._rights = rights
        self._area_code = area_code

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/calls",
                "calls",
                "通话记录，最新在前",
                "Call records, the newest first",
                self.calls,
                {200: CallsPage},
                right=Right.WORK_CALLS,
                lists=True,
                query=CallsAsked,
                refuses=(StorageDown,),
                looks="calls.view",
            ),
            Route(
                "GET",
                "/api/v1/calls/{id}/recording",
                "recording",
                "通话录音（支持分段请求；举报的录音须写明理由）",
                "A call's recording; ranges are served. That of a report is heard for a reason",
                self.recording,
                {200: None, 206: None},
                right=Right.HEAR_CALLS,
                query=SealedAsked,
                media=SOUND,
                refuses=(NotFound, StorageDown),
                looks="recording.listen",
            ),
            Route(
                "GET",
                "/api/v1/lines",
                "lines",
                "各线路及排队情况",
                "The lines now, and who waits",
                self.lines,
                {200: LinesNow},
                right=Right.WORK_CALLS,
                lists=True,
            ),
            Route(
                "GET",
                "/api/v1/agents",
                "agents",
                "各坐席状态",
                "The seats now",
                self.agents,
                {200: AgentsNow},
                right=Right.WORK_CALLS,
            ),
            Route(
                "POST",
                "/api/v1/agents/{id}/state",
                "set_agent",
                "设置坐席状态",
                "Tell a seat to be ready, to pause or to sign out",
                self.set_agent,
                {200: AgentShown},
                right=Right.WORK_CALLS,
                body=AgentBody,
                refuses=(NotFound, Conflict, PbxDown),
            ),
        )

    async def calls(self, request: ApiRequest) -> Answer:
        q = request.query_as(CallsAsked)
        since = self._aware(q.since) if q.since else None
        filters = CallFilters(self._aware(q.until) if q.until else None, q.agent, q.outcome)
        calls = await self._calls.page(since, q.limit + 1, q.before, self._spellings(q.caller), filters)
        shown = tuple(translate.call(record) for record in calls[: q.limit])
        return Answer(CallsPage(items=shown, next=shown[-1].id if len(calls) > q.limit else None))

    def _spellings(self, number: str) -> tuple[str, ...]:
        """All ways in which a call may have kept this number; a short one or a part as it was given."""
        given = number.strip()
        return telephone.spellings(given, self._area_code) or ((given,) if given else ())

    def _aware(self, at: datetime) -> datetime:
        return at if at.tzinfo else at.replace(tzinfo=self._zone)

    async def recording(self, request: ApiRequest) -> web.StreamResponse:
        """Strictly what lies below var/recordings. Who listened stands in the log."""
        call = request.part("id")
        await self._rights.check_hearing(request.account, call)
        if self._sealed and (record := await self._calls.get(call)):
            await self._sealed.may_listen(request.account, record, request.query_as(SealedAsked).reason)
        file = await recorded(self._calls, self._var, call)
        log.info("recording of call %s goes to %s", call, request.account.name)
        return await stored_file(file, self._opened, {"Content-Type": SOUND})

    async def lines(self, request: ApiRequest) -> Answer:
        lines = tuple(translate.line(view) for view in self._board.lines())
        waiting = tuple(translate.waiting(n, view) for n, view in enumerate(self._board.waiting(), 1))
        return Answer(LinesNow(items=lines, waiting=waiting))

    async def agents(self, request: ApiRequest) -> Answer:
        return Answer(AgentsNow(items=tuple(translate.agent(view) for view in self._board.agents())))

    async def set_agent(self, request: ApiRequest) -> Answer:
        """An agent moves his own seat only, a leader any."""
        body, agent = request.body_as(AgentBody), request.part("id")
        ids = {view.id for view in self._board.agents()}
        check_seat(request.account, agent)
        if agent not in ids:
            raise NotFound
        browser = None if body.phone is None else body.phone is SeatPhone.BROWSER
        await self._board.set_agent(agent, body.state.value, body.reason, browser)
        now = next(view for view in self._board.agents() if view.id == agent)
        return Answer(translate.agent(now))


async def recorded(calls: CallLog, var: Path, call: str) -> Path:
    """The file of a call's recording. Raises NotFound, StorageDown."""
    record = await calls.get(call)
    if record is None or not record.recording:
        raise NotFound
    file = await asyncio.to_thread(sound_file, var, record.recording)
    if file is None:
        log.error("call %s: its recording is not where its record says", record.id)
        raise NotFound
    return file


def sound_file(var: Path, recording: str) -> Path | None:
    """The file of a recording, or None when it is not there or not below var/recordings."""
    home = (var / "recordings").resolve()
    file = (var / recording).resolve()
    if not file.is_relative_to(home) or file.suffix != ".wav" or not file.is_file():
        return None
    return file
