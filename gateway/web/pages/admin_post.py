"""The administrator's view of what leaves and comes: the outbox with dead letters, webhooks, mailboxes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from gateway.channels.email.mailbox import BoxState
from gateway.core.item.delivery import AGAIN, Delivery, DeliveryState, shown_address
from gateway.core.roles import Account
from gateway.errors import NotFound
from gateway.notify import deliveries
from gateway.notify.deliveries import MAY_DROP
from gateway.settings.schema import Config
from gateway.web.pages.admin import ActResult, Fields, refused
from gateway.web.pages.look import Look

SHOWN = 100  # deliveries
STATES = {
    DeliveryState.DEAD: ("发送失败", "given up"),
    DeliveryState.BOUNCED: ("被退回", "came back"),
    DeliveryState.WAITING: ("等待发送", "waiting"),
    DeliveryState.DROPPED: ("已作废", "dropped"),
    DeliveryState.SENT: ("已发出", "sent"),
}
WAYS = {
    "mail": ("邮件", "mail"),
    "fax": ("传真", "fax"),
    "sms": ("短信", "SMS"),
    "phone": ("电话告知", "by telephone"),
    "letter": ("信函", "letter"),
}


class Outbox(deliveries.Ledger, Protocol):
    """Of storage, the outbox."""

    async def list(
        self, state: DeliveryState | None, number: str, after: int, limit: int
    ) -> Sequence[Delivery]: ...

    async def counts(self) -> Mapping[tuple[str, str], int]: ...


@dataclass(frozen=True, slots=True)
class HookState:
    """A webhook; `since` is when it began to fail, None while it works."""

    id: str
    host: str
    events: tuple[str, ...]
    since: datetime | None


class OutboxPart:
    """Deliveries: sent again, or dropped with a reason."""

    name, zh, en = "outbox", "待发与失败", "Outbox"

    def __init__(self, outbox: Outbox, notes: deliveries.AuditNotes, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._notes = notes
        self._now = now

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        state = next((state for state in STATES if state.value == asked.get("state")), DeliveryState.DEAD)
        return {
            "rows": await self._outbox.list(state, "", 0, SHOWN),
            "state": state.value,
            "states": [(state.value, look.t(*words)) for state, words in STATES.items()],
            "ways": {way: look.t(*words) for way, words in WAYS.items()},
            "again": AGAIN,
            "may_drop": MAY_DROP,
            "shown_address": shown_address,
        }

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        row, reason = fields.get("id", ""), " ".join(fields.get("reason", "").split())[:200]
        if act not in ("resend", "drop"):
            raise NotFound
        if act == "drop" and not reason:
            return refused("请填写作废原因", "a reason is needed", "reason")
        number = int(row) if row.isdecimal() and len(row) < 16 else 0
        if act == "resend":
            done = await deliveries.resend(self._outbox, self._notes, number, self._now())
        else:
            done = await deliveries.drop(self._outbox, self._notes, number, self._now(), reason)
        if not done:
            return refused("这一条已经变化，请看最新列表", "it has changed meanwhile: look at the list")
        if act == "drop":
            back = {"act": "resend", "id": row, "state": DeliveryState.DROPPED.value}
            return ActResult(f"第 {row} 条已作废", f"delivery {row} is dropped", undo=back)
        return ActResult(f"第 {row} 条将重新发送", f"delivery {row} is sent again")


class ChannelsPart:
    """Mailboxes with their state, and webhooks."""

    name, zh, en = "channels", "邮箱与推送", "Mailboxes, webhooks"

    def __init__(
        self,
        config: Config,
        boxes: Callable[[], Sequence[BoxState]],
        failing: Callable[[str], Awaitable[datetime | None]],
        resume: Callable[[str], Awaitable[None]],
        notes: deliveries.AuditNotes,
    ) -> None:
        self._config = config
        self._boxes = boxes
        self._failing = failing
        self._resume = resume
        self._notes = notes

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        places = {box.id: f"{box.user}@{box.host}" for box in self._config.mailboxes}
        hooks = [
            HookState(hook.id, urlsplit(hook.url).hostname or "", hook.events, await self._failing(hook.id))
            for hook in self._config.webhooks
        ]
        return {
            "boxes": [(state, places.get(state.id, "")) for state in self._boxes()],
            "hooks": hooks,
            "mail_in": self._config.mail_in,
            "mail_out": self._config.mail_out,
            "fax": self._config.fax,
        }

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        hook = fields.get("id", "")
        if act != "resume" or hook not in {row.id for row in self._config.webhooks}:
            raise NotFound
        await self._resume(hook)
        await self._notes.note("webhook.resume", hook)
        return ActResult(f"{hook} 将重新尝试推送", f"{hook} is tried again")
