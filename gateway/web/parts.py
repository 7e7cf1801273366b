"""What the web side is built on: one object that wiring and tests fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.calls.statistics import Statistics
from gateway.calls.views import PartHealth
from gateway.core.item.contact import Contact
from gateway.core.ledgers import CallLog
from gateway.core.roles import Role
from gateway.errors import FieldFault
from gateway.flows.desk import FlowDesk
from gateway.flows.recordings import Recordings
from gateway.settings.schema import RateSettings, UploadSettings, Web
from gateway.tasks import Supervisor
from gateway.web.api.audit import AuditLog
from gateway.web.api.call_desk import Calls
from gateway.web.api.counter import CounterDesk
from gateway.web.api.fax import FaxApi
from gateway.web.api.fax_filing import PagesDesk
from gateway.web.api.holds import Holds
from gateway.web.api.intake import Missing
from gateway.web.api.item_desk import ItemWork
from gateway.web.api.lists import ListLedger
from gateway.web.api.matters import MatterDesk
from gateway.web.api.notices import NoticeDesk
from gateway.web.api.outbox import PostLedger
from gateway.web.api.referrals import LinkageDesk
from gateway.web.api.search import Searches
from gateway.web.api.transfers import TransferDesk
from gateway.web.case_parts import CaseParts
from gateway.web.http.auth import LEADERS, Tokens
from gateway.web.http.route import AuditNotes, Scope
from gateway.web.pages.account import OwnAccount
from gateway.web.pages.admin import Part
from gateway.web.pages.log_in import LogIns
from gateway.web.pages.mailbox import DemoVisitor
from gateway.web.pages.pages import PublicSide
from gateway.web.pages.phone import BrowserPhones
from gateway.web.pages.track import Withdrawals
from gateway.web.ports import Board, IntakeQueue, Store, StoredFiles


def utc_now() -> datetime:
    return datetime.now(UTC)


def nothing_missing(contact: Contact) -> Iterable[FieldFault]:
    return ()


class PlainFiles:
    """Nothing is encrypted, and attachments lie nowhere."""

    def path(self, sha256: str) -> Path:
        return Path(sha256)

    def open(self, path: Path) -> BinaryIO:
        return path.open("rb")


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the web side is built on. A member that is None belongs to one feature of features.py, which gives
    no routes and pages without it."""

    intake: IntakeQueue
    calls: CallLog
    tokens: Tokens
    store: Store
    board: Board
    zone: tzinfo  # the centre's
    var: Path  # recordings, uploads and the last backup lie here
    title: str  # the centre's name
    public_url: str = ""
    now: Callable[[], datetime] = utc_now
    missing: Missing = nothing_missing
    """What a contact lacks, asked before `intake` is, so that a form with other faults gets all at once."""
    files: StoredFiles = field(default_factory=PlainFiles)
    area_code: str = ""
    uploads: UploadSettings = field(default_factory=UploadSettings)
    rates: RateSettings = field(default_factory=RateSettings)
    openers: tuple[Role, ...] = LEADERS  # who may see sealed reporters
    public: PublicSide | None = None  # pages for citizens
    matters: Desk | None = None  # decisions, notices, the counter
    items: ItemWork | None = None  # notes, files, corrections, taking back
    transfers: TransferDesk | None = None
    linkage: LinkageDesk | None = None  # partners and what is referred to them
    book: Statistics | None = None  # figures and the wallboard
    phones: BrowserPhones | None = None
    accounts: People | None = None
    audit: AuditTrail | None = None
    post: PostLedger | None = None  # the outbox
    desk: Calls | None = None  # a call at an agent's desk, before and after he answers
    lists: ListLedger | None = None
    searches: Searches | None = None
    holds: Holds | None = None  # what is kept longer by order
    cases: CaseParts | None = None  # units, orders, follow-up calls
    wrap_up: int = 0  # seconds after a call
    visitor: DemoVisitor | None = None  # the demo's mailbox page
    admin: tuple[Part, ...] = ()
    flows: tuple[FlowDesk, Recordings] | None = None
    faxes: FaxApi | None = None
    filing: PagesDesk | None = None  # pages of faxes
    tasks: Supervisor = field(default_factory=Supervisor)
    health_parts: Callable[[], Mapping[str, PartHealth]] = dict
    metrics_peers: tuple[str, ...] = Web().metrics_peers

    @property
    def scope(self) -> Scope | None:
        """Which items people of a unit reach; None: they reach none."""
        return self.cases.scope if self.cases else None


class People(LogIns, OwnAccount, Protocol):
    """gateway/accounts/accounts.py, as far as the web side needs it."""


class AuditTrail(AuditNotes, AuditLog, Protocol):
    """The audit log, to write and to read."""


class Desk(MatterDesk, CounterDesk, NoticeDesk, Withdrawals, Protocol):
    """gateway/intake/matters.py, as far as the web side needs it."""
