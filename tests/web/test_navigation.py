"""What the head of a page links to, by role."""

from __future__ import annotations

import pytest
from aiohttp import web

from gateway.core.roles import Account, Role
from gateway.web.pages.navigation import IN_ROW, IN_ROW_BESIDE_SEAT, PLACES, places


def every_page() -> web.Application:
    async def page(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    for place in PLACES:
        app.router.add_get(place.path, page)
    return app


@pytest.mark.parametrize("role", Role)
def test_a_row_that_fits_and_a_menu_for_the_rest(role: Role) -> None:
    seat = "8001" if role is Role.AGENT else ""
    menu = places(every_page(), Account("someone", role, seat=seat))
    assert len(menu.row) <= (IN_ROW_BESIDE_SEAT if seat else IN_ROW) + 1
    assert len(menu.more) != 1
    first = [place.path for place in PLACES if role in place.first]
    assert [place.path for place in menu.row[: len(first)]] == first


def test_a_page_that_is_switched_off_is_left_out() -> None:
    menu = places(web.Application(), Account("boss", Role.ADMIN))
    assert (menu.row, menu.more) == ((), ())
