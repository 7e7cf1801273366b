"""Live calls, seats and owed calls: takes what the PBX tells, and asks of it what the core decides.

One worker takes every event in order; another closes calls that are over. What was missed while
the PBX or the gateway was away is read from the journal, told again, and changes nothing twice.
Desk pages and the API look here for what is going on now.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from gateway.calls.after_call import AfterCall
from gateway.calls.backlog import Backlog
from gateway.calls.callbacks import CallBacks, Room, Seen
from gateway.calls.closing import Closing, Handed
from gateway.calls.listeners import Listeners
from gateway.calls.live import Live
from gateway.calls.patience import patiently
from gateway.calls.transfers import Target, Transfers, partner_target
from gateway.core import telephone
from gateway.core.call import dialling
from gateway.core.call import seat as acd
from gateway.core.call.callback import tries
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import AgentChange, Callback, CallOutcome, CallRecord, Gap, PathStep, is_back
from gateway.core.call.seat import Seat, SeatState
from gateway.core.call.state import CallState, Phase, apply, end, new_call_state
from gateway.core.call.transfer import Ask, TargetKind, Transfer
from gateway.core.fax.record import FaxNote
from gateway.core.flow.commands import Booked, Clock, Found, Staff
from gateway.core.flow.file import FlowSet
from gateway.core.flow.walk import Walk
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import PublicState
from gateway.core.ledgers import AgentLog, CallbackLedger, CallLog, GapLog, OnceLedger
from gateway.errors import Conflict, NotFound, PbxDown, StorageDown
from gateway.flows.store import FlowStore
from gateway.log_lines import call_line
from gateway.pbx.conf import Places
from gateway.pbx.fax_line import FaxLine
from gateway.pbx.journal import call_of, prune, read_journal
from gateway.pbx.port import Down, ListenMode, Pbx, PbxEvent, SeatForwards, SeatRings, SeatSeen, SeatTaken, Up
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

T = TypeVar("T")

MARK = "journal"  # the once-ledger's name for how far the journal is taken over
MARK_EVERY = 30.0  # seconds between marks
BATCH = 64  # changes of seats kept in one transaction
LOOKS, LOOK_EVERY = 3, 0.1  # how often the queue is told of a free seat, seconds between
NO_PHONE_AFTER = 0.5  # seconds without its telephone until a seat is paused: it was asked several times
NO_PAGE_AFTER = 2.0  # the same for a page: it may be loaded anew


class Inquiry(Protocol):
    """What intake is asked while a call goes on."""

    async def public_state(
        self, number: str, code: str, asker: str, phone: str = ""
    ) -> PublicState | None: ...

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None: ...

    def changed(self, number: str) -> None:
        """Tell pages that this item changed."""


class Ledgers(Protocol):
    """The phone side's ledgers, as storage has them."""

    @property
    def calls(self) -> CallLog: ...
    @property
    def call_backs(self) -> CallbackLedger: ...
    @property
    def once(self) -> OnceLedger: ...
    @property
    def gaps(self) -> GapLog: ...
    @property
    def agents(self) -> AgentLog: ...


@dataclass(slots=True)
class SeenCall:
    """A call that goes on, as an agent sees it: `number` is whom it is with, `path` is in words."""

    record: CallRecord
    kind: Kind
    number: str
    path: tuple[str, ...]
    agents: frozenset[str]


@dataclass(slots=True)
class Counts:
    """What happened since the start, for /metrics."""

    calls: dict[str, int] = field(default_factory=dict)
    notes: int = 0
    gaps: int = 0


EventListener = Callable[[str, dict[str, object]], None]


