"""What a file is, told from its bytes: neither its name nor what the sender says of it counts.

Blocking, reads a few kilobytes; called by uploads.py in a thread.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEAD = 4096
_TAIL = 22 + 65535  # a ZIP file's end record with the longest comment
_DIRECTORY = 1 << 20  # bytes of a ZIP file's list of names that are looked at
# Brands of ISO media files (ISO/IEC 14496-12), as phones and cameras write them.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "heic"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "m4a"),
    **dict.fromkeys((b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9"), "mp4"),
    **dict.fromkeys((b"mp41", b"mp42", b"mp71", b"avc1", b"MSNV", b"dash", b"M4V ", b"M4VH", b"M4VP"), "mp4"),
    **dict.fromkeys((b"XAVC", b"FACE", b"f4v ", b"F4V ", b"hvc1"), "mp4"),
    b"qt  ": "mov",
}
_PICTURES = (b"mif1", b"msf1")  # HEIF of any codec: the others it is compatible with tell which
_OLD_MOV = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # QuickTime from before there were brands
# The main part of an office file; programs on the net number it (document2.xml).
_MAIN = {
    "docx": re.compile(rb"word/document\d{0,3}\.xml"),
    "xlsx": re.compile(rb"xl/workbook\d{0,3}\.xml"),
}
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
        ("heic", "image/heic"),
        ("pdf", "application/pdf"),
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("amr", "audio/amr"),
        ("m4a", "audio/mp4"),
        ("aac", "audio/aac"),
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("3gp", "video/3gpp"),
        ("docx", f"{_OFFICE}wordprocessingml.document"),
        ("xlsx", f"{_OFFICE}spreadsheetml.sheet"),
        ("ofd", "application/ofd"),
    )
)
"""Every type that can be told; the setting uploads.types chooses among them."""
_BY_ENDING = {one.ending: one for one in TYPES}


_MORE_ENDINGS = {"jpg": (".jpeg", ".jfif"), "3gp": (".3gpp", ".3g2"), "heic": (".heif",)}


def accepted(endings: Iterable[str]) -> str:
    """What a page's file field offers: kinds of media, so that phones show their camera and recorder, the
    types themselves, and the endings by which desktops know them."""
    offered: dict[str, None] = {}
    for kind in filter(None, map(_BY_ENDING.get, endings)):
        family = kind.media_type.partition("/")[0]
        if family in ("image", "video", "audio"):
            offered[f"{family}/*"] = None
        offered[kind.media_type] = None
        offered.update(dict.fromkeys((f".{kind.ending}", *_MORE_ENDINGS.get(kind.ending, ()))))
    return ",".join(offered)


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
        return _media(head)
    if head[4:8] in _OLD_MOV and (b"moov" in head or b"mdat" in head[:64]):
        return "mov"
    if head.startswith(b"ADIF") or _adts(head):
        return "aac"
    return "mp3" if head.startswith(b"ID3") or _mpeg_audio(head) else ""


def _media(head: bytes) -> str:
    """The type of an ISO media file: by its own brand, else by the first that it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    if brands[0] in _PICTURES:
        return "heic" if any(_BRANDS.get(brand) == "heic" for brand in brands) else ""
    for brand in brands:
        if media_type := "3gp" if brand.startswith((b"3g", b"3G")) else _BRANDS.get(brand):
            return media_type
    return ""


def _adts(head: bytes) -> bool:
    """Does a frame of AAC as phones stream it begin here, with a rate that exists?"""
    return len(head) >= 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 15 < 13


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
        return next((ending for ending, main in _MAIN.items() if any(map(main.fullmatch, names))), "")
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
    entries, at = [], 0
    while directory.startswith(b"PK\x01\x02", at) and len(directory) - at >= 46:
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        entries.append(directory[at + 46 : at + 46 + name])
        at += 46 + name + extra + comment
    return entries
