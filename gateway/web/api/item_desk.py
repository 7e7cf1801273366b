"""An agent's work on one item beside decisions: notes, files, the query code, the arrival, taking back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from gateway.core.item.answers import Filled
from gateway.core.item.contact import Evidence
from gateway.core.item.item import ItemDetail
from gateway.core.item.notes import Mention
from gateway.core.item.revision import PERSONAL, secret
from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.errors import BadContact, Conflict, FieldFault, NotFound, StorageDown
from gateway.intake.item_desk import ItemArrival
from gateway.web.api import item_models as models
from gateway.web.api import translate
from gateway.web.api.item_routes import ONE, item_act
from gateway.web.api.matters import number_of
from gateway.web.api.queue_models import Word
from gateway.web.api.sealed import SHORTEST
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.http.route import Answer, ApiRequest, Does, Route


class ItemWork(Protocol):
    """What is needed of gateway/intake/item_desk.py. Every method may raise NotFound and StorageDown."""

    async def undo(self, number: str, who: str) -> ItemDetail: ...

    async def retract(self, number: str, who: str, reason: str) -> ItemDetail: ...

    async def colleagues(self) -> Mapping[str, str]: ...

    async def reassign(self, number: str, to: str, who: str, reason: str) -> ItemDetail: ...

    async def note(self, number: str, who: str, text: str) -> ItemDetail: ...

    async def mentions(self, who: str) -> Sequence[Mention]: ...

    async def see_mentions(self, number: str, who: str) -> None: ...

    async def add_files(
        self, number: str, who: str, files: tuple[Evidence, ...], text: str
    ) -> ItemDetail: ...

    async def query_code(self, number: str, who: str) -> str: ...

    async def arrival(self, number: str) -> ItemArrival: ...

    async def answers(self, number: str, agent: str, today: datetime) -> Sequence[Filled]: ...


class ItemDeskApi:
    """End points below /api/v1/queue/{number}; `openers` may learn who a reporter is."""

    def __init__(
        self, work: ItemWork, zone: tzinfo, now: Callable[[], datetime], openers: Collection[Role]
    ) -> None:
        self._work = work
        self._zone = zone
        self._now = now
        self._openers = openers

    def routes(self) -> tuple[Route, ...]:
        return (
            item_act("undo", "撤销刚才的操作（10 秒内）", "Undo what was just done", self.undo, Word),
            item_act(
                *("retract", "撤回决定或办结，须写明原因", "Take a decision or closing back, with a reason"),
                *(self.retract, models.RetractionBody),
            ),
            item_act(
                *(
                    "note",
                    "添加内部备注，可提醒同事",
                    "An internal note; it may name colleagues",
                ),
                *(self.note, models.NoteBody),
            ),
            item_act(
                *("files", "添加文件", "Put files beside an item", self.files, models.FilesBody),
                files=True,
                handles=True,
                right=Right.ADD_FILES,
            ),
            Route(
                *("POST", f"{ONE}/mentions-seen", "mentions_seen"),
                *("已阅同事的提醒", "The asker has seen where he is named", self.mentions_seen),
                {204: None},
                right=Right.WORK_ITEMS,
                number=True,
                refuses=(NotFound, StorageDown),
                noted=False,
            ),
            Route(
                *("GET", "/api/v1/mentions", "mentions"),
                *("同事在备注中提醒我的事项", "Where colleagues named the asker", self.mentions),
                {200: models.MentionsGiven},
                right=Right.WORK_ITEMS,
                refuses=(StorageDown,),
            ),
            Route(
                *("GET", "/api/v1/colleagues", "colleagues"),
                *("可在备注中提醒的同事", "Who can be named in a note", self.colleagues),
                {200: models.ColleaguesGiven},
                right=Right.WORK_ITEMS,
                refuses=(StorageDown,),
            ),
            self._look(
                *("code", "再次读取查询码（仅办理人，每次均记录）"),
                *("The query code again, for whoever holds the item; each look is written down", self.code),
                models.CodeGiven,
            ),
            self._look(
                *("arrival", "收到时的内容（未经更正）", "What was said when it came", self.arrival),
                models.ArrivalShown,
                query=models.ArrivalAsked,
            ),
            self._look(
                *("answers", "常用答复，已填入本件内容", "Canned answers, filled in for this item"),
                *(self.answers, models.AnswersGiven),
            ),
        )

    def _look(
        self,
        name: str,
        zh: str,
        en: str,
        does: Does,
        gives: type[AnswerModel],
        query: type[RequestModel] | None = None,
    ) -> Route:
        return Route(
            *("GET", f"{ONE}/{name}", name, zh, en, does),
            {200: gives},
            right=Right.WORK_ITEMS,
            query=query,
            number=True,
            refuses=(NotFound, Conflict, StorageDown),
            looks=f"{name}.view",
        )

    # ------------------------------------------------------------ changes

    async def undo(self, request: ApiRequest) -> Answer:
        return Answer(translate.whole(await self._work.undo(number_of(request), request.account.name)))

    async def retract(self, request: ApiRequest) -> Answer:
        reason = request.body_as(models.RetractionBody).reason
        done = await self._work.retract(number_of(request), request.account.name, reason)
        return Answer(translate.whole(done))

    async def note(self, request: ApiRequest) -> Answer:
        text = request.body_as(models.NoteBody).text
        return Answer(translate.whole(await self._work.note(number_of(request), request.account.name, text)))

    async def files(self, request: ApiRequest) -> Answer:
        if not request.files:
            raise BadContact(FieldFault("evidence", "请选择文件", "is missing: choose a file"))
        files = tuple(file.evidence for file in request.files)
        text = request.body_as(models.FilesBody).text
        done = await self._work.add_files(number_of(request), request.account.name, files, text)
        return Answer(translate.whole_for(request.account, done))

    async def mentions_seen(self, request: ApiRequest) -> Answer:
        await self._work.see_mentions(number_of(request), request.account.name)
        return Answer(None, 204)

    # ------------------------------------------------------------ looking

    async def mentions(self, request: ApiRequest) -> Answer:
        mentions = await self._work.mentions(request.account.name)
        return Answer(
            models.MentionsGiven(items=tuple(models.MentionShown.model_validate(m) for m in mentions))
        )

    async def colleagues(self, request: ApiRequest) -> Answer:
        colleagues = await self._work.colleagues()
        return Answer(
            models.ColleaguesGiven(
                items=tuple(
                    models.ColleagueShown(account=account, name=name)
                    for account, name in sorted(colleagues.items())
                )
            )
        )

    async def code(self, request: ApiRequest) -> Answer:
        number = number_of(request)
        return Answer(
            models.CodeGiven(
                number=number, query_code=await self._work.query_code(number, request.account.name)
            )
        )

    async def arrival(self, request: ApiRequest) -> Answer:
        arrival = await self._work.arrival(number_of(request))
        may = request.account.role in self._openers
        with_identity = may and len(request.query_as(models.ArrivalAsked).reason.strip()) >= SHORTEST
        hides = secret(arrival.item) and not with_identity
        fields = tuple(
            models.FieldSaid(field=name, value="" if withheld else text, withheld=withheld)
            for name, text in arrival.fields.items()
            for withheld in [hides and name in PERSONAL]
            if text
        )
        item = arrival.item
        return Answer(
            models.ArrivalShown(
                number=item.number, channel=item.channel, received_at=item.received_at, fields=fields
            )
        )

    async def answers(self, request: ApiRequest) -> Answer:
        who, today = request.account, self._now().astimezone(self._zone)
        answers = await self._work.answers(number_of(request), who.shown or who.name, today)
        return Answer(
            models.AnswersGiven(items=tuple(models.AnswerShown.model_validate(answer) for answer in answers))
        )
