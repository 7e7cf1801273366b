"""Settings as data: gateway.toml, then environment overrides, then checks.

Each field below carries its default and one help line; docs/reference/settings.md and `gateway check`
are made from them. An unknown key is an error that names the nearest known one.
`GATEWAY_` + section + field overrides any field, e.g. GATEWAY_WEB_PORT=9000.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.core import telephone
from gateway.core.call import dialling
from gateway.errors import Problem, SettingError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _set(default: Any, help_line: str) -> Any:
    """A settings field: its default and the one line that explains it."""
    meta = {"help": help_line}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Centre:
    name: str = _set("临汾市12315热线", "Name of the centre, shown on pages and written into receipts.")
    number: str = _set("12315", "The number people dial.")
    area_code: str = _set("0357", "Area code; area code + number is taken as well.")
    lines: int = _set(5, "Lines of the trunk, for calls in and out together; one call more gets busy.")
    timezone: str = _set("Asia/Shanghai", "Time zone of opening hours, item numbers and legal clocks.")
    time_server: str = _set(
        "", "Time server (SNTP, host or host:port) that /healthz holds our clock against; empty: none."
    )


@dataclass(frozen=True, slots=True)
class Web:
    host: str = _set("127.0.0.1", "Address the web side listens on.")
    port: int = _set(8315, "Port of pages, API and metrics.")
    metrics_peers: tuple[str, ...] = _set(
        ("127.0.0.0/8", "::1"),
        "Networks that read /metrics without a token; others need one.",
    )
    public_url: str = _set("", "Address under which citizens reach the pages; empty: host and port.")
    connections: int = _set(
        2000, "HTTP connections at the same time; fewer where the system gives fewer open files."
    )
    connections_per_address: int = _set(400, "Of one address; not of proxies named in rates.proxies.")


@dataclass(frozen=True, slots=True)
class Log:
    format: str = _set("text", "How log lines on standard error look: text, or json with one object a line.")


@dataclass(frozen=True, slots=True)
class Agi:
    host: str = _set("127.0.0.1", "Address the FastAGI server listens on.")
    port: int = _set(4573, "Port of the FastAGI server.")
    peers: tuple[str, ...] = _set((), "Networks besides loopback that may connect, e.g. 10.89.0.0/24.")


@dataclass(frozen=True, slots=True)
class Ami:
    host: str = _set("127.0.0.1", "Address of Asterisk's manager interface.")
    port: int = _set(5038, "Port of Asterisk's manager interface.")
    user: str = _set("gateway", "Manager user; its secret is made at set-up and lies under var/secrets.")


@dataclass(frozen=True, slots=True)
class Asterisk:
    manage: bool = _set(True, "Start and stop Asterisk with the gateway; off where systemd or compose does.")
    conf: str = _set("asterisk_conf", "Folder of the configuration that is filled in and put in place.")
    http_host: str = _set("127.0.0.1", "Address of Asterisk's HTTP server (WebSocket of browser phones).")
    http_port: int = _set(8088, "Port of Asterisk's HTTP server.")
    sip_host: str = _set("127.0.0.1", "Address SIP and RTP are bound to.")
    sip_port: int = _set(5060, "SIP port (UDP).")
    keep_logs: int = _set(14, "Days for which Asterisk's old log files are kept; each has one day.")
    ban_after: int = _set(
        10,
        "Failed SIP log-ins in ten minutes that shut an address out (403), no trunk's or seat's; 0: none.",
    )
    ban_minutes: int = _set(60, "For how long it is shut out.")
    phone_nets: tuple[str, ...] = _set(
        (),
        "Networks of the seats' telephones: SIP is taken from them and the trunks only; empty: from all.",
    )
    media_host: str = _set(
        "", "Address of this machine that telephones and carrier send sound to; empty: asterisk.sip_host."
    )
    external_host: str = _set(
        "", "Address by which this machine is reached from outside, behind NAT; told to all but local_nets."
    )
    local_nets: tuple[str, ...] = _set(
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        "Networks on this side of the NAT.",
    )
    tls_port: int = _set(5061, "SIP port for TLS; listened on only while a trunk uses tls.")
    tls_cert_file: str = _set("", "Certificate shown to far ends that connect by TLS.")
    tls_key_file: str = _set("", "Its key.")
    tls_ca_file: str = _set("", "Certificates that a far end's is checked by; empty: those of the system.")
    ask_phones: int = _set(
        2, "Seconds between two looks whether a telephone is there; 0 if some never answer."
    )
    silence_seconds: int = _set(
        60,
        "After so many seconds without any sound or RTCP a telephone is asked, within the call, whether it "
        "is there; without an answer the call ends 32 to 64 s later.",
    )
    info_keys: bool = _set(
        False,
        "Take keys that come by SIP INFO too; a phone that sends them with its sound as well counts twice.",
    )
    rtp_first: int = _set(10000, "First RTP port.")
    rtp_last: int = _set(10399, "Last RTP port.")


@dataclass(frozen=True, slots=True)
class Trunk:
    peers: tuple[str, ...] = _set(("127.0.0.1",), "Addresses the carrier's calls come from.")
    far_end: str = _set("127.0.0.1:5070", "Where outgoing calls and partner hotlines are sent.")
    codecs: tuple[str, ...] = _set(("alaw", "ulaw"), "Codecs offered to the carrier, best first.")
    transport: str = _set("udp", "How SIP goes there: udp, tcp or tls. TLS checks the far end's certificate.")
    srtp: bool = _set(False, "Encrypted sound only (SRTP), both ways; its keys are hidden by transport tls.")
    user: str = _set(
        "", "User to log in as, for calls and registration; empty: the carrier knows our address."
    )
    password_file: str = _set("", "File with the password; empty: trunk, or trunk-<id>, in var/secrets.")
    realm: str = _set("", "Realm in which the password is good; empty: whichever asks.")
    register: bool = _set(False, "Register there, so that its calls find this machine.")
    domain: str = _set("", "Domain in From and of the registration; empty: our address, and far_end.")
    from_user: str = _set("", "User in From, where the carrier wants the account; empty: the number shown.")
    proxy: str = _set("", "Outbound proxy, host:port; empty: none.")
    number_form: str = _set(
        "national",
        "How numbers are sent: national (03572025100), plus (+86357…), plain (86357…), zeros (0086357…).",
    )
    own_area: bool = _set(True, "Send numbers of our own area with the area code.")
    prefix: str = _set("", "Digits before every number that is sent, e.g. to get a line of a PBX.")
    caller_prefix: str = _set("", "Digits that it puts before every caller's number; they are taken off.")
    called_as: str = _set(
        "", "Number of ours that its calls are for, whatever it sends (analog gateway); empty: what it sends."
    )
    ask_seconds: int = _set(
        0,
        "Seconds between two looks whether it is there; 0: none, but 10 where there is another trunk.",
    )


@dataclass(frozen=True, slots=True)
class FurtherTrunk(Trunk):
    """One more trunk: a second carrier, an analog gateway. Tried in the order of the file."""

    id: str = _set("", "Id in messages and file names, e.g. b or fxo.")
    peers: tuple[str, ...] = _set((), "Addresses its calls come from; empty: that of far_end.")
    far_end: str = _set("", "Where calls are sent to it, host:port.")


@dataclass(frozen=True, slots=True)
class Queue:
    ring_seconds: int = _set(20, "How long one seat rings before the next is tried.")
    wrap_up_seconds: int = _set(20, "Time after a talk in which the seat is not rung.")
    longest_wait: int = _set(900, "After this many seconds in the queue the flow goes on (message).")
    longest_hold: int = _set(300, "After this many seconds on hold in a consult the caller is given back.")
    tell_listened: bool = _set(False, "Tell an agent by a voice that a supervisor listens to his call.")
    announce_seconds: int = _set(30, "How often place and expected wait are told.")
    full_at: int = _set(20, "Callers waiting at most; lines limit it too.")
    call_back_lines: int = _set(2, "A call-back is dialled only while at least so many lines are free.")
    call_back_again: tuple[int, ...] = _set(
        (30, 120),
        "Minutes until a call-back without answer is dialled again, one for each time; then agents call.",
    )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Calls that agents make, and call-backs. Partners are dialled as their files say."""

    allow: tuple[str, ...] = _set(
        dialling.CHINA,
        "Numbers that may be called, as dial patterns: X is 0-9, Z 1-9, N 2-9, [3-9] a range, "
        "and a dot at the end one digit or more.",
    )
    per_day: int = _set(500, "Such calls in all within a day (UTC: from 8:00 to 8:00 in China).")


