"""What one backup holds: `manifest.json` about the whole, `files.gz` with a line for each file.

The bytes of files lie in the pool that all backups of a folder share, by their SHA-256.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.errors import Problem, SetupError

MANIFEST, FILES = "manifest.json", "files.gz"
DATABASE, SECRETS = "database.sqlite.gz", "secrets.sealed"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its place (`var/…` or `house/…`), its bytes, and what it was when they were read.

    `size` in bytes, `changed` in nanoseconds since 1970, `mode` the permission bits.
    """

    place: str
    sha256: str
    size: int
    changed: int
    mode: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole. `made_at` is ISO 8601 in UTC, sizes are bytes, `missing` attachments that were not there."""

    made_at: str
    installation: str
    kind: str
    files: int
    bytes: int
    fresh_bytes: int
    database_sha256: str
    secrets: bool
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    format: int = FORMAT


def write(folder: Path, manifest: Manifest, entries: Iterable[Entry]) -> None:
    with gzip.open(folder / FILES, "wt", encoding="utf-8", compresslevel=6) as out:
        for entry in entries:
            out.write(json.dumps([entry.place, entry.sha256, entry.size, entry.changed, entry.mode]) + "\n")
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text, "utf-8")


def read(folder: Path) -> Manifest:
    """Raises SetupError for what is no backup, or one of a newer gateway."""
    file = folder / MANIFEST
    try:
        raw = json.loads(file.read_text("utf-8"))
        if raw["format"] > FORMAT:
            raise SetupError(Problem(str(file), 0, "was made by a newer gateway; update this one"))
        return Manifest(**{**raw, "missing": tuple(raw["missing"]), "left_out": tuple(raw["left_out"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(Problem(str(file), 0, f"不是备份 / is no backup: {type(error).__name__}")) from error


def entries(folder: Path) -> Iterator[Entry]:
    """Raises SetupError for a damaged list."""
    try:
        with gzip.open(folder / FILES, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield Entry(*json.loads(line))
    except (OSError, EOFError, ValueError, TypeError) as error:
        file = str(folder / FILES)
        raise SetupError(Problem(file, 0, f"已损坏 / is damaged: {type(error).__name__}")) from error
