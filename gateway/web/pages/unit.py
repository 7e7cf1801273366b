"""/unit: the workplace of a bureau, station or department: its orders, their acts, the written report; and
/unit/orders/{id}/print, the official form of one order.

The page holds no personal data: its scripts ask the API. The printed form does, and each is in the audit log.
"""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web

from gateway.cases.orders import OrderDetail
from gateway.core.order.handling import in_force
from gateway.core.rights import Right, may
from gateway.core.roles import Account, Role
from gateway.core.unit import Tree
from gateway.errors import NotAllowed
from gateway.web.http.auth import Gate
from gateway.web.http.route import AuditNotes
from gateway.web.pages import order_form
from gateway.web.pages.desk import grounds, results_now
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.unit_words import TABS, UNIT_WORDS
from gateway.web.pages.work_page import POLICY, WorkPage, words

UNIT = "/unit"


class Units(Protocol):
    """gateway/accounts/unit_desk.py, as far as the page needs it."""

    async def tree(self) -> Tree: ...


class Orders(Protocol):
    """gateway/cases/orders.py, as far as the page needs it."""

    async def order(self, order_id: int, account: Account) -> OrderDetail: ...


async def lead_to_unit(request: web.Request, look: Look, account: Account) -> web.StreamResponse:
    """What stands at /desk for people of units."""
    return web.Response(status=303, headers={"Location": UNIT})


class UnitPage(WorkPage):
    """The orders of a unit, for its people. `openers` may learn who a reporter is."""

    def __init__(self, pages: Pages, gate: Gate, units: Units, openers: tuple[Role, ...]) -> None:
        super().__init__(pages, gate, UNIT, "unit.html", UNIT_WORDS, Right.WORK_IN_UNIT)
        self._units = units
        self._openers = openers

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        tree = await self._units.tree()
        facts = self._unit_facts(look)
        stations = [(unit.id, unit.zh) for unit in tree.children(account.unit) if unit.active]
        names = {
            f"result.{kind}.{id}": name for kind, named in facts["results"].items() for id, name in named
        }
        return self._pages.show(
            look,
            "unit.html",
            headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
            account=account,
            unit=tree.get(account.unit),
            words=words(self._pages, look, UNIT_WORDS) | names,
            facts=facts | {"stations": stations},
            tabs=[(id, look.t(zh, en)) for id, zh, en in TABS],
        )

    def _unit_facts(self, look: Look) -> dict[str, Any]:
        """What acts and report are chosen from."""
        rules = self._pages.public.rules
        handling = in_force(rules.handling, self._pages.now().astimezone(self._pages.zone).date())
        return {
            "reasons": [(reason.id, look.of(reason)) for reason in handling.return_reasons],
            "results": results_now(self._pages, look),
            "bases": [(basis.id, look.of(basis)) for basis in rules.report_results],
            "extension_days": handling.extension_days,
            "grounds": grounds(rules, look),
            "openers": [role.value for role in self._openers],
        }


class OrderForm:
    """The official form of one order, for whoever may see the order."""

    def __init__(
        self, pages: Pages, gate: Gate, orders: Orders, units: Units, notes: AuditNotes | None
    ) -> None:
        self._pages = pages
        self._gate = gate
        self._orders = orders
        self._units = units
        self._notes = notes

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", f"{UNIT}/orders/{{id:[0-9]{{1,18}}}}/print", self.show)

    async def show(self, request: web.Request, look: Look) -> web.StreamResponse:
        account = await self._gate.person(request)
        if account is None:
            return web.Response(status=303, headers={"Location": "/desk"})
        if not may(account.role, Right.SEE_ORDERS):
            raise NotAllowed
        whole = await self._orders.order(int(request.match_info["id"]), account)
        if self._notes:
            await self._notes.note("order.print", whole.item.item.number)
        rules, tree = self._pages.public.rules, await self._units.tree()
        form = order_form.Form(self._pages.public.centre.name, rules, tree, self._pages.zone)
        headers = {"Content-Security-Policy": order_form.POLICY, "Cache-Control": "no-store"}
        return web.Response(text=order_form.page(whole, form), content_type="text/html", headers=headers)
