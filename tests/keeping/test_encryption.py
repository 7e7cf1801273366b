"""Recordings are encrypted when their call is over; all files are converted there and back, killed or not."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import time
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.contact import Evidence
from gateway.errors import StorageDown
from gateway.keeping import encryption
from gateway.keeping.encryption import Looked, RecordingEncryption, convert_all, look
from gateway.pbx.sound_length import CLOSED
from gateway.storage import Storage
from gateway.storage.encrypted_files import FileCipher, is_encrypted
from gateway.storage.files import YOUNG, Files
from tests import forked
from tests.killed import killed
from tests.storage.databases import ROOT, Clock, contact, intake_on

NOW = datetime.now(UTC)
CALL = CallRecord(
    *("1772415000.1", "in", "13835700000", "12315", 1, NOW),
    ended_at=NOW + timedelta(minutes=1),
    outcome=CallOutcome.TALKED,
)
SEED = 12315
KILLS = 12


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, encrypt_files=True)
    yield opened
    await opened.close()


def talk(folder: Path, name: str, *, day: str = "20260302", seconds: int = 3) -> Path:
    """A recording as Asterisk leaves it."""
    path = folder / "recordings" / day / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(random.Random(name).randbytes(16000 * seconds))
    return path


def recordings_of(storage: Storage, folder: Path) -> RecordingEncryption:
    return RecordingEncryption(storage.files, storage.calls, folder / "recordings")


async def test_a_recording_is_encrypted_once_its_call_is_kept_and_the_file_closed(
    storage: Storage, tmp_path: Path
) -> None:
    recordings = recordings_of(storage, tmp_path)
    path = talk(tmp_path, CALL.id)
    before = path.read_bytes()
    await recordings.round()
    assert path.read_bytes() == before  # no record of it: the call goes on
    await storage.calls.keep([replace(CALL, ended_at=None)])
    await recordings.round()
    assert path.read_bytes() == before
    await storage.calls.keep([CALL])
    path.write_bytes(before[:4] + bytes(4) + before[8:])  # its header is written when it is closed
    await recordings.round()
    assert not is_encrypted(path)
    path.write_bytes(before)
    await recordings.round()
    assert is_encrypted(path) and not recordings.failed
    with storage.files.open(path) as source:
        assert source.read() == before


async def test_what_asterisk_never_closed_is_encrypted_when_it_is_old(
    storage: Storage, tmp_path: Path
) -> None:
    """Asterisk was killed: a header without sizes; or the call was never kept."""
    recordings = recordings_of(storage, tmp_path)
    unclosed, unknown = talk(tmp_path, CALL.id), talk(tmp_path, "1772415009.9")
    unclosed.write_bytes(b"RIFF" + bytes(4) + unclosed.read_bytes()[8:])
    await storage.calls.keep([CALL])
    for path, age in ((unclosed, CLOSED), (unknown, YOUNG)):
        os.utime(path, (time.time() - age + 60,) * 2)
        await recordings.round()
        assert not is_encrypted(path)
        os.utime(path, (time.time() - age - 60,) * 2)
        await recordings.round()
        assert is_encrypted(path)


async def test_a_recording_that_cannot_be_read_is_told_and_the_others_go_on(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = recordings_of(storage, tmp_path)
    bad, good = talk(tmp_path, CALL.id), talk(tmp_path, "1772415000.2")
    await storage.calls.keep([CALL, replace(CALL, id="1772415000.2")])
    convert = Files.convert

    def refused(files: Files, path: Path, *, encrypt: bool) -> bool:
        if path == bad:
            raise PermissionError(13, "Permission denied", str(path))
        return convert(files, path, encrypt=encrypt)

    with monkeypatch.context() as patch:
        patch.setattr(Files, "convert", refused)
        await recordings.round()
    assert list(recordings.failed) == [bad] and is_encrypted(good)
    await recordings.round()
    assert not recordings.failed and is_encrypted(bad)


async def filled(storage: Storage, folder: Path) -> dict[Path, bytes]:
    """Attachments, recordings and something in the waste, all clear, with their bytes."""
    chance, clear = random.Random(SEED), Files(storage.files.folder)
    paths = [talk(folder, f"1772415000.{number}", seconds=number) for number in range(1, 6)]
    await storage.calls.keep([replace(CALL, id=path.stem) for path in paths])
    for _ in range(20):
        source = folder / "source"
        source.write_bytes(chance.randbytes(chance.randrange(300_000)))
        paths.append(clear.path(clear.put(source).sha256))
    gone = folder / "waste" / "recordings" / "recordings_20260101_1.wav"
    gone.parent.mkdir(parents=True)
    shutil.copyfile(paths[0], gone)
    return {path: path.read_bytes() for path in (*paths, gone)}


def read(files: Files, path: Path) -> bytes:
    with files.open(path) as source:
        return source.read()


async def test_all_is_converted_there_and_back(storage: Storage, tmp_path: Path) -> None:
    before = await filled(storage, tmp_path)
    recordings = recordings_of(storage, tmp_path)
    live = talk(tmp_path, "1772415999.1")
    done = await convert_all(recordings, lambda progress: None, encrypt=True)
    assert (done.total, done.converted, done.failed) == (len(before) + 1, len(before), [])
    assert all(map(is_encrypted, before)) and not is_encrypted(live)
    assert {path: read(storage.files, path) for path in before} == before
    assert (await convert_all(recordings, lambda progress: None, encrypt=True)).converted == 0
    for path in before:
        os.utime(path, (1, 1))
    assert look(storage.files, tmp_path / "recordings", 60) == Looked(0, len(before))
    assert not look(storage.files, tmp_path / "recordings", -1).whole
    back = await convert_all(recordings, lambda progress: None, encrypt=False)
    assert back.converted == len(before)
    assert {path: path.read_bytes() for path in before} == before


async def test_a_damaged_file_is_told_and_the_others_go_on(storage: Storage, tmp_path: Path) -> None:
    before = await filled(storage, tmp_path)
    recordings = recordings_of(storage, tmp_path)
    await convert_all(recordings, lambda progress: None, encrypt=True)
    bad = next(iter(before))
    content = bad.read_bytes()
    bad.write_bytes(content[:-1])
    done = await convert_all(recordings, lambda progress: None, encrypt=False)
    assert len(done.failed) == 1 and str(bad) in done.failed[0] and "damaged" in done.failed[0]
    assert bad.read_bytes() == content[:-1] and done.converted == len(before) - 1


def convert_for_ever(var: Path, told: Connection) -> None:
    """Encrypt all and decrypt all, until somebody ends it."""
    files = Files(var / "files", FileCipher(b"k" * 32, encrypts=True))
    told.send("up")
    while True:
        for encrypt in (True, False):
            for path in encryption.every_file(files, var / "recordings"):
                files.convert(path, encrypt=encrypt)


async def test_killed_while_converting_each_file_is_whole_and_there_once(
    storage: Storage, tmp_path: Path
) -> None:
    before, chance = await filled(storage, tmp_path), random.Random(SEED)
    files = storage.files
    files.cipher = FileCipher(b"k" * 32, encrypts=True)
    kinds = set()
    for _ in range(KILLS):
        assert killed(convert_for_ever, chance.uniform(0, 0.3), tmp_path)
        there = set(encryption.every_file(files, tmp_path / "recordings"))
        assert there == set(before)
        assert {path: read(files, path) for path in before} == before
        kinds |= {is_encrypted(path) for path in before}
    assert kinds == {True, False}
    done = await convert_all(recordings_of(storage, tmp_path), lambda progress: None, encrypt=True)
    assert not done.failed and all(map(is_encrypted, before))
    halves = [*tmp_path.glob("*/incoming/*")]
    for half in halves:
        os.utime(half, (1, 1))
    recordings = asyncio.create_task(recordings_of(storage, tmp_path).keep_on())
    files.clean(frozenset(path.parent.name + path.name for path in before))
    async with asyncio.timeout(10):
        while any((tmp_path / "recordings" / "incoming").iterdir()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    recordings.cancel()
    assert not any((tmp_path / "files" / "incoming").iterdir())


def put_for_ever(var: Path, round_: int, told: Connection) -> None:
    """Keep one new attachment after another, and tell each hash that is kept."""
    files, source = Files(var / "files", FileCipher(b"k" * 32, encrypts=True)), var / f"source{round_}"
    told.send("up")
    number = 0
    while True:
        number += 1
        source.write_bytes(b"%d:%d " % (round_, number) * 20_000)
        told.send(files.put(source).sha256)


def test_killed_while_keeping_what_was_kept_is_whole_and_encrypted(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    told = [killed(put_for_ever, chance.uniform(0, 0.2), tmp_path, n)[1:] for n in range(KILLS)]
    kept = [sha256 for round_ in told for sha256 in round_]
    assert len(kept) > KILLS
    files, again = Files(tmp_path / "files", FileCipher(b"k" * 32, encrypts=True)), tmp_path / "again"
    named = {path.parent.name + path.name for path in (tmp_path / "files").glob("[0-9a-f][0-9a-f]/*")}
    assert named >= set(kept)
    for sha256 in named:
        assert is_encrypted(files.path(sha256))
        again.write_bytes(read(files, files.path(sha256)))
        assert Files(tmp_path / "other").put(again).sha256 == sha256


@pytest.fixture
def small_recordings(tmp_path: Path) -> Iterator[Path]:
    """Recordings on a disk of 1 MB."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_no_room_ends_it_and_loses_nothing(
    storage: Storage, tmp_path: Path, small_recordings: Path
) -> None:
    path = talk(tmp_path, CALL.id, seconds=40)
    content = path.read_bytes()
    await storage.calls.keep([CALL])
    recordings = recordings_of(storage, tmp_path)
    with pytest.raises(StorageDown, match="space"):
        await convert_all(recordings, lambda progress: None, encrypt=True)
    await recordings.round()
    assert list(recordings.failed) == [path] and path.read_bytes() == content
    assert list((small_recordings / "incoming").iterdir()) == []


