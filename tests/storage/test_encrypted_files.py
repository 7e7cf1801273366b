"""Encrypted files give back what was written, at any place, and nothing when any of it is changed."""

from __future__ import annotations

import asyncio
import errno
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.storage.encrypted_files import HEAD, MAGIC, PIECE, TAG, FileCipher, is_encrypted
from gateway.storage.files import Files

KEY, OTHER = b"k" * 32, b"o" * 32
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17, (1 << 20) + 5)
CHANCE = random.Random(12315)


def encrypted(path: Path, content: bytes, key: bytes = KEY) -> Path:
    with path.open("wb") as target:
        FileCipher(key, encrypts=True).copy(io.BytesIO(content), target, encrypt=True)
    return path


@pytest.fixture
def cipher() -> FileCipher:
    return FileCipher(KEY, encrypts=True)


@pytest.fixture
def files(tmp_path: Path, cipher: FileCipher) -> Files:
    return Files(tmp_path / "files", cipher)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read_at_any_place(tmp_path: Path, cipher: FileCipher, size: int) -> None:
    content = CHANCE.randbytes(size)
    path = encrypted(tmp_path / "one", content)
    assert is_encrypted(path) and cipher.size(path) == size
    assert content[:32] not in path.read_bytes() or size < 4
    with cipher.open(path) as source:
        assert source.read() == content
        assert source.seek(0, 2) == size and source.read() == b""
        for _ in range(40):
            start, length = CHANCE.randrange(size + 2), CHANCE.randrange(2 * PIECE)
            source.seek(start)
            assert source.read(length) == content[start : start + length]


def test_the_same_bytes_never_look_the_same(tmp_path: Path) -> None:
    one, two = (encrypted(tmp_path / name, bytes(PIECE)).read_bytes() for name in ("one", "two"))
    assert one[:HEAD] != two[:HEAD] and one[HEAD:] != two[HEAD:]


def read_whole(cipher: FileCipher, path: Path) -> bytes:
    with cipher.open(path) as source:
        return source.read()


def test_a_changed_moved_or_cut_file_is_refused(tmp_path: Path, cipher: FileCipher) -> None:
    path = encrypted(tmp_path / "one", CHANCE.randbytes(3 * PIECE + 100))
    kept, step = path.read_bytes(), PIECE + TAG
    pieces = [kept[at : at + step] for at in range(HEAD, len(kept), step)]
    changed = [
        bytes((*kept[:at], kept[at] ^ 1, *kept[at + 1 :]))
        for at in (len(MAGIC), HEAD - 1, HEAD, HEAD + step, len(kept) - 1)
    ]
    moved = b"".join([kept[:HEAD], pieces[1], pieces[0], *pieces[2:]])
    left_out = b"".join([kept[:HEAD], pieces[0], *pieces[2:]])
    cut = [kept[:at] for at in (len(MAGIC), HEAD, HEAD + 1, HEAD + step, HEAD + 3 * step, len(kept) - 1)]
    longer = [kept + b"\0", kept + pieces[-1]]
    for wrong in (*changed, moved, left_out, *cut, *longer):
        path.write_bytes(wrong)
        with pytest.raises(OSError, match="damaged") as refused:
            read_whole(cipher, path)
        assert refused.value.errno == errno.EBADMSG and refused.value.filename == str(path)


def test_another_key_reads_nothing(tmp_path: Path, cipher: FileCipher) -> None:
    with pytest.raises(OSError, match="another key"):
        read_whole(cipher, encrypted(tmp_path / "one", b"secret", OTHER))


def test_attachments_are_kept_once_by_their_clear_bytes(files: Files, tmp_path: Path) -> None:
    source = tmp_path / "picture"
    source.write_bytes(b"picture" * 100_000)
    first, second = files.put(source), files.put(source)
    clear = Files(tmp_path / "clear").put(source)
    assert first == second == clear
    assert is_encrypted(files.path(first.sha256))
    again = files.put(files.path(first.sha256))  # an item that is parted has the same file
    assert again == first


