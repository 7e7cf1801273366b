"""Items that stay whatever the term of their kind: a court or an audit wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.item.hold import Hold
from gateway.core.rights import Right
from gateway.errors import NotFound, StorageDown
from gateway.web.api.item_routes import ONE
from gateway.web.api.matters import number_of
from gateway.web.http.fields import Text
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route


class Holds(Protocol):
    """What is needed of storage/retention_rows.py."""

    async def hold(self, number: str, who: str, reason: str, at: datetime) -> None: ...

    async def let_go(self, number: str, who: str, at: datetime) -> None: ...

    async def holds(self) -> Sequence[Hold]: ...


class HoldBody(RequestModel):
    """Why an item has to stay."""

    reason: Annotated[str, Text(500, shortest=4)] = Field(description="封存理由 / why it has to stay")


class HoldShown(AnswerModel):
    """One item that stays."""

    number: str
    at: datetime
    who: str
    reason: str


class HoldsGiven(AnswerModel):
    """All items that stay, the oldest hold first."""

    items: tuple[HoldShown, ...]


class HoldsApi:
    """End points of legal holds."""

    def __init__(self, rows: Holds, now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("POST", f"{ONE}/hold", "hold", "封存事项：到期也不删除，须写明理由"),
                *("An item stays whatever the term of its kind; a reason is needed", self.hold),
                {204: None},
                right=Right.HOLD_ITEMS,
                body=HoldBody,
                number=True,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("DELETE", f"{ONE}/hold", "let_go", "解除封存", "An item is not held any more", self.let_go),
                {204: None},
                right=Right.HOLD_ITEMS,
                number=True,
                refuses=(NotFound, StorageDown),
            ),
            Route(
                *("GET", "/api/v1/holds", "holds", "已封存的事项", "Items that are held", self.holds),
                {200: HoldsGiven},
                right=Right.SEE_HOLDS,
                refuses=(StorageDown,),
                looks="holds.view",
            ),
        )

    async def hold(self, request: ApiRequest) -> Answer:
        reason = request.body_as(HoldBody).reason
        await self._rows.hold(number_of(request), request.account.name, reason, self._now())
        return Answer(None, 204)

    async def let_go(self, request: ApiRequest) -> Answer:
        await self._rows.let_go(number_of(request), request.account.name, self._now())
        return Answer(None, 204)

    async def holds(self, request: ApiRequest) -> Answer:
        rows = await self._rows.holds()
        return Answer(HoldsGiven(items=tuple(HoldShown.model_validate(row) for row in rows)))
