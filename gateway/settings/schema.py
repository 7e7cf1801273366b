"""The settings as pydantic models: every section of gateway.toml, and all of them together as `Config`.

Each field carries its default, its limits and one help line; docs/reference/settings.md, `gateway check` and
the JSON Schema are made from them. load.py reads the file and the overrides, check.py words the faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from gateway.core import telephone
from gateway.field_rules import Form
from gateway.settings.correspondence import Mailbox, MailIn, MailOut, Outbox, Sms, Webhook
from gateway.settings.demo import Demo
from gateway.settings.fields import CrossFault, Digits, Section, TimeZone, is_network
from gateway.settings.telephony import (
    Agent,
    Agi,
    Ami,
    Asterisk,
    Fax,
    FaxOut,
    FurtherTrunk,
    Number,
    Outgoing,
    Queue,
    Recording,
    Trunk,
)
from gateway.settings.web_side import (
    AccountSettings,
    FileType,
    PageSettings,
    RateSettings,
    UploadSettings,
    Web,
)

__all__ = [
    "DEFAULT_AGENTS",
    "AccountSettings",
    "Agent",
    "Agi",
    "Ami",
    "Asterisk",
    "Backup",
    "Centre",
    "Config",
    "Database",
    "Demo",
    "Fax",
    "FaxOut",
    "FileType",
    "Flows",
    "FurtherTrunk",
    "Log",
    "MailIn",
    "MailOut",
    "Mailbox",
    "Number",
    "Outbox",
    "Outgoing",
    "PageSettings",
    "Queue",
    "RateSettings",
    "Recording",
    "RetentionSettings",
    "Rules",
    "Settings",
    "Trunk",
    "UploadSettings",
    "Web",
    "Webhook",
]


class Centre(Section):
    name: str = Field(
        default="临汾市12315热线", description="Name of the centre, shown on pages and written into receipts."
    )
    number: Digits = Field(default="12315", description="The number people dial.")
    area_code: Digits = Field(default="0357", description="Area code; area code + number is taken as well.")
    lines: int = Field(
        default=5,
        ge=1,
        le=500,
        description="Lines of the trunk, for calls in and out together; one call more gets busy.",
    )
    timezone: TimeZone = Field(
        default="Asia/Shanghai", description="Time zone of opening hours, item numbers and legal clocks."
    )
    time_server: str = Field(
        default="",
        description="Time server (SNTP, host or host:port) that /healthz holds our clock against; empty: "
        "none.",
    )


class Log(Section):
    format: Literal["text", "json"] = Field(
        default="text",
        description="How log lines on standard error look: text, or json with one object a line.",
    )


class Flows(Section):
    folder: str = Field(default="ivr_flows", description="Folder of drafts, prompts, sounds and partners.")
    entry: str = Field(
        default="main", description="Flow a call begins with; `direct` goes straight to a person."
    )


class Database(Section):
    url: str = Field(default="", description="SQLAlchemy URL of PostgreSQL; empty: SQLite under var/.")


class StorageSettings(Section):
    encrypt_files: bool = Field(
        default=False,
        description="Encrypt attachments, raw mails, fax pages and recordings with a key. What is there "
        "already stays readable; `gateway files encrypt` encrypts it too.",
    )
    key_file: str = Field(
        default="",
        description="File with that key (64 hex digits), as on another disk; made at the first start. Empty: "
        "var/secrets/files.key.",
    )


class Backup(Section):
    folder: str = Field(
        default="",
        description="Folder that `gateway backup` writes to, on another disk or machine; empty: none.",
    )
    passphrase_file: str = Field(
        default="", description="File with the passphrase that seals keys and passwords in a backup."
    )
    at: Annotated[str, Form(r"(([01]\d|2[0-3]):[0-5]\d)?", "must be a time like 02:30")] = Field(
        default="", description="Time of day at which the gateway makes a backup itself; empty: never."
    )
    keep: int = Field(default=14, ge=1, le=10000, description="Backups that stay; older ones are removed.")
    oldest_hours: int = Field(
        default=48, ge=1, le=10000, description="Age in hours from which /healthz and doctor complain."
    )


class RetentionSettings(Section):
    enabled: bool = Field(
        default=False,
        description="Once a day take what is over its term in rules/retention.yaml to waste, and delete it "
        "for good 30 days later. While off, the log tells once a day how much is over its term.",
    )


class Rules(Section):
    folder: str = Field(default="rules", description="Folder of dated law and city data.")


DEFAULT_AGENTS = tuple(Agent(id=f"agent{n}", name=f"坐席{n}", seat=f"800{n}") for n in range(1, 5))


class Settings(Section):
    """All of gateway.toml. What is a tuple of rows is written as [[name]], any number of times."""

    centre: Centre = Field(default_factory=Centre)
    web: Web = Field(default_factory=Web)
    log: Log = Field(default_factory=Log)
    agi: Agi = Field(default_factory=Agi)
    ami: Ami = Field(default_factory=Ami)
    asterisk: Asterisk = Field(default_factory=Asterisk)
    trunk: Trunk = Field(default_factory=Trunk)
    queue: Queue = Field(default_factory=Queue)
    outgoing: Outgoing = Field(default_factory=Outgoing)
    recording: Recording = Field(default_factory=Recording)
    fax: Fax = Field(default_factory=Fax)
    fax_out: FaxOut = Field(default_factory=FaxOut)
    flows: Flows = Field(default_factory=Flows)
    database: Database = Field(default_factory=Database)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    backup: Backup = Field(default_factory=Backup)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    rules: Rules = Field(default_factory=Rules)
    mail_in: MailIn = Field(default_factory=MailIn)
    mail_out: MailOut = Field(default_factory=MailOut)
    sms: Sms = Field(default_factory=Sms)
    outbox: Outbox = Field(default_factory=Outbox)
    uploads: UploadSettings = Field(default_factory=UploadSettings)
    rates: RateSettings = Field(default_factory=RateSettings)
    pages: PageSettings = Field(default_factory=PageSettings)
    accounts: AccountSettings = Field(default_factory=AccountSettings)
    demo: Demo = Field(default_factory=Demo)
    agents: tuple[Agent, ...] = DEFAULT_AGENTS
    numbers: tuple[Number, ...] = ()
    trunks: tuple[FurtherTrunk, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    webhooks: tuple[Webhook, ...] = ()

    def cross_faults(self) -> Iterator[CrossFault]:
        if self.asterisk.rtp_last - self.asterisk.rtp_first < 4 * self.centre.lines:
            yield CrossFault(("asterisk", "rtp_last"), "less asterisk.rtp_first: 4 ports a line are needed")
        yield from self._seats_by_info()
        yield from self._faults_of_rows()
        yield from self._names_among_peers()

    def _seats_by_info(self) -> Iterator[CrossFault]:
        """Without `info_keys` Asterisk takes no INFO at all: such a seat's keys would be lost."""
        path, seats = ("asterisk", "info_seats"), set(self.asterisk.info_seats)
        if unknown := sorted(seats - {agent.seat for agent in self.agents}):
            yield CrossFault(path, f": no agent has the seat {', '.join(unknown)}")
        elif seats and not self.asterisk.info_keys:
            yield CrossFault(path, "needs asterisk.info_keys")

    def _faults_of_rows(self) -> Iterator[CrossFault]:
        yield from _twice("agents", "id", (agent.id for agent in self.agents))
        yield from _twice("agents", "seat", (agent.seat for agent in self.agents))
        yield from _twice("trunks", "id", (trunk.id for trunk in self.trunks))
        yield from _twice("mailboxes", "id", (box.id for box in self.mailboxes))
        yield from _twice("webhooks", "id", (hook.id for hook in self.webhooks))
        other = (self.centre.number, self.fax.number)
        yield from _twice("numbers", "number", (row.number for row in self.numbers), other)
        for row, box in enumerate(self.mailboxes):
            if not box.user:
                yield CrossFault(("mailboxes", row, "user"), f"of {box.id!r} is missing")

    def _names_among_peers(self) -> Iterator[CrossFault]:
        """Who may send SIP is told by addresses: a trunk that is known by name would be shut out."""
        if not self.asterisk.phone_nets:
            return
        paths: list[tuple[tuple[str | int, ...], Trunk]] = [(("trunk",), self.trunk)]
        paths += [(("trunks", row), trunk) for row, trunk in enumerate(self.trunks)]
        for path, trunk in paths:
            for peer in trunk.peers or (trunk.far_end,):
                if not is_network(peer.partition(":")[0] if peer.count(":") == 1 else peer):
                    text = f": {peer!r}: with asterisk.phone_nets trunks need addresses, not names"
                    yield CrossFault((*path, "peers"), text)

    @property
    def entries(self) -> tuple[str, ...]:
        """The flows that calls begin with, whatever number was dialled."""
        flows = (self.flows.entry, *(row.flow for row in self.numbers))
        return tuple(dict.fromkeys(flow for flow in flows if flow))

    def entry_of(self, dialled: str) -> str:
        """The flow that a call to this number of ours begins with."""
        for row in self.numbers:
            if dialled in telephone.called_as(row.number, self.centre.area_code).values():
                return row.flow or self.flows.entry
        return self.flows.entry

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.centre.timezone)

    @property
    def media_host(self) -> str:
        """The address in our SDP, which RTP is bound to."""
        return self.asterisk.sound_host

    def agent_id_of_seat(self, seat: str) -> str:
        """Who sits there; the seat itself when gateway.toml knows no such seat."""
        return next((a.id for a in self.agents if a.seat == seat), seat) if seat else ""

    def agent(self, agent_id: str) -> Agent | None:
        return next((a for a in self.agents if a.id == agent_id), None)


class Config(Settings):
    """All settings in force. `root` is the folder of gateway.toml, `var` the folder of all state."""

    root: Path
    var: Path

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.var / 'gateway.db'}"

    @property
    def files_key(self) -> Path:
        """Where the key of encrypted files lies."""
        named = self.storage.key_file
        return self.root / named if named else self.var / "secrets" / "files.key"


def _twice(table: str, key: str, values: Iterable[str], used: Iterable[str] = ()) -> Iterator[CrossFault]:
    """Rows whose value stands in a row above as well, or is taken by another setting."""
    seen = set(used)
    for row, value in enumerate(values):
        if value and value in seen:
            yield CrossFault((table, row, key), f"{value!r} stands twice")
        seen.add(value)
