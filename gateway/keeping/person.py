"""What one person may ask for: to see what is kept of him (a ZIP), and to have it erased.

Erasing takes whole items and calls out, through the same table as ends of retention, and ends them at once.
What has not ended and what is held stays: the duty to deal with it goes before.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from gateway.keeping.retention import Terms
from gateway.storage import Storage
from gateway.storage.files import PIECE
from gateway.storage.person_rows import Trace


async def export(storage: Storage, var: Path, traces: Sequence[Trace], out: Path) -> list[str]:
    """Write all of these into a new ZIP that only its owner may read; files that were not there.

    Raises StorageDown, OSError.
    """
    wholes = [(trace, *await storage.persons.whole(trace)) for trace in traces]

    def written() -> list[str]:
        missing: list[str] = []
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as pack:
            for trace, rows, files in wholes:
                pack.writestr(f"{trace.about}/rows.json", json.dumps(rows, ensure_ascii=False, indent=1))
                names = {row["sha256"]: row["name"] for row in rows.get("attachments", ())}
                for file in files:
                    source = var / file if "/" in file else storage.files.path(file)
                    name = f"{trace.about}/{_name(file, names.get(file, ''))}"
                    if not _packed(storage, source, pack, name):
                        missing.append(file)
        return missing

    return await asyncio.to_thread(written)


async def erase(terms: Terms, traces: Sequence[Trace], who: str, reason: str) -> dict[str, str]:
    """What became of each: erased, open (it has not ended), or held. Raises StorageDown, OSError."""
    done = {}
    for trace in traces:
        if not trace.ended:
            done[trace.about] = "open"
        elif await terms.erase(trace.what, trace.about, who, reason):
            done[trace.about] = "erased"
        else:
            done[trace.about] = "held"
    return done


def _packed(storage: Storage, source: Path, pack: zipfile.ZipFile, name: str) -> bool:
    """Put the clear bytes of a file into the ZIP; False when it is not there. Raises OSError."""
    if not source.exists():
        return False
    member = zipfile.ZipInfo.from_file(source, name)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.file_size = storage.files.size(source)
    with storage.files.open(source) as read, pack.open(member, "w") as write:
        shutil.copyfileobj(read, write, PIECE)
    return True


def _name(file: str, name: str) -> str:
    """Two attachments may have one name: the beginning of the hash tells them apart."""
    return Path(file).name if "/" in file else f"{file[:8]}-{Path(name).name or 'file'}"