class Switchboard:
    """The live side of the phone. `start`, then the IVR and the API use it, `close`."""

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
        tasks: Supervisor | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config = config
        self._pbx = pbx
        self._flows = flows
        self._rules = rules
        self._inquiry = inquiry
        self._ledgers = ledgers
        self._aftercall = aftercall
        self._now = now
        self._places = Places(config.var)
        self._live: dict[str, Live] = {}
        self._seats = {a.seat: Seat(a.id, a.seat, a.name) for a in config.agents}
        self._lost_at: datetime | None = None
        self._events: Backlog[PbxEvent] = Backlog()
        self._agent_changes: Backlog[AgentChange] = Backlog()
        self._wrap_ups: dict[str, asyncio.TimerHandle] = {}
        self._phone_timers: dict[str, asyncio.TimerHandle] = {}
        self._listeners: Listeners[str, dict[str, object]] = Listeners()
        self._tasks = Supervisor(tasks)
        self._in_step = asyncio.Event()
        self._marked = 0.0
        self.transfers = Transfers(config, pbx, self._tasks.once, self._tell_transfer)
        self.fax_line = FaxLine(pbx)
        self.counts = Counts()
        self._closing = Closing(aftercall, inquiry, handed, self._closed, self._rested)
        self._call_backs = CallBacks(
            pbx,
            ledgers.call_backs,
            self._room,
            needed_lines=config.queue.call_back_lines,
            again=tuple(timedelta(minutes=minutes) for minutes in config.queue.call_back_again),
            now=now,
            told=inquiry.changed,
        )

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin to listen. Returns at once; `wait_in_step` tells when what was missed is taken over."""
        await self._tasks.start()
        self._tasks.keep("switchboard events", self._take_events)
        self._closing.start(self._tasks)
        self._tasks.keep("switchboard seats", self._keep_changes)
        self._call_backs.start(self._tasks)
        await self._pbx.start(self._events.put)

    async def wait_in_step(self, limit: float) -> None:
        """Wait until the PBX was seen and the journal taken over. Raises PbxDown after `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                await self._in_step.wait()
        except TimeoutError:
            raise PbxDown("the PBX was not seen in time") from None

    async def close(self) -> None:
        """Stop listening; what is over is kept first. Other calls stay in the journal."""
        await self._pbx.close()
        for timer in (*self._wrap_ups.values(), *self._phone_timers.values()):
            timer.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._closing.emptied()
                await self._agent_changes.emptied()
        await self._tasks.stop()

    def listen(self, told: EventListener) -> Callable[[], None]:
        """Call `told(name, data)` for each event of the API; returns what ends it."""
        return self._listeners.add(told)

    def _tell_all(self, name: str, **data: object) -> None:
        self._listeners.tell(name, data)

    # ------------------------------------------------------------ what the pages see

    @property
    def ready(self) -> bool:
        return self._pbx.ready and self._in_step.is_set()

    def live(self) -> list[CallState]:
        """Calls that go on, the oldest first."""
        return sorted((live.story for live in self._live.values()), key=lambda s: s.record.started_at)

    def seen(self, call: str) -> SeenCall | None:
        """A call that goes on, as its agent is to see it; None when it is over or unknown."""
        live = self._live.get(call) or self._closing.get(call)
        if live is None:
            return None
        story, path = live.story, live.path()
        record = replace(story.record, path=path)
        if record.queued_at and not record.talked_at:
            record = replace(record, wait_seconds=(self._now() - record.queued_at).total_seconds())
        kind = live.walk.kind if live.walk and live.walk.kind else story.kind
        number = record.caller if record.direction == "in" else record.dialled
        agents = {seat.agent for seat in self._seats.values() if seat.call == call}
        agents |= {self._config.agent_id_of_seat(record.agent)} - {""}
        agents |= self.hands(self.transfers.all(call) or story.transfers)
        return SeenCall(record, kind, number, self.said(path), frozenset(agents))

    def hands(self, transfers: Sequence[Transfer]) -> frozenset[str]:
        """The agents through whose hands a call went with these transfers."""
        given = {self._config.agent_id_of_seat(one.seat) for one in transfers}
        return frozenset((given | {one.colleague for one in transfers}) - {""})

    def said(self, path: Sequence[PathStep]) -> tuple[str, ...]:
        """A path in the words of the flows: what was offered, and what the caller chose."""
        flows = self._flows.current()
        return tuple(word for step in path if (word := _word(flows, step)))

    def written(self, call: str, number: str) -> None:
        """The call's item is there already, written by its agent."""
        live = self._live.get(call)
        if live is not None:
            live.story.record = replace(live.story.record, number=number)

    def seats(self) -> list[Seat]:
        """Every seat of gateway.toml, signed in or not."""
        return list(self._seats.values())

    def look_again(self) -> None:
        """Look for call-backs that are due now."""
        self._call_backs.changed()

    @property
    def call_backs_rest(self) -> bool:
        """Is there nothing to do for calls that are owed until something happens?"""
        return self._call_backs.rests

    @property
    def placed(self) -> int:
        """Owed calls that hold a place in the queue."""
        return self._call_backs.placed

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
            await self._pbx.sign_in(agent.seat, agent.id, browser=browser)
        elif state == "paused":
            if not await self._pbx.pause(agent.seat, reason or "other"):
                raise Conflict("this seat is not signed in")
        elif state == "offline":
            await self._pbx.sign_out(agent.seat)
        else:
            raise Conflict(f"no state {state}: ready, paused or offline")
        return self._seats[agent.seat]

    # ------------------------------------------------------------ transfers

    def agent_of(self, call: str) -> str:
        """The agent who has this caller now; "" when nobody has. Raises NotFound."""
        return self._config.agent_id_of_seat(self._talk(call).seat)

    async def consult(self, call: str, target: str, *, direct: bool = False) -> Transfer:
        """Let the call's agent speak with a partner or another agent, by id; the caller hears music.

        Raises NotFound, Conflict (closed, busy, no talk, another transfer), PbxDown.
        """
        story = self._talk(call)
        walk = self._live[call].walk
        if walk and walk.kind:
            story.kind = walk.kind
        return await self.transfers.consult(story, self._target(story, target), self._now(), direct=direct)

    async def ask_transfer(self, call: str, ask: Ask) -> Transfer:
        """Merge, go back or leave. Raises NotFound, Conflict, PbxDown."""
        return await self.transfers.ask(self._talk(call), ask, self._now())

    async def listen_to(self, call: str, seat: str, mode: ListenMode) -> None:
        """Ring a seat and let it listen to a call's agent. Raises NotFound, Conflict, PbxDown."""
        story = self._talk(call)
        if seat not in self._seats:
            raise NotFound(f"no seat {seat}")
        if not story.agent_leg or story.seat == seat:
            raise Conflict("没有可旁听的通话 / there is no talk to listen to")
        if not await self._pbx.listen(seat, call, story.agent_leg, mode):
            raise Conflict("话机未注册 / this seat's phone cannot be reached")

    async def call_out(self, agent_id: str, phone: str, item: str) -> None:
        """Ring an agent's phone, and from there call somebody about an item.

        Raises NotFound, Conflict (no telephone number, no free line, the seat is busy), PbxDown.
        """
        agent = self._config.agent(agent_id)
        if agent is None:
            raise NotFound(f"no agent {agent_id}")
        number = telephone.to_dial(telephone.plain(phone))
        if not 3 <= len(number) <= 20:
            raise Conflict("没有可拨打的电话号码 / there is no number to call")
        if not dialling.allowed(number, self._config.outgoing.allow):
            raise Conflict("此号码不在允许呼出的范围内 / calls to this number are not allowed")
        seat = self._seats[agent.seat]
        if seat.state in (SeatState.TALKING, SeatState.RINGING) or not seat.reachable:
            raise Conflict("您的话机正忙或未注册 / your phone is busy or away")
        if self._config.centre.lines <= sum(self._lines_of(live) for live in self._live.values()):
            raise Conflict("没有空闲线路 / no line is free")
        if not await self._pbx.call_out(agent.seat, number, item):
            raise Conflict("话机未注册 / this seat's phone cannot be reached")

    def _talk(self, call: str) -> CallState:
        live = self._live.get(call)
        if live is None:
            raise NotFound(f"no such call goes on: {call}")
        return live.story

    def _target(self, story: CallState, target: str) -> Target:
        partner = self.flows().partners.get(target)
        if partner is not None:
            if not partner.hours.open_at(self.clock()):
                raise Conflict(f"{partner.zh}不在服务时间 / {partner.en} is closed now")
            return partner_target(partner)
        agent = self._config.agent(target)
        if agent is None:
            raise NotFound(f"no partner and no agent {target}")
        seat = self._seats[agent.seat]
        busy = seat.state in (SeatState.TALKING, SeatState.RINGING) or self.transfers.asked(agent.id)
        if agent.seat == story.seat or busy or not seat.reachable:
            raise Conflict("该坐席现在不能接听 / this agent cannot answer now")
        return Target(agent.id, TargetKind.SEAT, agent.seat, self._config.queue.ring_seconds)

    def _tell_transfer(self, transfer: Transfer) -> None:
        self._tell_all(
            "transfer.state",
            call=transfer.call,
            agent=self._config.agent_id_of_seat(transfer.seat),
            target=transfer.target,
            kind=transfer.kind.value,
            state=transfer.state.value,
            outcome=transfer.outcome.value,
        )

    # ------------------------------------------------------------ what a flow asks (pbx.ivr.Desk)

    def entry(self, dialled: str) -> str:
        return self._config.entry_of(dialled)

    def flows(self) -> FlowSet:
        return self._flows.current()

    def flows_of(self, version: int) -> FlowSet:
        return self._flows.version(version)

    def clock(self) -> Clock:
        now = self._now().astimezone(self._config.zone)
        return Clock(now, self._rules.calendar.is_workday(now.date())[0])

    def staff(self) -> Staff:
        seats = self._seats.values()
        signed_in = sum(_can_ring(seat) for seat in seats)
        return Staff(signed_in, sum(seat.free for seat in seats), self._waiting())

    def _waiting(self) -> int:
        queued = sum(live.story.doing is Phase.QUEUE for live in self._live.values())
        return queued + self._call_backs.placed

    def seconds(self, call: str) -> float:
        live = self._live.get(call)
        return asyncio.get_running_loop().time() - live.answered if live else 0.0

    def drives(self, call: str, caller: str, dialled: str, line: int, on: bool) -> None:
        live = self._of(call)
        live.driving = on
        if not on:
            if live.story.over:
                self._finish(live)
            return
        record = live.story.record
        live.story.record = replace(
            record,
            caller=caller or record.caller,
            dialled=record.dialled or dialled,
            line=record.line or line,
        )
        if not live.answered:
            since = (self._now() - record.started_at).total_seconds()
            live.answered = asyncio.get_running_loop().time() - max(0.0, since)

    def walks(self, call: str, walk: Walk) -> None:
        live = self._of(call)
        live.earlier = live.path()
        live.walk = walk
        record = live.story.record
        live.story.record = replace(record, flow=f"{self.entry(record.dialled)}@{walk.version}")

    def message(self, call: str, file: str) -> None:
        story = self._of(call).story
        if file not in story.messages:
            story.messages.append(file)
        story.doing = Phase.MESSAGE

    def served(self, call: str) -> None:
        self._of(call).story.served = True

    async def look_up(self, call: str, number: str, code: str, phone: str) -> Found:
        """An item's public state. Storage that is away is no wrong number: the caller is told to wait."""
        asker = self._of(call).story.record.caller or f"call:{call}"
        try:
            found = await self._inquiry.public_state(number, code, asker, phone)
        except StorageDown:
            log.error("call %s: progress could not be looked up, storage is away", call)
            return Found(locked=True)
        if found is None:
            return Found()
        days = [due.on for due in found.due]
        due = min(days).isoformat() if days else ""
        return Found(found.state.value, due, state_only=found.state_only)

    async def book(self, call: str, phone: str) -> Booked:
        """Owe this caller a call, at the place that his arrival gives him."""
        story = self._of(call).story
        record = story.record
        number = phone or record.caller
        story.booked, story.phone = True, phone
        owed = Callback(call, number, call, record.started_at, self._now())
        try:
            await self._ledgers.call_backs.book(owed)
        except StorageDown:
            log.error("call %s: the call-back stands only in its item, storage is away", call)
            return Booked(number)
        self._call_backs.booked()
        try:
            earlier = await self._ledgers.call_backs.owed()
        except StorageDown:
            return Booked(number)
        if not any(seat.signed_in for seat in self._seats.values()):
            return Booked(number)
        before = sum(
            live.story.doing is Phase.QUEUE and live.story.record.started_at < record.started_at
            for live in self._live.values()
        )
        before += sum(one.arrived_at < record.started_at for one in earlier)
        return Booked(number, before + 1)

    # ------------------------------------------------------------ events

    def _of(self, call: str) -> Live:
        live = self._live.get(call)
        if live is None:
            live = self._live[call] = Live(new_call_state(call, self._now()))
        return live

    async def _take_events(self) -> None:
        while True:
            (event,) = await self._events.some(1)
            if isinstance(event, Up):
                await self._up(event)  # an error ends this run, and the next one takes it again
            else:
                self._take_guarded(event)
            self._events.done([event])

    def _take_guarded(self, event: PbxEvent) -> None:
        """One that cannot be taken must not hold up those behind it."""
        try:
            self._take(event)
        except Exception:
            log.exception("an event of the PBX could not be taken: %s", type(event).__name__)

    def _take(self, event: PbxEvent) -> None:
        match event:
            case JournalEntry():
                self.counts.notes += 1
                self._noted(event)
            case SeatSeen():
                self._seat_seen(event)
            case SeatRings(seat, call, rings):
                self._seat_rings(seat, call, rings)
            case SeatTaken(seat, first):
                self._seat_taken(seat, first)
            case SeatForwards(seat):
                log.warning("seat %s is paused: its phone forwards calls, none was forwarded", seat)
                self._tasks.once("seat", partial(self._pause, seat, acd.FORWARDS))
            case Down(at, why):
                log.warning("the PBX is out of sight: %s", why)
                self._lost_at = self._lost_at or at
                self._in_step.clear()

    def _noted(self, note: JournalEntry) -> None:
        if note.what is EntryType.GATEWAY_LOST:
            log.error("the safety net took over: the gateway's heart had stopped for two seconds")
            return
        if note.what is EntryType.DIAL_REFUSED:
            log.warning("a call from %s to outside was refused: %s", note.arg(0), note.arg(1))
        if note.what in (EntryType.FAX_SENT, EntryType.FAX_DIALLED):
            self.fax_line.noted(note)
        if note.call and (note.call in self._live or _begins(note)):
            self._story_noted(self._of(note.call), note)
        if note.what is EntryType.BACK_LEFT:
            self._back_left(note.call)
        self._call_backs.noted(note)

    def _back_left(self, call: str) -> None:
        """An agent took an owed call and let go before it was dialled: there was no call."""
        live = self._live.get(call)
        if live and not live.story.began:
            del self._live[call]

    def _story_noted(self, live: Live, note: JournalEntry) -> None:
        story = live.story
        before = story.doing
        if not apply(story, note):
            return
        try:
            self._follow(story, note, before)
        finally:  # whatever fails, a call that is over holds no line
            if story.over and not live.driving:
                self._finish(live)

    def _follow(self, story: CallState, note: JournalEntry, before: Phase) -> None:
        """What a note that the story took means for transfers, seats, pages and owed calls."""
        self.transfers.noted(story, note)
        if note.what in (EntryType.CONSULT, EntryType.CONSULT_END):
            self._colleague_rings(story)
        self._seat_on_call(story, note)
        if note.what is EntryType.BEGAN:
            self._tell_call("call.ringing", story)
            if story.record.direction == "out" and story.record.agent in self._seats:
                self._seat_rings(story.record.agent, story.id, True)
        elif story.doing is Phase.TALK and before is not Phase.TALK:
            self._tell_call("call.answered", story)
        elif story.doing is Phase.FAX and before is Phase.TALK:
            self._tell_call("call.fax", story)
        self._call_backs.changed()
        if note.what is EntryType.QUEUED or before is Phase.QUEUE:
            self._tell_all("queue.changed", waiting=self._waiting())

    def _finish(self, live: Live) -> None:
        """The call is over and nobody drives it any more: close it, once."""
        story = live.story
        if self._live.pop(story.id, None) is None:
            return
        if live.walk and not live.walk.over:
            talked = story.record.outcome is CallOutcome.TALKED
            live.walk.hang_up(self._at(live), "talked" if talked else "hung_up")
        story.record = replace(story.record, path=live.path() or story.record.path)
        if live.walk and live.walk.kind:
            story.kind = live.walk.kind
        self._call_backs.changed()
        for seat in tuple(self._seats.values()):
            if seat.call == story.id and (seat.on_call or seat.state is SeatState.OFFLINE):
                call = seat.call if seat.signed_in else ""  # asked into the call, though signed out
                self._change_seat(seat.seat, call=call, on_call=False)
        if story.began:
            story.transfers = self.transfers.close(story.id, story.record.ended_at or self._now())
            self._closing.put(live)
            self._tell_call("call.ended", story)

    def _at(self, live: Live) -> float:
        record = live.story.record
        ended = record.ended_at or self._now()
        return max(0.0, (ended - (record.answered_at or record.started_at)).total_seconds())

    def _tell_call(self, name: str, story: CallState) -> None:
        record = story.record
        self._tell_all(
            name,
            id=record.id,
            line=record.line,
            caller=record.caller,
            agent=self._config.agent_id_of_seat(record.agent),
            outcome=record.outcome.value,
        )

    # ------------------------------------------------------------ seats

    def _seat_seen(self, seen: SeatSeen) -> None:
        facts = {
            "signed_in": seen.signed_in,
            "paused": seen.paused,
            "reason": seen.reason if seen.paused else "",
            "device": seen.device,
            "browser": seen.browser,
        }
        self._change_seat(seen.seat, **facts)
        if seen.seat in self._seats:
            self._watch_phone(self._seats[seen.seat])

    def _watch_phone(self, seat: Seat) -> None:
        """A seat whose phone is gone is paused after a moment; when the phone is back, so is the seat."""
        gone = seat.signed_in and not seat.reachable and not seat.paused
        back = seat.signed_in and seat.reachable and seat.paused and seat.reason == acd.NO_PHONE
        timer = self._phone_timers.get(seat.seat)
        if timer and not gone:
            self._phone_timers.pop(seat.seat).cancel()
        elif gone and not timer:
            later = asyncio.get_running_loop().call_later
            after = NO_PAGE_AFTER if seat.browser else NO_PHONE_AFTER
            self._phone_timers[seat.seat] = later(after, self._phone_gone, seat.seat)
        if back:
            self._tasks.once("seat", partial(self._ready, seat.seat))

    def _phone_gone(self, seat: str) -> None:
        self._phone_timers.pop(seat, None)
        self._tasks.once("seat", partial(self._pause, seat, acd.NO_PHONE))

    def _seat_taken(self, seat: str, first: str) -> None:
        """No call goes to a telephone that took a seat until somebody there says that he is ready."""
        log.warning("seat %s: another telephone registered while the first was there", seat)
        known = self._seats.get(seat)
        if known is None:
            return
        if known.signed_in and not known.browser:
            self._tasks.once("seat", partial(self._pause, seat, acd.TAKEN))
        self._tasks.once("seat", partial(self._tell_taken, seat, first))

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

    def _seat_rings(self, seat: str, call: str, rings: bool) -> None:
        known = self._seats.get(seat)
        if rings or (known and known.call == call):
            self._change_seat(seat, call=call if rings else "")
        if rings and known and known.call != call:
            self._pop(known.agent, call)

    def _seat_on_call(self, story: CallState, note: JournalEntry) -> None:
        """Whether a leg of this call is up at a seat; the queue tells nothing of one that is signed out."""
        if note.what is EntryType.AGENT:
            self._change_seat(note.arg(0), call=story.id, on_call=True)
        elif note.what is EntryType.TARGET_ON and (agent := self._config.agent(note.arg(0))):
            self._change_seat(agent.seat, call=story.id, on_call=True)
        elif note.what is EntryType.AGENT_OFF:
            self._change_seat(note.arg(0), on_call=False)

    def _colleague_rings(self, story: CallState) -> None:
        """A seat that is asked into a call sees whose it is, as when the queue rings it."""
        seat = self._colleague(story)
        if seat:
            last = self.transfers.current(story.id)
            self._seat_rings(seat, story.id, last is not None and last.live)

    def _colleague(self, story: CallState) -> str:
        """The seat that the last transfer of a call is for; "" when that is a partner, or there was none."""
        last = self.transfers.current(story.id)
        agent = self._config.agent(last.target) if last and last.kind is TargetKind.SEAT else None
        return agent.seat if agent else ""

    def _seat_calls(self) -> None:
        """Which seat has which call, from the calls that go on: nobody tells that again."""
        for live in self._live.values():
            last = self.transfers.current(live.story.id)
            asked = self._colleague(live.story) if last and last.live else ""
            for seat in {live.story.seat, asked} - {""}:
                talks = seat == live.story.seat and bool(live.story.agent_leg)
                self._change_seat(seat, call=live.story.id, on_call=talks)

    def _pop(self, agent: str, call: str) -> None:
        """Tell the agent who rings what is known at once; the rest his page asks for."""
        seen = self.seen(call)
        if seen is None:
            return
        record = seen.record
        self._tell_all(
            "call.pop",
            agent=agent,
            id=call,
            caller=seen.number,
            line=record.line,
            kind=seen.kind.value,
            direction=record.direction,
            back_of=record.back_of or None,
            path=list(seen.path),
            wait_seconds=round(record.wait_seconds, 1),
            started_at=record.started_at,
        )

    def _change_seat(self, seat: str, **facts: object) -> None:
        before = self._seats.get(seat)
        if before is None:
            return
        after = acd.changed(before, self._now(), **facts)
        # It is told whom a seat rings for before it is told that it rings.
        rests = after.state in (SeatState.READY, SeatState.OFFLINE)
        if rests and before.state is not after.state:
            after = replace(after, call="")
        self._seats[seat] = after
        self._call_backs.changed(seat_came=_can_ring(after) and not _can_ring(before))
        if after.since == before.since:
            return
        change = AgentChange(self._now(), after.agent, after.state.value, after.why)
        self._agent_changes.put(change)
        self._tell_seat(after)
        self._time_wrap_up(after)
        if after.free and not before.free:
            self._tasks.once("queue", self._look_again)

    async def _look_again(self) -> None:
        """A seat is free: whoever has waited longest is not to wait for the queue's next look. The first
        time may only end an announcement."""
        try:
            for _ in range(LOOKS):
                free = sum(seat.free for seat in self._seats.values())
                waiting = [story for story in self.live() if story.doing is Phase.QUEUE and story.caller_leg]
                for story in waiting[:free]:
                    if not await self._pbx.look_again(story.caller_leg):
                        log.warning("call %s: the queue could not be told of a free seat", story.id)
                if not (free and waiting):
                    return
                await asyncio.sleep(LOOK_EVERY)
        except PbxDown as error:
            log.warning("the queue is not told of a free seat: %s", error)

    def _tell_seat(self, seat: Seat) -> None:
        """All that a page shows of its own seat, so that none has to ask."""
        self._tell_all(
            "agent.state",
            id=seat.agent,
            state=seat.state.value,
            reason=seat.why,
            since=seat.since,
            call_id=seat.call or None,
            phone="browser" if seat.browser else "sip",
            reachable=seat.reachable,
        )

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
            await self._pbx.make_ready(seat)
        except PbxDown as error:
            log.warning("seat %s stays in wrap-up: %s", seat, error)

    # ------------------------------------------------------------ what was missed

    async def _up(self, up: Up) -> None:
        """The PBX is there: take over what was noted meanwhile, end what is gone, begin to serve."""
        now = self._now()
        notes = await patiently(lambda: self._catch_up(up, self._lost_at or now))
        self._seat_calls()
        for seat in self._seats:
            seen = next((s for s in up.seats if s.seat == seat), SeatSeen(seat, signed_in=False))
            self._seat_seen(seen)
        self._call_backs.seen(Seen(up.placed, frozenset(self._live), tries(notes, now)))
        if self._lost_at:
            gap = Gap(self._lost_at, now, "PBX out of sight")
            await patiently(lambda: self._ledgers.gaps.add_gap(gap))
            self._lost_at = None
            self.counts.gaps += 1
        self._in_step.set()
        self._call_backs.changed()
        with contextlib.suppress(PbxDown):
            await self._pbx.take_calls(True)

    async def _catch_up(self, up: Up, gone_at: datetime) -> list[JournalEntry]:
        """Tell what the journal has; its notes about calls that are owed."""
        mark = await self._ledgers.once.mark(MARK)
        since = datetime.fromisoformat(mark) - timedelta(days=1) if mark else None
        notes = await asyncio.to_thread(
            lambda: list(read_journal(self._places.journal, since.date() if since else None))
        )
        known: dict[str, bool] = {}
        for note in notes:
            if not note.call or await self._is_kept(note.call, known):
                continue
            if note.call in self._live or _begins(note):
                story = self._of(note.call).story
                if apply(story, note):
                    self.transfers.noted(story, note)
        await self._recover_messages()
        await self._recover_faxes()
        for live in tuple(self._live.values()):
            story = live.story
            if not story.over and story.id not in up.calls and not live.driving:
                end(story, gone_at, CallOutcome.CUT_OFF if _owes(story) else None)
            if story.over and not live.driving:
                self._finish(live)
        return [note for note in notes if is_back(note.call)]

    async def _is_kept(self, call: str, known: dict[str, bool]) -> bool:
        """Is this call's record kept with its end? Asked once a call."""
        if call not in known:
            if call in self._live:
                return False
            if call in self._closing:
                return True
            record = await self._ledgers.calls.get(call)
            known[call] = record is not None and record.ended_at is not None
        return known[call]

    async def _recover_messages(self) -> None:
        """Messages in the spool: of a call being taken over, of one kept already, or of none we know."""
        for file in sorted(self._places.messages.glob("*.wav")):
            call = call_of(file)
            if call in self._closing:
                continue
            live = self._live.get(call)
            if live is None:
                record = await self._ledgers.calls.get(call)
                if record and record.ended_at:
                    self._aftercall.clear(record, [file.name])
                    continue
                live = self._of(call)
                live.story.began = True
                at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                live.story.record = replace(live.story.record, started_at=at)
            if file.name not in live.story.messages:
                live.story.messages.append(file.name)

    async def _recover_faxes(self) -> None:
        """Faxes in the spool that no note told of; one of a call that is kept already is taken in again."""
        for file in sorted(self._places.faxes.glob("*.tif")):
            if file.stem in self._closing:
                continue
            live = self._of(file.stem)
            story = live.story
            if not story.began:
                record = await self._ledgers.calls.get(file.stem)
                at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                story.began, story.record = True, record or replace(story.record, started_at=at)
            story.fax = story.fax or FaxNote(file.name)

    # ------------------------------------------------------------ closing

    def _closed(self, record: CallRecord) -> None:
        outcome = record.outcome.value
        self.counts.calls[outcome] = self.counts.calls.get(outcome, 0) + 1
        self._call_backs.changed()
        line, facts = call_line(record)
        log.info("%s", line, extra={"facts": facts})

    async def _rested(self) -> None:
        """After each batch of calls that were closed."""
        self._tell_all("figures.changed")
        await self._mark()

    async def _keep_changes(self) -> None:
        """Keep what seats do at once, whether or not there are calls; what comes meanwhile goes together."""
        while True:
            changes = await self._agent_changes.some(BATCH)
            await patiently(partial(self._ledgers.agents.add_changes, changes))
            self._agent_changes.done(changes)
            self._tell_all("figures.changed")

    async def _mark(self) -> None:
        """Note how far the journal is taken over, now and then when no call goes on."""
        loop = asyncio.get_running_loop()
        if self._live or self._closing or loop.time() - self._marked < MARK_EVERY:
            return
        self._marked = loop.time()
        now = self._now()
        with contextlib.suppress(StorageDown):
            await self._ledgers.once.set_mark(MARK, now.isoformat())
            await asyncio.to_thread(prune, self._places.journal, now.date())

    # ------------------------------------------------------------ calls that are owed

    def _room(self) -> Room:
        """What decides whether a call-back can be placed now."""
        free = self._config.centre.lines - sum(self._lines_of(live) for live in self._live.values())
        reachable = any(_can_ring(seat) for seat in self._seats.values())
        return Room(self.ready, reachable, free, self._closing.soon().union(self._live))

    def _lines_of(self, live: Live) -> int:
        if not live.story.record.line:
            return 0
        return 2 if live.story.doing is Phase.PARTNER else 1 + self.transfers.lines(live.story.id)


def _can_ring(seat: Seat) -> bool:
    """Is it signed in with a telephone that can be reached? It may be busy or paused now."""
    return seat.signed_in and seat.reachable


def _word(flows: FlowSet, step: PathStep) -> str:
    """One step in words; "" where the caller had nothing to choose."""
    if not _KEYS.fullmatch(step.keys):
        return ""
    flow, _, name = step.step.partition("/")
    known = flows.flows.get(flow)
    spec = known.steps.get(name) if known else None
    if spec is None:
        return f"{step.step} {step.keys}"
    option = next((o.label for key, o in spec.step.options(spec.settings).items() if key == step.keys), "")
    return " ".join(part for part in (spec.label or step.step, step.keys, option) if part)


_KEYS = re.compile(r"[0-9*#]+")


def _begins(note: JournalEntry) -> bool:
    """Does a call's story begin with this note? An owed call's may begin with the agent who takes it."""
    if note.what is EntryType.AGENT:
        return is_back(note.call)
    return note.what in (EntryType.BEGAN, EntryType.TURNED_AWAY, EntryType.REFUSED)


def _owes(story: CallState) -> bool:
    """Was the caller broken off before he had what he called for?"""
    return not (story.messages or story.booked or story.record.talked_at or story.fax)
