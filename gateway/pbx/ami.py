"""The link to Asterisk's manager interface: kept up, watched, and its state rebuilt after a loss.

An action is sent once or not at all: what was unanswered when the link went ends with AmiLost.
After each log-in Asterisk is looked at (Snapshot) before the first event is handed on.
Used by asterisk.AsteriskPbx. Defects of the library it stands on: docs/developing/panoramisk.md.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.pbx.ami_frames import AmiEvent
from gateway.pbx.ami_link import (
    AmiAction,
    AmiFailed,
    AmiLink,
    AmiLost,
    AmiManager,
    AmiTimeout,
    Callback,
    Value,
)
from gateway.pbx.ami_seen import ChannelSeen, QueueCallerSeen, QueueMemberSeen, Snapshot, device_state
from gateway.tasks import Supervisor

__all__ = [
    "Ami",
    "AmiEvent",
    "AmiFailed",
    "AmiLost",
    "AmiOutcome",
    "AmiState",
    "AmiTimeout",
    "AmiTiming",
    "ChannelSeen",
    "QueueCallerSeen",
    "QueueMemberSeen",
    "Snapshot",
    "assignment",
]

log = logging.getLogger(__name__)

OnReady = Callable[[Snapshot], Awaitable[None] | None]
OnLost = Callable[[datetime, str], Awaitable[None] | None]


class AmiState(StrEnum):
    """OFF -> CONNECTING -> LOGGING_IN -> SYNCING -> READY -> LOST -> CONNECTING …; CLOSED is the end."""

    OFF = "off"
    CONNECTING = "connecting"
    LOGGING_IN = "logging_in"
    SYNCING = "syncing"
    READY = "ready"
    LOST = "lost"
    AUTH_REFUSED = "auth_refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AmiTiming:
    """All in seconds. `retry_first` doubles up to `retry_longest`; chance takes up to half of each off."""

    action: float = 5.0
    connect: float = 5.0
    boot: float = 10.0
    ping_every: float = 5.0
    ping_limit: float = 5.0
    retry_first: float = 0.2
    retry_longest: float = 10.0
    retry_refused: float = 30.0
    first_link: float = 30.0  # an Asterisk that starts beside us may be away so long without a warning


@dataclass(frozen=True, slots=True)
class AmiOutcome:
    """Asterisk's answer to a command. `action_id` is in the events an Originate brings later."""

    ok: bool
    message: str
    action_id: str = ""


class _Refused(Exception):
    """Asterisk refused the log-in."""


def assignment(name: str, value: str) -> str:
    """One `name=value` for a Variable header, its value kept from being taken apart at commas.

    Raises ValueError for an empty name and one with "=" in it.
    """
    if not name or "=" in name:
        raise ValueError("a variable's name is not empty and has no = in it")
    return "=".join("".join("\\" + c if c in '\\",()[]' else c for c in part) for part in (name, value))


