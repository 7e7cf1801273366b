"""Names of attached files, made fit to be shown and to be kept by people."""

from __future__ import annotations

import re

from gateway.mail.charset import one_line

NAME = 150  # characters

_BAD_NAME = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/bmp": ".bmp",
    "image/heic": ".heic",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
}


def file_name(name: str, media_type: str, place: int) -> str:
    """A name for people: no path, no controls, no direction marks, its ending kept."""
    last = re.split(r"[/\\]", name)[-1] if name else ""
    plain = one_line(_BAD_NAME.sub("_", last), 1000).strip(". ")
    if not plain:
        return f"附件{place}{_ENDINGS.get(media_type, '')}"
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: NAME - len(ending) - 1]}.{ending}"
    return plain[:NAME]
