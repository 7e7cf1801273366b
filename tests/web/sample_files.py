"""Small files of every type that is taken, made here; enough of each to be told by."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def png(width: int = 2, height: int = 2) -> bytes:
    """A real picture, grey."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def package(*names: str) -> bytes:
    """A ZIP file with these names in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, "<x/>")
    return out.getvalue()


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    """The beginning of an ISO media file."""
    body = b"ftyp" + brand + bytes(4) + b"".join((brand, *compatible))
    return struct.pack("!I", len(body) + 4) + body + bytes(64)


CONTENT = "[Content_Types].xml"
FILES = {
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20),
    "png": png(),
    "webp": b"RIFF\x1a\x00\x00\x00WEBPVP8 " + bytes(14),
    "pdf": b"%PDF-1.7\n%%EOF\n",
    "mp3": b"\xff\xfb\x90\x00" + bytes(64),
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24),
    "amr": b"#!AMR\n" + bytes(16),
    "m4a": b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00" + bytes(8),
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00" + bytes(8),
    "heic": ftyp(b"heic", b"mif1"),
    "heic as mif1": ftyp(b"mif1", b"heic"),
    "mov": ftyp(b"qt  "),
    "mov without brand": b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat" + bytes(32),
    "3gp": ftyp(b"3gp5", b"isom"),
    "3g2": ftyp(b"3g2a"),
    "m4a of a phone": ftyp(b"M4B "),
    "mp4 of an unknown brand": ftyp(b"wxyz", b"mp42"),
    "aac": b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(32),
    "aac of mpeg 2": b"\xff\xf9\x5c\x80\x02\x1f\xfc" + bytes(32),
    "docx": package(CONTENT, "word/document.xml"),
    "docx from the net": package(CONTENT, "word/document2.xml"),
    "xlsx": package(CONTENT, "xl/workbook.xml"),
    "ofd": package("OFD.xml", "Doc_0/Document.xml"),
}
NOT_TAKEN = {
    "html": b"<html><script>alert(1)</script></html>",
    "exe": b"MZ" + bytes(100),
    "zip": package("readme.txt"),
    "docm": package(CONTENT, "word/document.xml", "word/vbaProject.bin"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "text": "说明".encode(),
    "avif": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(16),
    "avif as mif1": b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avif" + bytes(16),
    "gif": b"GIF89a" + bytes(20),
    "cut zip": package(CONTENT, "word/document.xml")[:60],
    "mpeg of no rate": b"\xff\xfb\xf0\x00" + bytes(64),
}
