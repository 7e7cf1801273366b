"""The pictures of the manuals: of every page that the head links to, each shown somewhere, small together."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gateway.web.pages.navigation import PLACES
from tests.web.pages.pictures import FOLDER, FROM_TESTS, SHOTS
from tests.web.real_site import ROOT

MOST = 3_000_000  # bytes


def test_each_picture_is_there_and_shown() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    shown = {name for file in texts for name in re.findall(r"pictures/([\w.-]+)", file.read_text("utf-8"))}
    files = {file.name for file in FOLDER.glob("*.png")}
    assert files - shown == set()
    assert {f"{name}.png" for name in (*FROM_TESTS, *(shot.name for shot in SHOTS))} <= files
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST


def test_each_place_has_a_picture() -> None:
    assert {place.path for place in PLACES} <= {urlsplit(shot.path).path for shot in SHOTS} | {"/wallboard"}
