"""Calls to outside that the dialplan refused: told in the log, and on the item from which an agent called."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from gateway.calls.patience import patiently
from gateway.calls.ports import Inquiry
from gateway.core.call.about import read_about
from gateway.core.call.journal import JournalEntry
from gateway.errors import GatewayError
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

WHY = {
    "form": "不是电话号码",
    "list": "此号码不在允许呼出的范围内",
    "day": "今日呼出次数已达上限",
    "number": "今日呼叫此号码的次数已达上限",
    "second": "您已有一个呼出电话",
}


class Refusals:
    """`noted` takes an entry DIAL_REFUSED of the journal."""

    def __init__(self, notes: Inquiry, tasks: Supervisor) -> None:
        self._notes = notes
        self._tasks = tasks

    def noted(self, note: JournalEntry) -> None:
        who, why, (item, _) = note.arg(0), note.arg(1), read_about(note.arg(3))
        log.warning("a call from %s to outside was refused: %s", who, why)
        if item:
            key = f"refused:{note.call}"
            tell = partial(self._notes.note, item, "not_dialled", who, WHY.get(why, why), key)
            self._tasks.once("telling of refused calls", partial(_tell, item, tell))


async def _tell(item: str, tell: Callable[[], Awaitable[None]]) -> None:
    try:
        await patiently(tell)
    except GatewayError as error:  # refused for good, such as for an item that is merged
        log.error("item %s: a refused call is not noted: %s", item, error)
