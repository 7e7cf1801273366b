"""Style sheets, scripts and pictures of our own, read once; their addresses change with their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

OURS = files("gateway.web") / "static"
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One of them. `mark` changes with its bytes."""

    address: str
    body: bytes
    media: str
    mark: str


def static_files(found: Iterable[Traversable | Path], home: str) -> dict[str, StaticFile]:
    """Those that a browser is given, by name; they are served below `home`."""
    made = {}
    for one in found:
        media = _MEDIA.get(Path(one.name).suffix)
        if media:
            body = one.read_bytes()
            mark = hashlib.sha256(body).hexdigest()[:12]
            made[one.name] = StaticFile(f"{home}/{one.name}?v={mark}", body, media, mark)
    return made
