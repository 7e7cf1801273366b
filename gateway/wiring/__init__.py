"""The parts of a running gateway, each made by one function that takes what it needs from those before it.

`STEPS` is their order: storage first, so that nothing is taken that cannot be kept; the web side next, so
that /healthz can say what is missing; Asterisk and the flows last. The end goes the other way round: each
step leaves on `Parts.stack` what ends it. A new part is a function and its place in `STEPS`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.wiring.demo import settle_ports, start_demo
from gateway.wiring.foundation import add_accounts, claim_machine, load_files, open_storage
from gateway.wiring.health import say_where, watch_health
from gateway.wiring.keeping import keep_backups, keep_recordings_encrypted, keep_terms
from gateway.wiring.parts import Parts as Parts
from gateway.wiring.post import exchange_mail
from gateway.wiring.site import serve_pages
from gateway.wiring.supervision import supervise_orders
from gateway.wiring.telephone import answer_calls, build_calls, prepare_asterisk, start_asterisk

STEPS: tuple[Callable[[Parts], Awaitable[None]], ...] = (
    settle_ports,
    claim_machine,
    load_files,
    open_storage,
    add_accounts,
    start_demo,
    prepare_asterisk,
    build_calls,
    supervise_orders,
    serve_pages,
    exchange_mail,
    answer_calls,
    start_asterisk,
    keep_backups,
    keep_terms,
    keep_recordings_encrypted,
    watch_health,
    say_where,
)


async def build(parts: Parts) -> None:
    """Make and start every part in order. What was started ends with `parts.stack`."""
    for step in STEPS:
        await step(parts)
