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
from gateway.web.api.dispatch import DispatchDesk
from gateway.web.api.fax import FaxApi
from gateway.web.api.fax_filing import PagesDesk
from gateway.web.api.follow_ups import FollowUpDesk
from gateway.web.api.holds import Holds
from gateway.web.api.intake import Missing
from gateway.web.api.item_desk import ItemWork
from gateway.web.api.lists import ListLedger
from gateway.web.api.matters import MatterDesk
from gateway.web.api.notices import NoticeDesk
from gateway.web.api.orders import OrderDesk
from gateway.web.api.outbox import PostLedger
from gateway.web.api.period_figures import PeriodDesk
from gateway.web.api.referrals import LinkageDesk
from gateway.web.api.search import Searches
from gateway.web.api.supervision import OversightDesk
from gateway.web.api.transfers import TransferDesk
from gateway.web.api.units import UnitDesk
from gateway.web.http.auth import LEADERS, Tokens
from gateway.web.http.route import Notes, Scope
from gateway.web.pages.account import OwnAccount
from gateway.web.pages.admin import Part
from gateway.web.pages.log_in import LogIns
from gateway.web.pages.mailbox import DemoVisitor
from gateway.web.pages.pages import PublicSide
from gateway.web.pages.phone import BrowserPhones
from gateway.web.pages.track import Withdrawals
from gateway.web.pages.unit_people import PeopleDesk
from gateway.web.pages.unit_reply import ReplyDesk
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
    """What the web side is built on. `zone` is the centre's; `var` holds the recordings.

    A member that may be None belongs to one feature of features.py, which gives no routes without it.

    `missing` names what a contact lacks before the door is asked, so that a form with other faults
    gets all of them at once; the door itself refuses what it must. `files` opens what
    is stored. Without `matters` nothing is decided and nothing comes over the counter, without `public`
    there are no pages for citizens, without `items` no notes and nothing is taken back, without `book`
    there are no figures and no wallboard,
    without `phones` no telephones in browsers, without `faxes` no list of faxes, without
    `filing` none of their pages, without `desk` no agent
    sees a call before he answers, without `lists` the desk has none,
    without `searches` nothing is found again, without `holds` nothing is held, without `units` no orders,
    without `unit_people` no page of their handlers,
    without `scope` people of units reach no item,
    without `follow_ups` nobody is asked how it went, without `orders` nothing is assigned, without
    `oversight` nothing is supervised, without `order_figures` nothing of it counted, without `replies` units
    without accounts cannot reply, without `visitor` there is no mailbox page of the demo.
    """

    door: IntakeQueue
    calls: CallLog
    tokens: Tokens
    store: Store
    board: Board
    zone: tzinfo
    var: Path
    title: str
    public_url: str = ""
    now: Callable[[], datetime] = utc_now
    missing: Missing = nothing_missing
    files: StoredFiles = field(default_factory=PlainFiles)
    area_code: str = ""
    uploads: UploadSettings = field(default_factory=UploadSettings)
    rates: RateSettings = field(default_factory=RateSettings)
    public: PublicSide | None = None
    matters: Desk | None = None
    items: ItemWork | None = None
    transfers: TransferDesk | None = None
    linkage: LinkageDesk | None = None
    book: Statistics | None = None
    phones: BrowserPhones | None = None
    accounts: People | None = None
    openers: tuple[Role, ...] = LEADERS
    audit: HouseAudit | None = None
    post: PostLedger | None = None
    desk: Calls | None = None
    lists: ListLedger | None = None
    searches: Searches | None = None
    holds: Holds | None = None
    units: UnitDesk | None = None
    unit_people: PeopleDesk | None = None
    scope: Scope | None = None
    dispatch: DispatchDesk | None = None
    follow_ups: FollowUpDesk | None = None
    replies: ReplyDesk | None = None
    orders: OrderDesk | None = None
    oversight: OversightDesk | None = None
    order_figures: PeriodDesk | None = None
    wrap_up: int = 0
    visitor: DemoVisitor | None = None
    admin: tuple[Part, ...] = ()
    flows: tuple[FlowDesk, Recordings] | None = None
    faxes: FaxApi | None = None
    filing: PagesDesk | None = None
    tasks: Supervisor = field(default_factory=Supervisor)
    health_parts: Callable[[], Mapping[str, PartHealth]] = dict
    metrics_peers: tuple[str, ...] = Web().metrics_peers


class People(LogIns, OwnAccount, Protocol):
    """gateway/accounts/accounts.py, as far as the web side needs it."""


class HouseAudit(Notes, AuditLog, Protocol):
    """The audit log, to write and to read."""


class Desk(MatterDesk, CounterDesk, NoticeDesk, Withdrawals, Protocol):
    """gateway/intake/matters.py, as far as the web side needs it."""
