"""Which page of an agent is the telephone of his seat: one at a time, for as long as it listens to events.

Another page takes it over on request. While the first is in a call, that breaks the call, so it has to be
asked for in so many words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.calls.views import AgentView
from gateway.core.call.seat import SeatState
from gateway.core.rights import Right
from gateway.errors import Conflict, NotFound
from gateway.web.api import call_desk_models as models
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.ports import Board

PATH = "/api/v1/seat-phone"
PAGE_OPENS = 2.0  # seconds until a page that took the phone listens to events
IN_CALL = (SeatState.RINGING, SeatState.TALKING)
BROWSERS = {"Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Version": "Safari"}
"""By the word in a User-Agent, which names others behind its own."""


class Feed(Protocol):
    """What is needed of web/api/events.py."""

    def publish(self, name: str, data: dict[str, object]) -> None: ...

    def shows(self, name: str, page: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Holder:
    """A page that became the telephone at `at`; `began` is the same on the clock of the machine."""

    page: str
    at: datetime
    began: float
    program: str


class SeatPhoneApi:
    """`passwords` are those of the seats' phones, by agent."""

    def __init__(
        self, board: Board, passwords: Mapping[str, str], feed: Feed, now: Callable[[], datetime]
    ) -> None:
        self._board = board
        self._passwords = passwords
        self._feed = feed
        self._now = now
        self._holders: dict[str, Holder] = {}  # by agent

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("POST", PATH, "seat_phone", "由本页面作为坐席电话；另一页面占用时为 409"),
                "Be the asker's phone; 409 while another page is",
                self.take,
                {200: models.SeatPhoneShown},
                right=Right.WORK_CALLS,
                body=models.SeatPhoneBody,
                refuses=(NotFound, Conflict),
                noted=False,
            ),
            Route(
                *("GET", PATH, "seat_phone_holder", "坐席电话现在在哪个页面上"),
                "Which page is the asker's phone now",
                self.holder,
                {200: models.SeatPhoneHolder},
                right=Right.WORK_CALLS,
                refuses=(NotFound,),
            ),
        )

    async def take(self, request: ApiRequest) -> Answer:
        who, body = request.account.name, request.body_as(models.SeatPhoneBody)
        agent, password = self._agent(who), self._passwords.get(who)
        if password is None:
            raise NotFound("该账号没有坐席 / this account has no seat")
        holder = self._holders.get(who)
        other = holder is not None and holder.page != body.page
        if other and self._held(who) and not body.take:
            raise Conflict("电话在另一页面上 / another page is the phone")
        if other and self._held(who) and self._in_call(agent) and not body.cut:
            raise Conflict("另一页面正在通话 / the other page is in a call")
        if other or holder is None:
            program = _program(request.http.headers.get("User-Agent", ""))
            self._holders[who] = Holder(body.page, self._now(), time.monotonic(), program)
        if other:
            self._feed.publish("desk.phone", {"agent": who, "page": body.page})
        return Answer(
            models.SeatPhoneShown(
                seat=agent.seat, user=f"{agent.seat}-web", auth=agent.seat, password=password
            )
        )

    async def holder(self, request: ApiRequest) -> Answer:
        who = request.account.name
        agent = self._agent(who)
        holder = self._holders.get(who) if self._held(who) else None
        if holder is None:
            return Answer(models.SeatPhoneHolder(page=None, since=None, program="", in_call=False))
        return Answer(
            models.SeatPhoneHolder(
                page=holder.page, since=holder.at, program=holder.program, in_call=self._in_call(agent)
            )
        )

    def _held(self, who: str) -> bool:
        """Is the page that became the phone open still, or opening?"""
        holder = self._holders.get(who)
        if holder is None:
            return False
        return time.monotonic() - holder.began < PAGE_OPENS or self._feed.shows(who, holder.page)

    @staticmethod
    def _in_call(agent: AgentView) -> bool:
        return agent.state in IN_CALL and (agent.browser or agent.state is SeatState.TALKING)

    def _agent(self, who: str) -> AgentView:
        """Raises NotFound."""
        agent = next((other for other in self._board.agents() if other.id == who), None)
        if agent is None:
            raise NotFound("该账号没有坐席 / this account has no seat")
        return agent


def _program(user_agent: str) -> str:
    """A browser by name and version; "" for one that does not say."""
    for word, name in BROWSERS.items():
        if match := re.search(rf"{word}/([0-9]+)", user_agent):
            return f"{name} {match[1]}"
    return ""