def gateway(var: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    environment = {**os.environ, "GATEWAY_VAR": str(var), **more}
    done = forked.run(arguments, environment, ROOT)
    return done.returncode, done.stdout, done.stderr


async def test_by_command(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    storage = await Storage.open(url, tmp_path)
    before = await filled(storage, tmp_path)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"picture")
    await intake_on(storage, Clock()).submit(
        contact("one", evidence=(Evidence(str(picture), "a", "image/png"),))
    )
    await storage.close()
    for path in before:
        os.utime(path, (1, 1))
    on = {"GATEWAY_STORAGE_ENCRYPT_FILES": "true"}
    code, _, said = await asyncio.to_thread(gateway, tmp_path, "files", "encrypt")
    assert code == 2 and "storage.encrypt_files = true" in said
    code, said, _ = await asyncio.to_thread(gateway, tmp_path, "files", "encrypt", **on)
    assert code == 0 and f"{len(before) + 1}" in said and all(map(is_encrypted, before))
    code, said, _ = await asyncio.to_thread(gateway, tmp_path, "files", "status", **on)
    assert code == 0 and f"encrypted {len(before) + 1}" in said and "clear 0" in said
    code, _, said = await asyncio.to_thread(gateway, tmp_path, "files", "decrypt", **on)
    assert code == 2 and "storage.encrypt_files = false" in said
    code, said, _ = await asyncio.to_thread(gateway, tmp_path, "files", "decrypt")
    assert code == 0 and {path: path.read_bytes() for path in before} == before
    storage = await Storage.open(url, tmp_path)
    noted = [row.what for row in await storage.audit.page() if row.what.startswith("files.")]
    await storage.close()
    assert noted == ["files.decrypted", "files.encrypted"]
