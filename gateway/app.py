"""Builds every part and starts them in order: the only wiring. `gateway run` is `main`.

Storage first, so that nothing is taken that cannot be kept; the web side next, so that /healthz can
say what is missing; Asterisk and the flows last. The end goes the other way round.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import uvloop

from gateway import health_checks
from gateway.accounts.accounts import Accounts
from gateway.accounts.seed_accounts import ensure_accounts
from gateway.calls.after_call import AfterCall
from gateway.calls.board import LiveBoard, StoreView, TokenLedger
from gateway.calls.desk import CallDesk
from gateway.calls.statistics import Statistics
from gateway.calls.switchboard import Switchboard
from gateway.channels.email.reception import Reception
from gateway.channels.email.service import MailIn, load_marks
from gateway.channels.fax.reading import FaxReading, installed
from gateway.channels.fax.reception import FaxReception
from gateway.channels.registry import REGISTRY
from gateway.core.fax.record import Reading
from gateway.core.item.deadlines import Rules
from gateway.core.roles import Role
from gateway.errors import PbxDown, SetupError, StorageDown
from gateway.flows.prompts import load_prompts
from gateway.flows.store import FlowStore
from gateway.health_checks import HealthChecks
from gateway.intake.faults import faults
from gateway.intake.fax_filing import Filing
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.intake.referrals import Linkage
from gateway.intake.virus_scan import Clamd
from gateway.log_lines import log_to_stderr
from gateway.mail.thread import Marks
from gateway.notify.service import partner_slips, post_office
from gateway.pbx import preflight
from gateway.pbx.agi import LOOPBACK, AgiServer
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.asterisk_tree import Asterisk, find
from gateway.pbx.conf import Places, put_in_place
from gateway.pbx.ivr import Ivr
from gateway.pbx.logs import keep_rotating
from gateway.pbx.needs import wanted
from gateway.pbx.process import AsteriskProcess
from gateway.pbx.readiness import Readiness
from gateway.rules.load import load_rules
from gateway.settings.cache import cache_home
from gateway.settings.durable_files import private_folder
from gateway.settings.schema import Config
from gateway.settings.secrets import Secrets, key_once, load_secrets
from gateway.storage import Storage
from gateway.storage.threads import MailThreads
from gateway.tasks import Supervisor, Work
from gateway.web import browser_parts
from gateway.web.api.fax import FaxApi
from gateway.web.api.sealed import Sealed
from gateway.web.pages.pages import PublicSide
from gateway.web.pages.phone import BrowserPhones
from gateway.web.site import FEED, WebParts, listen, make_app, utc_now

log = logging.getLogger(__name__)

STUCK = timedelta(minutes=30)  # a delivery that fails for so long is told
ONCE_MORE = 10.0  # seconds until one-time work goes on after the database was away
FIRST_SIGHT = 30.0  # seconds for the first look at an Asterisk that we started
SWITCH = (
    0.0005  # seconds until the database's threads let the event loop go on: Python's own 5 ms are a pop late
)


class App:
    """One gateway. `async with App(config)` runs it; `wait` returns when it is told to end."""

    def __init__(self, config: Config, say: Callable[[str], None] | None = None) -> None:
        self.config = config
        self._say = say or _say
        self._stack = AsyncExitStack()
        self._stop = asyncio.Event()
        self._starting: asyncio.Task[object] | None = None
        self._health_checks = HealthChecks()
        self._tasks = Supervisor()

    async def __aenter__(self) -> App:
        """Start. A start that is told to end is undone and raises CancelledError."""
        async with self._stack as stack:
            self._starting = asyncio.current_task()
            try:
                await self._start(stack)
            finally:
                self._starting = None
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def stop(self) -> None:
        """Let `wait` return, or break the start off."""
        self._stop.set()
        if self._starting:
            self._starting.cancel()

    @property
    def stopping(self) -> bool:
        """Was it told to end?"""
        return self._stop.is_set()

    async def wait(self) -> None:
        await self._stop.wait()

    async def _start(self, stack: AsyncExitStack) -> None:
        config = self.config
        _close_to_others(config.var)
        await self._claim_machine(stack)
        rules = load_rules(config.root / config.rules.folder, REGISTRY)
        flows = FlowStore(config.root / config.flows.folder, config.var / "flows", *config.entries)
        await asyncio.to_thread(flows.current)
        await self._tasks.start()
        stack.push_async_callback(self._tasks.stop)
        storage = await Storage.open(config.database_url, config.var)
        stack.push_async_callback(storage.close)
        secrets = load_secrets(config.var, [agent.id for agent in config.agents])  # after a refusal: none
        self._keep(stack, "sweep of files", storage.keep_sweeping)
        intake = Intake(storage, rules, config.zone)
        self._keep(stack, "one-time work", lambda: _one_time_work(storage, intake))
        accounts = await self._accounts(stack, storage)
        places, process, prompts = await self._asterisk(secrets)

        pbx = AsteriskPbx(config, secrets.ami, tasks=self._tasks)
        readiness = Readiness(pbx.ask, lambda: wanted(config, prompts))
        aftercall = AfterCall(
            intake,
            storage.calls,
            storage.call_backs,
            places.messages,
            places.recordings,
            config.zone,
            config.agent_id_of_seat,
            records=config.recording.calls,
            faxes=FaxReception(
                intake,
                storage.faxes,
                places.faxes,
                config.var / "fax-work",
                config.zone,
                most_pages=config.fax.pages,
                reading=Reading.WAITING if self._reads() else Reading.OFF,
            ),
        )
        marks = load_marks(config.var)
        linkage = self._link(storage, intake, rules, flows, marks)
        switchboard = Switchboard(
            config, pbx, flows, rules, intake, storage, aftercall, handed=linkage.of_call, tasks=self._tasks
        )
        board = LiveBoard(config, switchboard, pbx, readiness)
        desk = CallDesk(switchboard, storage, intake, utc_now, config.centre.area_code)
        await self._serve_pages(stack, storage, intake, rules, board, secrets, accounts, linkage, desk)
        await self._exchange_mail(stack, storage, intake, rules, marks, switchboard)
        await self._take_calls(stack, switchboard, places, secrets.agi)
        await switchboard.start()
        stack.push_async_callback(switchboard.close)
        self._keep(stack, "reminders to partners", linkage.keep_reminding)
        if process:
            await self._run_asterisk(stack, process)
        stack.push_async_callback(pbx.leave_calls_to_dialplan)
        if process:
            await switchboard.wait_in_step(FIRST_SIGHT)
            await readiness.demand()
        else:
            self._keep(stack, "first reload", lambda: self._reload_when_seen(switchboard, pbx))
        self._keep(stack, "what Asterisk needs", readiness.keep_looking)
        self._keep(stack, "Asterisk's logs", lambda: self._rotate_logs(places, pbx))
        self._add_health_checks(storage, places, pbx, intake)
        await self._health_checks.look()
        self._keep(stack, "health checks", self._health_checks.keep_looking)
        self._say_where()

    def _keep(self, stack: AsyncExitStack, name: str, work: Work) -> None:
        """Background work that ends when `stack` unwinds to here: before the parts it uses."""
        stack.push_async_callback(self._tasks.end, self._tasks.keep(name, work))

    def _add_health_checks(self, storage: Storage, places: Places, pbx: AsteriskPbx, intake: Intake) -> None:
        """What /healthz looks at besides storage's answer, Asterisk and background tasks."""
        config, add = self.config, self._health_checks.add
        clocks: dict[str, Callable[[], Awaitable[float | None]]] = {
            "Asterisk": pbx.clock,
            "the database": storage.database.clock,
        }
        if config.centre.time_server:
            clocks["the time server"] = partial(health_checks.sntp, config.centre.time_server)
        add("disk", health_checks.disk((config.var, places.journal, places.recordings, places.messages)))
        add("database", health_checks.database(storage.database.probe))
        add("clock", health_checks.clock(clocks, time.time))
        add("spool", health_checks.spool(places))
        add("journal", health_checks.journal(places.journal, lambda: pbx.last_noted))
        add("outbox", health_checks.outbox(lambda: storage.outbox.stuck(utc_now() - STUCK)))
        add("numbers", health_checks.numbers(intake.numbers_given))
        if config.mail_out.host:
            add("mail_out", health_checks.mail_server(config.mail_out.host, config.mail_out.port))

    async def _claim_machine(self, stack: AsyncExitStack) -> None:
        """Refuse to start where a port or an address cannot be had: Asterisk would start deaf."""
        config = self.config
        stack.enter_context(preflight.claim(config.var))
        listeners = (*preflight.gateways(config), *preflight.asterisks(config))
        own = await asyncio.to_thread(preflight.own_pids, config.var)
        problems = await asyncio.to_thread(
            lambda: [*preflight.taken(listeners, own), *preflight.media(config)]
        )
        if problems:
            raise SetupError(*problems)

    async def _accounts(self, stack: AsyncExitStack, storage: Storage) -> Accounts:
        """The people of gateway.toml can log in, and the audit log's head is told elsewhere from now on."""
        seats = {agent.id: agent.seat for agent in self.config.agents}
        accounts = Accounts(storage, self.config.accounts, utc_now, seats)
        await ensure_accounts(accounts, self.config)
        self._keep(stack, "audit head", storage.audit.keep_telling)
        return accounts

    async def _reload_when_seen(self, switchboard: Switchboard, pbx: AsteriskPbx) -> None:
        """An Asterisk that is not ours to start may still run on an older configuration."""
        while True:
            with contextlib.suppress(PbxDown):
                await switchboard.wait_in_step(FIRST_SIGHT)
                await pbx.reload()
                return

    def _say_where(self) -> None:
        """The addresses, for whoever has just started it."""
        c = self.config
        web = f"http://{c.web.host}:{c.web.port}"
        self._say(f"{c.centre.name} 已就绪 / is ready")
        self._say(f"  网页 web      {web}/   接口 API {web}/docs   状态 health {web}/healthz")
        self._say(f"  电话 SIP      {c.centre.number}@{c.asterisk.sip_host}:{c.asterisk.sip_port}")
        seats = ", ".join(agent.seat for agent in c.agents)
        self._say(f"  登录 desk     {web}/desk")
        self._say(f"  坐席 seats    {seats}   密码 passwords: gateway user show {c.agents[0].id}")
        self._say("  令牌 token    gateway token create --role agent")
        if c.demo.enabled and browser_parts.find():
            self._say(f"  网页试拨 call from a browser   {web}/phone")
        self._say(f"  试拨 try it   gateway call {c.centre.number} --keys 5")
        self._say("  Ctrl-C 结束 / ends it")

    async def _asterisk(self, secrets: Secrets) -> tuple[Places, AsteriskProcess | None, frozenset[str]]:
        """Its configuration in place, its process where it is ours to run, and the prompts' ids."""
        config = self.config
        prompts = load_prompts(config.root / config.flows.folder / "prompts.yaml")
        sounds = {prompt.id: prompts.sound_file(prompt.id) for prompt in prompts}
        asterisk = self._which() if config.asterisk.manage else None
        places = await asyncio.to_thread(put_in_place, config, secrets, sounds, asterisk)
        return places, AsteriskProcess(asterisk, places) if asterisk else None, frozenset(sounds)

    def _which(self) -> Asterisk:
        found = find(cache_home())
        if found is None:
            raise SetupError("there is no Asterisk: `make run` sets one up")
        return found

    async def _serve_pages(
        self,
        stack: AsyncExitStack,
        storage: Storage,
        intake: Intake,
        rules: Rules,
        board: LiveBoard,
        secrets: Secrets,
        accounts: Accounts,
        linkage: Linkage,
        desk: CallDesk,
    ) -> None:
        config = self.config

        def changed(what: str, number: str) -> None:
            feed.publish("item.new" if what == "new" else "queue.changed", {"number": number})

        centre = config.centre
        matters = Matters(
            *(intake, storage, rules, config.zone),
            centre=centre.name,
            area_code=centre.area_code,
            told=changed,
        )
        openers = tuple(Role(role) for role in config.accounts.identity_roles)
        parts = WebParts(
            intake,
            storage.calls,
            TokenLedger(storage),
            StoreView(storage),
            board,
            config.zone,
            config.var,
            config.centre.name,
            config.web.public_url,
            missing=faults,
            place=storage.files.path,
            area_code=centre.area_code,
            uploads=config.uploads,
            rates=config.rates,
            public=PublicSide(rules, config.centre, config.pages),
            matters=matters,
            transfers=board,
            linkage=linkage,
            book=Statistics(storage.figures, config.zone, utc_now),
            phones=BrowserPhones(
                browser_parts.find(),
                f"http://{config.asterisk.http_host}:{config.asterisk.http_port}/ws",
                secrets.visitor if config.demo.enabled else "",
                {agent: word.sip for agent, word in secrets.seats.items()},
            ),
            accounts=accounts,
            openers=openers,
            audit=storage.audit,
            post=storage.outbox,
            desk=desk,
            wrap_up=config.queue.wrap_up_seconds,
            faxes=FaxApi(
                *(storage.faxes, storage.outbox, intake.get, Sealed(intake, openers)),
                *(utc_now, config.fax_out.enabled),
            ),
            health_parts=lambda: self._health_checks.parts,
            metrics_peers=config.web.metrics_peers,
            filing=Filing(intake, storage, utc_now),
            tasks=self._tasks,
        )
        app = make_app(parts)
        feed = app[FEED]
        stack.callback(intake.on_change(changed))
        self._read_faxes(stack, storage, intake, changed)
        runner = await listen(app, config.web, config.rates.proxies)
        stack.push_async_callback(runner.cleanup)

    def _reads(self) -> bool:
        return self.config.fax.reading and installed()

    def _read_faxes(
        self, stack: AsyncExitStack, storage: Storage, intake: Intake, changed: Callable[[str, str], None]
    ) -> None:
        """Pages that wait are read in the background, where that is wished and installed."""
        if not self._reads():
            if self.config.fax.reading:
                log.warning("fax pages are not read by machine: the extra `ocr` is not installed")
            return
        reading = FaxReading(storage.faxes, storage.files.path, lambda number: changed("changed", number))
        stack.callback(intake.on_change(lambda what, number: reading.wake()))
        self._keep(stack, "reading of faxes", reading.keep_on)

    def _link(
        self, storage: Storage, intake: Intake, rules: Rules, flows: FlowStore, marks: Marks
    ) -> Linkage:
        """The ledger of what passes between us and partners."""
        config = self.config
        secret = key_once(config.var / "secrets" / "partner.key", "links in slips sent so far end then")
        slips = partner_slips(config, marks, rules, lambda one: f"/partner/{one}.{linkage.token(one)}")
        linkage = Linkage(
            *(storage, intake, rules.calendar, config.zone, lambda: flows.current().partners, slips, secret)
        )
        return linkage

    async def _exchange_mail(
        self,
        stack: AsyncExitStack,
        storage: Storage,
        intake: Intake,
        rules: Rules,
        marks: Marks,
        switchboard: Switchboard,
    ) -> None:
        """What leaves the house by itself (webhooks too), and mail in."""
        post = post_office(
            *(self.config, storage.outbox, marks, storage.once, rules),
            fax_line=switchboard.fax_line,
            counts=storage.outbox,
            place=storage.files.path,
            tasks=self._tasks,
        )
        await post.start()
        stack.push_async_callback(post.stop)
        stack.callback(intake.on_change(lambda what, number: post.wake()))
        threads = MailThreads(storage.database, storage.identities)
        spool = self.config.var / "mail-spool"
        clamd = Clamd(self.config.uploads.clamd) if self.config.uploads.clamd else None
        reception = Reception(intake, threads, marks, spool, storage.ping, post.bounced, clamd)
        mail = MailIn(self.config, reception, storage.once, tasks=self._tasks)
        await mail.start()
        stack.push_async_callback(mail.stop)
        self._health_checks.add("mail_in", health_checks.mailboxes(mail.states))

    async def _take_calls(
        self, stack: AsyncExitStack, switchboard: Switchboard, places: Places, secret: str
    ) -> None:
        config = self.config
        ivr = Ivr(switchboard, places.sounds, places.messages, config.recording.longest_message)
        peers = (*LOOPBACK, *config.agi.peers)
        server = AgiServer(config.agi.host, config.agi.port, secret=secret, peers=peers)
        server.route("call", ivr.call)
        server.route("resume", ivr.resume)
        await _listening(server.start(), "agi", config.agi.host, config.agi.port)
        stack.push_async_callback(server.stop)

    async def _rotate_logs(self, places: Places, pbx: AsteriskPbx) -> None:
        days = self.config.asterisk.keep_logs

        async def rotate() -> None:
            with contextlib.suppress(PbxDown):  # the next look tries again
                await pbx.rotate_logs()

        await keep_rotating(places.root / "log", days, rotate, utc_now)

    async def _run_asterisk(self, stack: AsyncExitStack, process: AsteriskProcess) -> None:
        stack.push_async_callback(process.stop)  # a start that is broken off ends it too
        await process.start()
        self._keep(stack, "asterisk watch", process.watch)


