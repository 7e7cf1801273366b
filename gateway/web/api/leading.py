"""What who leads the shift does: sees who holds what, and gives items to somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.item.lists import Tab
from gateway.core.rights import Right
from gateway.errors import Conflict, NotFound, StorageDown
from gateway.web.api import list_models as models
from gateway.web.api import translate
from gateway.web.api.item_desk import ItemWork
from gateway.web.api.item_routes import ONE, QUEUE
from gateway.web.api.lists import ListsApi
from gateway.web.api.queue_models import ItemWhole
from gateway.web.http.route import Answer, ApiRequest, Route


@dataclass(frozen=True, slots=True)
class LeadingApi:
    """GET /api/v1/queue/holders and POST /api/v1/queue/{number}/reassign."""

    work: ItemWork
    lists: ListsApi

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                *("GET", f"{QUEUE}/holders", "holders"),
                *("各人在办件数", "Who holds items, and how many", self.holders),
                {200: models.HoldersShown},
                right=Right.LEAD_SHIFT,
                refuses=(StorageDown,),
            ),
            Route(
                *("POST", f"{ONE}/reassign", "reassign"),
                *(
                    "改派给同事，或退回待办",
                    "Give an item to a colleague, or back to the queue",
                    self.reassign,
                ),
                {200: ItemWhole},
                right=Right.LEAD_SHIFT,
                body=models.ReassignBody,
                number=True,
                refuses=(NotFound, Conflict, StorageDown),
            ),
        )

    async def holders(self, request: ApiRequest) -> Answer:
        names = await self.work.colleagues()
        counted = [
            (await self.lists.ledger.count_mine(self.lists.query(Tab.MINE, holder)), holder)
            for holder in await self.lists.ledger.holders()
        ]
        shown = tuple(
            models.HolderShown(account=holder, name=names.get(holder, holder), count=count)
            for count, holder in sorted(counted, key=lambda one: (-one[0], one[1]))
            if count
        )
        return Answer(models.HoldersShown(items=shown))

    async def reassign(self, request: ApiRequest) -> Answer:
        body = request.body_as(models.ReassignBody)
        done = await self.work.reassign(request.part("number"), body.to, request.account.name, body.reason)
        return Answer(translate.whole(done))
