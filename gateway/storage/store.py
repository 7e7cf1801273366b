"""Storage: one database and one folder of files, and everything that is kept in them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from gateway.errors import GatewayError
from gateway.settings.own_name import own_name
from gateway.storage.accounts import Accounts
from gateway.storage.acts import Acts
from gateway.storage.audit import Audit
from gateway.storage.database import Database
from gateway.storage.dispatch import DispatchRows
from gateway.storage.drafts import Drafts
from gateway.storage.duty_calls import DutyCallRows
from gateway.storage.encrypted_files import FileCipher
from gateway.storage.faxes import Faxes
from gateway.storage.figures import FigureRows
from gateway.storage.files import Files, Swept
from gateway.storage.follow_ups import FollowUpRows
from gateway.storage.identities import Identities
from gateway.storage.installation import Installation
from gateway.storage.item_lists import ItemLists
from gateway.storage.items import Items
from gateway.storage.links import Links
from gateway.storage.mentions import Mentions
from gateway.storage.notices import NoticeRows
from gateway.storage.one_time_work import OneTimeWork
from gateway.storage.order_codes import OrderCodes
from gateway.storage.orders import OrderRows
from gateway.storage.outbox import Outbox
from gateway.storage.person_rows import PersonRows
from gateway.storage.phone import Agents, CallBacks, Calls, Gaps, Once
from gateway.storage.referrals import Referrals
from gateway.storage.reports import Reports
from gateway.storage.retention_rows import RetentionRows
from gateway.storage.revisions import Revisions
from gateway.storage.sealed_drafts import SealedDrafts
from gateway.storage.search import ItemSearch
from gateway.storage.search_index import SearchIndex
from gateway.storage.supervision import SupervisionRows
from gateway.storage.tokens import Tokens
from gateway.storage.units import Units
from gateway.tasks import in_rounds

log = logging.getLogger(__name__)

SWEEP_EVERY = 86400.0  # seconds


class Storage:
    """Open with `Storage.open`; the parts are attributes."""

    def __init__(
        self, database: Database, files: Files, audit: Audit, identities: Identities, gateway: str
    ) -> None:
        """`gateway` is the name of this one among those that share the database."""
        self.database = database
        self.files = files
        self.audit = audit
        self.accounts = Accounts(database, audit)
        self.identities = identities
        index = SearchIndex(identities)
        self.items = Items(database, audit, identities, index)
        self.sealed_drafts = SealedDrafts(identities)
        self.supervision = SupervisionRows(database)
        self.duty_calls = DutyCallRows()
        self.outbox = Outbox(database, self.items, self.sealed_drafts, gateway)
        self.notices = NoticeRows(self.sealed_drafts)
        self.referrals = Referrals(database)
        self.order_codes = OrderCodes()
        self.orders = OrderRows(database)
        self.revisions = Revisions(identities)
        self.lists = ItemLists(database)
        self.dispatch = DispatchRows(database)
        self.search = ItemSearch(database, index)
        self.links = Links(database, identities, index)
        self.acts = Acts()
        self.mentions = Mentions()
        self.follow_ups = FollowUpRows()
        self.retention = RetentionRows(database, audit, identities, index)
        self.persons = PersonRows(database, identities)
        self.reports = Reports(database)
        self.figures = FigureRows(database)
        self.calls = Calls(database)
        self.call_backs = CallBacks(database, self.items, gateway)
        self.once = Once(database)
        self.gaps = Gaps(database)
        self.agents = Agents(database, gateway)
        self.tokens = Tokens(database, audit)
        self.units = Units(database, audit)
        self.drafts = Drafts(database, identities)
        self.faxes = Faxes(database)
        self.one_time_work = OneTimeWork(
            database,
            {
                "sealing identities of reports": identities.seal_old,
                "sealing drafts": self.drafts.seal_old,
                "sealing deliveries": self.sealed_drafts.seal_old,
                "making the index of the search": index.backfill,
            },
        )

    @classmethod
    async def open(
        cls, url: str, var: Path, files_key: Path | None = None, *, encrypt_files: bool = False
    ) -> Storage:
        """Connect, bring the tables to this version, and see that database and `var` belong together.

        `files_key`: where the key of encrypted files lies, when not under var/secrets.
        Raises StorageDown, SetupError.
        """
        database = Database(url)
        await database.open()
        try:
            keys = await Installation(database, var, files_key).keys()
            chain = Audit(database, keys["audit"], var / "secrets" / "audit.head", var / "audit")
            files = Files(var / "files", FileCipher(keys["files"], encrypts=encrypt_files))
            name = await asyncio.to_thread(own_name, var)
            storage = cls(database, files, chain, Identities(keys["identities"]), name)
        except BaseException:
            await database.close()
            raise
        return storage

    async def close(self) -> None:
        with suppress(GatewayError, OSError):  # the head is written again at the next opening
            await self.audit.keep_head()
        await self.database.close()

    async def keep_sweeping(self, every: float = SWEEP_EVERY) -> None:
        """Once a day move files that no row names to the waste folder: a crash left them."""

        async def swept() -> None:
            _tell(await self.sweep())

        await in_rounds(swept, every, (GatewayError, OSError), log, "files that no row names stay for now")

    async def sweep(self, *, all_of_them: bool = False) -> Swept:
        """What was moved, brought back and deleted; Files.clean says how. Raises StorageDown, OSError."""
        named = await self.items.files()
        return await asyncio.to_thread(lambda: self.files.clean(named, all_of_them=all_of_them))

    async def ping(self) -> None:
        """Raises StorageDown when the database does not answer."""
        await self.database.ping()


def _tell(swept: Swept) -> None:
    if swept.moved or swept.restored or swept.deleted:
        text = "files that no row names: %d moved to waste, %d brought back, %d deleted after 30 days"
        log.info(text, swept.moved, swept.restored, swept.deleted)
    if swept.held_back:
        text = (
            "%d files are named by no row, more than 1 %% of all: they stay; `gateway files sweep` shows them"
        )
        log.warning(text, swept.held_back)