def test_both_kinds_are_read_whatever_the_setting_is(files: Files, tmp_path: Path) -> None:
    off = Files(files.folder, FileCipher(KEY, encrypts=False))
    (tmp_path / "a").write_bytes(b"a" * 100)
    (tmp_path / "b").write_bytes(b"b" * 100)
    one, two = files.put(tmp_path / "a"), off.put(tmp_path / "b")
    assert is_encrypted(files.path(one.sha256)) and not is_encrypted(files.path(two.sha256))
    for either in (files, off):
        for stored, letter in ((one, b"a"), (two, b"b")):
            with either.open(either.path(stored.sha256)) as source:
                assert source.read() == letter * 100


def test_a_stranger_gets_nothing_decrypted(files: Files, tmp_path: Path) -> None:
    """Whoever has a copy of an encrypted file and sends it as evidence gets back what he sent."""
    stolen = encrypted(tmp_path / "stolen", b"what a citizen wrote")
    for either in (files, Files(files.folder, FileCipher(KEY, encrypts=False))):
        stored = either.put(stolen)
        with either.open(either.path(stored.sha256)) as source:
            assert source.read() == stolen.read_bytes()
        assert not either.convert(either.path(stored.sha256), encrypt=False)  # it would look encrypted then
        either.path(stored.sha256).unlink()


def test_there_and_back_again_with_its_time_and_rights(files: Files, tmp_path: Path) -> None:
    day = tmp_path / "recordings" / "20260302"
    day.mkdir(parents=True)
    sound = day / "1.wav"
    sound.write_bytes(b"RIFF" + CHANCE.randbytes(300_000))
    sound.chmod(0o640)
    before, status = sound.read_bytes(), sound.stat()
    assert files.convert(sound, encrypt=True) and is_encrypted(sound)
    assert not files.convert(sound, encrypt=True)
    assert (sound.stat().st_mtime_ns, sound.stat().st_mode) == (status.st_mtime_ns, status.st_mode)
    assert files.cipher and files.cipher.size(sound) == len(before)
    assert files.convert(sound, encrypt=False) and sound.read_bytes() == before
    assert list((tmp_path / "recordings" / "incoming").iterdir()) == []


def test_what_is_changed_or_moved_meanwhile_is_left_alone(files: Files, tmp_path: Path) -> None:
    day = tmp_path / "recordings" / "20260302"
    day.mkdir(parents=True)
    sound, waste = day / "1.wav", tmp_path / "waste" / "recordings" / "1.wav"

    class Meanwhile(FileCipher):
        def copy(self, source, target, *, encrypt):  # type: ignore[no-untyped-def]
            super().copy(source, target, encrypt=encrypt)
            acts.pop()()

    files.cipher = Meanwhile(KEY, encrypts=True)
    acts: list[Callable[[], object]] = [
        lambda: sound.write_bytes(b"RIFF and more"),
        lambda: files.put_away(sound, waste, 1.0),
        lambda: sound.unlink(missing_ok=True),
    ]
    while acts:
        sound.write_bytes(b"RIFF")
        assert not files.convert(sound, encrypt=True)
        assert not sound.exists() or sound.read_bytes() == b"RIFF and more"


async def test_another_process_reads_it_without_the_disk(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a page" * 50_000)
    stored = files.put(tmp_path / "a")
    async with files.clear_path(stored.sha256) as path:
        command = (
            sys.executable,
            "-c",
            "import hashlib,sys;print(hashlib.sha256(open(sys.argv[1],'rb').read()).hexdigest())",
        )
        child = await asyncio.create_subprocess_exec(*command, str(path), stdout=asyncio.subprocess.PIPE)
        output, _ = await child.communicate()
    assert output.decode().strip() == stored.sha256
    assert not path.exists()
