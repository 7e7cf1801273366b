"""The ways `webhook:<id>`: signed POSTs as Standard Webhooks has them, over one session each.

Redirects are not followed. A webhook that failed for long, or that says it is gone (410), is switched off
until somebody resumes it: what was for it lies among the dead letters then.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from gateway.core.item.delivery import Delivery, Later, Never, Result, Sent
from gateway.core.ledgers import OnceLedger
from gateway.errors import Problem, SetupError
from gateway.notify.hooks import way_of
from gateway.settings.durable_files import write_private
from gateway.settings.schema import Webhook

PREFIX = "whsec_"


class WebhookSender:
    """A Way. `off_after`: how long it may fail before it is switched off."""

    def __init__(
        self, hook: Webhook, key: bytes, marks: OnceLedger, off_after: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._hook = hook
        self._key = key
        self._marks = marks
        self._off_after = off_after
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        return way_of(self._hook.id)

    @property
    def limit(self) -> float:
        return 2.0 * self._hook.timeout_seconds

    async def send(self, delivery: Delivery) -> Result:
        failing = await failing_since(self._marks, self._hook.id)
        if failing and self._now() - failing >= self._off_after:
            return Never(f"switched off, it fails since {failing:%Y-%m-%d %H:%M} UTC")
        status = await self._post(delivery)
        if isinstance(status, int) and 200 <= status < 300:
            if failing:
                await resume(self._marks, self._hook.id)
            return Sent()
        since = self._now() - self._off_after if status == 410 else self._now()
        if not failing or status == 410:
            await self._marks.set_mark(_mark(self._hook.id), since.isoformat())
        why = f"HTTP {status}" if isinstance(status, int) else status
        return Never(why) if status == 410 else Later(why)

    async def rest(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, delivery: Delivery) -> int | str:
        """The answer's status, or in a word why there was none."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._hook.timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        content = delivery.draft.content
        stamp = int(self._now().timestamp())
        text = content["body"].encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "hotline-gateway",
            "webhook-id": content["id"],
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(self._key, content["id"], stamp, text),
        }
        try:
            async with self._session.post(
                self._hook.url, data=text, headers=headers, allow_redirects=False
            ) as response:
                return response.status
        except TimeoutError:
            return f"no answer in {self._hook.timeout_seconds} s"
        except (aiohttp.ClientError, OSError) as error:
            return type(error).__name__


def signature(key: bytes, message_id: str, stamp: int, body: bytes) -> str:
    """The value of webhook-signature; `stamp` in Unix seconds."""
    signed = f"{message_id}.{stamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode('ascii')}"


def secret_of(file: Path) -> bytes:
    """The key in a file of `whsec_…`; one that is not there is made. Raises SetupError."""
    try:
        if not file.exists():
            write_private(file, PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii"), once=True)
        text = file.read_text("ascii").strip()
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except OSError as error:
        raise SetupError(Problem(str(file), 0, f"cannot be used: {error.strerror}")) from error
    except (ValueError, binascii.Error) as error:
        raise SetupError(Problem(str(file), 0, "is no secret like whsec_… in base64")) from error
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise SetupError(Problem(str(file), 0, "is no secret like whsec_… of 24 to 64 bytes"))
    return key


async def failing_since(marks: OnceLedger, hook_id: str) -> datetime | None:
    """Since when a webhook fails; None while it works. Raises StorageDown."""
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(await marks.mark(_mark(hook_id)))
    return None


async def resume(marks: OnceLedger, hook_id: str) -> None:
    """It works again, or is to be tried again. Raises StorageDown."""
    await marks.set_mark(_mark(hook_id), "")


def _mark(hook_id: str) -> str:
    return way_of(hook_id)
