"""Forms with files: the body goes to the disk as it comes, within limits, and memory stays flat.

What is refused is told, but the rest of the form is read all the same, so that a page can show it again.
Files lie under names of ours below `folder` for as long as the request lasts, and no longer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from aiohttp import web

from gateway.core.item.contact import Evidence
from gateway.errors import FieldFault, GatewayError, StorageDown, TooLarge, TooMany, WrongType
from gateway.intake.file_types import FileType, type_of
from gateway.intake.virus_scan import ROLES, Clamd
from gateway.settings.schema import UploadSettings
from gateway.web.http.held_files import Held, HeldFiles
from gateway.web.http.multipart import Began, Data, Ended, Event, MultipartReader

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

MULTIPART = "multipart/form-data"
EVIDENCE = "evidence"
"""The field that files come in."""
TEXTS = 1 << 20  # bytes of all fields that are no files
SILENCE = 30.0  # seconds without a byte, and before the slowest rate counts
EXTRA = 4  # times `at_once`: places in all, for addresses that have no upload yet
WRITTEN = 1 << 18  # bytes that are gathered for one write
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that came along: where its bytes lie, its name to show, and what it is."""

    path: Path
    name: str
    size: int
    type: FileType
    role: str = "evidence"

    @property
    def evidence(self) -> Evidence:
        return Evidence(str(self.path), self.name, self.type.media_type, self.role)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came: `fields` in their order, `files` that are fit to be taken.

    `refusal` tells which files cannot be taken, `faults` what is wrong with single fields.
    """

    fields: tuple[tuple[str, str], ...]
    files: tuple[Upload, ...] = ()
    refusal: GatewayError | None = None
    faults: tuple[FieldFault, ...] = ()


class Uploads:
    """Takes forms in. One per web side; `folder` is its own."""

    def __init__(self, folder: Path, limits: UploadSettings) -> None:
        self._folder = folder
        self.limits = limits
        self._clamd = Clamd(limits.clamd) if limits.clamd else None
        self._here: Counter[str] = Counter()
        self._held = HeldFiles(folder, limits.at_once * limits.file_mb * MB)

    @property
    def largest(self) -> int:
        """Bytes of a whole body."""
        return self.limits.files * self.limits.file_mb * MB + 2 * TEXTS

    def sweep(self) -> None:
        """Remove what a crash left. Blocking; at the start, before anything is taken."""
        for left in self._folder.glob("*"):
            log.info("an upload that was never finished is removed: %s", left.name)
            shutil.rmtree(left, ignore_errors=True)

    @asynccontextmanager
    async def receive(self, request: web.Request, address: str) -> AsyncIterator[Sent]:
        """The form of a request; its files are gone when this ends.

        Raises Refused when it is no form, TooLarge when it is beyond all limits, TooMany, StorageDown
        when a file cannot be read back, and aiohttp's 408 for a sender that is too slow.
        """
        if (request.content_length or 0) > self.largest:
            raise TooLarge(f"最大 {self.largest // MB} MB / at most {self.largest // MB} MB")
        with self._own_folder() as own:
            form = _Form(own, self.limits)
            with ExitStack() as place:
                await self._read(request, form, lambda: place.enter_context(self.place(address)))
            yield await self._looked_at(form)

    async def hold(self, files: tuple[Upload, ...], key: str) -> bool:
        """Keep a form's files until it comes again; False when there is no room. Raises StorageDown."""
        return await on_disk(self._held.put, [_as_held(file) for file in files], key)

    async def held(self, key: str) -> tuple[Upload, ...]:
        """What was held under this key; nothing when its time is over. Raises StorageDown."""
        return tuple(map(_as_upload, await on_disk(self._held.get, key)))

    async def hold_more(self, file: Upload, key: str) -> int | None:
        """Hold one more file for a form; its place there, None when it has too many. Raises StorageDown."""
        return await on_disk(self._held.add, _as_held(file), key, 2 * self.limits.files)

    def held_at(self, key: str) -> Path:
        """The folder of what is held for a form."""
        return self._held.home(key)

    def has_room(self, size: int) -> bool:
        """Is there room to hold so many bytes? Blocking. Raises OSError."""
        return self._held.room() >= size

    async def let_go(self, key: str) -> None:
        """The form was taken: what was held for it is not needed any more."""
        await on_disk(self._held.drop, key)

    async def _read(self, request: web.Request, form: _Form, take_place: Callable[[], object]) -> None:
        """The whole body into the form. A place is taken with the first file: texts need none."""
        reader = MultipartReader(request.headers.get("Content-Type", ""))
        placed = False
        async for piece in self._pieces(request):
            for event in reader.feed(piece):
                form.take(event)
            if form.files and not placed:
                placed = True
                take_place()
            if form.waiting >= WRITTEN:
                await self._written(form)
        reader.close()
        await self._written(form)

    async def _written(self, form: _Form) -> None:
        """What waits goes to the disk; when that fails, the rest of the form is read all the same."""
        try:
            await on_disk(form.write)
        except StorageDown as error:
            form.refuse(error)

    async def _pieces(self, request: web.Request) -> AsyncIterator[bytes]:
        """The body as it comes. Raises aiohttp's 408, TooLarge."""
        loop = asyncio.get_running_loop()
        began, received = loop.time(), 0
        while True:
            slowest = began + SILENCE + received / (self.limits.slowest_kb * 1024)
            try:
                async with asyncio.timeout_at(min(slowest, loop.time() + SILENCE)):
                    piece = await request.content.readany()
            except TimeoutError as error:
                raise web.HTTPRequestTimeout from error
            if not piece:
                return
            received += len(piece)
            if received > self.largest:
                raise TooLarge(f"最大 {self.largest // MB} MB / at most {self.largest // MB} MB")
            yield piece

    async def _looked_at(self, form: _Form) -> Sent:
        """What the files are, and whether clamd knows them."""
        files, bad = [], list(form.bad)
        for file in form.files if form.refusal is None else ():
            try:
                files.append(await self.looked_at(file.path, file.name, file.size))
            except WrongType as error:
                bad.append(error)
        refusal = form.refusal or (_as_one(bad) if bad else None)
        return Sent(tuple(form.fields), tuple(files), refusal, tuple(form.faults))

    async def looked_at(self, path: Path, name: str, size: int) -> Upload:
        """What one file is, and whether clamd knows it. Raises WrongType, StorageDown."""
        kind = await on_disk(type_of, path)
        if kind is None or kind.ending not in self.limits.types:
            raise WrongType(_not_taken(name, self.limits.types))
        role = ROLES[await self._clamd.scan(path)] if self._clamd else "evidence"
        return Upload(path, name or f"file.{kind.ending}", size, kind, role)

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """One of the places for uploads at the same time. Raises TooMany.

        When they are taken, an address without an upload still gets one of as many again as EXTRA says:
        a few slow senders cannot keep everybody else out.
        """
        running, own = self._here.total(), self._here[address]
        most = self.limits.at_once * (1 if own else EXTRA)
        if running >= most or own >= self.limits.at_once_per_address:
            raise TooMany("上传过多 / too many uploads at the same time")
        self._here[address] += 1
        try:
            yield
        finally:
            self._here[address] -= 1
            self._here += Counter()  # addresses without an upload are forgotten

    @contextmanager
    def _own_folder(self) -> Iterator[Path]:
        """A folder for one request; made when the first file comes, gone at the end whatever happens."""
        own = self._folder / secrets.token_hex(8)
        try:
            yield own
        finally:
            if own.exists():
                shutil.rmtree(own, ignore_errors=True)


