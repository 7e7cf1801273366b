"""The outbox, built from the settings: planners, ways, and the worker.

THE REGISTRY of ways is `_ways`: a new way is a file beside smtp.py and one line there.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.core.item.deadlines import Rules
from gateway.core.item.delivery import MAIL
from gateway.core.item.notice import Sending
from gateway.core.ledgers import OnceLedger
from gateway.errors import Problem, SetupError
from gateway.mail.thread import Marks
from gateway.notify.fax import FAX, ClearPath, FaxLimits, FaxSender, SentCount, named_so
from gateway.notify.hooks import Hooks, way_of
from gateway.notify.letterhead import Letterhead
from gateway.notify.notices import Notices
from gateway.notify.order_slips import OrderSlips, SlipFrom
from gateway.notify.post_office import OutboxLedger, Planner, PostOffice, utc_now
from gateway.notify.slips import PartnerSlips, SlipHead
from gateway.notify.sms import SMS, SmsSender
from gateway.notify.smtp import Server, SmtpSender
from gateway.notify.way import Way
from gateway.notify.webhook import WebhookSender, secret_of
from gateway.pbx.conf import Places
from gateway.pbx.fax_line import FaxLine
from gateway.settings import fonts
from gateway.settings.cache import cache_home
from gateway.settings.schema import Config, Webhook
from gateway.tasks import Supervisor


def post_office(
    config: Config,
    ledger: OutboxLedger,
    marks: Marks,
    once: OnceLedger,
    rules: Rules,
    *,
    fax_line: FaxLine | None = None,
    counts: SentCount | None = None,
    clear_path: ClearPath = named_so,
    now: Callable[[], datetime] = utc_now,
    on_settled: Callable[[str], None] = lambda number: None,
    tasks: Supervisor | None = None,
) -> PostOffice:
    """The worker of this installation. Raises SetupError for a secret that cannot be used."""
    return PostOffice(
        ledger,
        _planners(config, marks, rules),
        (*_ways(config, once, now), *_fax(config, fax_line, counts, now, clear_path)),
        ZoneInfo(config.centre.timezone),
        give_up=timedelta(hours=config.outbox.give_up_hours),
        due_days=config.outbox.due_days,
        now=now,
        on_settled=on_settled,
        tasks=tasks,
    )


def _planners(config: Config, marks: Marks, rules: Rules) -> tuple[Planner, ...]:
    planners: list[Planner] = [Hooks(config.webhooks).plan] if config.webhooks else []
    return (*planners, notices(config, marks, rules).plan)


def notices(config: Config, marks: Marks, rules: Rules) -> Notices:
    """What people are told, by the settings."""
    return Notices(letterhead(config, marks, rules), rules, sending(config))


def sending(config: Config) -> Sending:
    """The ways to people that are set up."""
    on = {MAIL: bool(config.mail_out.host), FAX: config.fax_out.enabled, SMS: bool(config.sms.url)}
    ways = frozenset(way for way, is_on in on.items() if is_on)
    return Sending(ways, config.fax_out.allow, config.sms.most_segments)


def _ways(config: Config, once: OnceLedger, now: Callable[[], datetime]) -> tuple[Way, ...]:
    ways: list[Way] = []
    if config.mail_out.host:
        ways.append(_mail(config))
    if config.sms.url:
        ways.append(_sms(config, now))
    off_after = timedelta(hours=config.outbox.give_up_hours)
    for hook in config.webhooks:
        ways.append(WebhookSender(hook, secret_of(secret_file(config, hook)), once, off_after, now))
    return tuple(ways)


def _sms(config: Config, now: Callable[[], datetime]) -> SmsSender:
    key = secret_of(sms_file(config, config.sms.sign_file, "sms-signature"))
    secret = sms_file(config, config.sms.secret_file, "sms")
    return SmsSender(config.sms, lambda: secret.read_text("utf-8").strip(), key, now)


def sms_file(config: Config, named: str, usual: str) -> Path:
    """Where a secret of the SMS gateway lies."""
    return config.root / named if named else config.var / "secrets" / usual


def _fax(
    config: Config,
    line: FaxLine | None,
    counts: SentCount | None,
    now: Callable[[], datetime],
    clear_path: ClearPath,
) -> tuple[Way, ...]:
    """The way `fax`, where it is on. Raises SetupError without a font to set pages in."""
    if not (config.fax_out.enabled and line and counts):
        return ()
    font = fonts.find(cache_home())
    if font is None:
        raise SetupError("fax_out: there is no Chinese font to set pages in; `make run` fetches one")
    out = config.fax_out
    limits = FaxLimits(out.allow, out.per_number, out.per_hour, out.tries, config.fax.longest_minutes * 60.0)
    places = Places(config.var)
    work = config.var / "fax-work"
    return (FaxSender(line, counts, limits, font, work, places.journal, now, clear_path),)


def secret_file(config: Config, hook: Webhook) -> Path:
    """Where a webhook's secret lies."""
    if hook.secret_file:
        return config.root / hook.secret_file
    return config.var / "secrets" / f"webhook-{hook.id}"


