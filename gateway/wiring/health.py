"""What /healthz looks at, and what the operator is told once all runs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from gateway import health_checks
from gateway.web import browser_parts
from gateway.web.site import utc_now
from gateway.wiring.parts import Parts

STUCK = timedelta(minutes=30)  # a delivery that fails for so long is told


async def watch_health(parts: Parts) -> None:
    """What /healthz looks at besides storage's answer, Asterisk and background tasks."""
    config, storage, places, add = parts.config, parts.storage, parts.places, parts.checks.add
    add("disk", health_checks.disk((config.var, places.journal, places.recordings, places.messages)))
    add("database", health_checks.database(storage.database.probe))
    add("clock", health_checks.clock(_clocks(parts), time.time))
    add("spool", health_checks.spool(places))
    add("journal", health_checks.journal(places.journal, lambda: parts.pbx.last_noted))
    add("outbox", health_checks.outbox(lambda: storage.outbox.stuck(utc_now() - STUCK)))
    add("numbers", health_checks.numbers(parts.intake.numbers_given))
    if config.mail_out.host:
        add("mail_out", health_checks.mail_server(config.mail_out.host, config.mail_out.port))
    await parts.checks.look()
    parts.keep("health checks", parts.checks.keep_looking)


def _clocks(parts: Parts) -> dict[str, Callable[[], Awaitable[float | None]]]:
    """The clocks that ours is compared with."""
    clocks: dict[str, Callable[[], Awaitable[float | None]]] = {
        "Asterisk": parts.pbx.clock,
        "the database": parts.storage.database.clock,
    }
    if server := parts.config.centre.time_server:
        clocks["the time server"] = partial(health_checks.sntp, server)
    return clocks


async def say_where(parts: Parts) -> None:
    """The addresses, for whoever has just started it."""
    c, say = parts.config, parts.say
    web = f"http://{c.web.host}:{c.web.port}"
    say(f"{c.centre.name} 已就绪 / is ready")
    say(f"  网页 web      {web}/   接口 API {web}/docs   状态 health {web}/healthz")
    say(f"  电话 SIP      {c.centre.number}@{c.asterisk.sip_host}:{c.asterisk.sip_port}")
    seats = ", ".join(agent.seat for agent in c.agents)
    say(f"  登录 desk     {web}/desk")
    say(f"  坐席 seats    {seats}   密码 passwords: gateway user show {c.agents[0].id}")
    say("  令牌 token    gateway token create --role agent")
    if c.demo.enabled and browser_parts.find():
        say(f"  网页试拨 call from a browser   {web}/phone")
    if parts.demo:
        say(f"  演示邮箱、传真 mailbox, fax    {web}/mailbox")
    if c.mail_in.listen:
        say(f"  收信 SMTP, LMTP   {c.mail_in.host}:{c.mail_in.port}   {', '.join(c.mail_in.addresses)}")
    say(f"  试拨 try it   gateway call {c.centre.number} --keys 5")
    say("  Ctrl-C 结束 / ends it")
