"""Supervision of orders: the ladder that is climbed by itself, and what those who supervise look at."""

from __future__ import annotations

from gateway.cases.duty_calls import DutyCalls
from gateway.cases.oversight import Oversight
from gateway.cases.supervision import Supervision
from gateway.flows.prompts import load_prompts
from gateway.notify.rung_papers import RungPapers
from gateway.notify.service import letterhead, sending
from gateway.wiring.parts import Parts


async def supervise_orders(parts: Parts) -> None:
    """Before the pages, which look at it. What goes out lies in the outbox until the post is there."""
    config, public = parts.config, parts.config.web.public_url.rstrip("/")
    head = letterhead(config, parts.marks, parts.rules)
    papers = RungPapers(head, sending(config).ways, f"{public}/unit" if public else "")
    supervision = Supervision(parts.orders.changes, papers)
    prompts = load_prompts(config.root / config.flows.folder / "prompts.yaml")
    duty = DutyCalls(parts.orders.changes, frozenset(prompt.id for prompt in prompts))
    supervision.rung_listeners.append(duty.called)
    parts.switchboard.call_units(duty)
    parts.orders.on_directed(supervision.directed)
    parts.oversight = Oversight(parts.orders.changes, papers)
    parts.keep("supervision", supervision.keep_on)
