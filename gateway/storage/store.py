"""Storage: one database and one folder of files, and everything that is kept in them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from gateway.errors import GatewayError
from gateway.secrets import key_once
from gateway.storage.accounts import Accounts
from gateway.storage.audit import Audit
from gateway.storage.database import Database
from gateway.storage.drafts import Drafts
from gateway.storage.faxes import Faxes
from gateway.storage.figures import FigureRows
from gateway.storage.files import Files
from gateway.storage.identities import Identities
from gateway.storage.items import Items
from gateway.storage.links import Links
from gateway.storage.outbox import Outbox
from gateway.storage.phone import Agents, CallBacks, Calls, Gaps, Once
from gateway.storage.referrals import Referrals
from gateway.storage.reports import Reports
from gateway.storage.sealed_drafts import SealedDrafts
from gateway.storage.tokens import Tokens

log = logging.getLogger(__name__)

SWEEP_EVERY = 86400.0  # seconds


class Storage:
    """Open with `Storage.open`; the parts are attributes."""

    def __init__(self, database: Database, files: Files, audit: Audit, identities: Identities) -> None:
        self.database = database
        self.files = files
        self.audit = audit
        self.accounts = Accounts(database, audit)
        self.identities = identities
        self.items = Items(database, audit, identities)
        self.sealed_drafts = SealedDrafts(identities)
        self.outbox = Outbox(database, self.items, self.sealed_drafts)
        self.referrals = Referrals(database)
        self.links = Links(database, identities)
        self.reports = Reports(database)
        self.figures = FigureRows(database)
        self.calls = Calls(database)
        self.call_backs = CallBacks(database)
        self.once = Once(database)
        self.gaps = Gaps(database)
        self.agents = Agents(database)
        self.tokens = Tokens(database, audit)
        self.drafts = Drafts(database, identities)
        self.faxes = Faxes(database)

    @classmethod
    async def open(cls, url: str, var: Path) -> Storage:
        """Connect and bring the tables to this version. Raises StorageDown, SetupError."""
        database = Database(url)
        await database.open()
        keys = var / "secrets"
        key = key_once(keys / "audit.key", "the audit log can then no longer be held together")
        lost = "the identities of all reporters are lost with it"
        identities = Identities(key_once(keys / "identities.key", lost))
        storage = cls(database, Files(var / "files"), Audit(database, key, keys / "audit.head"), identities)
        await storage._seal_old()
        return storage

    async def _seal_old(self) -> None:
        """The identities of reports, drafts and deliveries that an older gateway kept in the open."""
        if await self.database.read(self.identities.some_open):
            await self.database.write(self.identities.seal_old)
        if await self.database.read(self.drafts.some_open):
            await self.database.write(self.drafts.seal_old)
        while await self.database.read(self.sealed_drafts.some_open):
            await self.database.write(self.sealed_drafts.seal_old)

    async def close(self) -> None:
        with suppress(GatewayError, OSError):  # the head is told again by whoever opens it next
            await self.audit.keep_head()
        await self.database.close()

    async def keep_sweeping(self, every: float = SWEEP_EVERY) -> None:
        """Now and then delete files that no item names: what a crash left between file and commit."""
        while True:
            try:
                swept = await self.sweep()
                if swept:
                    log.info("%d files that nothing names are deleted", swept)
            except (GatewayError, OSError) as error:
                log.warning("files that nothing names stay for now: %s", error)
            await asyncio.sleep(every)

    async def sweep(self) -> int:
        """How many files were deleted. Raises StorageDown, OSError."""
        named = await self.items.files()
        return await asyncio.to_thread(self._deleted, named)

    def _deleted(self, named: frozenset[str]) -> int:
        count = 0
        for file in self.files.sweep(named):
            file.unlink(missing_ok=True)
            count += 1
        return count

    async def ping(self) -> None:
        """Raises StorageDown when the database does not answer."""
        await self.database.ping()
