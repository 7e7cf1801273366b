"""Restores a backup, or tests one: restored into a scratch folder and compared with its manifest.

Restoring is refused where an installation exists. Until all is in place `var/restoring` lies there:
the gateway does not start while it does, and restoring may be begun again.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Problem, SetupError, StorageDown
from gateway.keeping import manifest, sealed, sources
from gateway.keeping.backup import Backups, digest
from gateway.keeping.manifest import DATABASE, SECRETS, Entry
from gateway.settings.durable_files import private_folder, write_private
from gateway.settings.schema import Config
from gateway.storage import Storage, snapshot
from gateway.storage.files import HASHED, PIECE, Files

RESTORING = "restoring"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes: the folder of gateway.toml, var/, and the database."""

    root: Path
    var: Path
    url: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, in files. `differing` are files of house/ that were there and are left alone."""

    name: str
    files: int
    differing: tuple[Path, ...] = ()


def secrets_of(backups: Backups, name: str, passphrase: str) -> dict[str, bytes]:
    """Content by place of what is sealed. Raises SetupError."""
    file = backups.place(name) / SECRETS
    if not file.is_file():
        raise SetupError(Problem(str(file), 0, "此备份不含密钥 / this backup was made without secrets"))
    return sealed.unseal(file.read_bytes(), passphrase)


async def restore(backups: Backups, name: str, target: Target, secrets: Mapping[str, bytes]) -> Restored:
    """Put all of one backup in place. Raises SetupError, StorageDown, OSError."""
    home = backups.place(name)
    manifest.read(home)
    await refuse_living(target)
    private_folder(target.var)
    write_private(target.var / RESTORING, f"{home}\n")
    # Files before the database: one that names files which are not there yet would count them as lost.
    putting = Putting(backups, target, shutil.copyfile)
    await asyncio.to_thread(putting.files, home)
    await asyncio.to_thread(putting.secrets, secrets)
    await _database(home, target)
    (target.var / RESTORING).unlink()
    return Restored(home.name, putting.count, tuple(putting.differing))


async def refuse_living(target: Target) -> None:
    """Raises SetupError when var/ or the database have anything, but for a restore that was broken off."""
    if not (target.var / RESTORING).exists():
        for name in ("installation", "gateway.db", "files", "recordings"):
            if (target.var / name).exists():
                what = "已有数据，不会覆盖 / is there already, and is not written over: move it away first"
                raise SetupError(Problem(str(target.var / name), 0, what))
    if await snapshot.occupied(target.url):
        raise SetupError("数据库里已有数据 / database.url names a database that is not empty: make a new one")


async def check(
    backups: Backups, name: str, secrets: Mapping[str, bytes], config: Config | None = None
) -> list[str]:
    """Restore into a scratch folder beside the backups; what is wrong, a line each. Raises as `restore`.

    `config` tells where the key of encrypted files lies, which may be in no backup.
    """
    scratch = backups.folder / ".check"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        var = scratch / "var"
        target = Target(scratch / "house", var, f"sqlite:///{var / 'gateway.db'}")
        home = backups.place(name)
        wrong = await asyncio.to_thread(lambda: list(_damaged(backups, home)))
        if wrong:
            return wrong
        private_folder(var)
        putting = Putting(backups, target, _link)
        await asyncio.to_thread(putting.files, home)
        await asyncio.to_thread(putting.secrets, secrets)
        await _database(home, target)
        files_key = _key_of(target, config) if config else None
        return await _opened(target, manifest.read(home).missing, bool(secrets), files_key)
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


class Putting:
    """Files on their way back. `copy` puts one file under another name."""

    def __init__(self, backups: Backups, target: Target, copy: Callable[[Path, Path], object]) -> None:
        self._pool = backups.pool
        self._target = target
        self._copy = copy
        self.count = 0
        self.differing: list[Path] = []

    def files(self, home: Path) -> None:
        """Raises SetupError for a file that the pool lacks, OSError."""
        for entry in manifest.entries(home):
            path = self._home(entry.place)
            if self._stays(path, entry.place, lambda there: digest(there) == entry.sha256):  # noqa: B023
                continue
            self._put(entry, path)

    def secrets(self, secrets: Mapping[str, bytes]) -> None:
        for place, content in secrets.items():
            path = self._home(place)
            if self._stays(path, place, lambda there: there.read_bytes() == content):  # noqa: B023
                continue
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
            path.chmod(0o600)
            self.count += 1

    def _home(self, place: str) -> Path:
        try:
            return sources.home(place, self._target.root, self._target.var)
        except (KeyError, ValueError):
            raise SetupError(f"the backup names a file outside its folders: {place}") from None

    def _stays(self, path: Path, place: str, same: Callable[[Path], bool]) -> bool:
        """Files of house/ that are there already are somebody's work: they are never written over."""
        if not place.startswith("house/") or not path.exists():
            return False
        if not same(path):
            self.differing.append(path)
        return True

    def _put(self, entry: Entry, path: Path) -> None:
        source = self._pool.path(entry.sha256)
        if not source.exists():
            raise SetupError(Problem(str(source), 0, f"缺少文件 / is missing: {entry.place}"))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)  # of a restore that was broken off; a link must not be written through
        self._copy(source, path)
        if self._copy is shutil.copyfile:
            path.chmod(entry.mode)
            os.utime(path, ns=(entry.changed, entry.changed))
        self.count += 1


