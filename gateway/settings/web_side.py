"""Settings of the web side: where it listens, what it takes, how often, and who may log in."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from gateway.field_rules import Form
from gateway.settings.fields import Network, Port, Section

Count = Annotated[int, Field(ge=1, le=10**9)]
# fmt: off
FileType = Literal[
    "jpg", "png", "webp", "heic", "pdf", "mp3", "wav", "amr", "m4a", "aac",
    "mp4", "mov", "3gp", "docx", "xlsx", "ofd",
]
# fmt: on


class Web(Section):
    host: str = Field(default="127.0.0.1", description="Address the web side listens on.")
    port: Port = Field(default=8315, description="Port of pages, API and metrics.")
    metrics_peers: tuple[Network, ...] = Field(
        default=("127.0.0.0/8", "::1"),
        description="Networks that read /metrics without a token; others need one.",
    )
    public_url: str = Field(
        default="", description="Address under which citizens reach the pages; empty: host and port."
    )
    connections: int = Field(
        default=2000,
        ge=64,
        le=100000,
        description="HTTP connections at the same time; fewer where the system gives fewer open files.",
    )
    connections_per_address: int = Field(
        default=400, ge=8, le=100000, description="Of one address; not of proxies named in rates.proxies."
    )


class UploadSettings(Section):
    files: int = Field(default=10, ge=0, le=100, description="Files with one form.")
    file_mb: int = Field(
        default=20, ge=1, le=2000, description="Largest file in MB (2 to the power of 20 bytes)."
    )
    types: tuple[FileType, ...] = Field(
        default=get_args(FileType),
        description="Types that are taken, told from the bytes of a file, not from its name.",
    )
    clamd: Annotated[str, Form(r"(/.+|\S+:\d{1,5})?", "must be host:port or the path of a socket")] = Field(
        default="", description="clamd that is asked about each file: host:port or its socket; empty: none."
    )
    slowest_kb: int = Field(
        default=4,
        ge=1,
        le=100000,
        description="Slowest upload in KB a second, after 30 s; a slower one is ended.",
    )
    at_once: int = Field(
        default=32,
        ge=1,
        le=1000,
        description="Uploads at the same time; over that one for each further address, up to 4 times as "
        "many.",
    )
    at_once_per_address: int = Field(
        default=8, ge=1, le=1000, description="Uploads at the same time from one address."
    )


class RateSettings(Section):
    enabled: bool = Field(default=True, description="Limit how often one address or token may ask.")
    address_burst: Count = Field(
        default=1000, description="Requests without a token that one address may make at once."
    )
    address_per_minute: Count = Field(default=3000, description="And how many more each minute.")
    submissions_burst: Count = Field(
        default=200, description="Forms (complaints, additions, look-ups) from one address at once."
    )
    submissions_per_minute: Count = Field(default=120, description="And how many more each minute.")
    all_submissions_burst: Count = Field(
        default=1000, description="Forms from all addresses together, without a credential, at once."
    )
    all_submissions_per_minute: Count = Field(default=600, description="And how many more each minute.")
    mail_sender_burst: Count = Field(
        default=200, description="Mails of one envelope sender over SMTP and LMTP at once."
    )
    mail_sender_per_minute: Count = Field(
        default=30, description="And how many more each minute; over that 451, try again later."
    )
    mail_burst: Count = Field(default=3000, description="Mails of all senders at once.")
    mail_per_minute: Count = Field(default=300, description="And how many more each minute.")
    token_burst: Count = Field(default=2000, description="Requests that one token may make at once.")
    token_per_minute: Count = Field(default=6000, description="And how many more each minute.")
    proxies: tuple[Network, ...] = Field(
        default=(),
        description="Networks of proxies in front of us; only from these X-Forwarded-For is believed.",
    )


class PageSettings(Section):
    enabled: bool = Field(default=True, description="Public pages: start, report, track.")
    work_bits: int = Field(
        default=16,
        ge=1,
        le=24,
        description="Proof of work that a browser does before it sends; each bit doubles it.",
    )
    slow_seconds: int = Field(
        default=5,
        ge=0,
        le=60,
        description="A form sent without the work is taken so long after it was given out.",
    )


class AccountSettings(Section):
    hours: int = Field(
        default=12,
        ge=1,
        le=168,
        description="A person who logged in has to log in again after so many hours.",
    )
    idle_minutes: int = Field(
        default=60, ge=5, le=10080, description="And after so many minutes in which the desk was not open."
    )
    identity_roles: tuple[
        Literal["agent", "supervisor", "dispatcher", "leader", "admin", "handler", "unit_leader"], ...
    ] = Field(
        default=("supervisor", "admin"),
        description="Roles that may learn who a reporter is, for a reason; handler and unit_leader of items "
        "of their own unit's orders alone.",
    )
    inside: tuple[Network, ...] = Field(
        default=(),
        description="Networks of the centre, such as 10.8.0.0/16. Whoever logs in from elsewhere needs "
        "one-time codes, and cannot switch them off from there; empty: only accounts that have codes.",
    )
    exports_approved: bool = Field(
        default=True,
        description="`gateway export` and `gateway person export` need a second person, --approved-by; "
        "not while the demo is on.",
    )
