"""The words of work orders on the pages: states, urgency, assigning, and the order on the item page."""

from __future__ import annotations

from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_STATE_NAMES, URGENCY_NAMES
from gateway.web.pages.work_page import Words

ASSIGN_WORDS: Words = {
    **{f"order.{state.value}": (zh, en.capitalize()) for state, (zh, en) in ORDER_STATE_NAMES.items()},
    **{f"urgency.{name}": (zh, en.capitalize()) for name, (zh, en) in URGENCY_NAMES.items()},
    "due": ("办理期限", "Due"),
    "legal_due": ("法定期限", "legal clock"),
    "late_at_start": ("派单时已逾期", "late at assignment"),
    "provisional": ("（暂定）", "(provisional)"),
    "no_unit": ("请选择承办单位", "Choose a unit"),
    "which_unit": ("没有唯一对应的单位，请从列表中选择", "No single unit fits: choose one of the list"),
    "no_copy": ("不抄送", "No copy to"),
    "done.assign": ("%d 已派给%d，%d 到期。", "%d went to %d, due %d."),
}
"""The form by which an item is assigned."""

ORDER_WORDS: Words = {
    **ASSIGN_WORDS,
    **{f"order_act.{event.value}": (zh, en.capitalize()) for event, (zh, en) in ORDER_EVENT_NAMES.items()},
    "act.assign": ("分派", "Assign"),
    "order_act.type_in": ("录入纸质报告", "Type in a report on paper"),
    "order_word": ("说明", "In words"),
    "order_word.optional": ("说明（可不填）", "In words (may be left out)"),
    "order_word.refusal": ("说明，不同意时必填", "In words; needed for a refusal"),
    "needed.day": ("请选择日期", "Choose a day"),
    "grant": ("同意", "Grant"),
    "refuse": ("不同意", "Refuse"),
    "ever_late": ("曾逾期", "was late"),
    "suspended": ("计时已中止", "suspended"),
    "first_unit": ("首办责任单位", "first-responsible unit"),
    "problem_order": ("问题工单", "problem order"),
    "disputed": ("管辖争议", "competence in dispute"),
    "workdays": ("%d 个工作日", "%d working days"),
    "yuan": ("元", "yuan"),
    "order_fact.assigned_at": ("派单时间", "Assigned"),
    "order_fact.legal_due": ("法定期限", "Legal clock"),
    "order_fact.signed_at": ("签收时间", "Signed for"),
    "order_fact.note": ("派单说明", "Note"),
    "order_fact.copies": ("抄送", "Copies"),
    "order_fact.asked_days": ("申请延期", "Extension asked"),
    "order_fact.supervised": ("督办", "Supervised"),
    "order_fact.result": ("办理结果", "Result"),
    "order_fact.report_text": ("办理情况（不对外）", "What was done (stays inside)"),
    "order_fact.answer": ("拟答复内容", "Answer for the person"),
    "order_fact.in_dispute": ("争议金额", "In dispute"),
    "order_fact.recovered": ("挽回损失", "Recovered"),
    "order_fact.signed_by": ("签发", "Signed by"),
    "order_fact.on_paper": ("纸质报告", "On paper"),
    "order_fact.which": ("上报次数", "Which report"),
    "on_paper": ("%d 收到，%d 代为录入", "came on %d, typed in by %d"),
    "report_no": ("第%d次上报", "Report %d"),
    "leave_out": ("移出报告", "Leave it out"),
}
"""The order on the item page."""
