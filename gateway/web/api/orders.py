"""Work orders: assigning items to units, what units and the centre do, lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from gateway.cases import orders as cases
from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.core.item.contact import Kind
from gateway.core.item.item import Attachment
from gateway.core.order.actors import RIGHTS
from gateway.core.order.figures import Figure
from gateway.core.order.order import OrderEntry, OrderQuery, OrderState, Report, Suspension
from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_PAST_NAMES, SIDE, WITH_UNIT, OrderEvent, Side
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.errors import Conflict, NotAllowed, NotFound, StorageDown
from gateway.web.api import order_models as models
from gateway.web.api import translate
from gateway.web.api.intake_models import DueDay
from gateway.web.api.item_routes import ONE
from gateway.web.api.matters import number_of
from gateway.web.api.queue_models import AttachmentShown
from gateway.web.http.models import RequestModel
from gateway.web.http.route import Answer, ApiRequest, Does, Route

ORDERS = "/api/v1/orders"
ORDER = f"{ORDERS}/{{id}}"
SHOWN = 120
"""Characters of an item's content that stand in lists."""
E = OrderEvent
_REFUSES = (NotFound, Conflict, NotAllowed, StorageDown)


class OrderDesk(Protocol):
    """What is needed of gateway/cases/orders.py. Every method may raise NotFound and StorageDown."""

    async def assign(self, number: str, account: Account, body: Assignment) -> cases.OrderView: ...

    async def look_ahead(self, number: str, account: Account, body: Assignment) -> cases.OrderView:
        """The order that `assign` would make; nothing is written."""

    async def act(
        self, order_id: int, account: Account, event: OrderEvent, values: OrderInput
    ) -> cases.OrderDetail: ...

    async def order(self, order_id: int, account: Account) -> cases.OrderDetail: ...

    async def list(
        self, query: OrderQuery, account: Account, unit: str = "", *, overdue: bool = False
    ) -> Sequence[cases.OrderView]: ...

    async def of_item(self, number: str, account: Account) -> Sequence[cases.OrderView]: ...

    async def earlier(self, order_id: int, account: Account) -> Sequence[cases.OrderView]: ...

    async def save_draft(
        self, order_id: int, account: Account, report: Report
    ) -> tuple[Report, tuple[Attachment, ...]]: ...


