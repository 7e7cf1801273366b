"""Seats: their states as the PBX reports them, pauses that the gateway sets, signing in and out.

Every change of a state is published and kept in the log of agents.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from gateway.calls.backlog import Backlog
from gateway.calls.events import CallEvents
from gateway.calls.patience import patiently
from gateway.core.call import seat as acd
from gateway.core.call.record import AgentChange
from gateway.core.call.seat import Seat, SeatState
from gateway.core.ledgers import AgentLog
from gateway.core.statistics import WINDOW
from gateway.errors import Conflict, NotFound, PbxDown
from gateway.pbx.port import Pbx, SeatSeen
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

BATCH = 64  # changes of seats kept in one transaction
NO_PHONE_AFTER = 0.5  # seconds without its telephone until a seat is paused: it was asked several times
NO_PAGE_AFTER = 2.0  # the same for a page: it may be loaded anew


@dataclass(frozen=True, slots=True)
class SeatHooks:
    """What others do when a seat changes. `changed(reachable)`: any change; True when one more seat can be
    reached. `free`: a seat has become free. `rings(agent, call)`: it rings for another call."""

    changed: Callable[[bool], None]
    free: Callable[[], Awaitable[None]]
    rings: Callable[[str, str], None]


class Seats:
    """Every seat of gateway.toml, signed in or not."""

    def __init__(
        self,
        config: Config,
        pbx: Pbx,
        log_of_agents: AgentLog,
        events: CallEvents,
        hooks: SeatHooks,
        tasks: Supervisor,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._pbx = pbx
        self._log_of_agents = log_of_agents
        self._events = events
        self._hooks = hooks
        self._tasks = tasks
        self._now = now
        self._seats = {a.seat: Seat(a.id, a.seat, a.name) for a in config.agents}
        self._changes: Backlog[AgentChange] = Backlog()
        self._wrap_ups: dict[str, asyncio.TimerHandle] = {}
        self._phone_timers: dict[str, asyncio.TimerHandle] = {}

    def start(self) -> None:
        self._tasks.keep("switchboard seats", self._keep_changes)

    def cancel_timers(self) -> None:
        for timer in (*self._wrap_ups.values(), *self._phone_timers.values()):
            timer.cancel()

    async def end_spells(self) -> None:
        """Close the spells that an earlier run of this gateway recorded and that have ended since; those of
        other gateways stay. Raises StorageDown."""
        now = self._now()
        here = {seat.agent for seat in self._seats.values() if seat.since is not None}
        for change in await self._log_of_agents.last(now - WINDOW):
            if change.agent not in here and change.state != SeatState.OFFLINE:
                self._changes.put(AgentChange(now, change.agent, SeatState.OFFLINE.value))

    async def saved(self) -> None:
        """Wait until every change is kept."""
        await self._changes.emptied()

    # ------------------------------------------------------------ looking

    def all(self) -> list[Seat]:
        return list(self._seats.values())

    def get(self, seat: str) -> Seat | None:
        return self._seats.get(seat)

    def __getitem__(self, seat: str) -> Seat:
        return self._seats[seat]

    def __contains__(self, seat: object) -> bool:
        return seat in self._seats

    def agents_with(self, call: str) -> frozenset[str]:
        """The agents whose seats ring for this call or have it."""
        return frozenset(seat.agent for seat in self._seats.values() if seat.call == call)

    def reachable(self) -> int:
        """How many are signed in with a telephone that can be reached; they may be busy or paused."""
        return sum(_can_ring(seat) for seat in self._seats.values())

    def free(self) -> int:
        """How many could ring now."""
        return sum(seat.free for seat in self._seats.values())

    def in_call(self, agent: str) -> bool:
        """Does a call ring at this agent's seat, or does he talk?"""
        busy = (SeatState.RINGING, SeatState.TALKING)
        mine = (seat for seat in self._seats.values() if seat.agent == agent)
        return any(seat.on_call or seat.elsewhere or seat.state in busy for seat in mine)

    def signed_in(self) -> bool:
        """Is any seat signed in?"""
        return any(seat.signed_in for seat in self._seats.values())

    # ------------------------------------------------------------ signing in and out

    async def set_agent(
        self, agent_id: str, state: str, reason: str = "", browser: bool | None = None
    ) -> Seat:
        """Sign a seat in (ready), pause it with a reason, or sign it out (offline).

        `browser` names the phone that is to ring, None leaves it. Raises NotFound, Conflict, PbxDown.
        """
        agent = self._config.agent(agent_id)
        if agent is None:
            raise NotFound(f"no agent {agent_id}")
        if state == "ready":
            seat = self._seats[agent.seat]
            same_phone = browser is None or browser is seat.browser
            paused = acd.OTHER_PHONE if seat.elsewhere and same_phone else ""
            await self._pbx.sign_in(agent.seat, agent.id, paused=paused, browser=browser)
        elif state == "paused":
            if not await self._pbx.pause(agent.seat, reason or "other"):
                raise Conflict("this seat is not signed in")
        elif state == "offline":
            await self._pbx.sign_out(agent.seat)
        else:
            raise Conflict(f"no state {state}: ready, paused or offline")
        return self._seats[agent.seat]

    # ------------------------------------------------------------ what the PBX tells

    def seen(self, seen: SeatSeen) -> None:
        facts = {
            "signed_in": seen.signed_in,
            "paused": seen.paused,
            "reason": seen.reason if seen.paused else "",
            "device": seen.device,
            "browser": seen.browser,
            "elsewhere": seen.elsewhere,
        }
        self.change(seen.seat, **facts)
        if seen.seat in self._seats:
            self._watch_phone(self._seats[seen.seat])
            self._watch_other_phone(self._seats[seen.seat])

    def rings(self, seat: str, call: str, rings: bool) -> None:
        before = self._seats.get(seat)
        if rings or (before and before.call == call):
            self.change(seat, call=call if rings else "")
        if rings and before and before.call != call:
            self._hooks.rings(before.agent, call)

    def taken(self, seat: str, first: str) -> None:
        """No call goes to a telephone that took a seat until somebody there says that he is ready."""
        log.warning("seat %s: another telephone registered while the first was there", seat)
        before = self._seats.get(seat)
        if before is None:
            return
        if before.signed_in and not before.browser:
            self._tasks.once("seat", partial(self._pause, seat, acd.TAKEN))
        self._tasks.once("seat", partial(self._tell_taken, seat, first))

    def forwards(self, seat: str) -> None:
        log.warning("seat %s is paused: its phone forwards calls, none was forwarded", seat)
        self._tasks.once("seat", partial(self._pause, seat, acd.FORWARDS))

    def change(self, seat: str, **facts: object) -> None:
        """Take new facts of a seat; an unknown seat is ignored."""
        before = self._seats.get(seat)
        if before is None:
            return
        after = acd.changed(before, self._now(), **facts)
        # The PBX tells for whom a seat rings before it tells that it rings: the call is only
        # cleared where the seat has just come to rest.
        rests = after.state in (SeatState.READY, SeatState.OFFLINE)
        if rests and before.state is not after.state:
            after = replace(after, call="")
        self._seats[seat] = after
        self._hooks.changed(_can_ring(after) and not _can_ring(before))
        if after.since != before.since:
            self._state_changed(before, after)

    def _state_changed(self, before: Seat, after: Seat) -> None:
        self._changes.put(AgentChange(self._now(), after.agent, after.state.value, after.why))
        self._events.seat(after)
        self._time_wrap_up(after)
        if after.free and not before.free:
            self._tasks.once("queue", self._hooks.free)

    async def _keep_changes(self) -> None:
        """Keep what seats do at once, whether or not there are calls; what comes meanwhile goes together."""
        while True:
            changes = await self._changes.some(BATCH)
            await patiently(partial(self._log_of_agents.add_changes, changes))
            self._changes.done(changes)
            self._events.publish("figures.changed")

    # ------------------------------------------------------------ pauses that the gateway sets

    def _watch_phone(self, seat: Seat) -> None:
        """A seat whose phone is gone is paused after a moment; when the phone is back, so is the seat."""
        unreachable = seat.signed_in and not seat.reachable and not seat.paused
        back = seat.signed_in and seat.reachable and seat.paused and seat.reason == acd.NO_PHONE
        timer = self._phone_timers.get(seat.seat)
        if timer and not unreachable:
            self._phone_timers.pop(seat.seat).cancel()
        elif unreachable and not timer:
            later = asyncio.get_running_loop().call_later
            after = NO_PAGE_AFTER if seat.browser else NO_PHONE_AFTER
            self._phone_timers[seat.seat] = later(after, self._phone_gone, seat.seat)
        if back:
            self._tasks.once("seat", partial(self._ready, seat.seat))

    def _watch_other_phone(self, seat: Seat) -> None:
        """Whoever talks on the phone of his seat that is not in the queue is not rung on the one that is."""
        if not seat.signed_in:
            return
        if seat.elsewhere and not seat.paused:
            self._tasks.once("seat", partial(self._pause, seat.seat, acd.OTHER_PHONE))
        elif not seat.elsewhere and seat.paused and seat.reason == acd.OTHER_PHONE:
            self._tasks.once("seat", partial(self._ready, seat.seat))

    def _phone_gone(self, seat: str) -> None:
        self._phone_timers.pop(seat, None)
        self._tasks.once("seat", partial(self._pause, seat, acd.NO_PHONE))

    async def _tell_taken(self, seat: str, first: str) -> None:
        try:
            await self._pbx.tell_taken(seat, first)
        except PbxDown as error:
            log.warning("seat %s: its first telephone is not told: %s", seat, error)

    async def _pause(self, seat: str, reason: str) -> None:
        try:
            await self._pbx.pause(seat, reason)
        except PbxDown as error:
            log.warning("seat %s is not paused: %s", seat, error)

    def _time_wrap_up(self, seat: Seat) -> None:
        """A seat in wrap-up is rung again after its time."""
        timer = self._wrap_ups.pop(seat.seat, None)
        if timer:
            timer.cancel()
        if seat.state is SeatState.WRAP_UP:
            loop = asyncio.get_running_loop()
            seconds = self._config.queue.wrap_up_seconds
            self._wrap_ups[seat.seat] = loop.call_later(seconds, self._end_wrap_up, seat.seat)

    def _end_wrap_up(self, seat: str) -> None:
        self._wrap_ups.pop(seat, None)
        if self._seats[seat].state is SeatState.WRAP_UP:
            self._tasks.once("seat", partial(self._ready, seat))

    async def _ready(self, seat: str) -> None:
        try:
            if self._seats[seat].elsewhere:
                await self._pbx.pause(seat, acd.OTHER_PHONE)
            else:
                await self._pbx.make_ready(seat)
        except PbxDown as error:
            log.warning("seat %s stays in wrap-up: %s", seat, error)


def _can_ring(seat: Seat) -> bool:
    """Is it signed in with a telephone that can be reached? It may be busy or paused now."""
    return seat.signed_in and seat.reachable
