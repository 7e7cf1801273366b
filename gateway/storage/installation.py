"""Ties one database to one var/: an id in both, and a fingerprint of each key in the database.

Files below var/ and rows of the database are worth nothing without each other, and what is sealed is lost
without its key. A wrong database address or a restore without var/secrets is therefore refused at the start,
before anything is written or deleted. `gateway installation` shows the tie and changes it on command.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, exists, insert, select

from gateway.errors import Problem, SetupError, StorageDown
from gateway.settings.durable_files import write_private
from gateway.settings.secrets import key_once
from gateway.storage.audit import sealed_with
from gateway.storage.database import Database, Transaction
from gateway.storage.files import HASHED
from gateway.storage.identities import Identities
from gateway.storage.tables import audit, identities, installation, items

ID = "id"
SHOW = "gateway installation show"


@dataclass(frozen=True, slots=True)
class Key:
    """One key under var/secrets (that of the files may lie elsewhere), and what cannot be read without it."""

    name: str
    file: str
    lost: str


KEYS = (
    Key("identities", "identities.key", "the identities of all reporters are lost with it"),
    Key("audit", "audit.key", "the audit log can then no longer be held together"),
    Key("partner", "partner.key", "links in slips sent so far end then"),
    Key("files", "files.key", "every encrypted attachment, mail, fax and recording is lost with it"),
    Key("mail-marks", "mail-marks", "answers to mails sent before it was deleted are then taken as new"),
)


@dataclass(frozen=True, slots=True)
class Tie:
    """What `var` and database say of each other. `keys` has "ok", "missing", "another" or "new" by name."""

    var_id: str
    database_id: str
    keys: dict[str, str]
    items: bool  # are there items in the database?
    files: bool  # are there attachments below var/files?


class Installation:
    """One var/ and one open database."""

    def __init__(self, database: Database, var: Path, files_key: Path | None = None) -> None:
        """`files_key`: where the key of encrypted files lies, when not under var/secrets."""
        self._database = database
        self._var = var
        self._files_key = files_key
        self._file = var / "installation"
        self._begun = var / "installation.new"  # an id that was made and may not be in the database yet

    async def keys(self) -> dict[str, bytes]:
        """Every key, after both sides were compared; a fresh pair is tied.

        Raises SetupError, StorageDown.
        """
        async with self._alone():
            fingerprints = await self._database.read(_recorded)
            tie = await self._tie(fingerprints)
            if wrong := list(self._wrong_id(tie, fingerprints)) or list(self._wrong_keys(tie)):
                raise SetupError(*wrong)
            await self._keep_id(tie.database_id or tie.var_id or self._begin())
            return await self._keep_keys()

    async def tie(self) -> Tie:
        """How both stand to each other now. Raises SetupError, StorageDown."""
        return await self._tie(await self._database.read(_recorded))

    async def adopt(self) -> str:
        """Let this var/ and this database belong together from now on; their id.

        Raises SetupError, StorageDown.
        """
        async with self._alone():
            tie = await self.tie()
            number = tie.database_id or tie.var_id or self._begin()
            self._file.unlink(missing_ok=True)
            await self._keep_id(number)
            return number

    async def accept_key(self, name: str) -> None:
        """Go on with the key that lies under var/secrets now, or with a new one.

        Raises SetupError, StorageDown.
        """
        async with self._alone():
            key = next(key_file for key_file in KEYS if key_file.name == name)
            kept = self._kept(key)
            await self._database.write(lambda t: _record(t, f"key:{name}", fingerprint(kept)))

    # ------------------------------------------------------------ looking

    async def _tie(self, fingerprints: dict[str, str]) -> Tie:
        filled = await self._database.read(lambda t: _any(t, items))
        states = {key.name: await self._state(key, fingerprints.get(f"key:{key.name}", "")) for key in KEYS}
        return Tie(_read(self._file), fingerprints.get(ID, ""), states, filled, self._has_files())

    async def _state(self, key: Key, recorded: str) -> str:
        file = self._path(key)
        if not file.exists():
            used = await self._database.read(lambda t: _needs(t, key.name))
            return "missing" if recorded or used else "new"
        kept = key_once(file, key.lost)
        if recorded:
            return "ok" if hmac.compare_digest(recorded, fingerprint(kept)) else "another"
        fits = await self._database.read(lambda t: _fits(t, key.name, kept))
        return {True: "ok", False: "another", None: "new"}[fits]

    def _wrong_id(self, tie: Tie, fingerprints: dict[str, str]) -> Iterator[Problem]:
        proven = tie.keys["identities"] == "ok" or (ID not in fingerprints and tie.keys["audit"] == "ok")
        proven = proven or (bool(tie.database_id) and tie.database_id == _read(self._begun))
        if tie.var_id and tie.database_id and tie.var_id != tie.database_id:
            yield self._problem(f"belongs to installation {tie.var_id}, the database to {tie.database_id}")
        elif tie.var_id and not tie.database_id and not proven:
            what = "a database without items" if not tie.items else "another database"
            yield self._problem(f"belongs to installation {tie.var_id}, but database.url names {what}")
        elif tie.database_id and not tie.var_id and not proven:
            yield self._problem(f"is not that of the database (installation {tie.database_id})")
        elif not tie.database_id and not tie.var_id and tie.files and not tie.items:
            yield self._problem("has attachments, but database.url names a database without items")

    def _problem(self, text: str) -> Problem:
        do = (
            "check database.url and GATEWAY_VAR; after a restore put back database, files/, secrets/ and"
            f" installation of one backup; `{SHOW}` compares both, `gateway installation adopt` ties them"
        )
        return Problem(str(self._var), 0, f"{text}. 数据库与数据目录不属于同一套系统。{do}")

    def _wrong_keys(self, tie: Tie) -> Iterator[Problem]:
        for key in KEYS:
            if (state := tie.keys[key.name]) in ("missing", "another"):
                what = (
                    "is missing"
                    if state == "missing"
                    else "is not the key that this database was written with"
                )
                yield Problem(
                    str(self._path(key)),
                    0,
                    f"{what}. 密钥缺失或不符，请从备份恢复 var/secrets。Restore it from the backup. If it is"
                    f" lost for good, {key.lost}: `gateway installation accept-key {key.name}` goes on then",
                )

    def _has_files(self) -> bool:
        return next((self._var / "files").glob(HASHED), None) is not None

    def _path(self, key: Key) -> Path:
        elsewhere = self._files_key if key.name == "files" else None
        return elsewhere or self._var / "secrets" / key.file

    # ------------------------------------------------------------ keeping

    def _begin(self) -> str:
        """A new id, or the one that a start made which ended before it was kept on both sides."""
        write_private(self._begun, secrets.token_hex(8), once=True)
        return _read(self._begun)

    async def _keep_id(self, number: str) -> None:
        """The database first; a start that ended in between is recognised by the begun id."""
        await self._database.write(lambda t: _record(t, ID, number))
        if _read(self._file) != number:
            write_private(self._file, number)
        self._begun.unlink(missing_ok=True)

    async def _keep_keys(self) -> dict[str, bytes]:
        kept = {key.name: self._kept(key) for key in KEYS}

        def recorded(t: Transaction) -> None:
            fingerprints = _recorded(t)
            for name, value in kept.items():
                if f"key:{name}" not in fingerprints:
                    _record(t, f"key:{name}", fingerprint(value))

        await self._database.write(recorded)
        return kept

    def _kept(self, key: Key) -> bytes:
        """A key, made where there is none. Folders outside var/ are not made: a disk may not be mounted."""
        path = self._path(key)
        if path == self._files_key and not path.parent.is_dir():
            why = "its folder is not there: 密钥所在的磁盘未挂载？/ is the disk with the key mounted?"
            raise SetupError(Problem(str(path), 0, why))
        return key_once(path, key.lost)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One start at a time looks at this var/ and ties it."""
        lock = self._var / "installation.lock"
        try:
            descriptor = await asyncio.to_thread(_locked, lock)
        except OSError as error:
            raise SetupError(Problem(str(lock), 0, f"cannot be used: {error.strerror}")) from error
        try:
            yield
        finally:
            os.close(descriptor)


