"""A Chinese font for the PDFs we make: the system's, or the one that the set-up has fetched."""

from __future__ import annotations

from pathlib import Path

NAMES = ("wqy-microhei.ttc", "wqy-zenhei.ttc")


HOMES = ("/usr/share/fonts", "/usr/local/share/fonts")


def find(cache: Path) -> Path | None:
    """The font's file; its first face is the one to take."""
    homes = (*(Path(home) for home in HOMES), cache / "fonts")
    return next((file for home in homes for name in NAMES for file in sorted(home.rglob(name))), None)
