"""/desk/style: the design system on a page, each component with its states, and the words that pages use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.web.http.auth import Gate
from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import WorkPage

SPELLINGS = (
    ("登记编号", "受理编号（受理是法律上的决定）"),
    ("网络、来函、协作单位", "网页、网上、来信、转来、协作热线"),
    ("签入、签出；小休", "未签入、退出；暂停"),
    ("已逾期", "逾期、已超期"),
    ("被投诉人、被举报人", "被反映单位、被反映方、对方"),
    ("先行沟通", "咨询（指通话中与协作单位沟通）"),
    ("退回待办", "放回队列"),
    ("暂存，稍后填写", "稍后再写"),
    ("话机离线", "话机失联"),
    ("监听、密语、强插", "旁听、耳语、加入"),
    ("拆分举报或投诉", "分出举报或投诉、分件"),
    ("互通互报台账", "互通台账"),
)
"""What is written, and what is not: Chinese words of pages, mails and exports."""


class StylePage(WorkPage):
    """For those who make pages, and for whoever checks them."""

    def __init__(self, pages: Pages, gate: Gate) -> None:
        super().__init__(pages, gate, "/desk/style", "style.html", DESK_WORDS)

    def _facts(self, request: web.Request, look: Look) -> Mapping[str, Any]:
        return {"spellings": SPELLINGS}
