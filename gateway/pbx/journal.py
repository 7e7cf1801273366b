"""Asterisk's own log of calls and its spool of messages, read back: what happened while we were away.

One file a day under var/asterisk/journal, a line a note (core/call/journal.py). Reading changes nothing;
the same notes may be read twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from gateway.core.call.journal import JournalEntry, read_note
from gateway.core.call.record import owed_of

KEPT_DAYS = 35
_ID = re.compile(r"(?:g[0-9a-f]+-)?[0-9]+\.[0-9]+")  # settings/own_name.py, and Asterisk's own id


def read_journal(folder: Path, since: date | None = None) -> Iterator[JournalEntry]:
    """Every note from a day (UTC) on, in the order in which they were written."""
    for file in sorted(folder.glob("????????.log")):
        if since is None or file.stem >= f"{since:%Y%m%d}":
            with file.open("r", encoding="ascii", errors="replace") as lines:
                yield from (note for line in lines if (note := read_note(line)))


def prune(folder: Path, today: date) -> None:
    """Delete journals older than KEPT_DAYS: everything in them is in the database."""
    oldest = f"{today - timedelta(days=KEPT_DAYS):%Y%m%d}"
    for file in folder.glob("????????.log"):
        if file.stem < oldest:
            file.unlink(missing_ok=True)


def journal_written(folder: Path) -> float:
    """When the journal was last written, in seconds since 1970; 0.0 when there is none."""
    files = (file for file in folder.glob("????????.log") if file.is_file())
    return max((file.stat().st_mtime for file in files), default=0.0)


def call_of(message: Path) -> str:
    """The call a message or recording belongs to: its name begins with the call's id."""
    rest = owed_of(message.stem)
    fit = _ID.match(rest)
    return message.stem.removesuffix(rest) + (fit[0] if fit else rest.partition("-")[0])
