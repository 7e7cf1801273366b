"""Applies the terms of rules/retention.yaml: what is past its term goes to waste and is deleted from there.

An item's term runs from its last change and only once it has ended (closed, withdrawn or merged). Rows wait
30 days sealed in the database, files in var/waste: `undo` brings both back. A run that would take more than a
hundredth of all (and more than FEW) takes nothing: a rule or the clock may be wrong, a person has to say so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.item.catalogue import AUDIT_LOG, Retention
from gateway.errors import GatewayError, SetupError
from gateway.storage import Storage
from gateway.storage.files import PER_CENT, WASTE_DAYS, Files

log = logging.getLogger(__name__)

NOT_KEPT_HERE = ("network_log",)  # Asterisk's and the system's logs have their own settings
FEW = 50
MOST = 100_000  # looked at in one run
BATCH = 50  # in one transaction
EVERY = 86400.0  # seconds between two runs
AFTER_START = 600.0  # seconds: whatever else a start does comes first


@dataclass(frozen=True, slots=True)
class Due:
    """What is over its term: the rule, the time before which the last change lies, and which ones."""

    rule: Retention
    before: datetime
    abouts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: how many went by rule, how many were held back as too many, and ended for good; which
    `years` of the audit log were moved out."""

    went: Mapping[str, int]
    held_back: int = 0
    ended: int = 0
    years: Sequence[int] = ()


class Terms:
    """The terms of one installation; `now` gives local time."""

    def __init__(
        self, storage: Storage, rules: Sequence[Retention], var: Path, now: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._rules = [rule for rule in rules if rule.what not in (*NOT_KEPT_HERE, AUDIT_LOG)]
        self._log_months = next((rule.months for rule in rules if rule.what == AUDIT_LOG), 0)
        self._var = var
        self._now = now

    async def due(self) -> list[Due]:
        """What a run would take; changes nothing. Raises StorageDown."""
        return [await self._due(rule) for rule in self._rules]

    async def _due(self, rule: Retention) -> Due:
        before = months_ago(self._now(), rule.months)
        return Due(rule, before, await self._storage.retention.due(rule.what, before, MOST))

    async def run(self, who: str, *, all_of_them: bool = False) -> Ran:
        """Take what is due, move its files, end what has lain for 30 days. Raises StorageDown, OSError."""
        due = await self.due()
        most = 0 if all_of_them else await self._most()
        wanted = sum(len(part.abouts) for part in due)
        held_back = wanted if not all_of_them and wanted > most else 0
        went = {part.rule.what: 0 if held_back else await self._discard(part, who) for part in due}
        await self._move_files()
        now = self._now()
        ended = await self._storage.retention.end(now - timedelta(days=WASTE_DAYS), now)
        return Ran(went, held_back, ended, await self._move_years(who))

    async def years(self) -> list[int]:
        """Whole years of the audit log that are over their term, the oldest first. Raises StorageDown."""
        if not self._log_months:
            return []
        before = months_ago(self._now(), self._log_months)
        return await self._storage.audit.segments.years(before)

    async def _move_years(self, who: str) -> list[int]:
        log, now = self._storage.audit, self._now()
        zone = now.tzinfo or UTC
        return [year for year in await self.years() if await log.move_year(year, zone, who, now)]

    async def _most(self) -> int:
        return max(FEW, sum((await self._storage.retention.count()).values()) * PER_CENT // 100)

    async def _discard(self, due: Due, who: str) -> int:
        count = 0
        for start in range(0, len(due.abouts), BATCH):
            part = due.abouts[start : start + BATCH]
            count += await self._storage.retention.discard(due.rule.what, part, who, self._now())
        return count

    async def discard_item(self, what: str, number: str, who: str) -> bool:
        """Take one item or call before its term; False when it is held."""
        count = await self._storage.retention.discard(what, [number], who, self._now())
        await self._move_files()
        return count == 1

    async def erase(self, what: str, about: str, who: str, reason: str) -> bool:
        """Take one item or call out for good; False when it is held. Raises StorageDown, OSError."""
        if not await self.discard_item(what, about, who):
            return False
        files = await self._storage.retention.end_now(about, who, reason, self._now())
        await asyncio.to_thread(self._end_files, files)
        return True

    async def undo(self, about: str, who: str) -> None:
        """Raises NotFound, Conflict, StorageDown, OSError."""
        files = await self._storage.retention.undo(about, who, self._now())
        await asyncio.to_thread(self._bring_back, files)

    # ------------------------------------------------------------ files

    async def _move_files(self) -> None:
        """After the commit: a run that ends in between is gone on with by the next."""
        left = await self._storage.retention.unmoved()
        await asyncio.to_thread(self._put_away, [file for files in left.values() for file in files])
        if left:
            await self._storage.retention.moved(list(left))

    def _put_away(self, files: Sequence[str]) -> None:
        for file in files:
            if (home := self._home(file)).exists():
                self._storage.files.put_away(home, self._waste(file), self._now().timestamp())

    def _bring_back(self, files: Sequence[str]) -> None:
        for file in files:
            self._storage.files.bring_back(self._waste(file), self._home(file))

    def _end_files(self, files: Sequence[str]) -> None:
        with self._storage.files.moving():
            for file in files:
                self._waste(file).unlink(missing_ok=True)

    def _home(self, file: str) -> Path:
        return self._var / file if "/" in file else self._storage.files.path(file)

    def _waste(self, file: str) -> Path:
        """Attachments as swept ones lie; recordings with their path in the name."""
        if "/" not in file:
            return Files(self._storage.files.waste).path(file)
        return self._storage.files.waste / "recordings" / file.replace("/", "_")


def months_ago(now: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last day of that month."""
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for day in range(now.day, 0, -1):
        try:
            return now.replace(year=years, month=month + 1, day=day)
        except ValueError:
            continue
    raise SetupError(f"{months} months before {now}")


async def keep_running(terms: Terms, *, enabled: bool) -> None:
    """Once a day; while not enabled, only log what would be taken. What failed is tried the next day."""
    await asyncio.sleep(AFTER_START)
    while True:
        try:
            if enabled:
                _tell(await terms.run("retention"))
            elif over := sum(len(due.abouts) for due in await terms.due()):
                log.warning(
                    "retention: %d items and calls are over their term; retention.enabled is off", over
                )
        except (GatewayError, OSError) as error:
            log.warning("ends of retention wait: %s", error)
        await asyncio.sleep(EVERY)


def _tell(ran: Ran) -> None:
    if total := sum(ran.went.values()):
        log.info("retention: %d items and calls went to waste for 30 days, %s", total, dict(ran.went))
    for year in ran.years:
        log.info("retention: the audit log of %d was moved into var/audit", year)
    if ran.held_back:
        log.warning(
            "retention: %d items and calls are over their term, too many at once: they stay;"
            " `gateway retention show` lists them",
            ran.held_back,
        )
