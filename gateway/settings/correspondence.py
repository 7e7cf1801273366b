"""Settings of mail, in and out, and of what is posted to other machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from gateway.field_rules import Form
from gateway.settings.fields import LOOPBACK, CrossFault, DayOrEmpty, Port, Section

_MAILBOX_ID = r"[a-z][a-z0-9_-]{0,31}"
_WEBHOOK_ID = r"[a-z][a-z0-9_-]{0,30}"
_OwnAddress = Annotated[str, Form(r"([^\s@+<>,;]+@[^\s@<>,;]+)?", "is no address")]


class MailIn(Section):
    listen: bool = Field(default=False, description="Take mail over SMTP and LMTP.")
    host: str = Field(default="127.0.0.1", description="Address the SMTP and LMTP listener is bound to.")
    port: Port = Field(default=2525, description="Port of the SMTP and LMTP listener.")
    addresses: tuple[Annotated[str, Form(r"[^\s@+]+@[^\s@]+", "is no address")], ...] = Field(
        default=(), description="Our own addresses; mail to others is refused. Empty: all mail is refused."
    )
    max_mb: int = Field(
        default=50, ge=1, le=200, description="Largest mail in MB (2 to the power of 20 bytes)."
    )


class Mailbox(Section):
    """One IMAP mailbox that is watched."""

    id: Annotated[str, Form(_MAILBOX_ID, f"does not fit {_MAILBOX_ID}")] = Field(
        default="inbox", description="Id in messages and ledgers; a new one means that all is looked at anew."
    )
    host: str = Field(default="127.0.0.1", description="IMAP server.")
    port: Port = Field(default=993, description="Its port.")
    tls: bool = Field(
        default=True, description="TLS from the first byte, with a certificate that is checked."
    )
    user: str = Field(default="", description="User to log in as.")
    password_file: str = Field(
        default="", description="File with the password; empty: mailbox-<id> in var/secrets."
    )
    folder: str = Field(default="INBOX", description="Folder to take mail from.")
    after: Literal["keep", "seen", "move"] = Field(
        default="seen", description="What is done with a mail once it is an item: keep, seen or move."
    )
    done_folder: str = Field(default="已收", description="Where mails are moved; the folder must exist.")
    since: DayOrEmpty = Field(
        default="", description="Take only mails that arrived on or after this day, e.g. 2026-05-01."
    )
    poll_seconds: int = Field(
        default=60, ge=1, le=1500, description="How often to look when the server does not tell of new mail."
    )


class MailOut(Section):
    host: str = Field(default="", description="Mail server that takes our mails; empty: no mail is sent.")
    port: Port = Field(default=587, description="Its port: usually 587 with starttls, 465 with tls.")
    tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="none, starttls or tls. It is never less than what is set here."
    )
    ca_file: str = Field(
        default="", description="File of certificates that are trusted; empty: those of the system."
    )
    user: str = Field(default="", description="User to log in as; empty: no log-in.")
    password_file: str = Field(
        default="", description="File with the password; empty: mail-out in var/secrets."
    )
    sender: _OwnAddress = Field(default="", description="Our address in From.")
    name: str = Field(default="", description="Our name beside it; empty: centre.name.")
    inbox: _OwnAddress = Field(
        default="", description="Address for answers, with a mark behind a plus; empty: the first of mail_in."
    )
    timeout_seconds: int = Field(
        default=30, ge=1, le=300, description="How long the server may take for one answer."
    )
    per_person: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Mails to one address within a day; what is beyond them is not written.",
    )
    per_item: int = Field(default=6, ge=1, le=1000, description="Mails about one item within a day.")
    text_kinds: tuple[Literal["complaint", "question", "unsorted"], ...] = Field(
        default=("complaint", "question", "unsorted"),
        description="Kinds of which answers, replies and wanted papers stand in mails in full. Of others, "
        "and always of reports and of whoever stays unnamed, the mail says where to read them.",
    )

    def cross_faults(self) -> Iterator[CrossFault]:
        if self.host and not self.sender:
            yield CrossFault(("sender",), "is missing: mails need our address")
        if self.user and self.tls == "none" and self.host not in LOOPBACK:
            yield CrossFault(("tls",), ": no password goes to another machine in clear")


class Outbox(Section):
    give_up_hours: int = Field(
        default=72,
        ge=1,
        le=720,
        description="A delivery that fails so long becomes a dead letter; a webhook goes off.",
    )
    due_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="item.due is told so many days before a clock ends, and again when it is over.",
    )


class Webhook(Section):
    """One address that is told of items."""

    id: Annotated[str, Form(_WEBHOOK_ID, f"does not fit {_WEBHOOK_ID}")] = Field(
        default="", validate_default=True, description="Id in messages and ledgers."
    )
    url: str = Field(default="", description="Where events are posted: https, or http on this machine.")
    secret_file: str = Field(
        default="", description="File with its secret whsec_…; empty: webhook-<id> in var/secrets, made once."
    )
    events: tuple[Literal["item.new", "item.changed", "item.due"], ...] = Field(
        default=("item.new", "item.changed", "item.due"),
        description="What it is told of: item.new, item.changed, item.due.",
    )
    allow_http: bool = Field(
        default=False, description="Allow http to other machines. What is sent can be read on the way."
    )
    timeout_seconds: int = Field(default=10, ge=1, le=60, description="How long it may take to answer.")

    def cross_faults(self) -> Iterator[CrossFault]:
        scheme, host = _scheme_and_host(self.url)
        if scheme not in ("http", "https") or not host:
            yield CrossFault(("url",), f"of {self.id!r} must begin with https://")
        elif scheme == "http" and host not in LOOPBACK and not self.allow_http:
            yield CrossFault(("url",), f"of {self.id!r}: http goes to this machine only")


_SmsHeader = Annotated[str, Form(r"[A-Za-z0-9-]+:[^\r\n]*", "is written like `Name: value`")]


class Sms(Section):
    """An HTTP gateway that sends short messages."""

    url: str = Field(
        default="",
        description="Address of the SMS gateway: https, or http on this machine; empty: no SMS is sent.",
    )
    method: Literal["POST", "PUT", "GET"] = Field(default="POST", description="POST, PUT or GET.")
    content_type: str = Field(
        default="application/json; charset=utf-8",
        description="Form of the body; in JSON and in forms values are quoted as these want it.",
    )
    headers: tuple[_SmsHeader, ...] = Field(
        default=(), description="Further headers, as `Authorization: Bearer {secret}`."
    )
    body: str = Field(
        default='{"to": "{phone}", "text": "{text}", "id": "{id}"}',
        description="The body: {phone}, {text}, {id} and {secret} are filled in, also in url and headers.",
    )
    accepted: str = Field(
        default="", description="Expression that the answer must have to count as sent, such as '\"code\":0'."
    )
    secret_file: str = Field(
        default="", description="File with the token for {secret}; empty: sms in var/secrets."
    )
    sign_file: str = Field(
        default="",
        description="File with whsec_…, which signs; empty: sms-signature in var/secrets, made once.",
    )
    most_segments: int = Field(
        default=5, ge=1, le=10, description="Longest text in segments (67 characters each); more is cut off."
    )
    allow_http: bool = Field(default=False, description="Allow http to another machine.")
    timeout_seconds: int = Field(default=10, ge=1, le=60, description="How long it may take to answer.")

    def cross_faults(self) -> Iterator[CrossFault]:
        if not self.url:
            return
        scheme, host = _scheme_and_host(self.url)
        if scheme not in ("http", "https") or not host:
            yield CrossFault(("url",), "must begin with https://")
        elif scheme == "http" and host not in LOOPBACK and not self.allow_http:
            yield CrossFault(("url",), ": http goes to this machine only")
        if "{phone}" not in self.url + self.body or "{text}" not in self.url + self.body:
            yield CrossFault(("body",), "must have {phone} and {text}")
        try:
            re.compile(self.accepted)
        except re.error:
            yield CrossFault(("accepted",), "is no expression")


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""