@dataclass(frozen=True, slots=True)
class Recording:
    calls: bool = _set(True, "Record talks, from the queue on (the greeting says so).")
    longest_message: int = _set(180, "Longest message in seconds.")


@dataclass(frozen=True, slots=True)
class Fax:
    number: str = _set(
        "",
        "Number that only faxes call, as the carrier sends it; empty: none. Its calls "
        "take lines like any other.",
    )
    station: str = _set("", "What our machine calls itself to others, at most 20 digits; empty: fax.number.")
    t38: bool = _set(True, "Take T.38 besides sound; without it, or where it fails, a fax comes as sound.")
    detect_seconds: int = _set(
        120,
        "For so many seconds a fax machine is listened for, anew from the talk with an agent on; 0: never.",
    )
    longest_minutes: int = _set(30, "A fax that has had the line for so long is ended; its pages are kept.")
    pages: int = _set(200, "Pages of one fax that are made into pictures; the original has them all.")
    reading: bool = _set(True, "Let the machine read the pages, where the reader is installed.")


@dataclass(frozen=True, slots=True)
class FaxOut:
    enabled: bool = _set(False, "Send faxes: acknowledgements to who faxed, slips to partners.")
    allow: str = _set(r"0\d{9,11}|[2-8]\d{6,7}", "Numbers that may be faxed: a regular expression.")
    lines: int = _set(2, "A fax is dialled only while at least so many lines are free.")
    per_number: int = _set(3, "Faxes to one number within a day.")
    per_hour: int = _set(20, "Faxes in all within an hour.")
    tries: int = _set(5, "How often a number is rung for one fax, at growing intervals.")


@dataclass(frozen=True, slots=True)
class Flows:
    folder: str = _set("ivr_flows", "Folder of drafts, prompts, sounds and partners.")
    entry: str = _set("main", "Flow a call begins with; `direct` goes straight to a person.")


@dataclass(frozen=True, slots=True)
class Database:
    url: str = _set("", "SQLAlchemy URL of PostgreSQL; empty: SQLite under var/.")


