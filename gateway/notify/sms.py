"""The way `sms`: hands short messages to an HTTP gateway, as the settings describe what it wants.

URL, method, headers and body are templates; {phone}, {text}, {id} and {secret} are filled in, each as the
body's form wants it (JSON or a form). Every request is signed as webhooks are, so that a gateway of one's own
can check it. The id is the same at each try.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote, quote_plus

import aiohttp

from gateway.core.item.delivery import Delivery, Later, Never, Result, Sent
from gateway.core.item.sms import segments
from gateway.notify.webhook import signature
from gateway.settings.correspondence import Sms

SMS = "sms"
KEPT = 200  # characters of the answer that are kept as proof
MOST_READ = 20_000  # bytes of the answer that are looked at
PASSES = (408, 425, 429)
"""4xx that may be tried again."""
_PLACEHOLDER = re.compile(r"\{(phone|text|id|secret)\}")


class SmsSender:
    """A Way. `secret` gives the gateway's token or password, `key` signs."""

    name = SMS

    def __init__(
        self, settings: Sms, secret: Callable[[], str], key: bytes, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._key = key
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    @property
    def limit(self) -> float:
        return 2.0 * self._settings.timeout_seconds

    async def send(self, delivery: Delivery) -> Result:
        text = delivery.draft.content["text"]
        try:
            status, answer = await self._ask(delivery, text)
        except TimeoutError:
            return Later(f"no answer in {self._settings.timeout_seconds} s")
        except (aiohttp.ClientError, OSError) as error:
            return Later(type(error).__name__)
        proof = " ".join(answer.split())[:KEPT]
        if 200 <= status < 300 and re.search(self._settings.accepted, answer):
            return Sent(f"短信已发出（{segments(text)}条）", f"HTTP {status} {proof}".strip())
        why = f"HTTP {status} {proof}".strip()
        return Never(why) if 200 <= status < 500 and status not in PASSES else Later(why)

    async def rest(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, delivery: Delivery, text: str) -> tuple[int, str]:
        """Status and answer. Raises TimeoutError, and what aiohttp raises."""
        s = self._settings
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=s.timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        values = {"phone": delivery.draft.address, "text": text, "id": delivery.draft.key}
        values["secret"] = self._secret() if "{secret}" in f"{s.url}{s.body}{s.headers}" else ""
        body = filled(s.body, values, _writer(s.content_type)).encode() if s.method != "GET" else b""
        headers = {"Content-Type": s.content_type} if body else {}
        for line in s.headers:
            name, _, value = line.partition(":")
            headers[name.strip()] = filled(value.strip(), values, str)
        url = filled(s.url, values, lambda value: quote(value, safe=""))
        headers |= self._signed(delivery.draft.key, body or url.encode())
        async with self._session.request(
            s.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as response:
            answer = await response.content.read(MOST_READ)
            return response.status, answer.decode("utf-8", "replace")

    def _signed(self, id_: str, body: bytes) -> dict[str, str]:
        stamp = int(self._now().timestamp())
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(self._key, id_, stamp, body),
        }


def filled(template: str, values: Mapping[str, str], write: Callable[[str], str]) -> str:
    """The template with its placeholders; other braces stay."""
    return _PLACEHOLDER.sub(lambda match: write(values[match[1]]), template)


def _writer(content_type: str) -> Callable[[str], str]:
    """How a value stands in a body: as the inside of a JSON text, or quoted for a form."""
    if "json" in content_type:
        return lambda value: json.dumps(value, ensure_ascii=False)[1:-1]
    return quote_plus if "form" in content_type else str
