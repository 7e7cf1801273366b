"""Every address of the site outside the API with every role: who may open which page and send which form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.core.rights import Right, holders
from gateway.core.roles import OF_UNITS, Role
from gateway.errors import NotFound
from gateway.web.case_parts import CaseParts
from gateway.web.pages.phone import BrowserPhones
from gateway.web.parts import WebParts
from gateway.web.site import ROUTES, make_app, utc_now
from tests.web import real_site as real_site_module
from tests.web.real_site import RealSite, real_site

PASSWORD = "correct horse 12315"
UNIT = "141002"
PUBLIC = """
    GET /  GET /report  POST /report  POST /report/check  GET /report/done  GET /report/slip
    POST /report/slip  GET /track  POST /track  POST /track/evidence
    POST /track/withdraw  GET /partner/{id}.{token}  POST /partner/{id}.{token}
    GET /order/{name}.{token}  POST /order/{name}.{token}  GET /mailbox  POST /mailbox/mail
    POST /mailbox/fax  GET /phone  GET /ws  GET /wallboard  GET /wallboard/{name}  GET /static/{name}
    GET /desk  GET /desk/flows  GET /desk/prompts
"""
# What no role opens: the mark of an open form, a password.
PROOF = "GET /upload/{id}  PATCH /upload/{id}  POST /desk/login"
# Each address by name: a new one is refused by this test until somebody says here which right it needs.
NEEDS: dict[Right, str] = {
    Right.WORK_ITEMS: "GET /desk/entry  GET /desk/linkage  GET /desk/fax/{number}  GET /desk/style",
    Right.WORK_CALLS: "GET /desk/calls",
    Right.LEAD_SHIFT: "GET /desk/today",
    Right.SEE_SUPERVISION: """
        GET /desk/supervision  GET /desk/supervision/figures  GET /desk/supervision/charts
    """,
    Right.FOLLOW_UP: "GET /desk/follow-ups",
    Right.ASSIGN_ORDERS: "GET /desk/dispatch",
    Right.EDIT_UNITS: "GET /desk/units",
    Right.KEEP_HANDLERS: "GET /unit/people  POST /unit/people",
    Right.WORK_IN_UNIT: "GET /unit",
    Right.SEE_ORDERS: "GET /unit/orders/{id}/print",
    Right.READ_AUDIT: "GET /desk/audit",
    Right.ADMINISTER: """
        GET /desk/admin  POST /desk/admin  GET /desk/flows/{name}.svg  GET /desk/prompts/{prompt}.wav
    """,
    # The last two end the session, so that they are asked last.
    Right.OWN_ACCOUNT: """
        GET /desk/account  POST /desk/account/password  POST /desk/account/codes
        POST /desk/account/no-codes  POST /desk/account/sign-out  POST /desk/logout
    """,
}
WITHOUT_SESSION_TOO = {("POST", "/desk/logout")}  # a session that is over may be ended
Address = tuple[str, str]


def addresses(text: str) -> Iterator[Address]:
    words = text.split()
    yield from zip(words[::2], words[1::2], strict=True)


MAY: dict[Address, frozenset[str]] = {
    **{address: frozenset({"", *Role}) for address in addresses(PUBLIC)},
    **{address: frozenset() for address in addresses(PROOF)},
    **{address: frozenset(holders(right)) for right, text in NEEDS.items() for address in addresses(text)},
}


class Behind:
    """Stands behind pages of which only the address and the right are asked: nothing is there."""

    def __getattr__(self, name: str) -> Any:
        return Behind()

    def __call__(self, *given: object, **more: object) -> Any:
        raise NotFound

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def routes(self) -> tuple[()]:
        return ()


@pytest.fixture
async def whole_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealSite]:
    """A site with every feature that there is."""
    stand_ins = ("transfers", "linkage", "desk", "visitor", "faxes", "filing", "follow_ups", "replies")
    phones = BrowserPhones(None, "http://127.0.0.1:1/ws", "a visitor's password", {})
    given = {name: Behind() for name in stand_ins}
    given |= {"admin": (Behind(),), "flows": (Behind(), Behind()), "phones": phones}
    monkeypatch.setattr(real_site_module, "make_app", _with_every_part)
    async with real_site(tmp_path / "var", **given) as site:
        yield site


def _with_every_part(parts: WebParts) -> web.Application:
    left_out = [f.name for f in fields(WebParts) if getattr(parts, f.name) in (None, ())]
    left_out += [f.name for f in fields(CaseParts) if getattr(parts.cases, f.name) is None]
    assert not left_out, f"features without these are not asked: {left_out}"
    return make_app(parts)


async def test_every_address_has_its_right(whole_site: RealSite) -> None:
    app = whole_site.server.app
    api = {(route.method, route.path) for route in app[ROUTES]}
    there = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    pages = {address for address in there if not address[1].startswith("/api/")} - api
    assert pages == MAY.keys()


@pytest.mark.parametrize("role", ["", *Role])
async def test_every_address_with_every_role(whole_site: RealSite, role: str) -> None:
    """People by their session, programs by a token: pages are for people."""
    headers, csrf = await _let_in(whole_site, role)
    wrong = []
    for method, path in MAY:
        sent = {"headers": headers, "allow_redirects": False}
        if method == "POST":
            sent["data"] = {"csrf": csrf}
        async with whole_site.client.request(method, _plain(path), **sent) as answer:
            got = _outcome(answer)
        if got != _wanted(role, method, path):
            wrong.append((method, path, role or "nobody", answer.status))
    assert not wrong


async def _let_in(site: RealSite, role: str) -> tuple[dict[str, str], str]:
    """The headers of whoever has the role, and what forms of his session bear."""
    unit = UNIT if role in OF_UNITS else ""
    if role in holders(Right.OWN_ACCOUNT):
        await site.accounts.add("somebody", "某人", Role(role), PASSWORD, unit)
        form = {"account": "somebody", "password": PASSWORD}
        async with site.client.post("/desk/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
        async with site.client.get("/desk/account") as answer:
            csrf = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
        assert csrf
        return {}, csrf[1]
    if not role:
        return {}, ""
    token = await site.storage.tokens.create(role, "program", utc_now())
    return {"Authorization": f"Bearer {token}"}, ""


def _plain(path: str) -> str:
    parts = {"number": "261124000010", "id": "1", "token": "a"}
    return re.sub(r"\{(\w+)\}", lambda part: parts.get(part[1], "x"), path)


def _outcome(answer: aiohttp.ClientResponse) -> str:
    if answer.status in (401, 403):
        return "refused"
    to_log_in = answer.status == 303 and answer.headers["Location"] == "/desk"
    return "to the log-in" if to_log_in else "in"


def _wanted(role: str, method: str, path: str) -> str:
    if (method, path) in WITHOUT_SESSION_TOO:
        return "to the log-in"
    if role in MAY[method, path]:
        return "in"
    is_person, by_proof = role in holders(Right.OWN_ACCOUNT), not MAY[method, path]
    if is_person or by_proof or path.endswith((".svg", ".wav")):
        return "refused"
    return "to the log-in"