def password_file(config: Config) -> Path:
    """Where the password of the mail server lies."""
    file = config.mail_out.password_file
    return config.root / file if file else config.var / "secrets" / "mail-out"


def letterhead(config: Config, marks: Marks, rules: Rules) -> Letterhead:
    """Who writes, by the settings."""
    out = config.mail_out
    inbox = out.inbox or (config.mail_in.addresses[0] if config.mail_in.addresses else "")
    return Letterhead(
        config.centre.name,
        config.centre.number,
        out.sender,
        config.zone,
        marks,
        inbox=inbox,
        track_url=f"{config.web.public_url.rstrip('/')}/track" if config.web.public_url else "",
        clocks={clock.name: (clock.zh, clock.en) for rule_set in rules.sets for clock in rule_set.clocks},
        own=frozenset(address.lower() for address in config.mail_in.addresses),
        per_person=out.per_person,
        per_item=out.per_item,
        text_kinds=frozenset(out.text_kinds),
    )


def partner_slips(config: Config, marks: Marks, rules: Rules, path: Callable[[str], str]) -> PartnerSlips:
    """What partners are sent; `path` is that of the page on which one replies to a referral."""
    head = letterhead(config, marks, rules)
    public = config.web.public_url.rstrip("/")
    ways = [way_of(hook.id) for hook in config.webhooks]
    return PartnerSlips(
        SlipHead(
            *(head.centre, head.hotline, head.sender, marks),
            link=lambda referral: f"{public}{path(referral)}" if public else "",
            ways=frozenset([*ways, *sending(config).ways]),
            inbox=head.inbox,
        )
    )


def order_slips(config: Config, marks: Marks, rules: Rules) -> OrderSlips:
    """What units without accounts are sent."""
    head = letterhead(config, marks, rules)
    public = config.web.public_url.rstrip("/")
    counties = {division.code: division.zh for division in rules.divisions}
    writer = SlipFrom(head.centre, head.hotline, head.sender, marks, sending(config).ways, counties)
    return OrderSlips(writer, lambda path: f"{public}{path}" if public else "")


def _mail(config: Config) -> SmtpSender:
    out = config.mail_out
    file = password_file(config)
    server = Server(
        out.host,
        out.port,
        out.tls,
        out.user,
        lambda: file.read_text("utf-8").strip("\r\n"),
        lambda: tls_context(config),
        float(out.timeout_seconds),
    )
    return SmtpSender(server, out.sender, out.name or config.centre.name)


def tls_context(config: Config) -> ssl.SSLContext:
    """How the mail server's certificate is checked. Raises SetupError."""
    file = config.mail_out.ca_file
    try:
        return ssl.create_default_context(cafile=str(config.root / file) if file else None)
    except OSError as error:
        raise SetupError(Problem(str(config.root / file), 0, "is no file of certificates")) from error