class Ami:
    """One manager account on one Asterisk. `start`, then actions and events, `close` for good.

    `on_ready(snapshot)` is called after every log-in, before any event since that log-in is
    delivered; events that the snapshot already shows do come again, so take them as idempotent.
    `on_lost(when, why)` is called once when a link that was ready has gone. Either may be a
    coroutine function. A hook or callback that fails is logged and changes nothing.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: str,
        *,
        on_ready: OnReady | None = None,
        on_lost: OnLost | None = None,
        timing: AmiTiming | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        tasks: Supervisor | None = None,
    ) -> None:
        self._username = username
        self._secret = secret
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._timing = timing or AmiTiming()
        self._now = now
        self._chance = chance
        self._manager = AmiManager(host, port)
        self._manager.on_lost = self._link_lost
        self._manager.subscribe(["FullyBooted"], self._booted_event)
        self._state = AmiState.OFF
        self._changed = asyncio.Event()  # set at a change of state, then replaced
        self._booted: asyncio.Future[None] | None = None  # done with the link's FullyBooted
        self._tasks = Supervisor(tasks)
        self._started = False
        self._was_ready = False
        self._complained = False
        self._patient_until = 0.0  # loop time
        self.loss_expected = False  # Asterisk is being ended on purpose
        self._gap: tuple[datetime, str] | None = None
        self._failures = 0

    # ------------------------------------------------------------ life

    @property
    def state(self) -> AmiState:
        return self._state

    async def start(self) -> None:
        """Begin to connect, and keep at it until `close`. Returns at once. Raises AmiLost when closed."""
        if self._state is AmiState.CLOSED:
            raise AmiLost("AMI is closed")
        if not self._started:
            self._started = True
            self._patient_until = asyncio.get_running_loop().time() + self._timing.first_link
            await self._tasks.start()
            self._tasks.keep("ami", self._keep)

    async def close(self) -> None:
        """End the link for good. Open actions end with AmiLost; on_lost is not called."""
        self._enter(AmiState.CLOSED)
        await self._tasks.stop()  # a hook may close its own link
        self._manager.close()

    async def wait_ready(self, limit: float | None = None) -> None:
        """Wait for READY. Raises AmiTimeout (it names the state) or, when closed, AmiLost."""
        await self.wait_state(AmiState.READY, AmiState.CLOSED, limit=limit)
        if self._state is AmiState.CLOSED:
            raise AmiLost("AMI is closed")

    async def wait_state(self, *states: AmiState, limit: float | None = None) -> None:
        """Wait for one of these states. Raises AmiTimeout after `limit` seconds."""
        try:
            async with asyncio.timeout(limit):
                while self._state not in states:
                    await self._changed.wait()
        except TimeoutError:
            raise AmiTimeout(f"AMI is not {' or '.join(states)}: {self._state}") from None

    def subscribe(self, names: Iterable[str], callback: Callback) -> Callable[[], None]:
        """Call `callback(event)` for each event of these names ("*" for all). Returns what ends it.

        Called in order of arrival, from the event loop: a callback must not take long.
        """
        return self._manager.subscribe(names, callback)

    # ------------------------------------------------------------ actions

    async def action(self, name: str, *, limit: float | None = None, **fields: Value) -> dict[str, str]:
        """Send an action and return the fields of its answer, also when that is an Error.

        Raises ValueError for CR, LF, NUL or over-long lines, AmiTimeout after `limit` seconds
        (default: the account's), AmiLost when there is no link. It is never sent a second time.
        """
        answer: dict[str, str] = await self._send(AmiAction(_safe(name, fields)), limit)
        return answer

    async def action_list(
        self, name: str, *, limit: float | None = None, **fields: Value
    ) -> list[dict[str, str]]:
        """Send an action that answers with a list; the fields of each item. Raises AmiFailed on an Error."""
        action = AmiAction({"Action": name, **fields}, as_list=True)
        answer = await self._send(action, limit)
        if answer.get("Response", "Success") != "Success":
            raise AmiFailed(f"{name}: {answer.get('Message', '')}")
        return action.rows

    async def command(self, cli: str, *, limit: float | None = None) -> str:
        """Run a console command; its output. Raises AmiFailed when Asterisk knows no such command."""
        answer = await self.action("Command", limit=limit, Command=cli)
        if answer.get("Response") != "Success":
            raise AmiFailed(f"{cli}: {answer.get('Output') or answer.get('Message', '')}")
        return answer.get("Output", "")

    async def setvar_global(self, name: str, value: str) -> AmiOutcome:
        """Set a global variable of the dialplan."""
        return await self._do("Setvar", Variable=name, Value=value)

    async def setvar(self, channel: str, name: str, value: str) -> AmiOutcome:
        """Set a variable (two underscores before its name: inherited by every leg) or write a function."""
        return await self._do("Setvar", Channel=channel, Variable=name, Value=value)

    async def originate(
        self,
        channel: str,
        *,
        context: str = "",
        exten: str = "s",
        priority: int = 1,
        application: str = "",
        data: str = "",
        caller_id: str = "",
        ring_seconds: float = 30.0,
        variables: Mapping[str, str] | None = None,
        channel_id: str = "",
    ) -> AmiOutcome:
        """Dial `channel` and send it to the dialplan, or to `application`. Always asynchronous.

        The outcome says that Asterisk took it on; OriginateResponse with the same ActionID says
        how it went. After AmiTimeout or AmiLost it is unknown whether it dials: look, never repeat.
        """
        target: dict[str, Value] = {"Context": context, "Exten": exten, "Priority": priority}
        if application:
            target = {"Application": application, "Data": data}
        optional = {"CallerID": caller_id, "ChannelId": channel_id}
        return await self._do(
            "Originate",
            Channel=channel,
            Timeout=round(ring_seconds * 1000),
            Async="true",
            Variable=[assignment(*pair) for pair in (variables or {}).items()],
            **target,
            **{key: value for key, value in optional.items() if value},
        )

    async def redirect(
        self,
        channel: str,
        context: str,
        exten: str,
        priority: int = 1,
        *,
        extra_channel: str = "",
        extra_context: str = "",
        extra_exten: str = "",
        extra_priority: int = 1,
    ) -> AmiOutcome:
        """Send a channel, or two at once, elsewhere. A dead leg answers not ok and moves nobody."""
        fields: dict[str, Value] = {
            "Channel": channel,
            "Context": context,
            "Exten": exten,
            "Priority": priority,
        }
        if extra_channel:
            fields |= {
                "ExtraChannel": extra_channel,
                "ExtraContext": extra_context or context,
                "ExtraExten": extra_exten or exten,
                "ExtraPriority": extra_priority,
            }
        return await self._do("Redirect", **fields)

    async def hangup(self, channel: str, cause: int = 16) -> AmiOutcome:
        """Hang one channel up. A pattern between slashes, which would end many, is refused."""
        if channel.startswith("/"):
            raise ValueError("one channel's name is wanted, not a pattern")
        return await self._do("Hangup", Channel=channel, Cause=cause)

    async def receive_key(self, channel: str, key: str) -> AmiOutcome:
        """As if whoever is on this channel had pressed a key."""
        return await self._do("PlayDTMF", Channel=channel, Digit=key, Receive="yes")

    async def queue_add(
        self,
        queue: str,
        interface: str,
        *,
        member_name: str = "",
        penalty: int = 0,
        paused: bool = False,
        state_interface: str = "",
    ) -> AmiOutcome:
        """Sign a seat in. Not ok when it is in the queue already."""
        optional = {"MemberName": member_name, "StateInterface": state_interface}
        return await self._do(
            "QueueAdd",
            Queue=queue,
            Interface=interface,
            Penalty=penalty,
            Paused=_word(paused),
            **{key: value for key, value in optional.items() if value},
        )

    async def queue_remove(self, queue: str, interface: str) -> AmiOutcome:
        """Sign a seat out. Not ok when it is not in the queue."""
        return await self._do("QueueRemove", Queue=queue, Interface=interface)

    async def queue_pause(
        self, interface: str, paused: bool, *, queue: str = "", reason: str = ""
    ) -> AmiOutcome:
        """Pause or unpause a seat, in all queues when none is named."""
        optional = {"Queue": queue, "Reason": reason}
        return await self._do(
            "QueuePause",
            Interface=interface,
            Paused=_word(paused),
            **{key: value for key, value in optional.items() if value},
        )

    async def _do(self, name: str, **fields: Value) -> AmiOutcome:
        action = AmiAction(_safe(name, fields))
        answer = await self._send(action, None)
        return AmiOutcome(answer.get("Response") == "Success", answer.get("Message", ""), action.id)

    async def _send(self, action: AmiAction, limit: float | None) -> dict[str, str]:
        if self._state not in (AmiState.LOGGING_IN, AmiState.SYNCING, AmiState.READY):
            raise AmiLost(f"no link to Asterisk: {self._state}")
        answer = self._manager.send_action(action)
        try:
            async with asyncio.timeout(self._timing.action if limit is None else limit):
                fields: dict[str, str] = await answer
                return fields
        except TimeoutError:
            raise AmiTimeout(f"no answer to {action['Action']}") from None
        finally:
            self._manager.protocol.forget(action)

    # ------------------------------------------------------------ keeping the link

    async def _keep(self) -> None:
        while self._state is not AmiState.CLOSED:
            try:
                await self._one_link()
            except _Refused:
                if self._state is not AmiState.AUTH_REFUSED:
                    log.error("AMI log-in refused: check manager.conf secret")
                await self._left(AmiState.AUTH_REFUSED)
                await asyncio.sleep(self._timing.retry_refused)
            except (OSError, AmiLost, AmiTimeout, AmiFailed) as error:  # TimeoutError is an OSError
                log.log(self._level(), "AMI link: %s", str(error) or type(error).__name__)
                await self._retry_soon()
            except Exception:
                await self._left(AmiState.LOST)
                raise

    def _level(self) -> int:
        """How loudly to tell of a link that is away: once aloud, unless Asterisk is starting or ending."""
        starting = not self._was_ready and asyncio.get_running_loop().time() < self._patient_until
        if starting or self.loss_expected:
            return logging.DEBUG
        complained, self._complained = self._complained, True
        return logging.DEBUG if complained else logging.WARNING

    async def _retry_soon(self) -> None:
        await self._left(AmiState.LOST)
        await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        longest = min(self._timing.retry_longest, self._timing.retry_first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return longest * (1.0 - self._chance() / 2)

    async def _one_link(self) -> None:
        """Connect, log in, look, hand over, watch. Returns never: the end of a link is an exception."""
        if self._state is not AmiState.AUTH_REFUSED:
            self._enter(AmiState.CONNECTING)
        booted = self._booted = asyncio.get_running_loop().create_future()
        self._manager.hold()
        async with asyncio.timeout(self._timing.connect):
            link = await self._manager.connect()
        try:
            await self._log_in()
            self._enter(AmiState.SYNCING)
            await self._wait_boot(link, booted)
            await self._call(self._on_ready, await self._look())
            if link.lost.done():
                raise AmiLost(link.lost.result())
            self._failures = 0
            self._was_ready, self._complained = True, False
            self._enter(AmiState.READY)
            self._manager.release()
            await self._watch(link)
        finally:
            link.drop("given up")

    async def _log_in(self) -> None:
        was, self._state = self._state, AmiState.LOGGING_IN
        answer = await self.action("Login", Username=self._username, Secret=self._secret, Events="on")
        if answer.get("Response") != "Success":
            self._state = was
            raise _Refused

    async def _wait_boot(self, link: AmiLink, booted: asyncio.Future[None]) -> None:
        """FullyBooted comes with the log-in, or later from an Asterisk that is still starting."""
        either: tuple[asyncio.Future[Any], ...] = (booted, link.lost)
        await asyncio.wait(either, timeout=self._timing.boot, return_when=asyncio.FIRST_COMPLETED)
        if not booted.done() and not link.lost.done():
            log.warning("AMI: no FullyBooted event; has the account the right to read system events?")

    async def _look(self) -> Snapshot:
        channels = await self.action_list("CoreShowChannels")
        queues = await self._rows("QueueStatus", "the queues")
        devices = await self._rows("DeviceStateList", "states of phones")
        return Snapshot(
            tuple(ChannelSeen.read(row) for row in channels),
            tuple(QueueMemberSeen.read(row) for row in queues if row["Event"] == "QueueMember"),
            tuple(QueueCallerSeen.read(row) for row in queues if row["Event"] == "QueueEntry"),
            {row.get("Device", ""): device_state(row.get("State", "")) for row in devices},
        )

    async def _rows(self, action: str, what: str) -> list[dict[str, str]]:
        """The rows of a listing; none, and a warning, where Asterisk refuses it."""
        try:
            return await self.action_list(action)
        except AmiFailed as failure:
            log.warning("AMI: %s cannot be seen (%s)", what, failure)
            return []

    async def _watch(self, link: AmiLink) -> None:
        while True:
            done, _ = await asyncio.wait((link.lost,), timeout=self._timing.ping_every)
            if done:
                raise AmiLost(link.lost.result())
            try:
                await self.action("Ping", limit=self._timing.ping_limit)
            except AmiTimeout:
                link.drop("ping unanswered")

    async def _left(self, state: AmiState) -> None:
        self._manager.forget_held()
        self._enter(state)
        gap, self._gap = self._gap, None
        if gap is not None:
            await self._call(self._on_lost, *gap)

    def _link_lost(self, why: str) -> None:
        """At once, before anybody else runs: no action may be sent into a dead link."""
        if self._state is AmiState.READY:
            self._gap = (self._now(), why)
            self._enter(AmiState.LOST)

    def _booted_event(self, event: AmiEvent) -> None:
        if self._booted and not self._booted.done():
            self._booted.set_result(None)

    def _enter(self, state: AmiState) -> None:
        if self._state in (state, AmiState.CLOSED):  # nothing leads out of CLOSED
            return
        log.info("AMI %s -> %s", self._state, state)
        self._state = state
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _call(self, hook: Callable[..., Any] | None, *arguments: object) -> None:
        if hook is None:
            return
        try:
            result = hook(*arguments)
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("an AMI hook failed")


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _safe(name: str, fields: Mapping[str, Value]) -> dict[str, Value]:
    """An Originate that waits would hold up every other action on the link: it never does."""
    if name.lower() == "originate":
        fields = {key: value for key, value in fields.items() if key.lower() != "async"} | {"Async": "true"}
    return {"Action": name, **fields}
