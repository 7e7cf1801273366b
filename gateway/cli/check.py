"""`gateway check`: settings and what they name, asterisk_conf, flows, prompts and rules, held together; and
whether this machine can run them: ports, the state folder, the database."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from gateway.channels.registry import REGISTRY
from gateway.cli import referenced_files
from gateway.core.flow.cases import run_case
from gateway.core.flow.partner import Partner
from gateway.errors import OperatorError, Problem, StorageDown
from gateway.flows.prompts import Prompts, load_prompts, stale
from gateway.flows.store import check_folder, read_cases
from gateway.pbx import preflight
from gateway.pbx.conf_check import check_conf
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.settings.show import as_json_schema, as_toml
from gateway.storage.database import Database

T = TypeVar("T")

OFFERED = {"callback_key": "1", "message_key": "2"}  # the keys that queues.conf's announcements name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway check`."""
    parser.add_argument("--settings", action="store_true", help="print the settings in force")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of gateway.toml, and end"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; with faults it raises OperatorError, a line for each."""
    if arguments.schema:
        print(as_json_schema())
        return 0
    settings = load()
    if arguments.settings:
        print(as_toml(settings))
    problems = check_all(settings)
    if problems:
        raise OperatorError(*problems)
    print("一切正常 / all fine")
    return 0


def check_all(settings: Config) -> list[Problem]:
    """Every fault of every file that the gateway reads."""
    folder = settings.root / settings.flows.folder
    problems: list[Problem] = []
    prompts = _tried(problems, lambda: load_prompts(folder / "prompts.yaml"))
    if prompts:
        problems += stale(prompts)
        problems += check_conf(settings, prompts.by_id)
        problems += _tried(problems, lambda: _flows(settings, prompts)) or []
    _tried(problems, lambda: load_rules(settings.root / settings.rules.folder, REGISTRY))
    problems += referenced_files.faults(settings)
    problems += _machine(settings)
    return problems


def _machine(settings: Config) -> list[Problem]:
    """Ports, the state folder and the database, as they are now on this machine."""
    listeners = (*preflight.gateways(settings), *preflight.asterisks(settings))
    problems = [*preflight.taken(listeners, preflight.own_pids(settings.var))]
    problems += [*preflight.media(settings), *preflight.folder(settings.var)]
    return problems + asyncio.run(_database(settings))


async def _database(settings: Config) -> list[Problem]:
    """Whether a database server lets us in. SQLite's file lies in the state folder."""
    database = Database(settings.database_url)
    if database.sqlite:
        return []
    try:
        await database.reach()
    except StorageDown as error:
        return [Problem("database.url", 0, str(error))]
    finally:
        await database.close()
    return []


def _flows(settings: Config, prompts: Prompts) -> list[Problem]:
    folder = settings.root / settings.flows.folder
    flows, faults = check_folder(folder, prompts.by_id, *settings.entries)
    problems = list(faults)
    if not problems:
        cases, faults = read_cases(folder)
        problems += faults
        problems += [p for case in cases if case.flow in flows.flows for p in run_case(case, flows)]
    for flow in flows.flows.values():
        for step in flow.steps.values():
            problems += _unheard(str(folder / f"{flow.name}.yaml"), step.line, step.settings)
    return [*problems, *unknown_webhooks(settings, flows.partners.values())]


def unknown_webhooks(settings: Config, partners: Iterable[Partner]) -> Iterable[Problem]:
    """Partners whose slips would be posted to a webhook that no setting describes."""
    hooks = {hook.id for hook in settings.webhooks}
    for partner in partners:
        if partner.webhook and partner.webhook not in hooks:
            file = settings.root / settings.flows.folder / "partners" / f"{partner.id}.yaml"
            yield Problem(str(file), 0, f"webhook `{partner.webhook}` is not in gateway.toml")


def _unheard(file: str, line: int, step: object) -> Iterable[Problem]:
    """A key of a queue step that the announcements in queues.conf do not name."""
    for name, key in OFFERED.items():
        given = getattr(step, name, "")
        if given and given != key:
            text = f"{name} is `{given}`, but callers who wait hear `{key}` (asterisk_conf/queues.conf)"
            yield Problem(file, line, text)


def _tried(problems: list[Problem], work: Callable[[], T]) -> T | None:
    """What `work` gives; its faults go to `problems`."""
    try:
        return work()
    except OperatorError as error:
        problems += error.problems
        return None
