"""The connection to Asterisk's manager interface: kept up, watched, and its state rebuilt after a loss.

An action is sent once or not at all: what was unanswered when the link went ends with AmiLost.
After each log-in Asterisk is looked at (Snapshot) before the first event is handed on.
ami.Ami adds the actions by name. Defects of the library it stands on: docs/developing/panoramisk.md.
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


class _Refused(Exception):
    """Asterisk refused the log-in."""


class AmiConnection:
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
        return (await self.act(name, fields, limit))[1]

    async def act(
        self, name: str, fields: Mapping[str, Value], limit: float | None = None
    ) -> tuple[str, dict[str, str]]:
        """`action`, with the action's id before the fields: the events that it brings later carry it."""
        action = AmiAction(_safe(name, fields))
        return action.id, await self._send(action, limit)

    async def action_list(
        self, name: str, *, limit: float | None = None, **fields: Value
    ) -> list[dict[str, str]]:
        """Send an action that answers with a list; the fields of each item. Raises AmiFailed on an Error."""
        action = AmiAction({"Action": name, **fields}, as_list=True)
        answer = await self._send(action, limit)
        if answer.get("Response", "Success") != "Success":
            raise AmiFailed(f"{name}: {answer.get('Message', '')}")
        return action.rows

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
        """The log level for a link that is away: a warning once, unless Asterisk is starting or ending."""
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
            log.warning("AMI: %s cannot be listed (%s)", what, failure)
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
        """Change the state at once, before other tasks run: no action may be sent into a dead link."""
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


def _safe(name: str, fields: Mapping[str, Value]) -> dict[str, Value]:
    """Make every Originate asynchronous: one that waits would block all other actions on the link."""
    if name.lower() == "originate":
        fields = {key: value for key, value in fields.items() if key.lower() != "async"} | {"Async": "true"}
    return {"Action": name, **fields}
