"""The machine claimed, files read, storage and intake opened, accounts seeded."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from gateway.accounts.accounts import Accounts
from gateway.accounts.seed_accounts import ensure_accounts, forget_password
from gateway.accounts.seed_units import ensure_units
from gateway.cases.automatic import AutomaticDispatch
from gateway.cases.dispatch import Dispatch
from gateway.cases.follow_ups import FollowUps
from gateway.cases.orders import Orders, asked_about
from gateway.channels.registry import REGISTRY
from gateway.errors import Problem, SetupError, StorageDown
from gateway.flows.store import FlowStore
from gateway.intake.intake import Intake
from gateway.keeping import sources
from gateway.keeping.restore import RESTORING
from gateway.pbx import preflight
from gateway.rules.load import load_rules
from gateway.settings.durable_files import private_folder
from gateway.settings.secrets import load_secrets
from gateway.storage import Storage
from gateway.web.site import utc_now
from gateway.wiring.parts import Parts

log = logging.getLogger(__name__)

ONCE_MORE = 10.0  # seconds until one-time work goes on after the database was away


async def claim_machine(parts: Parts) -> None:
    """Refuse to start where a port or an address cannot be had: Asterisk would start deaf."""
    config = parts.config
    _close_to_others(config.var)
    _refuse_half_restored(config.var)
    parts.stack.enter_context(preflight.claim(config.var))
    listeners = (*preflight.gateways(config), *preflight.asterisks(config))
    own = await asyncio.to_thread(preflight.own_pids, config.var)
    problems = await asyncio.to_thread(lambda: [*preflight.taken(listeners, own), *preflight.media(config)])
    if problems:
        raise SetupError(*problems)


async def load_files(parts: Parts) -> None:
    """Rules and flows: a fault in them ends the start before anything is opened."""
    config = parts.config
    parts.rules = load_rules(config.root / config.rules.folder, REGISTRY)
    parts.flows = FlowStore(config.root / config.flows.folder, config.var / "flows", *config.entries)
    await asyncio.to_thread(parts.flows.current)


async def open_storage(parts: Parts) -> None:
    """Storage, intake above it, and the work that each start does once."""
    config = parts.config
    await parts.tasks.start()
    parts.stack.push_async_callback(parts.tasks.stop)
    parts.storage = storage = await Storage.open(
        config.database_url, config.var, config.files_key, encrypt_files=config.storage.encrypt_files
    )
    parts.stack.push_async_callback(storage.close)
    await asyncio.to_thread(clear_spools, storage, config.var)
    parts.secrets = load_secrets(config.var, [agent.id for agent in config.agents])  # after a refusal: none
    parts.keep("sweep of files", storage.keep_sweeping)
    if not storage.database.sqlite:
        parts.keep("newest of the search in memory", storage.search.keep_warm)
    parts.intake = intake = Intake(storage, parts.rules, config.zone)
    parts.orders = Orders(
        storage, parts.rules, config.zone, on_change=lambda what, number: intake.changed(number)
    )
    if parts.rules.follow_ups:
        parts.follow_ups = FollowUps(intake.changes, parts.rules, config.zone)
        asked_about(parts.orders, parts.follow_ups)
    parts.keep("one-time work", lambda: _one_time_work(storage, intake))


async def add_accounts(parts: Parts) -> None:
    """Units of rules/ are there, the people of gateway.toml can log in, and the audit log's head is told
    elsewhere from now on."""
    seats = {agent.id: agent.seat for agent in parts.config.agents}
    parts.accounts = Accounts(parts.storage, parts.config.accounts, utc_now, seats)
    parts.accounts.password_set = lambda account: forget_password(parts.config, account)
    await ensure_units(parts.storage, parts.rules, parts.config.centre.name, utc_now())
    await ensure_accounts(parts.accounts, parts.config)
    parts.keep("audit head", parts.storage.audit.keep_telling)
    parts.keep("orders", parts.orders.keep_on)
    storage, rules = parts.storage, parts.rules
    parts.dispatch = Dispatch(storage.dispatch, storage.units, rules.dispatch, rules.categories)
    if kinds := rules.dispatch.automatic:
        automatic = AutomaticDispatch(parts.dispatch, parts.orders, kinds, utc_now)
        parts.keep("automatic assignment", automatic.keep_on)


def clear_spools(storage: Storage, var: Path) -> None:
    """What waited comes encrypted out of a backup, and is read by its name and size: as Asterisk wrote it."""
    for folder in sources.SPOOLS:
        for path in (var / folder).glob("*.*"):
            storage.files.convert(path, encrypt=False)


def _close_to_others(var: Path) -> None:
    """State is the owner's alone: also where an earlier version or a person made the folder."""
    try:
        private_folder(var)
    except OSError as error:
        raise SetupError(f"{var} must belong to the user that runs the gateway: {error.strerror}") from error


def _refuse_half_restored(var: Path) -> None:
    if (marker := var / RESTORING).exists():
        why = "恢复未完成，请再次运行 / a restore was broken off: run `gateway restore` once more"
        raise SetupError(Problem(str(marker), 0, why))


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
