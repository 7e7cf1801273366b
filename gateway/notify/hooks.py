"""What a webhook is told: number, kind, channel, state, county, times, clocks. No identity, no content.

Plans only; the way that sends it is webhook.py. One webhook has one way, so that none waits for another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from gateway.core.item.delivery import About, Draft, Occasion, Plan
from gateway.settings.schema import Webhook

EVENTS = ("item.new", "item.changed", "item.due")


def way_of(hook_id: str) -> str:
    """The name of a webhook's way."""
    return f"webhook:{hook_id}"


class Hooks:
    """Plans a delivery for each webhook that wants the event."""

    def __init__(self, hooks: Iterable[Webhook]) -> None:
        self._hooks = tuple(hooks)

    def plan(self, occasion: Occasion, about: About) -> Plan:
        wanted = [hook for hook in self._hooks if occasion.topic in hook.events]
        if not wanted:
            return Plan()
        text = body(occasion, about)
        return Plan(tuple(_draft(hook.id, occasion, text) for hook in wanted))


def _draft(hook_id: str, occasion: Occasion, text: str) -> Draft:
    key = f"{way_of(hook_id)}:{occasion.topic}:{occasion.number}:{occasion.stamp}"
    return posted(key, hook_id, occasion.topic, text)


def posted(key: str, hook_id: str, event: str, text: str) -> Draft:
    """A delivery to a webhook; its webhook-id follows from the key, so it is the same at each try."""
    message_id = f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    return Draft(key, way_of(hook_id), hook_id, {"id": message_id, "event": event, "body": text})


def body(occasion: Occasion, about: About) -> str:
    """The JSON that is sent, with the item as it stood when the event was planned."""
    item = about.item
    data: dict[str, object] = {
        "number": item.number,
        "kind": item.kind.value,
        "channel": item.channel.value,
        "task": item.task.value,
        "state": item.state.value,
        "county": item.county,
        "received_at": _at(item.received_at),
        "due": [
            {"clock": due.clock, "on": due.on.isoformat(), "provisional": due.provisional} for due in item.due
        ],
    }
    if item.merged_into:
        data["merged_into"] = item.merged_into
    if occasion.what:
        data["what"] = occasion.what
    if occasion.topic == "item.due":
        data |= {name: occasion.facts[name] for name in ("clock", "on", "stage") if name in occasion.facts}
    message = {"type": occasion.topic, "timestamp": _at(occasion.at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
