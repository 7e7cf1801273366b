"""One AMI connection on panoramisk's AMIProtocol, Manager and Action, each made safe.

What stays the library's: action ids, the text of an action, the table of open actions. What
is ours: framing, decoding, guarded callbacks, refused values, and that nothing is ever sent
again (docs/developing/panoramisk.md). It has no time limits and no reconnect: ami.Ami does that.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from gateway.errors import GatewayError, PbxDown
from gateway.pbx.ami_frames import AmiEvent, AmiFrames, AmiGarbage, event_name, fields_of

log = logging.getLogger(__name__)

LINE_BYTES = 1_000  # Asterisk drops an action with a line over 1,024
ROWS = 100_000  # events of one list
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

Value = str | int | Iterable[str]
Callback = Callable[[AmiEvent], None]


class AmiLost(PbxDown):
    """No link to Asterisk, or it was lost before the answer came. The action is not sent again."""


class AmiTimeout(PbxDown):
    """Asterisk did not answer an action in its time. Whether it did it is unknown."""


class AmiFailed(GatewayError):
    """Asterisk answered a list or a console command with an error."""


class AmiAction(Action):  # type: ignore[misc]  # panoramisk has no types
    """One action on its way: checked before it is made, done when its answer or its list is whole."""

    def __init__(self, fields: Mapping[str, Value], *, as_list: bool = False) -> None:
        super().__init__(_checked(fields), as_list=as_list)
        self.rows: list[dict[str, str]] = []

    def add_message(self, message: dict[str, str]) -> bool:
        """Take a frame that carries our id. True when the action is done."""
        if "Response" in message:
            return self._answered(message)
        if not self.as_list:
            return False
        if message.get("EventList") == "Complete" or message["Event"].endswith("Complete"):
            return self._done({})
        self.rows.append(message)
        return len(self.rows) >= ROWS and self._done({})

    def _answered(self, message: dict[str, str]) -> bool:
        follows = message.get("EventList") == "start" or "will follow" in message.get("Message", "")
        if self.as_list and message["Response"] == "Success" and follows:
            return False
        return self._done(message)

    def _done(self, answer: dict[str, str]) -> bool:
        if not self.future.done():
            self.future.set_result(answer)
        return True


def _checked(fields: Mapping[str, Value]) -> dict[str, str | list[str]]:
    """Refuse what would become a second line. The message never repeats a value: it may be a secret."""
    return {key: _checked_values(key, value) for key, value in fields.items()}


def _checked_values(key: str, value: Value) -> str | list[str]:
    if not isinstance(value, (str, int)):
        return [_checked_line(key, line) for line in value]
    return _checked_line(key, str(value))


def _checked_line(key: str, value: str) -> str:
    if _KEY.fullmatch(key) is None:
        raise ValueError("an AMI key has letters, digits, - and _ only")
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(f"CR, LF and NUL cannot stand in an AMI value ({key})")
    if len(value.encode()) + len(key) + 2 > LINE_BYTES:
        raise ValueError(f"an AMI value is longer than Asterisk reads ({key})")
    return value


class AmiLink(AMIProtocol):  # type: ignore[misc]
    """The connection. `lost` is done, with the reason, when it has gone."""

    closed: bool
    responses: dict[str, AmiAction]

    def __init__(self, manager: AmiManager) -> None:
        self.manager = manager
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._frames = AmiFrames()

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self.manager
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._frames.feed(data)
        except AmiGarbage as garbage:
            self.drop(str(garbage))
            return
        for frame in frames:
            name = event_name(frame)
            if (name and b"\r\nActionID: " not in frame) or not self._for_an_action(frame):
                self.manager.dispatch(name, frame)

    def _for_an_action(self, frame: bytes) -> bool:
        """Hand a frame to the action that asked for it. False when none did."""
        message = fields_of(frame)
        action = self.responses.get(message.get("ActionID", ""))
        if action is not None and action.add_message(message):
            self.forget(action)
        return action is not None

    def forget(self, action: AmiAction) -> None:
        self.responses.pop(action.id, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop(str(exc) if exc else "Asterisk closed the connection")

    def close(self) -> None:
        self.drop("closed")

    def drop(self, why: str) -> None:
        """Close at once. Every open action ends with AmiLost; none is kept for later."""
        if self.closed:
            return
        self.closed = True
        self.transport.abort()
        actions, self.responses = self.responses, {}
        for action in actions.values():
            if not action.future.done():
                action.future.set_exception(AmiLost(f"link lost: {why}"))
        if not self.lost.done():
            self.lost.set_result(why)
        self.manager.connection_lost(why)


class _Everything:
    """A container of every name: the library asks it which actions may be forgotten."""

    def __contains__(self, name: object) -> bool:
        return True


class AmiManager(Manager):  # type: ignore[misc]
    """The library's manager without its reconnect, its pinger and its second sending."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host=host, port=port, log=log, forgetable_actions=_Everything())
        self._callbacks: dict[bytes, list[Callback]] = {}
        self._held: list[AmiEvent] | None = None
        self.on_lost: Callable[[str], None] = lambda why: None

    # ------------------------------------------------------------ link

    async def connect(self) -> AmiLink:
        """Open one link. Raises OSError. Never tries twice."""
        self.loop = asyncio.get_running_loop()
        _, link = await self.loop.create_connection(
            lambda: AmiLink(self), self.config["host"], self.config["port"]
        )
        self.protocol = link
        return link

    def connection_lost(self, exc: object) -> None:
        self.on_lost(str(exc))

    async def send_awaiting_actions(self, *_: object) -> None:
        """The library sends unanswered actions again here. We never do."""

    def send_action(self, action: AmiAction, as_list: bool | None = None, **_: Any) -> asyncio.Future[Any]:
        """Send an action over the present link. Raises AmiLost when there is none."""
        if self.protocol is None or self.protocol.closed:
            raise AmiLost("no link to Asterisk")
        answer: asyncio.Future[Any] = self.protocol.send(action, as_list=action.as_list)
        return answer

    def close(self) -> None:
        if self.protocol is not None:
            self.protocol.close()

    # ------------------------------------------------------------ events

    def subscribe(self, names: Iterable[str], callback: Callback) -> Callable[[], None]:
        """Call back for each event of these names ("*" for all); returns what ends it."""
        keys = [name.encode() for name in names]
        for key in keys:
            self._callbacks.setdefault(key, []).append(callback)

        def end() -> None:
            for key in keys:
                if callback in self._callbacks.get(key, ()):
                    self._callbacks[key] = [other for other in self._callbacks[key] if other is not callback]

        return end

    def hold(self) -> None:
        """Keep events back, in order, until `release`."""
        self._held = []

    def release(self) -> None:
        """Deliver what was kept back, and from now on at once."""
        held, self._held = self._held or [], None
        for event in held:
            self._deliver(event)

    def forget_held(self) -> None:
        self._held = None

    def dispatch(self, name: bytes, frame: bytes) -> None:
        """Tell the subscribers of an event; `name` is b"" of what is none."""
        if not name or not (name in self._callbacks or b"*" in self._callbacks):
            return
        event = AmiEvent(name.decode("ascii", "replace"), frame)
        if self._held is None or name == b"FullyBooted":
            self._deliver(event)
        elif len(self._held) < ROWS:
            self._held.append(event)
        else:
            self.protocol.drop("too many events before the state was known")

    def _deliver(self, event: AmiEvent) -> None:
        for key in (event.name.encode(), b"*"):
            for callback in self._callbacks.get(key, ()):
                try:
                    callback(event)
                except Exception:
                    log.exception("a callback for AMI event %s failed", event.name)