@dataclass(slots=True)
class _File:
    """A file on its way in."""

    path: Path
    name: str
    size: int = 0


@dataclass(slots=True)
class _Form:
    """What has come of one form. `take` keeps bytes in memory until `write` brings them to the disk."""

    folder: Path
    limits: UploadSettings
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)
    bad: list[GatewayError] = field(default_factory=list)
    refusal: GatewayError | None = None
    waiting: int = 0
    _left_out: bool = False
    _part: Began = field(default_factory=lambda: Began("", None))
    _file: _File | None = None
    _text: bytearray = field(default_factory=bytearray)
    _texts: int = 0
    _unwritten: list[tuple[_File, bytes]] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Raises TooLarge when the texts are too long together."""
        match event:
            case Began():
                self._begin(event)
            case Data(piece) if self._part.file is None:
                self._texts += len(piece)
                if self._texts > TEXTS:
                    raise TooLarge(f"文字最大 {TEXTS} 字节 / at most {TEXTS} bytes of text")
                self._text += piece
            case Data(piece):
                self._add(piece)
            case Ended():
                self._end()

    def _begin(self, part: Began) -> None:
        self._part, self._file, self._left_out = part, None, False
        self._text.clear()

    def _add(self, piece: bytes) -> None:
        """Bytes of a file. What is refused is thrown away as it comes, and refuses no other file."""
        if self.refusal or self._left_out or self._part.name != EVIDENCE:
            return
        if self._file is None:
            if len(self.files) >= self.limits.files:
                self._leave_out(*_too_many(self._part.file or "", self.limits.files))
                return
            self._file = _File(self.folder / secrets.token_hex(8), self._part.file or "")
            self.files.append(self._file)
        self._file.size += len(piece)
        most = self.limits.file_mb
        if self._file.size > most * MB:
            name = self._file.name
            self.files.remove(self._file)
            self._unwritten = [waits for waits in self._unwritten if waits[0] is not self._file]
            self._leave_out(f"{name} 过大，单个文件最大 {most} MB", f"{name} is over {most} MB")
            return
        self._unwritten.append((self._file, piece))
        self.waiting += len(piece)

    def _leave_out(self, zh: str, en: str) -> None:
        """This file is not taken."""
        self._left_out = True
        self.bad.append(TooLarge(f"{zh} / {en}"))

    def refuse(self, why: GatewayError) -> None:
        self.refusal = why
        self._unwritten.clear()
        self.waiting = 0

    def _end(self) -> None:
        part = self._part
        if part.file is None:
            self._end_text()
        elif part.name != EVIDENCE:
            self.faults.append(
                FieldFault(part.name[:80], f"文件应放在 {EVIDENCE} 中", f"files come in the field {EVIDENCE}")
            )
        elif self._file is None and part.file and not self.refusal and not self._left_out:
            self.faults.append(
                FieldFault(EVIDENCE, f"文件为空：{part.file}", f"the file {part.file} is empty")
            )

    def _end_text(self) -> None:
        name = self._part.name
        if name == EVIDENCE:
            if self._text:
                self.faults.append(FieldFault(EVIDENCE, "应为文件", "must be a file"))
            return
        try:
            self.fields.append((name, self._text.decode("utf-8")))
        except UnicodeDecodeError:
            self.faults.append(FieldFault(name[:80], "不是 UTF-8", "is not UTF-8"))

    def write(self) -> None:
        """Bring what waits to the disk. Blocking. Raises OSError."""
        unwritten, self._unwritten, self.waiting = self._unwritten, [], 0
        if unwritten:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file, piece in unwritten:
            with file.path.open("ab") as out:
                out.write(piece)


def _too_many(name: str, most: int) -> tuple[str, str]:
    return f"最多 {most} 个文件，{name} 未收", f"at most {most} files: {name} is left out"


def _as_one(bad: list[GatewayError]) -> GatewayError:
    """All that is wrong with the files, with the status of the first."""
    zh = "；".join(dict.fromkeys(fault.detail.partition(" / ")[0] for fault in bad))
    en = "; ".join(dict.fromkeys(fault.detail.rpartition(" / ")[2] for fault in bad))
    return type(bad[0])(f"{zh} / {en}")


def _as_held(upload: Upload) -> Held:
    return Held(
        upload.path, upload.name, upload.size, upload.type.ending, upload.type.media_type, upload.role
    )


def _as_upload(held: Held) -> Upload:
    return Upload(held.path, held.name, held.size, FileType(held.ending, held.media_type), held.role)


def _not_taken(name: str, types: tuple[str, ...]) -> str:
    zh, en = "、".join(types), ", ".join(types)
    return f"{name} 的类型不接受，只接受 {zh} / {name} is of a type that is not taken; these are: {en}"


async def on_disk(work: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
    """Blocking work in a thread. Raises StorageDown when the disk fails."""
    try:
        return await asyncio.to_thread(work, *args, **options)
    except OSError as error:
        raise StorageDown(f"uploads cannot be kept: {error.strerror}") from error