class OrdersApi:
    """End points of orders."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("POST", f"{ONE}/assign", "assign", "派单：分派给一个办理单位"),
                *("Assign an item to a unit that handles it", self.assign),
                {201: models.OrderShown},
                right=Right.ASSIGN_ORDERS,
                body=models.AssignBody,
                number=True,
                refuses=_REFUSES,
            ),
            Route(
                *("GET", f"{ONE}/orders", "orders_of_item", "事项的工单", "Orders of an item", self.of_item),
                {200: models.OrdersPage},
                right=Right.SEE_ORDERS,
                number=True,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("GET", ORDERS, "orders", "工单列表，先到期的在前"),
                *("Orders, the first to be due first", self.page),
                {200: models.OrdersPage},
                right=Right.SEE_ORDERS,
                lists=True,
                query=models.OrdersAsked,
                refuses=(StorageDown,),
                looks="orders.view",
            ),
            Route(
                *("GET", ORDER, "order", "工单：经过、期限、中止、上报和事项"),
                *("One order with its history, clocks, reports and item", self.order),
                {200: models.OrderWholeShown},
                right=Right.SEE_ORDERS,
                refuses=(NotFound, StorageDown),
                looks="order.view",
            ),
            Route(
                *("GET", f"{ORDER}/earlier", "earlier_orders", "同一被投诉人的其他工单"),
                *("Other orders about the same respondent that the asker sees", self.earlier),
                {200: models.OrdersPage},
                right=Right.SEE_ORDERS,
                lists=True,
                refuses=(NotFound, StorageDown),
                looks="orders.view",
            ),
            Route(
                *("POST", f"{ORDER}/draft", "order_draft", "保存上报草稿"),
                *("Keep what was typed of a report", self.draft),
                {200: models.DraftGiven},
                right=RIGHTS[Side.UNIT],
                body=models.DraftBody,
                refuses=_REFUSES,
                noted=False,
            ),
            *(self._act(event, body) for event, (body, _) in BODIES.items()),
        )

    def _act(self, event: OrderEvent, body: type[RequestModel]) -> Route:
        zh, en = ORDER_EVENT_NAMES[event]
        return Route(
            *("POST", f"{ORDER}/{event.value.replace('_', '-')}", f"order_{event.value}", f"工单：{zh}"),
            *(f"Order: {en}", self._acts(event)),
            {200: models.OrderWholeShown},
            right=RIGHTS[SIDE[event]],
            body=body,
            refuses=_REFUSES,
        )

    # ------------------------------------------------------------ what is asked

    async def assign(self, request: ApiRequest) -> Answer:
        body = request.body_as(models.AssignBody)
        assignment = Assignment(body.unit, body.note, body.urgency, body.copies)
        shown = await self._desk.assign(number_of(request), request.account, assignment)
        return Answer(models.OrderShown(**order_shown(shown)), 201)

    async def of_item(self, request: ApiRequest) -> Answer:
        shown = await self._desk.of_item(number_of(request), request.account)
        items = tuple(models.OrderShown(**order_shown(order)) for order in shown)
        return Answer(models.OrdersPage(items=items, next=None))

    async def page(self, request: ApiRequest) -> Answer:
        asked = request.query_as(models.OrdersAsked)
        query = OrderQuery(
            states=_states(asked),
            open=asked.open,
            number=asked.number,
            problem=asked.problem,
            disputed=asked.disputed,
            copied=asked.copied,
            copies_only=asked.copies_only,
            bureau=asked.bureau,
            at=asked.at,
            kind=Kind(asked.kind.value) if asked.kind else None,
            figure=Figure(asked.figure.value) if asked.figure else None,
            after=int(asked.after or 0),
            limit=asked.limit,
        )
        page = await self._desk.list(query, request.account, asked.unit, overdue=asked.overdue)
        items = tuple(models.OrderShown(**order_shown(shown)) for shown in page)
        return Answer(
            models.OrdersPage(items=items, next=items[-1].id if len(items) == asked.limit else None)
        )

    async def order(self, request: ApiRequest) -> Answer:
        return _whole(await self._desk.order(id_of(request), request.account))

    async def earlier(self, request: ApiRequest) -> Answer:
        page = await self._desk.earlier(id_of(request), request.account)
        items = tuple(models.OrderShown(**order_shown(shown)) for shown in page)
        return Answer(models.OrdersPage(items=items, next=None))

    async def draft(self, request: ApiRequest) -> Answer:
        report = _report(request.body_as(models.DraftBody))
        kept, files = await self._desk.save_draft(id_of(request), request.account, report)
        return Answer(models.DraftGiven(draft=report_shown(kept, files)))

    def _acts(self, event: OrderEvent) -> Does:
        body, sentence = BODIES[event]

        async def acts(request: ApiRequest) -> Answer:
            words = sentence(request.body_as(body))
            return _whole(await self._desk.act(id_of(request), request.account, event, words))

        return acts


def _plain(body: Any) -> OrderInput:
    """A body whose members are those of OrderInput."""
    return OrderInput(**{name: getattr(body, name) for name in type(body).model_fields})


def _suspension(body: Any) -> OrderInput:
    return OrderInput(reason=body.reason, paper=body.paper, day=body.begins)


def _resumption(body: Any) -> OrderInput:
    return OrderInput(text=body.text, day=body.on)


def _supervision(body: Any) -> OrderInput:
    return OrderInput(text=body.text, day=body.due)


def _reported(body: Any) -> OrderInput:
    return OrderInput(report=_report(body))


BODIES: dict[OrderEvent, tuple[type[RequestModel], Callable[[Any], OrderInput]]] = {
    E.SIGN: (models.WordBody, _plain),
    E.RETURN: (models.ReturnBody, _plain),
    E.PASS_DOWN: (models.PassDownBody, _plain),
    E.ASK_EXTENSION: (models.ExtensionBody, _plain),
    E.DECIDE_EXTENSION: (models.ExtensionDecided, _plain),
    E.SUSPEND: (models.SuspensionBody, _suspension),
    E.RESUME: (models.ResumptionBody, _resumption),
    E.DECIDE: (models.DecisionBody, _plain),
    E.DISPUTE: (models.TextBody, _plain),
    E.UPHOLD: (models.TextBody, _plain),
    E.CANCEL: (models.ReasonBody, _plain),
    E.REPORT: (models.ReportBody, _reported),
    E.APPROVE: (models.WordBody, _plain),
    E.SEND_BACK: (models.TextBody, _plain),
    E.TAKE_BACK: (models.WordBody, _plain),
    E.URGE: (models.TextBody, _plain),
    E.SUPERVISE: (models.SupervisionBody, _supervision),
    E.DO_AGAIN: (models.ReasonBody, _plain),
}
"""What each act takes, and how it is read."""


def _states(asked: models.OrdersAsked) -> tuple[OrderState, ...]:
    if asked.state:
        return (asked.state,)
    return tuple(state for state in OrderState if state in WITH_UNIT) if asked.todo else ()


def id_of(request: ApiRequest) -> int:
    """The order's id in the path. Raises NotFound for what can be none."""
    text = request.part("id")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound
    return int(text)


