"""/desk/supervision: units against what is owed, the lists behind the figures, and what a leader decides; and
/desk/supervision/figures: the figures of a period."""

from __future__ import annotations

from gateway.core.item.states import KIND_NAMES
from gateway.core.order.states import ORDER_STATE_NAMES, URGENCY_NAMES
from gateway.core.rights import Right
from gateway.web.http.auth import Gate
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import Words, WorkPage

SUPERVISION_WORDS: Words = {
    **{f"kind.{kind.value}": (zh, en.capitalize()) for kind, (zh, en) in KIND_NAMES.items()},
    **{f"order.{state.value}": names for state, names in ORDER_STATE_NAMES.items()},
    **{f"urgency.{name}": names for name, names in URGENCY_NAMES.items()},
    "not_live": ("与服务器的连接断开，正在重连", "connection lost, trying again"),
    "cut_off": ("截至 %d", "as of %d"),
    "rates_cut_off": ("本月比率截至 %d", "shares of the month as of %d"),
    "rate.in_time": ("本月按时办结率", "in time this month"),
    "rate.satisfied": ("本月满意率（有效回访）", "satisfied this month (answered)"),
    "stations": ("%d 个所", "%d stations"),
    "own": ("本局", "the bureau itself"),
    "all": ("合计", "All units"),
    "list_of": ("%d：%d（%d 件）", "%d: %d (%d)"),
    "due": ("期限 %d", "due %d"),
    "no_due": ("计时中止", "suspended"),
    "late": ("逾期 %d 天", "%d days late"),
    "extension": ("延期 %d 个工作日", "%d more workdays"),
    "nth": ("第 %d 次", "extension %d"),
    "dispute": ("管辖有争议", "competence disputed"),
    "pressing": ("紧急件", "urgent order"),
    "until": ("应于 %d 前处理", "to be settled by %d"),
    "grant": ("同意", "Grant"),
    "refuse": ("不同意", "Refuse"),
    "uphold": ("维持派单", "Uphold"),
    "take_back": ("收回改派", "Take back"),
    "urge": ("催办", "Urge"),
    "supervise": ("督办", "Supervise"),
    "print": ("打印督办单", "Print"),
    "say.refuse": ("不同意延期的理由", "Why it is not granted"),
    "say.uphold": ("维持派单的理由", "Why the unit is the right one"),
    "say.take_back": ("收回的理由", "Why it is taken back"),
    "say.urge": ("催办内容，发至办理单位及其负责人", "What the unit and its leader are told"),
    "say.supervise": ("督办意见，编号后发至办理单位、负责人和主管局", "The words of the red order"),
    "done.decide-extension": ("已答复延期申请。", "The extension is decided."),
    "done.uphold": ("已维持派单。", "The assignment is upheld."),
    "done.take-back": ("已收回，可重新派单。", "Taken back: it can be assigned anew."),
    "done.urge": ("已催办。", "The unit is urged."),
    "done.supervise": ("督办单已发出。", "The red order is on its way."),
    "problem.passes": ("多次退回未定责任单位 %d 件", "no unit found: %d"),
    "problem.rounds": ("多次重办未解决 %d 件", "done again in vain: %d"),
    "sure": ("：确定？", ": sure?"),
}


class SupervisionPage(WorkPage):
    """The page."""

    def __init__(self, pages: Pages, gate: Gate) -> None:
        path, template = "/desk/supervision", "supervision.html"
        super().__init__(pages, gate, path, template, SUPERVISION_WORDS, Right.SEE_SUPERVISION)


FIGURE_WORDS: Words = {
    **{f"kind.{kind.value}": (zh, en.capitalize()) for kind, (zh, en) in KIND_NAMES.items()},
    "cut_off": ("截至 %d", "as of %d"),
    "all": ("合计", "All units"),
    "own": ("本局", "the bureau itself"),
    "stations": ("%d 个所", "%d stations"),
    "list_of": ("%d：%d（%d 件）", "%d: %d (%d)"),
    "recovered": ("挽回金额（元）", "recovered (yuan)"),
    "published": ("已发布，截止时刻 %d。", "Published, as of %d."),
    "published_row": ("%d 至 %d，截至 %d，%d", "%d to %d, as of %d, %d"),
    "rate.signed_in_time": ("按时签收率", "signed in time"),
    "rate.in_time": ("按时办结率", "in time"),
    "rate.returned": ("退回率", "returned"),
    "rate.done_again": ("重办率", "done again"),
    "rate.closed": ("办结率", "closed"),
    "rate.satisfied": ("满意率", "satisfied"),
    "rate.answered": ("回访有效率", "answered"),
}


class OrderFiguresPage(WorkPage):
    """The figures of a period, with files."""

    def __init__(self, pages: Pages, gate: Gate) -> None:
        path, template = "/desk/supervision/figures", "order_figures.html"
        super().__init__(pages, gate, path, template, FIGURE_WORDS, Right.SEE_SUPERVISION)
