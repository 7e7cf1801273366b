"""Base of the pages for people who log in; a script of the page asks the API for all that it shows.

The page itself holds no personal data, so that each look at some goes through the API's rights and its log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from gateway.core.item.catalogue import Claim
from gateway.core.item.deadlines import Rules
from gateway.core.rights import Right, may
from gateway.core.roles import Account
from gateway.errors import NotAllowed
from gateway.web.http.auth import CSRF_FIELD, Gate, bears
from gateway.web.pages.look import Look
from gateway.web.pages.pages import KIND_NAMES, Pages
from gateway.web.pages.session_words import SESSION_WORDS

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
Words = Mapping[str, tuple[str, str]]


class WorkPage:
    """One page at one address, for those with `right`. Whoever is
    not logged in is sent to the log-in, whoever has no such right gets 403: the page would show what he
    may not do."""

    def __init__(
        self,
        pages: Pages,
        gate: Gate,
        path: str,
        template: str,
        words: Words,
        right: Right = Right.WORK_ITEMS,
    ) -> None:
        self._right = right
        self._pages = pages
        self._gate = gate
        self._path = path
        self._template = template
        self._words = words

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", self._path, self.show)

    async def show(self, request: web.Request, look: Look) -> web.StreamResponse:
        account = await self._gate.person(request)
        if account is None:
            return web.Response(status=303, headers={"Location": "/desk"})
        if not may(account.role, self._right):
            raise NotAllowed
        return await self.shown(request, look, account)

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        """The page, for an account that may see it."""
        return self._pages.show(
            look,
            self._template,
            headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
            account=account,
            words=words(self._pages, look, self._words),
            **case_fields(self._pages, look),
            **self._facts(request, look),
        )

    async def _sender(self, request: web.Request, fields: Mapping[str, str]) -> Account | None:
        """Whose form of this page it is; None when his session is over. Raises NotAllowed for one that is not
        the session's own, and without the page's right."""
        account = await self._gate.person(request)
        if account is None:
            return None
        if not bears(account, fields.get(CSRF_FIELD, "")) or not may(account.role, self._right):
            raise NotAllowed
        return account

    def _facts(self, request: web.Request, look: Look) -> Mapping[str, Any]:
        """What else the template wants. Raises NotFound where the address names nothing."""
        return {}


def words(pages: Pages, look: Look, fixed: Words) -> dict[str, str]:
    """What a page's script says: its own words, and the names of what the rules know by an id."""
    rules = pages.public.rules
    return {
        **{name: look.t(*both) for name, both in {**SESSION_WORDS, **fixed}.items()},
        **{f"claim.{claim.id}": look.of(claim) for claim in rules.claims},
        **{f"channel.{entry.channel}": look.of(entry) for entry in rules.channels},
        **{f"county.{division.code}": look.of(division) for division in rules.divisions},
        **{f"category.{id}": name for id, name in look.choices(rules.categories.problems)},
        **{f"category.{id}": name for id, name in look.choices(rules.categories.subjects)},
        **{f"result.{claim.id}": look.of(claim) for claim in results_of(rules)},
        **{f"clock.{clock.name}": look.of(clock) for order in rules.sets for clock in order.clocks},
    }


def results_of(rules: Rules) -> Iterator[Claim]:
    """The results that a unit may report, of all kinds and all days."""
    for handling in rules.handling:
        for results in handling.results.values():
            yield from results


def case_fields(pages: Pages, look: Look) -> dict[str, Any]:
    """What the fields of a case (case_fields.html) are chosen from."""
    rules = pages.public.rules
    return {
        "kinds": {kind.value: look.t(*both) for kind, both in KIND_NAMES.items()},
        "claims": [(claim.id, look.of(claim)) for claim in rules.claims],
        "problems": look.choices(rules.categories.problems),
        "subjects": look.choices(rules.categories.subjects),
        "counties": [(division.code, look.of(division)) for division in rules.divisions],
        "clerk_channels": [(entry, look.of(entry).capitalize()) for entry in rules.channels.by_clerk],
    }