def _report(body: models.DraftBody) -> Report:
    return Report(
        result=body.result,
        text=body.text,
        answer=body.answer,
        amount_in_dispute=_fen(body.amount_in_dispute),
        amount_recovered=_fen(body.amount_recovered),
        signed_by=body.signed_by,
        basis=body.basis,
        files=body.files,
        received_on=getattr(body, "received_on", None),
    )


def _fen(yuan: Any) -> int | None:
    return None if yuan is None else int(yuan * 100)


# ------------------------------------------------------------------ what is given


def order_shown(shown: cases.OrderView) -> dict[str, Any]:
    """The members of models.OrderShown."""
    order, item = shown.order, shown.item
    values = {name: getattr(order, name) for name in models.OrderShown.model_fields if hasattr(order, name)}
    return values | {
        "id": str(order.id),
        "unit_name": shown.names[order.unit],
        "bureau_name": shown.names[order.bureau],
        "late": shown.late,
        "suspended": order.suspension is not None,
        "copy_only": shown.copy,
        "kind": item.kind,
        "received_at": item.received_at,
        "respondent_name": item.respondent.name,
        "summary": item.content[:SHOWN],
        "possible": tuple(event.value.replace("_", "-") for event in shown.possible),
        "warnings": tuple(models.WarningShown(zh=zh, en=en) for zh, en in shown.warnings),
    }


def _whole(whole: cases.OrderDetail) -> Answer:
    order, files = whole.shown.order, whole.item.attachments
    return Answer(
        models.OrderWholeShown(
            **order_shown(whole.shown),
            events=tuple(map(_event, whole.events)),
            clocks=(_clock(whole.shown), *(DueDay(**asdict(due)) for due in whole.item.item.due)),
            suspensions=tuple(map(_suspended, order.suspensions)),
            copies=whole.copies,
            reports=tuple(report_shown(report, files) for report in whole.reports),
            draft=report_shown(whole.draft, files) if whole.draft else None,
            item=translate.item(whole.item),
        )
    )


def _clock(shown: cases.OrderView) -> DueDay:
    clock = shown.clock
    return DueDay(
        clock="order",
        on=clock.due,
        provisional=clock.provisional,
        basis="rules/handling.yaml",
        trace=clock.trace,
    )


def _event(entry: OrderEntry) -> models.OrderEventShown:
    zh, en = ORDER_PAST_NAMES.get(entry.event, (entry.event, entry.event))
    return models.OrderEventShown(
        at=entry.at,
        event=entry.event,
        event_zh=zh,
        event_en=en,
        who=entry.who,
        unit=entry.unit,
        text=entry.text,
        facts=dict(entry.facts),
    )


def _suspended(entry: Suspension) -> models.SuspensionShown:
    return models.SuspensionShown(begins=entry.begins, on=entry.ends, reason=entry.reason, paper=entry.paper)


def report_shown(report: Report, attachments: Sequence[Attachment] = ()) -> models.ReportShown:
    """With those of its files that are there still."""
    values = asdict(report)
    files = [file for file in attachments if file.sha256 in report.files]
    values["files"] = tuple({file.sha256: AttachmentShown.model_validate(file) for file in files}.values())
    for name in ("amount_in_dispute", "amount_recovered"):
        values[name] = translate.yuan(values[name])
    return models.ReportShown(**values)
