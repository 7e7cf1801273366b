"""A Chinese font to put into the PDFs we make: the machine's, or one that the set-up has fetched.

Only fonts with TrueType outlines can be put in. Without one, a PDF names a font that readers bring
themselves. Called by gateway/web/slip.py; the set-up calls `find_or_make`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gateway import debian
from gateway.errors import SetupError

NAMES = ("wqy-microhei.ttc", "wqy-zenhei.ttc")
HOMES = ("/usr/share/fonts", "/usr/local/share/fonts")
WANTED = debian.Wanted(suite="stable", packages=("fonts-wqy-microhei",))


def find(cache: Path) -> Path | None:
    """The font's file; its first face is the one to take."""
    homes = (*(Path(home) for home in HOMES), cache / "fonts")
    return next((file for home in homes for name in NAMES for file in sorted(home.rglob(name))), None)


def find_or_make(cache: Path, say: Callable[[str], None]) -> None:
    """Fetch one when there is none. That it cannot be had is told, and stops nothing."""
    if find(cache):
        return
    work = cache / "fonts.part"
    try:
        work.mkdir(parents=True, exist_ok=True)
        debian.unpack(WANTED, work, work / "tree", say)
        (work / "tree").replace(cache / "fonts")
    except (SetupError, OSError) as error:
        say(f"no Chinese font for PDFs: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
