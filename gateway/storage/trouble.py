"""What is wrong with the database, told from a library's error: each cause has its own words and remedy.

Texts here are ours and constant: the libraries' own quote what people wrote.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Mapping

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.errors import StorageBusy, StorageDown

log = logging.getLogger(__name__)

AWAY = "the database does not answer"
BUSY = "the database is busy: no connection or lock became free in time"
FULL = "the disk of the database is full: make room"
# By SQLite's name of its error, by PostgreSQL's SQLSTATE, or by errno.
CAUSES: Mapping[str | int, str] = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": "the database file cannot be written: look at its owner and mount",
    "SQLITE_CANTOPEN": "the database file cannot be opened: look at its folder",
    "SQLITE_CORRUPT": "the database file is damaged: restore a backup",
    "SQLITE_NOTADB": "the database file is no SQLite database",
    "SQLITE_IOERR": "the disk of the database cannot be read or written",
    "28P01": "the database refused the password of database.url",
    "28000": "the database refused the user of database.url",
    "3D000": "the database named in database.url does not exist",
    "42501": "the user of database.url lacks rights in the database",
    "53100": FULL,
    "53200": "the database is out of memory",
    "25006": "the database can only be read: is it a standby?",
    "57P03": "the database is starting or stopping",
    "57P01": "the database was shut down",
    errno.ECONNREFUSED: "nothing listens at the address of database.url",
    errno.EHOSTUNREACH: "the host of database.url cannot be reached",
    errno.ENETUNREACH: "the host of database.url cannot be reached",
    errno.ENOSPC: FULL,
    errno.EROFS: "the disk of the database is read-only",
    errno.ENOENT: "the database file is gone",
    errno.EACCES: "the database file cannot be opened: look at its owner",
}
# Waiting helps here: another transaction or a pool that is used up.
BUSY_CODES = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "53300", "40001", "40P01")


def down(error: Exception) -> StorageDown:
    """A library's error as ours; its kind is logged."""
    log.error("storage: %s", kind(error))
    own = _own(error)
    if isinstance(own, PoolTimeout) or _code(own).startswith(BUSY_CODES):
        return StorageBusy(BUSY, cause=BUSY)
    return StorageDown(cause(error), cause=cause(error))


def is_lasting(error: Exception) -> bool:
    """Will the next write most likely fail as well? Not so where one body or a busy moment was the cause."""
    return not isinstance(error, DataError | IntegrityError | ProgrammingError | PoolTimeout) and not _code(
        _own(error)
    ).startswith(BUSY_CODES)


def cause(error: Exception) -> str:
    """What is wrong, in one clause that names no data."""
    own = _own(error)
    if isinstance(own, socket.gaierror):
        return "the host of database.url is not known"
    if isinstance(own, TimeoutError):
        return "the database does not answer in time"
    if isinstance(own, OSError) and own.errno is not None:
        return CAUSES.get(own.errno, AWAY)
    code = _code(own)
    return next((text for prefix, text in CAUSES.items() if code and code.startswith(str(prefix))), AWAY)


def kind(error: Exception) -> str:
    """What went wrong, without a word of what was to be written."""
    own = _own(error)
    why = own.strerror if isinstance(own, OSError) else None
    statement = error.statement if isinstance(error, StatementError) else None
    parts = [type(own).__name__, _code(own), why, statement and f"at {' '.join(statement.split()[:4])}"]
    return " ".join(part for part in parts if part)


def _own(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def _code(own: BaseException) -> str:
    """SQLite's name, such as SQLITE_IOERR_WRITE, or PostgreSQL's SQLSTATE; "" for neither."""
    for name in ("sqlite_errorname", "sqlstate", "pgcode"):
        if code := getattr(own, name, None):
            return str(code)
    return ""
