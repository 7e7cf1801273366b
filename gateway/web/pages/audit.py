"""/desk/audit: the audit log with filters, whether it is whole, its export; and the figures of a period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.core.rights import Right
from gateway.web.api.audit import OTHERS
from gateway.web.http.auth import Gate
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import Words, WorkPage

AUDIT_WORDS: Words = {
    "whole": ("日志完整，共 %d 条", "The log is whole: %d rows"),
    "broken": ("日志有问题：第 %d 条", "The log is broken at row %d"),
    "shown": ("已列出 %d 条", "%d rows shown"),
    "verifying": ("正在校验……", "Being verified…"),
}
FIGURES = {
    "offered": ("呼入", "Calls"),
    "answered": ("接听", "Answered"),
    "in_time_rate": ("按时接听率", "In time"),
    "connect_rate": ("接通率", "Connected"),
    "gave_up": ("中途放弃", "Gave up"),
    "turned_away": ("遇忙未接入", "Turned away"),
    "messages": ("留言", "Messages"),
    "call_backs": ("要求回电", "Call-backs asked"),
    "called_back": ("已回电", "Called back"),
}


class AuditPage(WorkPage):
    """For auditors and administrators."""

    def __init__(self, pages: Pages, gate: Gate) -> None:
        super().__init__(pages, gate, "/desk/audit", "audit.html", AUDIT_WORDS, Right.READ_AUDIT)

    def _facts(self, request: web.Request, look: Look) -> Mapping[str, Any]:
        choices = [(what, look.t(*words)) for what, words in OTHERS.items()]
        return {"choices": choices, "figures": {name: look.t(*words) for name, words in FIGURES.items()}}
