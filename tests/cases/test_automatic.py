"""Assigning by itself: off as shipped; clear items of the kinds named, once, and nothing that came back."""

from __future__ import annotations

from pathlib import Path

from gateway.cases.automatic import WHO, AutomaticDispatch
from gateway.cases.dispatch import Dispatch
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import Orders
from gateway.core.item.contact import Kind, Respondent
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from tests.storage.databases import ZONE, Clock, contact, rules
from tests.web.real_site import real_site

CLEAR = Respondent("福满超市", "临汾市尧都区解放路12号")


async def test_what_is_clear_is_assigned_once(tmp_path: Path) -> None:
    assert rules().dispatch.automatic == frozenset()
    clock = Clock()
    async with real_site(tmp_path / "var") as site:
        storage, intake = site.storage, site.intake
        clear = (await intake.submit(contact("a", respondent=CLEAR, county=""))).number
        for key, changes in (
            ("b", {"respondent": Respondent("某店", "平阳街")}),
            ("c", {"kind": Kind.REPORT}),
        ):
            await intake.submit(contact(key, county="", **changes))
        orders = Orders(storage, rules(), ZONE, now=clock)
        dispatch = Dispatch(storage.dispatch, storage.units, rules().dispatch, rules().categories)
        automatic = AutomaticDispatch(dispatch, orders, {Kind.COMPLAINT}, clock)
        assert [await automatic.assign_clear(), await automatic.assign_clear()] == [1, 0]
        [shown] = await orders.of_item(clear, WHO)
        assert shown.order.unit == "141002"
        unit = Account("u", Role.HANDLER, unit="141002")
        await orders.act(shown.order.id, unit, OrderEvent.RETURN, OrderInput(reason="not_competent"))
        assert await automatic.assign_clear() == 0
