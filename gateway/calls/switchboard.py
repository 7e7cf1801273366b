"""The live side of the phone: one object for the IVR, the API and the pages, made of the parts beside it.

Events of the PBX are taken in order: a note at once, unless others wait for a worker, which takes them
then (after a loss of the link the journal comes first). Others close calls that are over, keep what seats
do and make call-backs. The class only builds the parts and delegates: see there for what a method does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.calls.after_call import AfterCall
from gateway.calls.agent_actions import AgentActions
from gateway.calls.backlog import Backlog
from gateway.calls.call_views import CallViews
from gateway.calls.callbacks import CallBacks, Room
from gateway.calls.closing import Closing, Handed
from gateway.calls.duty_line import DutyLedger, DutyLine
from gateway.calls.events import CallEvents, EventListener
from gateway.calls.flow_desk import FlowDesk
from gateway.calls.live import LiveCalls
from gateway.calls.notes import NoteHandler
from gateway.calls.ports import Inquiry, Ledgers
from gateway.calls.recovery import Recovery
from gateway.calls.refusals import Refusals
from gateway.calls.seat_calls import SeatCalls, offer_free_seats
from gateway.calls.seats import SeatHooks, Seats
from gateway.calls.surveys import SurveyLedger, SurveyRoom, Surveys
from gateway.calls.transfers import Transfers
from gateway.calls.views import CallView, Counts
from gateway.core.call.journal import JournalEntry
from gateway.core.call.record import CallRecord, PathStep
from gateway.core.call.seat import Seat
from gateway.core.call.state import CallState
from gateway.core.call.transfer import Ask, Transfer
from gateway.core.flow.commands import Booked, Clock, Found, Staff
from gateway.core.flow.file import FlowSet
from gateway.core.flow.walk import Walk
from gateway.core.item.deadlines import Rules
from gateway.flows.store import FlowStore
from gateway.log_lines import call_line
from gateway.pbx.conf import Places
from gateway.pbx.fax_line import FaxLine
from gateway.pbx.port import Down, ListenMode, Pbx, PbxEvent, SeatForwards, SeatRings, SeatSeen, SeatTaken, Up
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)


class Switchboard:
    """`start`, then the IVR and the API use it, `close`."""

    def __init__(
        self,
        config: Config,
        pbx: Pbx,
        flows: FlowStore,
        rules: Rules,
        inquiry: Inquiry,
        ledgers: Ledgers,
        aftercall: AfterCall,
        *,
        handed: Handed | None = None,
        surveys: SurveyLedger | None = None,
        tasks: Supervisor | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config = config
        self._pbx = pbx
        self._tasks = Supervisor(tasks)
        self._pbx_events: Backlog[PbxEvent] = Backlog()
        self._taking = False
        self._counts = Counts()
        self._events = events = CallEvents(config.agent_id_of_seat)
        self.fax_line = FaxLine(pbx)
        self.transfers = transfers = Transfers(config, pbx, self._tasks.once, events.transfer)
        self._live = live = LiveCalls(transfers, now)
        hooks = SeatHooks(self._seat_changed, self._seat_free, self._pop)
        self._seats = seats = Seats(config, pbx, ledgers.agents, events, hooks, self._tasks, now)
        seat_calls = SeatCalls(config, seats, live, transfers)
        self._closing = closing = Closing(aftercall, inquiry, handed, self._closed, self._rested)
        self._callbacks = callbacks = CallBacks(
            pbx,
            ledgers.call_backs,
            self._room,
            needed_lines=config.queue.call_back_lines,
            again=tuple(timedelta(minutes=minutes) for minutes in config.queue.call_back_again),
            now=now,
            item_changed=inquiry.changed,
        )
        self._surveys = (
            Surveys(pbx, surveys, self._survey_room, free_lines=config.queue.survey_free_lines, now=now)
            if surveys
            else None
        )
        self._duty_line: DutyLine | None = None
        refusals = Refusals(inquiry, self._tasks)
        self._notes = notes = NoteHandler(
            *(live, seats, seat_calls, transfers, callbacks, closing, self.fax_line, refusals, events, now),
            surveys=self._surveys,
        )
        self._recovery = Recovery(
            *(pbx, Places(config.var), ledgers, aftercall, live, seats, seat_calls),
            *(transfers, callbacks, closing, notes, now),
        )
        self._desk = FlowDesk(
            *(config, flows, rules, inquiry, ledgers.call_backs, live, seats, callbacks, notes.finish, now)
        )
        self._actions = AgentActions(config, pbx, live, seats, transfers, self._desk, now)
        self._views = CallViews(config, flows, live, closing, seats, transfers, callbacks, now)

    # ------------------------------------------------------------ life

    def call_units(self, ledger: DutyLedger) -> None:
        """Ring the duty telephones of units as the ledger says; asked for before `start`."""
        free_lines = self._config.queue.call_back_lines
        self._duty_line = DutyLine(self._pbx, ledger, self._survey_room, free_lines=free_lines)
        self._notes.also.append(self._duty_line.noted)

    async def start(self) -> None:
        """Begin to listen. Returns at once; `wait_in_step` tells when what was missed is taken over."""
        await self._tasks.start()
        self._tasks.keep("switchboard events", self._take_events)
        self._closing.start(self._tasks)
        self._seats.start()
        self._callbacks.start(self._tasks)
        if self._surveys:
            self._surveys.start(self._tasks)
        if self._duty_line:
            self._duty_line.start(self._tasks)
        await self._pbx.start(self._heard)

    async def wait_in_step(self, limit: float) -> None:
        await self._recovery.wait_in_step(limit)

    async def close(self) -> None:
        """Stop listening; what is over is kept first. Other calls stay in the journal."""
        await self._pbx.close()
        self._seats.cancel_timers()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._closing.emptied()
                await self._seats.saved()
        await self._tasks.stop()

    # ------------------------------------------------------------ events of the PBX

    def _heard(self, event: PbxEvent) -> None:
        """A note is handled at once, which saves a task switch, unless others wait before it."""
        if isinstance(event, JournalEntry) and not (self._pbx_events or self._taking):
            self._take_guarded(event)
        else:
            self._pbx_events.put(event)

    async def _take_events(self) -> None:
        while True:
            (event,) = await self._pbx_events.some(1)
            if isinstance(event, Up):
                await self._recovery.up(event)  # an error ends this run, and the next one takes it again
            else:
                self._take_guarded(event)
            self._pbx_events.done([event])

    def _take_guarded(self, event: PbxEvent) -> None:
        """A note that cannot be handled must not block those behind it."""
        self._taking = True
        try:
            self._take(event)
        except Exception:
            log.exception("an event of the PBX could not be taken: %s", type(event).__name__)
        finally:
            self._taking = False

    def _take(self, event: PbxEvent) -> None:
        match event:
            case JournalEntry():
                self._counts.notes += 1
                self._notes.take(event)
            case SeatSeen():
                self._seats.seen(event)
            case SeatRings(seat, call, rings):
                self._seats.rings(seat, call, rings)
            case SeatTaken(seat, first):
                self._seats.taken(seat, first)
            case SeatForwards(seat):
                self._seats.forwards(seat)
            case Down(at, why):
                log.warning("the link to the PBX is lost: %s", why)
                self._recovery.down(at)

    # ------------------------------------------------------------ calls between the parts

    def _seat_changed(self, reachable: bool) -> None:
        self._callbacks.changed(seat_came=reachable)

    async def _seat_free(self) -> None:
        await offer_free_seats(self._pbx, self._seats, self._live)

    def _pop(self, agent: str, call: str) -> None:
        view = self.seen(call)
        if view is not None:
            self._events.pop(agent, view)

    def _room(self) -> Room:
        """What decides whether a call-back can be placed now."""
        free_lines = self._config.centre.lines - self._live.lines()
        busy = self._closing.soon() | self._live.ids()
        return Room(self.ready, self._seats.reachable() > 0, free_lines, busy)

    def _survey_room(self) -> SurveyRoom:
        """What decides whether the survey may call somebody now."""
        owed = self._seats.reachable() > 0 and self._callbacks.owes_now
        others = self._live.queued() > 0 or owed
        return SurveyRoom(self.ready, self._config.centre.lines - self._live.lines(), others)

    def _closed(self, record: CallRecord) -> None:
        outcome = record.outcome.value
        self._counts.calls[outcome] = self._counts.calls.get(outcome, 0) + 1
        self._callbacks.changed()
        line, facts = call_line(record)
        log.info("%s", line, extra={"facts": facts})

    async def _rested(self) -> None:
        """After each batch of calls that were closed."""
        self._events.publish("figures.changed")
        await self._recovery.mark()

    # ------------------------------------------------------------ what pages and the API see

    def listen(self, listener: EventListener) -> Callable[[], None]:
        return self._events.listen(listener)

    @property
    def ready(self) -> bool:
        return self._pbx.ready and self._recovery.in_step

    @property
    def counts(self) -> Counts:
        return replace(self._counts, gaps=self._recovery.gaps)

    def live(self) -> list[CallState]:
        return self._live.states()

    def seen(self, call: str) -> CallView | None:
        return self._views.get(call)

    def hands(self, transfers: Sequence[Transfer]) -> frozenset[str]:
        return self._views.agents_of(transfers)

    def path_names(self, path: Sequence[PathStep]) -> tuple[str, ...]:
        return self._views.path_in_words(path)

    def written(self, call: str, number: str, *, again: bool = True) -> None:
        """The call's item is there already, written by its agent; `again`: also in place of another."""
        live = self._live.get(call)
        if live is not None and (again or not live.state.record.number):
            live.state.record = replace(live.state.record, number=number)

    def seats(self) -> list[Seat]:
        return self._seats.all()

    def in_call(self, agent: str) -> bool:
        """Does a call ring at this agent's seat, or does he talk?"""
        return self._seats.in_call(agent)

    def look_again(self) -> None:
        """Look for call-backs that are due now."""
        self._callbacks.changed()

    def owe_again(self) -> None:
        """Try a failed call-back again."""
        self._callbacks.booked()

    @property
    def call_backs_rest(self) -> bool:
        """Is there nothing to do for call-backs until something happens?"""
        return self._callbacks.rests

    @property
    def placed(self) -> int:
        """Call-backs that hold a place in the queue."""
        return self._callbacks.placed

    # ------------------------------------------------------------ what agents do: agent_actions, seats

    async def set_agent(
        self, agent_id: str, state: str, reason: str = "", browser: bool | None = None
    ) -> Seat:
        return await self._seats.set_agent(agent_id, state, reason, browser)

    def agent_of(self, call: str) -> str:
        return self._actions.agent_of(call)

    async def consult(self, call: str, target: str, *, direct: bool = False) -> Transfer:
        return await self._actions.consult(call, target, direct=direct)

    async def ask_transfer(self, call: str, ask: Ask) -> Transfer:
        return await self._actions.ask_transfer(call, ask)

    async def listen_to(self, call: str, seat: str, mode: ListenMode) -> None:
        await self._actions.listen_to(call, seat, mode)

    async def call_out(self, agent_id: str, phone: str, item: str) -> None:
        await self._actions.call_out(agent_id, phone, item)

    # ------------------------------------------------------------ what a flow asks: flow_desk

    def entry(self, dialled: str) -> str:
        return self._desk.entry(dialled)

    def flows(self) -> FlowSet:
        return self._desk.flows()

    def flows_of(self, version: int) -> FlowSet:
        return self._desk.flows_of(version)

    def clock(self) -> Clock:
        return self._desk.clock()

    def staff(self) -> Staff:
        return self._desk.staff()

    def seconds(self, call: str) -> float:
        return self._desk.seconds(call)

    def drives(self, call: str, caller: str, dialled: str, line: int, on: bool) -> None:
        self._desk.drives(call, caller, dialled, line, on)

    def walks(self, call: str, walk: Walk) -> None:
        self._desk.walks(call, walk)

    def message(self, call: str, file: str) -> None:
        self._desk.message(call, file)

    def served(self, call: str) -> None:
        self._desk.served(call)

    def rated(self, call: str, grade: int) -> None:
        self._desk.rated(call, grade)

    async def look_up(self, call: str, number: str, code: str, phone: str) -> Found:
        return await self._desk.look_up(call, number, code, phone)

    async def book(self, call: str, phone: str) -> Booked:
        return await self._desk.book(call, phone)

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        return await self._surveys.answered(call, answers) if self._surveys else False
