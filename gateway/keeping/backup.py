"""Backups in a folder: a pool of files by SHA-256 that all share, and a folder for each backup.

    FOLDER/pool/ab/cdef…          bytes of files; one that is there already is not copied again
    FOLDER/backups/20260302T013000.123456Z/
        database.sqlite.gz        one state of the whole database
        files.gz, manifest.json   which file belongs where
        secrets.sealed            keys, passwords, gateway.toml, sealed by a passphrase

A backup gets its name by one rename when all of it is on the disk: one that was broken off never counts, and
the earlier ones are never written to. What waits to be taken into the database is read before it, what it
names after it, so that nothing falls between.
"""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.errors import Problem, SetupError, StorageDown
from gateway.keeping import manifest, sealed, sources
from gateway.keeping.manifest import DATABASE, SECRETS, Entry, Manifest
from gateway.settings.durable_files import private_folder, sync_folder
from gateway.settings.schema import Config
from gateway.settings.secrets import key_once
from gateway.storage import snapshot
from gateway.storage.encrypted_files import FileCipher, is_encrypted
from gateway.storage.files import PIECE, Files

MAKING = ".making"
NAME = "%Y%m%dT%H%M%S.%fZ"  # two in one second keep their order


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """How a backup is to be made. `toml` is the settings' file; without a passphrase no secrets are taken."""

    config: Config
    toml: Path
    passphrase: str | None
    keep: int


