"""/desk/follow-ups: who is to be asked how it went, the script of the call, and what he answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from aiohttp import web

from gateway.core.followup import FOLLOW_UP_STATES, GRADES
from gateway.core.item.states import KIND_NAMES, RESPONDENT_NAMES
from gateway.core.rights import Right
from gateway.core.roles import Role
from gateway.web.http.auth import Gate
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import Words, WorkPage

FOLLOW_UP_WORDS: Words = {
    **{f"kind.{kind.value}": (zh, en.capitalize()) for kind, (zh, en) in KIND_NAMES.items()},
    **{f"respondent.{kind.value}": (zh, "about") for kind, zh in RESPONDENT_NAMES.items()},
    **{f"state.{state.value}": names for state, names in FOLLOW_UP_STATES.items()},
    "not_live": ("与服务器的连接断开，正在重连", "connection lost, trying again"),
    "pieces": ("共 %d 件", "%d in all"),
    "round": ("第 %d 次回访", "round %d"),
    "tried": ("已拨 %d 次", "tried %d times"),
    "by_pbx": ("自动回访", "by the survey"),
    "again": ("已重新办理", "done again"),
    "secret": ("身份保密", "identity kept secret"),
    "due": ("应回访", "due"),
    "closed_on": ("办结", "closed"),
    "answered_on": ("回访", "asked"),
    "person": ("来件人", "person"),
    "grades": ("办理人员 %d，结果 %d", "handler %d, result %d"),
    "ringing": (
        "正在呼叫：您的话机先响，接起后拨出",
        "Your phone rings first; the person is dialled from there",
    ),
    "kept": ("已保存。", "Saved."),
    "kept_again": (
        "已保存，该件已重新办理，办结后再次回访。",
        "Saved. The matter is done again and asked about once more.",
    ),
    "kept_tried": ("已登记，稍后再回访。", "Noted; it comes back later."),
    "needs": ("请回答第 %d 题", "Answer question %d"),
    "needs_reason": ("不满意时请选择原因", "Choose why he is dissatisfied"),
    "hello": ("您好，这里是%s，请问是%s吗？", "Hello, this is %s. Am I speaking to %s?"),
    "hello_nobody": ("您好，这里是%s，请问方便接听电话吗？", "Hello, this is %s. Is this a good moment?"),
    "about": (
        "您反映的%s一事已经办结，想用一分钟听听您的意见，本次通话会录音。",
        "Your matter about %s is closed. May I ask you four short questions? This call is recorded.",
    ),
    "about_nobody": (
        "您反映的事项已经办结，想用一分钟听听您的意见，本次通话会录音。",
        "Your matter is closed. May I ask you four short questions? This call is recorded.",
    ),
}


class FollowUpsPage(WorkPage):
    """The page; `openers` are the roles that may call a reporter."""

    def __init__(self, pages: Pages, gate: Gate, openers: Collection[Role]) -> None:
        super().__init__(pages, gate, "/desk/follow-ups", "follow_ups.html", FOLLOW_UP_WORDS, Right.FOLLOW_UP)
        self._openers = openers

    def _facts(self, request: web.Request, look: Look) -> Mapping[str, Any]:
        grades = [(grade, look.t(*names)) for grade, names in GRADES.items()]
        return {"openers": [role.value for role in self._openers], "grades": grades}
