"""A Chinese font to put into the PDFs we make: the machine's, or one that the set-up has fetched.

Only fonts with TrueType outlines can be put in. Without one, a PDF names a font that readers bring
themselves. Called by gateway/web/pages/slip.py; the set-up calls `find_or_make`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.errors import SetupError
from gateway.settings.fonts import find
from gateway.setup import debian

WANTED = debian.Wanted(suite="stable", packages=("fonts-wqy-microhei",))


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