@dataclass(frozen=True, slots=True)
class MailIn:
    listen: bool = _set(False, "Take mail over SMTP and LMTP.")
    host: str = _set("127.0.0.1", "Address the SMTP and LMTP listener is bound to.")
    port: int = _set(2525, "Port of the SMTP and LMTP listener.")
    addresses: tuple[str, ...] = _set(
        (), "Our own addresses; mail to others is refused. Empty: all mail is refused."
    )
    max_mb: int = _set(50, "Largest mail in MB (2 to the power of 20 bytes).")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One IMAP mailbox that is watched."""

    id: str = _set("inbox", "Id in messages and ledgers; a new one means that all is looked at anew.")
    host: str = _set("127.0.0.1", "IMAP server.")
    port: int = _set(993, "Its port.")
    tls: bool = _set(True, "TLS from the first byte, with a certificate that is checked.")
    user: str = _set("", "User to log in as.")
    password_file: str = _set("", "File with the password; empty: mailbox-<id> in var/secrets.")
    folder: str = _set("INBOX", "Folder to take mail from.")
    after: str = _set("seen", "What is done with a mail once it is an item: keep, seen or move.")
    done_folder: str = _set("已收", "Where mails are moved; the folder must exist.")
    since: str = _set("", "Take only mails that arrived on or after this day, e.g. 2026-05-01.")
    poll_seconds: int = _set(60, "How often to look when the server does not tell of new mail.")


@dataclass(frozen=True, slots=True)
class MailOut:
    host: str = _set("", "Mail server that takes our mails; empty: no mail is sent.")
    port: int = _set(587, "Its port: usually 587 with starttls, 465 with tls.")
    tls: str = _set("starttls", "none, starttls or tls. It is never less than what is set here.")
    ca_file: str = _set("", "File of certificates that are trusted; empty: those of the system.")
    user: str = _set("", "User to log in as; empty: no log-in.")
    password_file: str = _set("", "File with the password; empty: mail-out in var/secrets.")
    sender: str = _set("", "Our address in From.")
    name: str = _set("", "Our name beside it; empty: centre.name.")
    inbox: str = _set("", "Address for answers, with a mark behind a plus; empty: the first of mail_in.")
    timeout_seconds: int = _set(30, "How long the server may take for one answer.")
    per_person: int = _set(10, "Mails to one address within a day; what is beyond them is not written.")
    per_item: int = _set(6, "Mails about one item within a day.")


@dataclass(frozen=True, slots=True)
class Outbox:
    give_up_hours: int = _set(72, "A delivery that fails so long becomes a dead letter; a webhook goes off.")
    due_days: int = _set(3, "item.due is told so many days before a clock ends, and again when it is over.")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address that is told of items."""

    id: str = _set("", "Id in messages and ledgers.")
    url: str = _set("", "Where events are posted: https, or http on this machine.")
    secret_file: str = _set(
        "", "File with its secret whsec_…; empty: webhook-<id> in var/secrets, made once."
    )
    events: tuple[str, ...] = _set(
        ("item.new", "item.changed", "item.due"), "What it is told of: item.new, item.changed, item.due."
    )
    allow_http: bool = _set(False, "Allow http to other machines. What is sent can be read on the way.")
    timeout_seconds: int = _set(10, "How long it may take to answer.")


@dataclass(frozen=True, slots=True)
class Rules:
    folder: str = _set("rules", "Folder of dated law and city data.")


@dataclass(frozen=True, slots=True)
class Uploads:
    files: int = _set(10, "Files with one form.")
    file_mb: int = _set(20, "Largest file in MB (2 to the power of 20 bytes).")
    types: tuple[str, ...] = _set(
        (
            *("jpg", "png", "webp", "heic", "pdf", "mp3", "wav", "amr", "m4a", "aac"),
            *("mp4", "mov", "3gp", "docx", "xlsx", "ofd"),
        ),
        "Types that are taken, told from the bytes of a file, not from its name.",
    )
    clamd: str = _set("", "clamd that is asked about each file: host:port or its socket; empty: none.")
    slowest_kb: int = _set(4, "Slowest upload in KB a second, after 30 s; a slower one is ended.")
    at_once: int = _set(
        32, "Uploads at the same time; over that one for each further address, up to 4 times as many."
    )
    at_once_per_address: int = _set(8, "Uploads at the same time from one address.")


@dataclass(frozen=True, slots=True)
class Rates:
    enabled: bool = _set(True, "Limit how often one address or token may ask.")
    address_burst: int = _set(1000, "Requests without a token that one address may make at once.")
    address_per_minute: int = _set(3000, "And how many more each minute.")
    submissions_burst: int = _set(200, "Forms (complaints, additions, look-ups) from one address at once.")
    submissions_per_minute: int = _set(120, "And how many more each minute.")
    all_submissions_burst: int = _set(
        1000, "Forms from all addresses together, without a credential, at once."
    )
    all_submissions_per_minute: int = _set(600, "And how many more each minute.")
    mail_sender_burst: int = _set(200, "Mails of one envelope sender over SMTP and LMTP at once.")
    mail_sender_per_minute: int = _set(30, "And how many more each minute; over that 451, try again later.")
    mail_burst: int = _set(3000, "Mails of all senders at once.")
    mail_per_minute: int = _set(300, "And how many more each minute.")
    token_burst: int = _set(2000, "Requests that one token may make at once.")
    token_per_minute: int = _set(6000, "And how many more each minute.")
    proxies: tuple[str, ...] = _set(
        (), "Networks of proxies in front of us; only from these X-Forwarded-For is believed."
    )


