"""The bundle of npm parts that the pages load; the set-up makes it, the service looks for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gateway.settings.cache import cache_home

ROOT = Path(__file__).resolve().parents[2]


ENTRY = "node_modules/jssip/lib/JsSIP.js"


BUNDLE = "jssip.js"


def find(cache: Path | None = None, root: Path = ROOT) -> Path | None:
    """The bundle that belongs to this clone's lock file, or None when it has not been made."""
    try:
        bundle = _folder(cache or cache_home(), root) / BUNDLE
    except OSError:
        return None
    return bundle if bundle.is_file() else None


def _folder(cache: Path, root: Path) -> Path:
    lock = (root / "package-lock.json").read_bytes()
    return cache / f"browser-{hashlib.sha256(lock + ENTRY.encode()).hexdigest()[:12]}"
