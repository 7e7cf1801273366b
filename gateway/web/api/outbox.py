"""/api/v1/outbox: deliveries that wait, those that were given up, and sending them again.

Texts of mails (they hold query codes) and whole addresses are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import Field

from gateway.core.item.delivery import AGAIN, Delivery, DeliveryState, shown_address
from gateway.core.rights import Right
from gateway.errors import Conflict, NotFound, StorageDown
from gateway.web.http.fields import Choice, ItemNumberOrEmpty, Whole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Route


class PostLedger(Protocol):
    """What is needed of storage. Every method raises StorageDown."""

    async def list(
        self, state: DeliveryState | None, number: str, after: int, limit: int
    ) -> Sequence[Delivery]: ...

    async def get(self, delivery_id: int) -> Delivery | None: ...

    async def move(
        self, delivery_id: int, before: Collection[DeliveryState], after: DeliveryState, now: datetime
    ) -> bool: ...

    async def counts(self) -> Mapping[tuple[str, str], int]:
        """How many wait and how many are dead, by way and state."""


class OutboxAsked(RequestModel):
    """Which deliveries; the newest first."""

    state: Choice[DeliveryState] | None = Field(default=None, description="状态 / state")
    number: ItemNumberOrEmpty = Field(default="", description="登记编号 / an item's number")
    after: Annotated[int, Whole(least=0)] = Field(
        default=0, description="上一页最后一条的 id / id of the last one seen"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="条数 / how many")


class DeliveryShown(AnswerModel):
    """One delivery; `to` is not the whole address, `error` what went wrong at the last try."""

    id: int
    number: str
    way: str
    to: str
    state: DeliveryState
    attempts: int
    made_at: datetime
    due_at: datetime
    sent_at: datetime | None
    error: str


class OutboxPage(AnswerModel):
    """Deliveries; `next` is what `after` must be for the page that follows."""

    items: tuple[DeliveryShown, ...]
    next: int | None


class OutboxApi:
    """For those who lead."""

    def __init__(self, post: PostLedger, now: Callable[[], datetime]) -> None:
        self._post = post
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/outbox",
                "outbox",
                "外发通知，最新在前",
                "What is sent, the newest first",
                self.page,
                {200: OutboxPage},
                right=Right.LEAD_SHIFT,
                query=OutboxAsked,
                refuses=(StorageDown,),
            ),
            Route(
                "POST",
                "/api/v1/outbox/{id}/resend",
                "resend",
                "重新发送",
                "Send a dead letter or a bounced mail again",
                self.resend,
                {200: DeliveryShown},
                right=Right.LEAD_SHIFT,
                refuses=(NotFound, Conflict, StorageDown),
            ),
        )

    async def page(self, request: ApiRequest) -> Answer:
        q = request.query_as(OutboxAsked)
        deliveries = await self._post.list(q.state, q.number, q.after, q.limit + 1)
        shown = tuple(_shown(delivery) for delivery in deliveries[: q.limit])
        return Answer(OutboxPage(items=shown, next=shown[-1].id if len(deliveries) > q.limit else None))

    async def resend(self, request: ApiRequest) -> Answer:
        part = request.part("id")
        delivery_id = int(part) if part.isascii() and part.isdigit() and len(part) < 16 else 0
        if await self._post.get(delivery_id) is None:
            raise NotFound
        if not await self._post.move(delivery_id, AGAIN, DeliveryState.WAITING, self._now()):
            raise Conflict("只能重发已放弃、退回或作废的 / only what is dead, bounced or dropped")
        again = await self._post.get(delivery_id)
        assert again
        return Answer(_shown(again))


def _shown(delivery: Delivery) -> DeliveryShown:
    d = delivery.draft
    return DeliveryShown(
        id=delivery.id,
        number=delivery.number,
        way=d.way,
        to=shown_address(d.address),
        state=delivery.state,
        attempts=delivery.attempts,
        made_at=delivery.made_at,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        error=delivery.error,
    )
