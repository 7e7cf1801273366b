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


def static_files(sources: Iterable[Traversable | Path], home: str) -> dict[str, StaticFile]:
    """Those that a browser is given, by name; they are served below `home`."""
    files = {}
    for source in sources:
        media = _MEDIA.get(Path(source.name).suffix)
        if media:
            body = source.read_bytes()
            mark = hashlib.sha256(body).hexdigest()[:12]
            files[source.name] = StaticFile(f"{home}/{source.name}?v={mark}", body, media, mark)
    return files