def fingerprint(key: bytes) -> str:
    """Tells keys apart and nothing of them (32 hex digits)."""
    return hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:32]


def _read(file: Path) -> str:
    """An id as it is kept; "" when there is none. Raises SetupError."""
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise SetupError(Problem(str(file), 0, f"cannot be read: {error}")) from error


def _locked(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _recorded(t: Transaction) -> dict[str, str]:
    return {row.name: row.value for row in t.execute(select(installation))}


def _record(t: Transaction, name: str, value: str) -> None:
    t.execute(delete(installation).where(installation.c.name == name))
    t.execute(insert(installation), {"name": name, "value": value})


def _any(t: Transaction, table: object) -> bool:
    return bool(t.execute(select(exists(select(1).select_from(table)))).scalar())  # type: ignore[arg-type]


def _needs(t: Transaction, name: str) -> bool:
    """Is there anything that only this key reads, of an older gateway that recorded no fingerprint?"""
    table = {"identities": identities, "audit": audit}.get(name)
    return table is not None and _any(t, table)


def _fits(t: Transaction, name: str, key: bytes) -> bool | None:
    """Does the key read what is there? None when nothing is there that could tell."""
    if name == "audit":
        return sealed_with(t, key)
    sealed = t.execute(select(identities).limit(1)).mappings().first() if name == "identities" else None
    if sealed is None:
        return None
    try:
        Identities(key).open(sealed["number"], bytes(sealed["sealed"]))
    except StorageDown:
        return False
    return True