def _close_to_others(var: Path) -> None:
    """State is the owner's alone: also where an earlier version or a person made the folder."""
    try:
        private_folder(var)
    except OSError as error:
        raise SetupError(f"{var} must belong to the user that runs the gateway: {error.strerror}") from error


async def _one_time_work(storage: Storage, intake: Intake) -> None:
    """What an older database and a new calendar leave to be done, beside the running gateway."""
    while True:
        try:
            await storage.one_time_work.run()
            await intake.recount()
            return
        except StorageDown as error:
            log.warning("one-time work waits: %s", error)
            await asyncio.sleep(ONCE_MORE)


async def _listening(start: object, section: str, host: str, port: int) -> None:
    """Start a server; a taken port is the operator's to mend."""
    try:
        await start  # type: ignore[misc]
    except OSError as error:
        raise SetupError(f"{section}.port {host}:{port} cannot be used: {error.strerror}") from error


async def run(config: Config) -> int:
    """Run until SIGTERM or Ctrl-C; 0, or 1 when Asterisk or storage did not come up."""
    loop = asyncio.get_running_loop()
    app = App(config)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, app.stop)
    try:
        async with app:
            gc.collect()
            gc.freeze()
            gc.set_threshold(5_000, 20, 20)  # cycles are few, and each look for them is a pause
            await app.wait()
    except PbxDown as error:
        log.error("%s", error)
        return 1
    except asyncio.CancelledError:
        if not app.stopping:
            raise
        log.info("the start was broken off")
    return 0


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the service goes on when nobody reads what it says
        print(line, flush=True)


def main(config: Config) -> int:
    """`gateway run`."""
    log_to_stderr(config.log.format)
    sys.setswitchinterval(SWITCH)
    with contextlib.suppress(KeyboardInterrupt):
        return uvloop.run(run(config))
    return 130