async def _database(home: Path, target: Target) -> None:
    file = target.var / ".database.restoring"
    try:
        await asyncio.to_thread(_unpack, home / DATABASE, file)
        await snapshot.put_back(file, target.url)
    finally:
        for left in target.var.glob(f"{file.name}*"):
            left.unlink()


def _unpack(packed: Path, file: Path) -> None:
    try:
        with gzip.open(packed, "rb") as read, file.open("wb") as write:
            shutil.copyfileobj(read, write, PIECE)
    except (EOFError, gzip.BadGzipFile) as error:
        raise SetupError(Problem(str(packed), 0, f"已损坏 / is damaged: {error}")) from error


def _link(source: Path, path: Path) -> None:
    """A second name costs no room; a disk without such gets a copy."""
    try:
        path.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, path)


def _damaged(backups: Backups, home: Path) -> Iterator[str]:
    """Files of which not every byte is as it was, each looked at once."""
    kept = manifest.read(home)
    if digest(home / DATABASE) != kept.database_sha256:
        yield f"{DATABASE}: 已损坏 / is damaged"
    seen: set[str] = set()
    for entry in manifest.entries(home):
        if entry.sha256 in seen:
            continue
        seen.add(entry.sha256)
        path = backups.pool.path(entry.sha256)
        if not path.exists():
            yield f"{entry.place}: 缺少 / is missing"
        elif digest(path) != entry.sha256:
            yield f"{entry.place}: 已损坏 / is damaged"


async def _opened(
    target: Target, missing: tuple[str, ...], with_secrets: bool, files_key: Path | None
) -> list[str]:
    """What is wrong with a restored copy, opened as the gateway opens its own."""
    file = target.var / "gateway.db"
    if wrong := await asyncio.to_thread(snapshot.look_through, file):
        return [f"database: {wrong}"]
    if not with_secrets:
        named, _ = await snapshot.told_by(file)
        return list(_lost(target, named, missing))
    try:
        storage = await Storage.open(target.url, target.var, files_key)
    except (SetupError, StorageDown) as error:
        return [str(error)]
    try:
        verdict = await storage.audit.verify()
        broken = [f"audit row {verdict.broken}: {verdict.why}"] if verdict.broken else []
        named = await storage.items.files()
        unread = await asyncio.to_thread(lambda: list(_unread(target.var, storage.files)))
        return [*broken, *_lost(target, named, missing), *unread]
    finally:
        await storage.close()


def _key_of(target: Target, config: Config) -> Path:
    """The key of encrypted files as this backup has it, else where the settings say."""
    key = config.files_key
    for now, restored in ((config.var, target.var), (config.root, target.root)):
        if key.is_relative_to(now):
            return restored / key.relative_to(now)
    return key


def _unread(var: Path, files: Files) -> Iterator[str]:
    """Encrypted files that the key of this backup does not open."""
    for path in (*var.glob(f"files/{HASHED}"), *var.glob("recordings/*/*")):
        try:
            files.open(path).close()
        except OSError as error:
            yield f"{path.relative_to(var)}: {error.strerror}"


def _lost(target: Target, named: frozenset[str], missing: tuple[str, ...]) -> Iterator[str]:
    """Attachments without a file; those that were missing already when the backup was made are told by it."""
    for sha256 in sorted(named - frozenset(missing)):
        if not (target.var / "files" / sha256[:2] / sha256[2:]).exists():
            yield f"var/files/{sha256[:2]}/{sha256[2:]}: 缺少 / is missing"