@dataclass(frozen=True, slots=True)
class Pages:
    enabled: bool = _set(True, "Public pages: start, report, track.")
    work_bits: int = _set(16, "Proof of work that a browser does before it sends; each bit doubles it.")
    slow_seconds: int = _set(5, "A form sent without the work is taken so long after it was given out.")


@dataclass(frozen=True, slots=True)
class Accounts:
    hours: int = _set(12, "A person who logged in has to log in again after so many hours.")
    idle_minutes: int = _set(60, "And after so many minutes in which the desk was not open.")
    identity_roles: tuple[str, ...] = _set(
        ("supervisor", "admin"), "Roles that may learn who a reporter is: of agent, supervisor, admin."
    )


@dataclass(frozen=True, slots=True)
class Demo:
    enabled: bool = _set(True, "Demo accounts and the browser phone; switch off for real work.")
    visitor_minutes: int = _set(10, "Longest call from the browser phone; it has one line at a time.")


@dataclass(frozen=True, slots=True)
class Agent:
    """One seat and who sits there: `id` in the API, `seat` the SIP user, `name` on screens."""

    id: str = _set("", "Id in API and command line, e.g. agent1.")
    name: str = _set("", "Name on screens.")
    seat: str = _set("", "SIP user of the seat's phone, e.g. 8001.")


@dataclass(frozen=True, slots=True)
class Number:
    """One more number that people dial; calls to centre.number begin with flows.entry."""

    number: str = _set("", "The number without the area code, or whole: 12345, 03572025100, 4008001234.")
    flow: str = _set("", "Flow that its calls begin with; empty: flows.entry.")


DEFAULT_AGENTS = tuple(Agent(f"agent{n}", f"坐席{n}", f"800{n}") for n in range(1, 5))


@dataclass(frozen=True, slots=True)
class Config:
    """All settings in force. `root` is the folder of gateway.toml, `var` the folder of all state."""

    root: Path
    var: Path
    centre: Centre = field(default_factory=Centre)
    web: Web = field(default_factory=Web)
    log: Log = field(default_factory=Log)
    agi: Agi = field(default_factory=Agi)
    ami: Ami = field(default_factory=Ami)
    asterisk: Asterisk = field(default_factory=Asterisk)
    trunk: Trunk = field(default_factory=Trunk)
    queue: Queue = field(default_factory=Queue)
    outgoing: Outgoing = field(default_factory=Outgoing)
    recording: Recording = field(default_factory=Recording)
    fax: Fax = field(default_factory=Fax)
    fax_out: FaxOut = field(default_factory=FaxOut)
    flows: Flows = field(default_factory=Flows)
    database: Database = field(default_factory=Database)
    rules: Rules = field(default_factory=Rules)
    mail_in: MailIn = field(default_factory=MailIn)
    mail_out: MailOut = field(default_factory=MailOut)
    outbox: Outbox = field(default_factory=Outbox)
    uploads: Uploads = field(default_factory=Uploads)
    rates: Rates = field(default_factory=Rates)
    pages: Pages = field(default_factory=Pages)
    accounts: Accounts = field(default_factory=Accounts)
    demo: Demo = field(default_factory=Demo)
    agents: tuple[Agent, ...] = DEFAULT_AGENTS
    numbers: tuple[Number, ...] = ()
    trunks: tuple[FurtherTrunk, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    webhooks: tuple[Webhook, ...] = ()

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
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.var / 'gateway.db'}"

    @property
    def media_host(self) -> str:
        """The address in our SDP, which RTP is bound to."""
        return self.asterisk.media_host or self.asterisk.sip_host

    def agent_id_of_seat(self, seat: str) -> str:
        """Who sits there; the seat itself when gateway.toml knows no such seat."""
        return next((a.id for a in self.agents if a.seat == seat), seat)

    def agent(self, agent_id: str) -> Agent | None:
        return next((a for a in self.agents if a.id == agent_id), None)