class Backups:
    """The backups of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pool = Files(folder / "pool")

    def names(self) -> list[str]:
        """Whole backups, the oldest first."""
        return sorted(path.parent.name for path in self.folder.glob(f"backups/*/{manifest.MANIFEST}"))

    def place(self, name: str = "") -> Path:
        """The folder of a backup, the newest without a name. Raises SetupError."""
        names = self.names()
        if not names or (name and name not in names):
            what = f"没有备份 {name} / there is no backup {name}".strip()
            raise SetupError(Problem(str(self.folder), 0, what))
        return self.folder / "backups" / (name or names[-1])

    async def make(self, request: BackupRequest) -> tuple[str, Manifest]:
        """One more, while the gateway runs or not. Raises SetupError, StorageDown, OSError."""
        if self.folder.resolve().is_relative_to(request.config.var.resolve()):
            raise SetupError(f"{self.folder} 在数据目录内 / lies below var/: name a folder elsewhere")
        private_folder(self.folder)
        with self._alone():
            making = self.folder / MAKING
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(mode=0o700)
            contents = await self._fill(making, request)
            name = datetime.now(UTC).strftime(NAME)
            await asyncio.to_thread(self._settle, making, name)
            await asyncio.to_thread(self._drop_old, request.keep)
            return name, contents

    async def _fill(self, making: Path, request: BackupRequest) -> Manifest:
        config = request.config
        if request.passphrase is not None:
            secrets = await asyncio.to_thread(sources.sealed_files, config, request.toml)
            (making / SECRETS).write_bytes(sealed.seal(secrets, request.passphrase))
        taking = Taking(self.pool, self._known(), making / "one-file", cipher_of(config))
        await asyncio.to_thread(taking.take, sources.waiting_files(config))
        copy = making / "database"
        await snapshot.copy_out(config.database_url, copy)
        named, installation = await snapshot.told_by(copy)
        sha256 = await asyncio.to_thread(_pack, copy, making / DATABASE)
        await asyncio.to_thread(taking.take, sources.open_files(config))
        missing = await asyncio.to_thread(taking.bring, named, Files(config.var / "files"))
        contents = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            installation=installation,
            kind=config.database_url.partition(":")[0],
            files=len(taking.entries),
            bytes=sum(entry.size for entry in taking.entries.values()),
            fresh_bytes=taking.fresh_bytes,
            database_sha256=sha256,
            secrets=request.passphrase is not None,
            missing=tuple(missing),
            left_out=sources.left_out(config),
        )
        await asyncio.to_thread(manifest.write, making, contents, taking.entries.values())
        return contents

    def _known(self) -> dict[str, Entry]:
        """The files of the newest backup by place: what has not changed since is not read again."""
        names = self.names()
        return {entry.place: entry for entry in manifest.entries(self.place())} if names else {}

    def _settle(self, making: Path, name: str) -> None:
        for path in making.iterdir():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        sync_folder(making)
        home = self.folder / "backups" / name
        home.parent.mkdir(mode=0o700, exist_ok=True)
        making.replace(home)
        sync_folder(home.parent)
        sync_folder(self.folder)

    def _drop_old(self, keep: int) -> None:
        """All but the newest `keep`, and what in the pool none of these names and is older than a day."""
        for name in self.names()[:-keep]:
            shutil.rmtree(self.folder / "backups" / name)
        kept = {entry.sha256 for name in self.names() for entry in manifest.entries(self.place(name))}
        for path in self.pool.sweep(frozenset(kept)):
            path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SetupError(f"{self.folder}: 正在备份 / a backup is being made there") from None
            yield


@dataclass(slots=True)
class Taking:
    """Files on their way into the pool. `known` are those of the backup before, by place.

    Files go as they lie. With a `cipher`, what Asterisk wrote and nobody has encrypted yet is encrypted here.
    """

    pool: Files
    known: dict[str, Entry]
    scratch: Path
    cipher: FileCipher | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    fresh_bytes: int = 0

    def take(self, files: Iterable[tuple[str, Path]]) -> None:
        """Raises StorageDown. One that has gone meanwhile was taken over by the gateway, or is not named."""
        for place, path in files:
            try:
                self.entries[place] = self._entry(place, path)
            except FileNotFoundError:
                continue

    def bring(self, named: Iterable[str], files: Files) -> list[str]:
        """Attachments that the database names and that are not taken yet; those that are gone."""
        return list(self._brought(named, files))

    def _brought(self, named: Iterable[str], files: Files) -> Iterator[str]:
        for sha256 in named:
            place = f"var/files/{sha256[:2]}/{sha256[2:]}"
            if place in self.entries:
                continue
            waste = files.waste / sha256[:2] / sha256[2:]
            self.take([(place, files.path(sha256))])
            self.take([(place, waste)] if place not in self.entries else ())
            if place not in self.entries:
                yield sha256

    def _entry(self, place: str, path: Path) -> Entry:
        status = path.stat()
        before = self.known.get(place)
        sha256 = before.sha256 if before and _same(before, status) else ""
        if not sha256 and place.startswith("var/files/") and not is_encrypted(path):
            sha256 = "".join(path.parts[-2:])
        if not sha256 or not self.pool.path(sha256).exists():
            sha256 = self._put_encrypted(path) if self._still_clear(place, path) else self._put(path)
        return Entry(place, sha256, status.st_size, status.st_mtime_ns, status.st_mode & 0o777)

    def _still_clear(self, place: str, path: Path) -> bool:
        return (
            self.cipher is not None and place.startswith(sources.ENCRYPTED_LATER) and not is_encrypted(path)
        )

    def _put_encrypted(self, path: Path) -> str:
        assert self.cipher
        with path.open("rb") as source, self.scratch.open("wb") as target:
            self.cipher.copy(source, target, encrypt=True)
        try:
            return self._put(self.scratch)
        finally:
            self.scratch.unlink()

    def _put(self, path: Path) -> str:
        try:
            stored = self.pool.put(path)
        except StorageDown as error:
            raise error.__cause__ if isinstance(error.__cause__, FileNotFoundError) else error from None
        self.fresh_bytes += stored.size
        return stored.sha256


def cipher_of(config: Config) -> FileCipher | None:
    """What encrypts files of this installation; None while that is off. Raises SetupError."""
    if not (config.storage.encrypt_files and config.files_key.exists()):
        return None
    return FileCipher(key_once(config.files_key, "encrypted files are lost with it"), encrypts=True)


def _same(before: Entry, status: os.stat_result) -> bool:
    return (before.size, before.changed) == (status.st_size, status.st_mtime_ns)


def _pack(source: Path, target: Path) -> str:
    """Compress the copy and remove it; the SHA-256 of the result."""
    with source.open("rb") as read, gzip.open(target, "wb", compresslevel=3) as write:
        shutil.copyfileobj(read, write, PIECE)
    source.unlink()
    return digest(target)


def digest(file: Path) -> str:
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()
