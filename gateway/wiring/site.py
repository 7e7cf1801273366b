"""The API and the pages."""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.accounts.unit_desk import UnitDesk
from gateway.accounts.unit_people import UnitPeople
from gateway.calls.board import LiveBoard, StoreView, TokenLedger
from gateway.calls.desk import CallDesk
from gateway.calls.statistics import Statistics
from gateway.cases.period_figures import PeriodFigures
from gateway.cases.unit_scope import UnitScope
from gateway.channels.fax.reading import FaxReading
from gateway.core.roles import Role
from gateway.intake.faults import faults
from gateway.intake.fax_filing import Filing
from gateway.intake.item_desk import ItemDesk
from gateway.intake.matters import Matters
from gateway.notify.service import notices, sending
from gateway.settings.schema import Config
from gateway.settings.secrets import Secrets
from gateway.web import browser_parts
from gateway.web.api.fax import FaxApi
from gateway.web.api.sealed import Sealed
from gateway.web.case_parts import CaseParts
from gateway.web.pages.pages import PublicSide
from gateway.web.pages.phone import BrowserPhones
from gateway.web.site import FEED, WebParts, listen, make_app, utc_now
from gateway.wiring.admin import admin_parts, flow_desk
from gateway.wiring.demo import visitor
from gateway.wiring.parts import Parts, reads_faxes

log = logging.getLogger(__name__)


async def serve_pages(parts: Parts) -> None:
    """The API and the pages; from now on they are told of every change of an item."""
    config, storage, intake = parts.config, parts.storage, parts.intake

    def changed(what: str, number: str) -> None:
        feed.publish("item.new" if what == "new" else "queue.changed", {"number": number})

    book = Statistics(storage.figures, config.zone, utc_now)
    app = make_app(_web_parts(parts, book, changed))
    parts.keep("figures of days that are over", book.keep_on)
    feed = app[FEED]
    parts.stack.callback(intake.on_change(changed))
    if reads_faxes(config):
        reading = FaxReading(
            storage.faxes, storage.files.clear_path, lambda number: changed("changed", number)
        )
        parts.stack.callback(intake.on_change(lambda what, number: reading.wake()))
        parts.keep("reading of faxes", reading.keep_on)
    elif config.fax.reading:
        log.warning("fax pages are not read by machine: the extra `ocr` is not installed")
    runner = await listen(app, config.web, config.rates.proxies)
    parts.stack.push_async_callback(runner.cleanup)


def _web_parts(parts: Parts, book: Statistics, changed: Callable[[str, str], None]) -> WebParts:
    config, storage, intake = parts.config, parts.storage, parts.intake
    rules, switchboard, centre = parts.rules, parts.switchboard, parts.config.centre
    board = LiveBoard(config, switchboard, parts.pbx, parts.readiness)
    openers = tuple(Role(role) for role in config.accounts.identity_roles)
    flows = flow_desk(parts)
    return WebParts(
        *(intake, storage.calls, TokenLedger(storage), StoreView(storage), board),
        *(config.zone, config.var, centre.name, config.web.public_url),
        missing=faults,
        files=storage.files,
        area_code=centre.area_code,
        uploads=config.uploads,
        rates=config.rates,
        public=PublicSide(rules, centre, config.pages),
        matters=Matters(
            *(intake, storage, rules, config.zone),
            centre=centre.name,
            area_code=centre.area_code,
            sending=sending(config),
            planned=notices(config, parts.marks, rules).plan,
            on_change=changed,
            handed_over=parts.orders.handed_over,
        ),
        items=ItemDesk(intake, storage, rules.answers, centre.name),
        transfers=board,
        linkage=parts.linkage,
        book=book,
        phones=_browser_phones(config, parts.secrets),
        accounts=parts.accounts,
        openers=openers,
        audit=storage.audit,
        post=storage.outbox,
        desk=CallDesk(switchboard, storage, intake, utc_now, centre.area_code),
        wrap_up=config.queue.wrap_up_seconds,
        faxes=FaxApi(
            *(storage.faxes, storage.outbox, intake.get, Sealed(intake, openers)),
            *(utc_now, config.fax_out.enabled),
        ),
        health_parts=lambda: parts.checks.parts,
        metrics_peers=config.web.metrics_peers,
        lists=storage.lists,
        searches=storage.search,
        holds=storage.retention,
        cases=_case_parts(parts),
        filing=Filing(intake, storage, utc_now),
        tasks=parts.tasks,
        visitor=visitor(parts),
        admin=admin_parts(parts, *flows, board.agents),
        flows=flows,
    )


def _case_parts(parts: Parts) -> CaseParts:
    units = UnitDesk(parts.storage, parts.accounts, utc_now)
    return CaseParts(
        units=units,
        unit_people=UnitPeople(parts.accounts, units),
        scope=UnitScope(parts.storage),
        dispatch=parts.dispatch,
        orders=parts.orders,
        oversight=parts.oversight,
        order_figures=PeriodFigures(parts.orders.changes),
        follow_ups=parts.follow_ups,
        replies=parts.offline,
    )


def _browser_phones(config: Config, secrets: Secrets) -> BrowserPhones:
    return BrowserPhones(
        browser_parts.find(),
        f"http://{config.asterisk.http_host}:{config.asterisk.http_port}/ws",
        secrets.visitor if config.demo.enabled else "",
        {agent: word.sip for agent, word in secrets.seats.items()},
    )
