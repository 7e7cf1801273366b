"""What a file is, told from its bytes: neither its name nor what the sender says of it counts.

Blocking, reads a few kilobytes; called by uploads.py in a thread.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEAD = 4096
_TAIL = 22 + 65535  # a ZIP file's end record with the longest comment
_DIRECTORY = 1 << 20  # bytes of a ZIP file's list of names that are looked at
_MP4 = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"MSNV", b"dash", b"M4V "}
_M4A = {b"M4A ", b"M4B "}
_OFFICE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class FileType:
    """One type: the ending that files of it have, and what HTTP calls it."""

    ending: str
    media_type: str


TYPES = tuple(
    FileType(*one)
    for one in (
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("pdf", "application/pdf"),
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("amr", "audio/amr"),
        ("m4a", "audio/mp4"),
        ("mp4", "video/mp4"),
        ("docx", f"{_OFFICE}wordprocessingml.document"),
        ("xlsx", f"{_OFFICE}spreadsheetml.sheet"),
        ("ofd", "application/ofd"),
    )
)
"""Every type that can be told; the setting uploads.types chooses among them."""
_BY_ENDING = {one.ending: one for one in TYPES}


def type_of(path: Path) -> FileType | None:
    """The type of a file, or None when it is none of ours. Raises OSError."""
    with path.open("rb") as file:
        ending = _plain(file.read(_HEAD)) or _package(file)
    return _BY_ENDING.get(ending)


def _plain(head: bytes) -> str:
    """The ending of a type that its first bytes tell, or ""."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12], "")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ").startswith(b"%PDF-"):
        return "pdf"
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "amr"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "m4a" if brand in _M4A else "mp4" if brand in _MP4 else ""
    return "mp3" if head.startswith(b"ID3") or _mpeg_audio(head) else ""


def _mpeg_audio(head: bytes) -> bool:
    """Does an MPEG layer III frame begin here, with a rate that exists?"""
    if len(head) < 4 or head[0] != 0xFF:
        return False
    sync, layer, version = head[1] & 0xE0 == 0xE0, head[1] >> 1 & 3, head[1] >> 3 & 3
    return sync and layer == 1 and version != 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _package(file: BinaryIO) -> str:
    """docx, xlsx and ofd are ZIP files; the names in them tell which. "" for any other."""
    names = _names(file)
    if any(name.endswith(b"vbaProject.bin") for name in names):
        return ""  # macros
    if b"[Content_Types].xml" in names:
        return "docx" if b"word/document.xml" in names else "xlsx" if b"xl/workbook.xml" in names else ""
    return "ofd" if b"OFD.xml" in names else ""


def _names(file: BinaryIO) -> set[bytes]:
    """The names in a ZIP file's directory; empty when it is none, or none that is whole."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _TAIL)
    file.seek(tail_at)
    tail = file.read(_TAIL)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        return set()
    length, start = struct.unpack_from("<II", tail, end + 12)
    if length > _DIRECTORY or start + length > size:
        return set()
    file.seek(start)
    return set(_entries(file.read(length)))


def _entries(directory: bytes) -> list[bytes]:
    found, at = [], 0
    while directory.startswith(b"PK\x01\x02", at) and len(directory) - at >= 46:
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        found.append(directory[at + 46 : at + 46 + name])
        at += 46 + name + extra + comment
    return found
