"""Files encrypted with the installation's key, opened like any other; clear and encrypted ones may be mixed.

The construction is STREAM, as age and Tink use it: AES-256-GCM over pieces of 64 KiB. Each file has a key
of its own, derived (HKDF-SHA256) from the installation's key and 32 random bytes in the file's head. The
nonce of a piece is its number and whether it is the last; the head is authenticated with every piece. Pieces
that are changed, moved, repeated, left out or cut off are noticed, and any part can be read without the
rest. Called by `Files`; all of it blocks.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"\x8912315\r\n"  # no kind of document, picture or sound begins with it
SALT = 32
HEAD = len(MAGIC) + SALT
PIECE = 1 << 16  # clear bytes of each piece but the last
TAG = 16
_PURPOSE = b"12315 gateway: one file"
_COPIED = 1 << 20


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class FileCipher:
    """Reads both kinds and writes new files encrypted where `encrypts`."""

    def __init__(self, key: bytes, *, encrypts: bool) -> None:
        self._key = key
        self.encrypts = encrypts

    def open(self, path: Path) -> BinaryIO:
        """The clear bytes of a file. Raises OSError; EBADMSG for one that is damaged or of another key."""
        raw = path.open("rb")
        try:
            if raw.read(len(MAGIC)) != MAGIC:
                raw.seek(0)
                return raw
            return cast(BinaryIO, io.BufferedReader(_Reader(raw, self._key), PIECE))
        except BaseException:
            raw.close()
            raise

    def size(self, path: Path) -> int:
        """How many clear bytes a file has, by its length alone. Raises OSError."""
        length = path.stat().st_size
        return _clear_size(length) if is_encrypted(path) else length

    def copy(self, source: Source, target: BinaryIO, *, encrypt: bool) -> None:
        """Write all that a source of clear bytes gives. Raises OSError."""
        out = _Writer(target, self._key) if encrypt else target
        while part := source.read(_COPIED):
            out.write(part)
        if isinstance(out, _Writer):
            out.finish()

    @contextmanager
    def clear_path(self, path: Path) -> Iterator[Path]:
        """A path by which another process of ours reads the clear bytes. Those of an encrypted file are in
        memory alone, never on the disk. Raises OSError."""
        if not is_encrypted(path):
            yield path
            return
        descriptor = os.memfd_create(path.name)
        with os.fdopen(descriptor, "wb") as memory:
            with self.open(path) as source:
                self.copy(source, memory, encrypt=False)
            memory.flush()
            yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")


def is_encrypted(path: Path) -> bool:
    """Raises OSError."""
    with path.open("rb") as raw:
        return raw.read(len(MAGIC)) == MAGIC


def begins_encrypted(source: BinaryIO) -> bool:
    """Would these bytes be taken for an encrypted file? The source is at its beginning afterwards."""
    begins = source.read(len(MAGIC)) == MAGIC
    source.seek(0)
    return begins


class _Writer:
    """Encrypts what is written into a file; whole after `finish`."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target = target
        self._head = MAGIC + secrets.token_bytes(SALT)
        self._cipher = _cipher(key, self._head)
        self._waiting = b""  # which piece is the last is known only at the end
        self._number = 0
        target.write(self._head)

    def write(self, data: bytes) -> None:
        data = self._waiting + data
        whole = max(0, len(data) - 1) // PIECE * PIECE
        for start in range(0, whole, PIECE):
            self._put(data[start : start + PIECE], last=False)
        self._waiting = data[whole:]

    def finish(self) -> None:
        self._put(self._waiting, last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, self._head))
        self._number += 1


class _Reader(io.RawIOBase):
    """The clear bytes of an encrypted file, at any place. Its end is read first: a short file is refused."""

    def __init__(self, raw: BinaryIO, key: bytes) -> None:
        super().__init__()
        self._raw = raw
        self._head = MAGIC + raw.read(SALT)
        self._cipher = _cipher(key, self._head)
        length = raw.seek(0, os.SEEK_END)
        self._size = _clear_size(length)
        self._last = _pieces(length) - 1
        self._at = 0
        self._piece = (self._last, self._decrypted(self._last))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number, start = divmod(self._at, PIECE)
        if self._at >= self._size:
            return 0
        if number != self._piece[0]:
            self._piece = (number, self._decrypted(number))
        part = self._piece[1][start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _decrypted(self, number: int) -> bytes:
        self._raw.seek(HEAD + number * (PIECE + TAG))
        piece = self._raw.read(PIECE + TAG)
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._last), piece, self._head)
        except InvalidTag:
            raise _damaged(self._raw.name) from None


def _cipher(key: bytes, head: bytes) -> AESGCM:
    salt = head[len(MAGIC) :]
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=_PURPOSE).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(length: int) -> int:
    """Pieces of an encrypted file of that many bytes; also an empty one has one."""
    return max(1, -(-(length - HEAD) // (PIECE + TAG)))


def _clear_size(length: int) -> int:
    return max(0, length - HEAD - _pieces(length) * TAG)


def _damaged(name: str) -> OSError:
    return OSError(errno.EBADMSG, "encrypted file is damaged, cut off or of another key", name)
