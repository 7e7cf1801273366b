"""/desk/fax/{number}: the pages of a fax item with what was read beside them, and the form to write it up.

An unsorted item without pages (a mail, a message) is written up here too.

The page itself holds no personal data: its script asks the API, each look with its rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.errors import NotFound
from gateway.web.http.auth import Gate
from gateway.web.http.fields import NUMBER
from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import Words, WorkPage

FAX_WORDS: Words = {
    **DESK_WORDS,
    "page": ("第%d页", "Page %d"),
    "of": ("共%d页", "of %d"),
    "no_pages": (
        "该件没有传真页面；附件和录音见工作台。",
        "No fax pages; files and sound are at the desk.",
    ),
    "reading.waiting": ("正在识别……", "Being read…"),
    "reading.failed": ("未能识别，请看原页。", "It could not be read: look at the page."),
    "reading.off": ("未开启文字识别。", "Reading is off."),
    "reading.read": ("没有识别出文字。", "No words were found."),
    "field.name": ("姓名", "Name"),
    "field.phone": ("电话", "Telephone"),
    "field.amount": ("金额", "Amount"),
    "field.date": ("日期", "Date"),
    "field.respondent": ("被投诉人", "Respondent"),
    "field.number": ("本中心编号", "Our number"),
    "changed_meanwhile": (
        "登记内容刚被他人修改，您未改动的栏目已更新，请核对后再次登记",
        "Somebody else has just changed it; fields that you left alone are renewed: look at it again",
    ),
    "says_now": ("现为“%d”，再次登记将以您填写的为准", "Now “%d”: register again to put yours in its place"),
    "saved_item": ("已登记", "Written up"),
    "parted": ("已分出新件：", "A new item was made: "),
    "joined": ("已并入：", "Joined to: "),
    "select": ("选中第%d页", "Choose page %d"),
    "turned_by": ("旋转 %d 度", "turned by %d degrees"),
    "unsure": ("黄色为识别没有把握的字", "Yellow: characters that the reader is not sure of"),
}


class FaxPage(WorkPage):
    """One item's fax pages."""

    def __init__(self, pages: Pages, gate: Gate) -> None:
        super().__init__(pages, gate, f"/desk/fax/{{number:{NUMBER}}}", "fax.html", FAX_WORDS)

    def _facts(self, request: web.Request, look: Look) -> Mapping[str, Any]:
        number = request.match_info["number"]
        if not numbers.valid(number):
            raise NotFound
        return {"number": number, "spaced": numbers.spaced(number)}
