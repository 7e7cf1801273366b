"""Who looked at what and who changed what: the rows of the audit log, and how they hang together.

Each row carries a keyed hash over itself and the row before it, so that none can be changed, dropped
or slipped in unseen. Nothing is written here: storage/audit.py does, within the transaction of a change.
Whoever acts stands in ASKER, set by the web side and by commands; a caller's or a citizen's own doing
has none, and stands in timelines alone.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

FIRST = "0" * 64
"""What stands before the first row."""
LONGEST = 64  # characters of who, address and what


@dataclass(slots=True)
class Asker:
    """Who acts in this request or command. `noted` counts the rows written for it so far."""

    who: str
    address: str = ""
    noted: int = 0


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `about` is an item's number, a call's id, an account.

    `detail` names what was touched, never what stands there: no personal data goes into the log.
    """

    at: datetime
    who: str
    what: str
    about: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is kept: `at` in Unix milliseconds, `detail` as JSON, hashes in hex."""

    seq: int
    at: int
    who: str
    address: str
    what: str
    about: str
    detail: str
    prev: str
    hash: str

    def holds(self, key: bytes) -> bool:
        """Is its hash the one of its members?"""
        return hmac.compare_digest(self.hash, seal(key, self))


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which rows: of whom, about what, what was done, from `since` on and before `until`."""

    who: str = ""
    about: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding all rows together: how many, the first that is wrong (0: none), and why."""

    rows: int
    broken: int = 0
    why: str = ""


def seal(key: bytes, row: Row) -> str:
    """The hash of a row; its own `hash` does not count."""
    fields = [row.seq, row.at, row.who, row.address, row.what, row.about, row.detail, row.prev]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def written(detail: Mapping[str, object]) -> str:
    """A detail as it is kept."""
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if detail else "{}"


def at_the_keyboard() -> Asker:
    """Whoever runs a command on the machine itself."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        name = "unknown"
    return Asker(f"cli:{name}"[:LONGEST], "local")
