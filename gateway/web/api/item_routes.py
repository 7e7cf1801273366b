"""Routes of one item: their path, and what every act on an item has in common."""

from __future__ import annotations

from gateway.core.rights import Right
from gateway.errors import Conflict, GatewayError, NotFound, StorageDown
from gateway.web.api.queue_models import ItemWhole
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Does, Route

QUEUE = "/api/v1/queue"
ONE = f"{QUEUE}/{{number}}"


def item_act(
    name: str,
    zh: str,
    en: str,
    does: Does,
    body: type[RequestModel],
    gives: type[AnswerModel] = ItemWhole,
    *,
    status: int = 200,
    right: Right = Right.WORK_ITEMS,
    files: bool = False,
    handles: bool = False,
    headers: tuple[tuple[str, str], ...] = (),
    refuses: tuple[type[GatewayError], ...] = (NotFound, Conflict, StorageDown),
) -> Route:
    """`POST …/{number}/{name}` by whoever works on items, unless another right is named. `status` is
    given beside 200, such as 201."""
    return Route(
        *("POST", f"{ONE}/{name}", name.replace("-", "_"), zh, en, does),
        {200: gives, status: gives},
        right=right,
        body=body,
        files=files,
        handles=handles,
        number=True,
        headers=headers,
        refuses=refuses,
    )
