"""A file of a form in pieces: resumed, bound to its form, within the limits, looked at like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.settings.schema import UploadSettings
from tests.web.real_site import RealSite, real_site
from tests.web.sample_files import NOT_TAKEN, png
from tests.web.test_pages import SAID, get, receipt_of, send

ID = "0" * 32
PICTURE = png() + bytes(5000)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made


async def piece(
    site: RealSite,
    passed: str,
    body: bytes,
    offset: int,
    size: int,
    id_: str = ID,
    name: str = "%E4%B8%80.png",
) -> tuple[int, dict[str, Any]]:
    headers = {"Upload-Pass": passed, "Upload-Offset": str(offset), "Upload-Length": str(size)}
    async with site.client.patch(
        f"/upload/{id_}", data=body, headers={**headers, "Upload-Name": name}
    ) as answer:
        return answer.status, await answer.json() if "json" in answer.content_type else {}


async def stood(site: RealSite, passed: str) -> dict[str, Any]:
    async with site.client.get(f"/upload/{ID}", headers={"Upload-Pass": passed}) as answer:
        assert answer.status == 200
        return dict(await answer.json())


async def test_a_file_in_pieces_goes_along_with_its_form_once(site: RealSite) -> None:
    """A piece at a wrong place is told where to go on; the form sent twice gives one receipt."""
    _, page = await get(site, "/report")
    passed, size = dict(page.form("/report").fields)["pass"], len(PICTURE)
    assert await piece(site, passed, PICTURE[:1000], 0, size) == (200, {"offset": 1000, "place": None})
    assert (await piece(site, passed, PICTURE[2000:], 2000, size))[0] == 409
    assert await stood(site, passed) == {"offset": 1000, "place": None}
    assert await piece(site, passed, PICTURE[1000:], 1000, size) == (200, {"offset": size, "place": 0})
    assert (await stood(site, passed))["place"] == 0, "also when the last answer was lost"
    filled = [*page.form("/report").filled(**SAID), ("kept", "0")]
    _, first = await send(site, "/report", filled)
    _, second = await send(site, "/report", filled)
    assert receipt_of(first) == receipt_of(second)
    (item,) = await site.items()
    assert [(one["name"], one["size"]) for one in item["attachments"]] == [("一.png", size)]
    assert site.left() == []


async def test_only_the_form_that_it_came_for_has_it(site: RealSite) -> None:
    _, page = await get(site, "/report")
    passed = dict(page.form("/report").fields)["pass"]
    await piece(site, passed, PICTURE, 0, len(PICTURE))
    assert (await piece(site, passed + "x", PICTURE, 0, len(PICTURE)))[0] == 403
    _, other = await get(site, "/report")
    _, shown = await send(site, "/report", [*other.form("/report").filled(**SAID), ("kept", "0")])
    assert "已过保存时间" in shown.words
    assert await site.items() == []


@pytest.mark.parametrize(
    ("body", "size", "id_", "status"),
    [
        (NOT_TAKEN["html"], len(NOT_TAKEN["html"]), ID, 415),
        (PICTURE, 2 << 20, ID, 413),
        (PICTURE, 10, ID, 413),
        (PICTURE, len(PICTURE), "../../x", 404),
        (PICTURE, len(PICTURE), "short", 400),
    ],
    ids=["type", "too large", "more than told", "path", "no id"],
)
async def test_what_is_not_taken_leaves_nothing(
    tmp_path: Path, body: bytes, size: int, id_: str, status: int
) -> None:
    async with real_site(tmp_path, uploads=UploadSettings(file_mb=1)) as site:
        _, page = await get(site, "/report")
        passed = dict(page.form("/report").fields)["pass"]
        assert (await piece(site, passed, body, 0, size, id_))[0] == status
        assert site.left() == []


async def test_files_in_pieces_are_held_within_the_limit(tmp_path: Path) -> None:
    async with real_site(tmp_path, uploads=UploadSettings(file_mb=1, at_once=1, files=1)) as site:
        _, page = await get(site, "/report")
        passed = dict(page.form("/report").fields)["pass"]
        for number, status in enumerate((200, 200, 429)):
            assert (await piece(site, passed, PICTURE, 0, len(PICTURE), f"{number:032x}"))[0] == status
