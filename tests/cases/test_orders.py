"""Orders on both databases: what follows from each act, and from what happens to the item."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.core.audit import ASKER, Asker
from gateway.core.item.contact import Due, Evidence, Kind
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.core.order.order import Order, OrderQuery, OrderState, Report, Urgency
from gateway.core.order.states import OrderEvent
from gateway.errors import BadContact, Conflict, NotAllowed, NotFound, NotPossible
from gateway.intake.decisions import Act
from tests.cases.conftest import BUREAU, NEXT_STATION, OTHER, REPORT, STATION, WHO, Town

E, S = OrderEvent, OrderState


async def reported(town: Town, key: str = "web:1", **changes: object):  # type: ignore[no-untyped-def]
    """A new order with a report."""
    order = await town.assign(await town.number(key, **changes))
    await town.act(order, "bureau", E.SIGN)
    await town.act(order, "bureau", E.REPORT, report=REPORT)
    return order


async def test_what_is_wrong_with_an_assignment_is_named(town: Town) -> None:
    number = await town.number()
    for unit in ("", "centre", "999999"):
        with pytest.raises(BadContact) as fault:
            await town.assign(number, unit)
        assert fault.value.faults[0].field == "unit" and BUREAU in fault.value.faults[0].en
    await town.intake.claim("agent2", QueueQuery(), number)
    with pytest.raises(Conflict, match="agent2"):
        await town.assign(number)
    await town.intake.release(number, "agent2")
    order = await town.assign(number)
    with pytest.raises(Conflict, match=f"order {order.id}"):
        await town.assign(number, OTHER)
    assert (await town.intake.get(number)).item.state is ItemState.HANDED_OVER


async def test_two_who_assign_at_once_make_one_order(town: Town) -> None:
    number = await town.number()
    done = await asyncio.gather(
        *(town.assign(number, unit) for unit in (BUREAU, OTHER, STATION)), return_exceptions=True
    )
    assert len([one for one in done if not isinstance(one, BaseException)]) == 1
    assert len([one for one in done if isinstance(one, Conflict)]) == 2
    assert len(await town.orders.of_item(number, WHO["leader"])) == 1


async def test_nobody_passes_sideways(town: Town) -> None:
    order = await town.assign(await town.number())
    for unit in (OTHER, f"{OTHER}01", BUREAU, "centre", "1"):
        with pytest.raises(BadContact) as fault:
            await town.act(order, "bureau", E.PASS_DOWN, unit=unit)
        assert STATION in fault.value.faults[0].en
    await town.act(order, "bureau", E.PASS_DOWN, unit=STATION)
    with pytest.raises(BadContact):
        await town.act(order, "station", E.PASS_DOWN, unit=STATION)
    after = await town.act(order, "bureau", E.PASS_DOWN, unit=NEXT_STATION)
    assert (after.shown.order.unit, after.shown.order.bureau) == (NEXT_STATION, BUREAU)
    with pytest.raises(NotFound):
        await town.act(order, "station", E.SIGN)
    with pytest.raises(NotFound):
        await town.act(order, "other", E.SIGN)
    with pytest.raises(NotAllowed):
        await town.act(order, "agent", E.CANCEL, reason="不属")


async def test_returns_go_upward_and_three_make_a_problem(town: Town) -> None:
    number = await town.number()
    order = await town.assign(number, STATION)
    await town.act(order, "station", E.RETURN, reason="地址不详")
    with pytest.raises(NotAllowed):
        await town.act(order, "dispatcher", E.SIGN)
    back = await town.act(order, "bureau", E.RETURN, reason="not_competent", text="应由曲沃局办理")
    assert (back.shown.order.returned_to, back.shown.order.passes) == ("centre", 2)
    assert (await town.intake.get(number)).item.state is ItemState.IN_WORK
    upheld = await town.act(order, "dispatcher", E.UPHOLD, text="属地在尧都")
    assert (upheld.shown.order.state, upheld.shown.order.firm) == (S.HANDLING, True)
    assert upheld.item.item.state is ItemState.HANDED_OVER
    await town.act(order, "bureau", E.DISPUTE, text="仍有异议")
    with pytest.raises(NotAllowed):
        await town.act(order, "dispatcher", E.TAKE_BACK)
    await town.act(order, "leader", E.TAKE_BACK, text="异议成立")
    again = await town.assign(number, OTHER)
    assert again.passes == 2 and not again.problem
    third = await town.act(again, "other", E.RETURN, reason="不属本职")
    assert third.shown.order.problem
    assert await town.events(order) == [
        *("assign", "return", "return", "uphold", "dispute", "take_back"),
    ]


async def test_a_returned_order_is_over_once_its_item_is_assigned_anew(town: Town) -> None:
    number = await town.number()
    first = await town.assign(number, STATION)
    await town.act(first, "station", E.RETURN, reason="other")
    again = await town.assign(number, OTHER)
    for event in (E.SIGN, E.RETURN, E.PASS_DOWN):
        with pytest.raises(NotPossible, match="assigned anew"):
            await town.act(first, "bureau", event, reason="other", unit=STATION)
    assert (await town.order(again)).state is S.ASSIGNED


async def test_a_late_return_is_refused_and_may_be_disputed(town: Town) -> None:
    order = await town.assign(await town.number())
    town.clock.on(days=2)
    with pytest.raises(NotPossible) as refusal:
        await town.act(order, "bureau", E.RETURN, reason="其他原因")
    assert "dispute" in refusal.value.possible and "take_back" not in refusal.value.possible
    disputed = await town.act(order, "bureau", E.DISPUTE, text="不在辖区")
    assert disputed.shown.order.disputed_on == date(2026, 3, 4)
    assert disputed.events[-1].facts == {"until": "2026-03-13"}


async def test_extensions_stay_within_the_rules_and_the_law(town: Town) -> None:
    order = await town.assign(await town.number())  # due 9 March, by law on the 11th
    await town.act(order, "bureau", E.SIGN)
    for days, reason, names in ((4, "鉴定", ["days"]), (3, "", ["reason", "days"]), (3, "鉴定", ["days"])):
        with pytest.raises(BadContact) as fault:
            await town.act(order, "bureau", E.ASK_EXTENSION, days=days, reason=reason)
        assert [entry.field for entry in fault.value.faults] == names
    assert "at most 2 days" in fault.value.faults[0].en
    await town.act(order, "bureau", E.ASK_EXTENSION, days=1, reason="鉴定")
    with pytest.raises(BadContact):
        await town.act(order, "dispatcher", E.DECIDE_EXTENSION, granted=False)
    refused = await town.act(order, "dispatcher", E.DECIDE_EXTENSION, granted=False, text="无须鉴定")
    assert refused.shown.order.due == date(2026, 3, 9)
    await town.act(order, "bureau", E.ASK_EXTENSION, days=2, reason="鉴定")
    longer = await town.act(order, "leader", E.DECIDE_EXTENSION, granted=True)
    assert (longer.shown.order.due, longer.shown.order.extensions) == (date(2026, 3, 11), 1)


async def test_a_decision_moves_the_legal_clock_of_the_order(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    with pytest.raises(BadContact):
        await town.act(order, "bureau", E.DECIDE, event="complete")
    with pytest.raises(BadContact):
        await town.act(order, "bureau", E.DECIDE, event="refuse_acceptance", ground=99)
    done = await town.act(order, "bureau", E.DECIDE, event="accept")
    assert done.item.item.state is ItemState.ACCEPTED
    assert done.shown.order.legal_due and done.shown.order.legal_due > date(2026, 4, 20)
    await town.act(order, "bureau", E.SUSPEND, reason="检测", paper="委托书")
    town.clock.on(days=10)
    resumed = await town.act(order, "bureau", E.RESUME)
    assert resumed.shown.order.legal_due > done.shown.order.legal_due
    assert not resumed.shown.order.ever_late and resumed.shown.order.due == date(2026, 3, 18)


async def mediation(town: Town, order: Order) -> Due:
    """The legal clock of the mediation as the item has it."""
    item = (await town.orders.order(order.id, WHO["leader"])).item.item
    return next(due for due in item.due if due.clock == "end_mediation")


async def test_the_item_leaves_out_a_suspension_where_its_law_says_so(town: Town) -> None:
    """With the paper and the article in its trace; day by day while it lasts, and once it is over."""
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    await town.act(order, "bureau", E.DECIDE, event="accept")
    plain = (await mediation(town, order)).on
    await town.act(order, "bureau", E.SUSPEND, reason="检测", paper="检测委托书1号")
    town.clock.on(days=7)
    await town.orders.recount()
    lasting = await mediation(town, order)
    assert lasting.on > plain and any("（进行中） 检测（检测委托书1号）" in step for step in lasting.trace)
    assert (await town.order(order)).legal_due == lasting.on
    town.clock.on(days=7)
    await town.act(order, "bureau", E.RESUME)
    over = await mediation(town, order)
    assert over.on > lasting.on
    assert any("（检测委托书1号），总局令第20号第二十条，不计" in step for step in over.trace)
    listed = await town.intake.get(order.number)
    assert over in listed.item.due


async def test_a_suspension_ends_with_its_order(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    await town.act(order, "bureau", E.DECIDE, event="accept")
    await town.act(order, "bureau", E.SUSPEND, reason="检测", paper="1")
    town.clock.on(days=3)
    await town.act(order, "dispatcher", E.CANCEL, reason="撤回")
    ended = await town.order(order)
    assert ended.suspension is None and ended.suspensions[0].ends is not None
    then = (await mediation(town, order)).on
    town.clock.on(days=10)
    await town.orders.recount()
    assert (await mediation(town, order)).on == then


async def test_days_of_suspensions_have_to_fit(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    for day in (date(2026, 3, 1), date(2026, 3, 3)):
        with pytest.raises(BadContact) as fault:
            await town.act(order, "bureau", E.SUSPEND, reason="检测", paper="1", day=day)
        assert fault.value.faults[0].field == "from"
    await town.act(order, "bureau", E.SUSPEND, reason="检测", paper="1")
    with pytest.raises(BadContact):
        await town.act(order, "bureau", E.RESUME, day=date(2026, 3, 3))
    reported = await town.act(order, "bureau", E.REPORT, report=REPORT)
    assert reported.shown.order.suspension is None


async def test_a_report_names_every_fault_and_keeps_what_was_typed(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    with pytest.raises(BadContact) as fault:
        await town.act(order, "bureau", E.REPORT, report=Report(text="办了", basis="none"))
    assert {entry.field for entry in fault.value.faults} == {"result", "answer", "signed_by", "basis"}
    whole = await town.orders.order(order.id, WHO["bureau"])
    assert whole.draft and whole.draft.text == "办了"
    long = Report("mediated", "办" * 20_001, "答", signed_by="李")
    with pytest.raises(BadContact) as fault:
        await town.act(order, "bureau", E.REPORT, report=long)
    assert [entry.field for entry in fault.value.faults] == ["text"]
    assert (await town.orders.order(order.id, WHO["bureau"])).draft == whole.draft


@contextmanager
def asking(who: str) -> Iterator[None]:
    """Whoever asks over HTTP, for the audit log."""
    token = ASKER.set(Asker(who, "127.0.0.1"))
    try:
        yield
    finally:
        ASKER.reset(token)


async def test_files_of_a_report_are_files_of_its_item(town: Town, tmp_path: Path) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    paper = tmp_path / "调解书.pdf"
    paper.write_bytes(b"%PDF-1.4")
    await town.intake.add_files(
        order.number, "bureau1", (Evidence(str(paper), "调解书.pdf", "application/pdf"),), ""
    )
    (file,) = (await town.orders.order(order.id, WHO["bureau"])).item.attachments
    for report in (replace(REPORT, files=("0" * 64,)), replace(REPORT, received_on=date(2026, 3, 2))):
        with pytest.raises(BadContact) as fault:
            await town.act(order, "bureau", E.REPORT, report=report)
        assert fault.value.faults[0].field in ("files", "received_on")
    await town.act(order, "bureau", E.REPORT, report=replace(REPORT, files=(file.sha256,)))
    await town.act(order, "dispatcher", E.SEND_BACK, text="请补笔录")
    done = await town.act(order, "bureau", E.REPORT, report=REPORT)
    assert [report.files for report in done.reports] == [(file.sha256,), ()]


async def test_a_report_on_paper_counts_from_the_day_it_came(town: Town) -> None:
    """Typed in three days later; what was noted of lateness since does not count."""
    await town.make_offline(STATION)
    order = await town.assign(await town.number(), STATION)  # due 9 March
    await town.act(order, "dispatcher", E.SIGN)
    town.clock.on(days=10)
    await town.orders.mark_late()
    assert (await town.order(order)).ever_late
    for day in (date(2026, 3, 1), date(2026, 3, 13)):
        with pytest.raises(BadContact) as fault:
            await town.act(order, "dispatcher", E.REPORT, report=replace(REPORT, received_on=day))
        assert [entry.field for entry in fault.value.faults] == ["received_on"]
    paper = replace(REPORT, received_on=date(2026, 3, 9))
    with asking("dispatcher1"):
        done = await town.act(order, "dispatcher", E.REPORT, report=paper)
    order = done.shown.order
    assert order.reported_at and order.reported_at.date() == date(2026, 3, 9) and not order.ever_late
    assert done.events[-1].facts["typed_by"] == "dispatcher1"
    assert "纸质报告 2026-03-09 收到，dispatcher1 代为录入" in done.events[-1].text
    rows = await town.storage.audit.page(about=order.number, who="dispatcher1")
    (typed,) = (row for row in rows if row.what == "order.typed_report")
    assert '"received_on":"2026-03-09"' in typed.detail.replace(" ", "")


async def test_a_report_on_paper_that_came_late_leaves_the_order_late(town: Town) -> None:
    await town.make_offline(STATION)
    order = await town.assign(await town.number(), STATION)
    await town.act(order, "dispatcher", E.SIGN)
    town.clock.on(days=8)
    await town.orders.mark_late()
    town.clock.on(days=3)
    paper = replace(REPORT, received_on=date(2026, 3, 11))
    assert (await town.act(order, "dispatcher", E.REPORT, report=paper)).shown.order.ever_late


async def test_a_reporter_is_never_answered_by_the_text_that_stays_inside(town: Town) -> None:
    order = await town.assign(await town.number(kind=Kind.REPORT))
    await town.act(order, "bureau", E.SIGN)
    inside = Report("filed", "已立案，案源为内部检查。", signed_by="李", basis="food_safety")
    with pytest.raises(BadContact) as fault:
        await town.act(order, "bureau", E.REPORT, report=inside)
    assert [entry.field for entry in fault.value.faults] == ["answer"]
    await town.act(order, "bureau", E.REPORT, report=replace(inside, basis=""))


async def test_an_answer_that_is_told_closes_the_item(town: Town) -> None:
    order = await reported(town)
    closed: list[object] = []
    town.orders.on_item_closed(lambda t, item, order: closed.append((item.number, order and order.id)))
    done = await town.act(order, "dispatcher", E.APPROVE)
    assert (done.shown.order.state, done.item.item.state) == (S.CLOSED, ItemState.ANSWERED)
    assert await town.events(order) == ["assign", "sign", "report", "approve", "close"]
    assert await town.orders.close_told() == 0  # what is to be told of it has not been planned yet
    await town.storage.outbox.plan(None, 100, town.clock())
    assert (await town.orders.close_told(), await town.orders.close_told()) == (1, 0)
    assert (await town.intake.get(order.number)).item.state is ItemState.CLOSED
    assert (await town.order(order)).told_at and closed == [(order.number, order.id)]


async def test_an_answer_after_a_refusal_goes_beside_it(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    await town.act(order, "bureau", E.DECIDE, event="refuse_acceptance", ground=3)
    await town.act(
        order, "bureau", E.REPORT, report=Report("not_accepted", "不予受理", "请向法院起诉。", signed_by="李")
    )
    done = await town.act(order, "dispatcher", E.APPROVE)
    assert done.item.item.state is ItemState.NOT_ACCEPTED
    assert ("reply", "请向法院起诉。") in [(entry.what, entry.text) for entry in done.item.timeline]
    await town.storage.outbox.plan(None, 100, town.clock())
    assert await town.orders.close_told() == 1


async def test_a_reporter_is_told_only_where_a_law_says_so(town: Town) -> None:
    order = await town.assign(await town.number(kind=Kind.REPORT, claims=(), amount=None))
    await town.act(order, "bureau", E.SIGN)
    result = Report("filed", "已立案", "已立案查处。", signed_by="李")
    await town.act(order, "bureau", E.REPORT, report=result)
    await town.act(order, "dispatcher", E.APPROVE)
    matter = await town.matters.matter(order.number)
    assert [d.told for d in matter.decisions if d.event == "answer"] == [""]


async def test_a_closed_order_is_done_again_by_its_unit(town: Town) -> None:
    order = await reported(town)
    await town.act(order, "dispatcher", E.APPROVE)
    await town.storage.outbox.plan(None, 100, town.clock())
    await town.orders.close_told()
    town.clock.on(days=30)
    for expected in (1, 2, 3):
        again = await town.act(order, "dispatcher", E.DO_AGAIN, reason="未解决")
        one = again.shown.order
        assert (one.state, one.rounds, one.problem) == (S.DONE_AGAIN, expected, expected == 3)
        assert (one.due, one.late_from_start, one.ever_late) == (date(2026, 4, 1), True, True)
        assert again.item.item.state is ItemState.HANDED_OVER
        await town.act(order, "bureau", E.REPORT, report=REPORT)
        await town.act(order, "dispatcher", E.APPROVE)
        await town.storage.outbox.plan(None, 100, town.clock())
        assert await town.orders.close_told() == 1


@pytest.mark.parametrize("end", ["merge", "withdraw", "complete", "hand_back"])
async def test_an_order_ends_with_its_item(town: Town, end: str) -> None:
    number = await town.number()
    order = await town.assign(number)
    if end == "merge":
        await town.intake.merge(number, await town.number("web:2"), "agent1")
    elif end == "complete":
        await town.intake.claim("agent1", QueueQuery(), number)
        await town.intake.complete(number, "agent1", "重复")
    else:
        await town.desk(number, Act(Event(end), {"reason": "收回", "text": "撤回"}))
    after = await town.order(order)
    assert (after.state, (await town.events(order))[-1]) == (S.CANCELLED, "cancel")
    assert await town.orders.mark_late() == 0
    with pytest.raises(NotPossible):
        await town.act(order, "bureau", E.SIGN)


async def test_that_it_was_late_stays(town: Town) -> None:
    order = await town.assign(await town.number())
    await town.act(order, "bureau", E.SIGN)
    town.clock.on(days=8)
    assert (await town.orders.mark_late(), await town.orders.mark_late()) == (1, 0)
    late = await town.orders.list(OrderQuery(), WHO["bureau"], overdue=True)
    assert [shown.order.id for shown in late] == [order.id] and late[0].late
    await town.act(order, "bureau", E.REPORT, report=REPORT)
    assert not await town.orders.list(OrderQuery(), WHO["bureau"], overdue=True)
    await town.act(order, "dispatcher", E.APPROVE)
    assert (await town.order(order)).ever_late and "late" in await town.events(order)


async def test_lists_hold_what_one_may_see(town: Town) -> None:
    first = await town.assign(await town.number("web:1"), STATION)
    second = await town.assign(await town.number("web:2"), BUREAU, Urgency.PRESSING)
    third = await town.assign(await town.number("web:3"), OTHER)

    async def ids(who: str, unit: str = "", **query: object) -> list[int]:
        page = await town.orders.list(OrderQuery(**query), WHO[who], unit)  # type: ignore[arg-type]
        return [shown.order.id for shown in page]

    assert await ids("bureau") == [second.id, first.id]  # the pressing one is due tomorrow
    assert await ids("station") == [first.id]
    assert await ids("other") == [third.id] and await ids("other", BUREAU) == []
    assert await ids("agent") == [second.id, first.id, third.id]
    assert await ids("agent", BUREAU) == [second.id, first.id] and await ids("agent", STATION) == [first.id]
    assert await ids("agent", limit=1, after=second.id) == [first.id]
    assert await ids("agent", number=third.number) == [third.id]
    assert await ids("agent", states=(S.SIGNED,)) == [] and await ids("agent", "centre", open=True) != []
    assert await ids("bureau", STATION, open=True) == [first.id]
    assert await ids("station", BUREAU) == [] and await ids("other", copied=True) == [third.id]
    with pytest.raises(BadContact):
        await ids("agent", "7")


async def test_each_act_stands_in_the_audit_log_and_the_timeline(town: Town) -> None:
    order = await reported(town)
    timeline = (await town.intake.get(order.number)).timeline
    words = [entry.what for entry in timeline if entry.what.startswith("order_")]
    assert words == ["order_assign", "order_sign", "order_report"]
    assert ("changed", order.number) in town.told