SECTIONS: dict[str, type[Any]] = {
    "centre": Centre,
    "web": Web,
    "log": Log,
    "agi": Agi,
    "ami": Ami,
    "asterisk": Asterisk,
    "trunk": Trunk,
    "queue": Queue,
    "outgoing": Outgoing,
    "recording": Recording,
    "fax": Fax,
    "fax_out": FaxOut,
    "flows": Flows,
    "database": Database,
    "rules": Rules,
    "mail_in": MailIn,
    "mail_out": MailOut,
    "outbox": Outbox,
    "uploads": Uploads,
    "rates": Rates,
    "pages": Pages,
    "accounts": Accounts,
    "demo": Demo,
}
# Written as [[name]], any number.
TABLES: dict[str, type[Any]] = {
    "agents": Agent,
    "numbers": Number,
    "trunks": FurtherTrunk,
    "mailboxes": Mailbox,
    "webhooks": Webhook,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting."""

    section: str
    name: str
    default: Any
    help: str


def _settings() -> Iterator[Setting]:
    kinds: list[tuple[str, type[Any]]] = [*SECTIONS.items(), *TABLES.items()]
    for section, kind in kinds:
        sample = kind()
        for f in fields(kind):
            yield Setting(section, f.name, getattr(sample, f.name), f.metadata["help"])


_WANTED = {
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    tuple[int, ...]: "a list of whole numbers",
}
SETTINGS: tuple[Setting, ...] = tuple(_settings())


PLACES = ("GATEWAY_CONFIG", "GATEWAY_VAR")  # names that are no setting


def _override(section: str, key: str) -> str:
    """The environment's name of a setting."""
    return f"GATEWAY_{section}_{key}".upper()


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read gateway.toml (or GATEWAY_CONFIG) and the overrides. Raises SettingError with every fault."""
    file = path or Path(environ.get("GATEWAY_CONFIG", "gateway.toml"))
    reader = _Reader(file, environ)
    config = reader.read()
    if reader.problems:
        raise SettingError(*reader.problems)
    return config


_HOST = r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"
_TRUNK_FORMS = (
    ("transport", r"udp|tcp|tls", "udp, tcp or tls"),
    ("far_end", _HOST, "host:port"),
    ("proxy", rf"({_HOST})?", "host:port"),
    ("domain", r"[A-Za-z0-9.-]{0,253}", "a domain"),
    ("user", r"[A-Za-z0-9_.+*@~-]{0,80}", "a SIP user"),
    ("from_user", r"[A-Za-z0-9_.+*~-]{0,80}", "a SIP user"),
    ("number_form", r"national|plus|plain|zeros", "national, plus, plain or zeros"),
    ("prefix", r"[0-9*#]{0,8}", "digits"),
    ("caller_prefix", r"[0-9+]{0,8}", "digits"),
    ("called_as", r"[0-9]{0,15}", "a number of ours"),
    ("realm", r"[A-Za-z0-9_.@ -]{0,80}", "a realm"),
)


class _Reader:
    """One reading of one file; collects problems instead of stopping at the first."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self.file = file
        self.environ = environ
        self.problems: list[Problem] = []
        self.text = ""

    def read(self) -> Config:
        data = self._parse()
        self._unknown(data, [*SECTIONS, *TABLES], "")
        parts = {name: self._section(name, kind, data.get(name, {})) for name, kind in SECTIONS.items()}
        root = self.file.resolve().parent
        var = Path(self.environ.get("GATEWAY_VAR", root / "var"))
        parts["agents"] = self._rows(data, "agents", DEFAULT_AGENTS)
        parts["webhooks"] = self._rows(data, "webhooks", ())
        parts["numbers"] = self._rows(data, "numbers", ())
        parts["trunks"] = self._rows(data, "trunks", ())
        parts["mailboxes"] = self._rows(data, "mailboxes", self._mailbox_of_environment())
        config = Config(root=root, var=var.resolve(), **parts)
        self._unknown_names("mailboxes" in data)
        self._check(config)
        return config

    def _unknown_names(self, boxes_in_file: bool) -> None:
        """A misspelt override would be ignored, and the gateway would run with other settings than wished."""
        kinds = SECTIONS if boxes_in_file else {**SECTIONS, "mailboxes": Mailbox}
        known = [*PLACES, *(_override(name, f.name) for name, kind in kinds.items() for f in fields(kind))]
        for name in sorted(self.environ):
            if not name.startswith("GATEWAY_") or name in known:
                continue
            table = next((table for table in TABLES if name.startswith(f"GATEWAY_{table}_".upper())), "")
            near = difflib.get_close_matches(name, known, 1, 0.7)
            hint = f"did you mean {near[0]}?" if near else "names are GATEWAY_ + section + field"
            if table:
                hint = f"[[{table}]] stands in {self.file.name} and has no overrides"
            self.problems.append(Problem("environment", 0, f"unknown name {name}; {hint}"))

    def _parse(self) -> dict[str, Any]:
        try:
            self.text = self.file.read_text("utf-8")
            return tomllib.loads(self.text)
        except FileNotFoundError:
            self._fault("", "", f"no such file; make one or name it in GATEWAY_CONFIG (here: {Path.cwd()})")
        except UnicodeDecodeError as error:
            self._fault("", "", f"not UTF-8 at byte {error.start}")
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            self.problems.append(Problem(str(self.file), int(found[1]) if found else 0, str(error)))
        return {}

    def _section(
        self, name: str, kind: type[Any], raw: Any, overrides: Mapping[str, str] | None = None
    ) -> Any:
        """One table; seats come from the file alone, so they have no overrides."""
        environ = self.environ if overrides is None else overrides
        if not isinstance(raw, dict):
            self._fault(name, "", f"[{name}] must be a table")
            raw = {}
        hints = get_type_hints(kind)
        self._unknown(raw, list(hints), name)
        values = {}
        for key, hint in hints.items():
            override = environ.get(_override(name, key))
            if override is not None:
                values[key] = self._from_text(name, key, hint, override)
            elif key in raw:
                values[key] = self._typed(name, key, hint, raw[key])
        return kind(**{k: v for k, v in values.items() if v is not None})

    def _rows(self, data: dict[str, Any], name: str, default: tuple[Any, ...]) -> tuple[Any, ...]:
        rows = data.get(name)
        if rows is None:
            return default
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._fault(name, "", f"{name} must be written as [[{name}]] tables")
            return ()
        return tuple(self._section(name, TABLES[name], row, overrides={}) for row in rows)

    def _mailbox_of_environment(self) -> tuple[Mailbox, ...]:
        """One mailbox may be described by overrides alone, e.g. GATEWAY_MAILBOXES_HOST."""
        if not any(name.startswith("GATEWAY_MAILBOXES_") for name in self.environ):
            return ()
        return (self._section("mailboxes", Mailbox, {}),)

    def _typed(self, section: str, key: str, hint: Any, value: Any) -> Any:
        wanted = _WANTED.get(hint, "a list of texts")
        item = int if hint == tuple[int, ...] else str
        if hint in (int, str, bool):
            if type(value) is hint:
                return value
        elif isinstance(value, list) and all(type(v) is item for v in value):
            return tuple(value)
        self._fault(section, key, f"{section}.{key} must be {wanted}, not {value!r}")
        return None

    def _from_text(self, section: str, key: str, hint: Any, text: str) -> Any:
        if hint is str:
            return text
        if hint is int and re.fullmatch(r"-?\d+", text):
            return int(text)
        if hint is bool and text.lower() in ("true", "false", "1", "0", "yes", "no"):
            return text.lower() in ("true", "1", "yes")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if hint == tuple[int, ...] and all(re.fullmatch(r"\d+", part) for part in parts):
            return tuple(int(part) for part in parts)
        if hint not in (int, bool, tuple[int, ...]):
            return tuple(parts)
        name = _override(section, key)
        self.problems.append(Problem("environment", 0, f"{name}={text!r} does not fit {section}.{key}"))
        return None

    def _unknown(self, table: dict[str, Any], known: list[str], section: str) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
                where = f"[{section}] " if section else ""
                self._fault(section, key, f"{where}unknown key {key!r}{hint}")

    def _check(self, c: Config) -> None:
        for section, key in (
            ("web", "port"),
            ("agi", "port"),
            ("ami", "port"),
            ("asterisk", "http_port"),
            ("asterisk", "sip_port"),
            ("asterisk", "rtp_first"),
            ("asterisk", "rtp_last"),
            ("mail_in", "port"),
            ("mail_out", "port"),
        ):
            if not 1 <= getattr(getattr(c, section), key) <= 65535:
                self._fault(section, key, f"{section}.{key} must be a port, 1 to 65535")
        if not 4 <= c.asterisk.silence_seconds <= 3600:
            self._fault("asterisk", "silence_seconds", "asterisk.silence_seconds must be 4 to 3600")
        if c.asterisk.rtp_last - c.asterisk.rtp_first < 4 * c.centre.lines:
            self._fault("asterisk", "rtp_last", "asterisk.rtp_first to rtp_last: 4 ports a line are needed")
        if not 1 <= c.centre.lines <= 500:
            self._fault("centre", "lines", "centre.lines must be 1 to 500")
        for key in ("number", "area_code"):
            if not re.fullmatch(r"\d{1,8}", getattr(c.centre, key)):
                self._fault("centre", key, f"centre.{key} must be digits")
        try:
            ZoneInfo(c.centre.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            self._fault("centre", "timezone", f"centre.timezone {c.centre.timezone!r} is not known")
        networks = (("agi", "peers"), ("trunk", "peers"), ("rates", "proxies"), ("web", "metrics_peers"))
        for section, key in networks:
            for net in getattr(getattr(c, section), key):
                try:
                    ip_network(net, strict=False)
                except ValueError:
                    self._fault(section, key, f"{section}.{key}: {net!r} is no address or network")
        if c.log.format not in ("text", "json"):
            self._fault("log", "format", f"log.format must be text or json, not {c.log.format!r}")
        self._check_addresses(c)
        self._check_numbers(c)
        self._check_trunks(c)
        self._check_agents(c.agents)
        self._check_outgoing(c.outgoing)
        self._check_fax(c.fax)
        self._check_fax_out(c.fax_out)
        self._check_mail(c)
        self._check_public(c)
        self._check_post(c)

    def _check_addresses(self, c: Config) -> None:
        """What Asterisk binds to and writes into SDP: it takes no names, and 0.0.0.0 reaches nobody."""
        for key in ("sip_host", "http_host", "media_host"):
            value = getattr(c.asterisk, key)
            if (value or key != "media_host") and not _is_ipv4(value):
                text = f"asterisk.{key} must be an IPv4 address such as 127.0.0.1, not {value!r}"
                self._fault("asterisk", key, text)
                return
        media = ip_address(c.media_host)
        if media.is_unspecified:
            text = (
                f"asterisk.media_host is missing: {media} in SDP gives no sound; name this machine's address "
                "that telephones and carrier reach"
            )
            self._fault("asterisk", "media_host" if c.asterisk.media_host else "sip_host", text)
        elif media.is_loopback and not ip_address(c.asterisk.sip_host).is_loopback:
            text = f"asterisk.media_host {media}: telephones elsewhere would send their sound to themselves"
            self._fault("asterisk", "media_host", text)

    def _check_numbers(self, c: Config) -> None:
        ours = [row.number for row in c.numbers]
        for number in ours:
            if not re.fullmatch(r"\d{3,15}", number):
                self._fault("numbers", "number", f"numbers.number {number!r} must be 3 to 15 digits")
            if number in (c.centre.number, c.fax.number) or ours.count(number) > 1:
                self._fault("numbers", "number", f"numbers.number {number!r} stands twice")

    def _check_phone_nets(self, c: Config) -> None:
        """Who may send SIP is told by addresses: a trunk that is known by name would be shut out."""
        for net in c.asterisk.phone_nets:
            if not _is_network(net):
                self._fault(
                    "asterisk", "phone_nets", f"asterisk.phone_nets: {net!r} is no address or network"
                )
        peers = [peer for trunk in (c.trunk, *c.trunks) for peer in trunk.peers or (trunk.far_end,)]
        for peer in peers if c.asterisk.phone_nets else ():
            if not _is_network(peer.partition(":")[0] if peer.count(":") == 1 else peer):
                self._fault(
                    "trunk", "peers", f"{peer!r}: with asterisk.phone_nets trunks need addresses, not names"
                )

    def _check_trunks(self, c: Config) -> None:
        for section, trunk in (("trunk", c.trunk), *(("trunks", row) for row in c.trunks)):
            for key, pattern, wish in _TRUNK_FORMS:
                value = getattr(trunk, key)
                if not re.fullmatch(pattern, value):
                    self._fault(section, key, f"{section}.{key} {value!r} must be {wish}")
            if trunk.register and not trunk.user:
                self._fault(section, "register", f"{section}.register needs {section}.user")
            for codec in trunk.codecs:
                if codec not in ("alaw", "ulaw"):
                    self._fault(section, "codecs", f"{section}.codecs: {codec!r} is neither alaw nor ulaw")
            if not 0 <= trunk.ask_seconds <= 3600:
                self._fault(section, "ask_seconds", f"{section}.ask_seconds must be 0 to 3600")
        self._check_phone_nets(c)
        ids = [row.id for row in c.trunks]
        for value in ids:
            if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", value) or value == "in" or ids.count(value) > 1:
                self._fault("trunks", "id", f"trunks.id {value!r} must be small letters and digits, once")
        for net in (*c.asterisk.local_nets, *(net for row in c.trunks for net in row.peers if "/" in net)):
            try:
                ip_network(net, strict=False)
            except ValueError:
                self._fault("asterisk", "local_nets", f"{net!r} is no network")

    def _check_agents(self, agents: tuple[Agent, ...]) -> None:
        for key in ("id", "seat"):
            values = [getattr(a, key) for a in agents]
            for value in values:
                pattern = r"[a-z][a-z0-9_-]{0,31}" if key == "id" else r"\d{3,6}"
                if not re.fullmatch(pattern, value):
                    self._fault("agents", key, f"agents.{key} {value!r} does not fit {pattern}")
            for value in {v for v in values if values.count(v) > 1}:
                self._fault("agents", key, f"agents.{key} {value!r} stands twice")

    def _check_outgoing(self, outgoing: Outgoing) -> None:
        for pattern in outgoing.allow:
            if not dialling.is_pattern(pattern):
                self._fault("outgoing", "allow", f"outgoing.allow: {pattern!r} is no dial pattern")
        if not 0 <= outgoing.per_day <= 1_000_000:
            self._fault("outgoing", "per_day", "outgoing.per_day must be 0 to 1000000")

    def _check_fax(self, fax: Fax) -> None:
        for key in ("number", "station"):
            if not re.fullmatch(r"\d{0,20}", getattr(fax, key)):
                self._fault("fax", key, f"fax.{key} must be at most 20 digits")
        for key, least, most in (
            ("detect_seconds", 0, 3600),
            ("longest_minutes", 1, 240),
            ("pages", 1, 1000),
        ):
            if not least <= getattr(fax, key) <= most:
                self._fault("fax", key, f"fax.{key} must be {least} to {most}")

    def _check_fax_out(self, out: FaxOut) -> None:
        try:
            re.compile(out.allow)
        except re.error as error:
            self._fault("fax_out", "allow", f"fax_out.allow is no regular expression: {error}")
        limits = (("lines", 1, 500), ("per_number", 1, 100), ("per_hour", 1, 1000), ("tries", 1, 20))
        for key, least, most in limits:
            if not least <= getattr(out, key) <= most:
                self._fault("fax_out", key, f"fax_out.{key} must be {least} to {most}")

    def _check_mail(self, c: Config) -> None:
        if not 1 <= c.mail_in.max_mb <= 200:
            self._fault("mail_in", "max_mb", "mail_in.max_mb must be 1 to 200")
        for address in c.mail_in.addresses:
            if not re.fullmatch(r"[^\s@+]+@[^\s@]+", address):
                self._fault("mail_in", "addresses", f"mail_in.addresses: {address!r} is no address")
        for box in c.mailboxes:
            self._check_mailbox(box)
        ids = [box.id for box in c.mailboxes]
        for twice in {one for one in ids if ids.count(one) > 1}:
            self._fault("mailboxes", "id", f"mailboxes.id {twice!r} stands twice")

    def _check_post(self, c: Config) -> None:
        """What leaves the house."""
        out = c.mail_out
        if out.tls not in ("none", "starttls", "tls"):
            self._fault("mail_out", "tls", f"mail_out.tls must be none, starttls or tls, not {out.tls!r}")
        if out.host and not out.sender:
            self._fault("mail_out", "sender", "mail_out.sender is missing: mails need our address")
        for key in ("sender", "inbox"):
            address = getattr(out, key)
            if address and not re.fullmatch(r"[^\s@+<>,;]+@[^\s@<>,;]+", address):
                self._fault("mail_out", key, f"mail_out.{key}: {address!r} is no address")
        if out.user and out.tls == "none" and out.host not in LOOPBACK:
            self._fault("mail_out", "tls", "mail_out.tls: no password goes to another machine in clear")
        for section, key, least, most in (
            ("mail_out", "timeout_seconds", 1, 300),
            ("mail_out", "per_person", 1, 1000),
            ("mail_out", "per_item", 1, 1000),
            ("outbox", "give_up_hours", 1, 720),
            ("outbox", "due_days", 0, 60),
        ):
            if not least <= getattr(getattr(c, section), key) <= most:
                self._fault(section, key, f"{section}.{key} must be {least} to {most}")
        for hook in c.webhooks:
            self._check_webhook(hook)
        ids = [hook.id for hook in c.webhooks]
        for twice in {one for one in ids if ids.count(one) > 1}:
            self._fault("webhooks", "id", f"webhooks.id {twice!r} stands twice")

    def _check_webhook(self, hook: Webhook) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", hook.id):
            self._fault("webhooks", "id", f"webhooks.id {hook.id!r} does not fit [a-z][a-z0-9_-]{{0,30}}")
        try:
            url = urlsplit(hook.url)
            scheme, host = url.scheme, url.hostname or ""
        except ValueError:
            scheme, host = "", ""
        if scheme not in ("http", "https") or not host:
            self._fault("webhooks", "url", f"webhooks.url of {hook.id!r} must begin with https://")
        elif scheme == "http" and host not in LOOPBACK and not hook.allow_http:
            self._fault("webhooks", "url", f"webhooks.url of {hook.id!r}: http goes to this machine only")
        for event in hook.events:
            if event not in Webhook().events:
                known = ", ".join(Webhook().events)
                self._fault("webhooks", "events", f"webhooks.events: {event!r} is not known; {known}")
        if not 1 <= hook.timeout_seconds <= 60:
            self._fault("webhooks", "timeout_seconds", "webhooks.timeout_seconds must be 1 to 60")

    def _check_public(self, c: Config) -> None:
        """Uploads, rates and pages."""
        for role in c.accounts.identity_roles:
            if role not in ("agent", "supervisor", "admin"):
                self._fault(
                    "accounts", "identity_roles", f"accounts.identity_roles: {role!r} has no such right"
                )
        for section, key, least, most in (
            ("accounts", "hours", 1, 168),
            ("accounts", "idle_minutes", 5, 10_080),
            ("uploads", "files", 0, 100),
            ("uploads", "file_mb", 1, 2000),
            ("uploads", "slowest_kb", 1, 100_000),
            ("uploads", "at_once", 1, 1000),
            ("uploads", "at_once_per_address", 1, 1000),
            ("web", "connections", 64, 100_000),
            ("web", "connections_per_address", 8, 100_000),
            ("demo", "visitor_minutes", 1, 240),
            ("asterisk", "keep_logs", 1, 3650),
            ("asterisk", "ban_after", 0, 10_000),
            ("asterisk", "ban_minutes", 1, 10_080),
            ("pages", "work_bits", 1, 24),
            ("pages", "slow_seconds", 0, 60),
            *(("rates", f.name, 1, 10**9) for f in fields(c.rates) if f.type == "int"),
        ):
            if not least <= getattr(getattr(c, section), key) <= most:
                self._fault(section, key, f"{section}.{key} must be {least} to {most}")
        known = Uploads().types
        for one in c.uploads.types:
            if one not in known:
                near = difflib.get_close_matches(one, known, 1) or known
                self._fault("uploads", "types", f"uploads.types: {one!r} is not known; {', '.join(near)}")
        if c.uploads.clamd and not re.fullmatch(r"/.+|\S+:\d{1,5}", c.uploads.clamd):
            self._fault("uploads", "clamd", "uploads.clamd must be host:port or the path of a socket")

    def _check_mailbox(self, box: Mailbox) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", box.id):
            self._fault("mailboxes", "id", f"mailboxes.id {box.id!r} does not fit [a-z][a-z0-9_-]{{0,31}}")
        if not 1 <= box.port <= 65535:
            self._fault("mailboxes", "port", "mailboxes.port must be a port, 1 to 65535")
        if not box.user:
            self._fault("mailboxes", "user", f"mailboxes.user of {box.id!r} is missing")
        if box.after not in ("keep", "seen", "move"):
            self._fault(
                "mailboxes", "after", f"mailboxes.after must be keep, seen or move, not {box.after!r}"
            )
        if not 1 <= box.poll_seconds <= 1500:
            self._fault("mailboxes", "poll_seconds", "mailboxes.poll_seconds must be 1 to 1500")
        try:
            date.fromisoformat(box.since or "2026-01-01")
        except ValueError:
            self._fault("mailboxes", "since", f"mailboxes.since {box.since!r} is no day like 2026-05-01")

    def _fault(self, section: str, key: str, text: str) -> None:
        self.problems.append(Problem(str(self.file), self._line(section, key), text))

    def _line(self, section: str, key: str) -> int:
        """Line of `key` inside [section], or of the section, or 0."""
        within, header = section == "", 0
        for number, line in enumerate(self.text.splitlines(), 1):
            found = re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", line)
            if found:
                within = found[1] in (section, key)
                header = number if within else header
                if found[1] == key:
                    return number
            elif within and key and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number
        return header


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def as_toml(config: Config) -> str:
    """The settings in force, as `gateway check` prints them."""
    out = [f"# var = {config.var}"]
    for name in SECTIONS:
        out.append(f"\n[{name}]")
        part = getattr(config, name)
        out += [f"{f.name} = {_toml(getattr(part, f.name))}" for f in fields(part)]
    for name in TABLES:
        for row in getattr(config, name):
            out.append(f"\n[[{name}]]")
            out += [f"{f.name} = {_toml(getattr(row, f.name))}" for f in fields(row)]
    return "\n".join(out) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return str(value) if isinstance(value, int) else '"' + str(value).replace('"', '\\"') + '"'


def with_var(config: Config, var: Path) -> Config:
    """The same settings with another state folder."""
    return replace(config, var=var.resolve())
