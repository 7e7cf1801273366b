"""Supervision of orders: the ladder that is climbed by itself, and what those who supervise look at."""

from __future__ import annotations

from gateway.cases.oversight import Oversight
from gateway.cases.supervision import Supervision
from gateway.notify.rung_papers import RungPapers
from gateway.notify.service import letterhead, sending
from gateway.wiring.parts import Parts


async def supervise_orders(parts: Parts) -> None:
    """Before the pages, which look at it. What goes out lies in the outbox until the post is there."""
    config, public = parts.config, parts.config.web.public_url.rstrip("/")
    head = letterhead(config, parts.marks, parts.rules)
    papers = RungPapers(head, sending(config).ways, f"{public}/unit" if public else "")
    supervision = Supervision(parts.orders.changes, papers)
    parts.orders.on_directed(supervision.directed)
    parts.oversight = Oversight(parts.orders.changes, papers)
    parts.keep("supervision", supervision.keep_on)
