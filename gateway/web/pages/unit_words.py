"""What the pages of units say."""

from __future__ import annotations

from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_STATE_NAMES, URGENCY_NAMES
from gateway.core.unit_fields import FIELD_NAMES, KIND_NAMES
from gateway.web.pages.desk_words import DESK_WORDS
from gateway.web.pages.navigation import ROLE_NAMES
from gateway.web.pages.work_page import Words

UNITS_WORDS: Words = {
    **DESK_WORDS,
    **{f"unit.{name}": names for name, names in FIELD_NAMES.items()},
    **{f"unit_kind.{kind.value}": names for kind, names in KIND_NAMES.items()},
    **{f"role.{role.value}": names for role, names in ROLE_NAMES.items()},
    "unverified": ("示例，未核实", "example, not verified"),
    "offline": ("线下办理", "works offline"),
    "closed": ("已停用", "closed"),
    "locked": ("已锁定", "locked"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "nothing": ("无", "nothing"),
    "unsaved": (
        "有未保存的修改：再点一次放弃修改并切换。",
        "Not saved: click once more to leave without saving.",
    ),
    "units_shown": ("共 %d 个单位", "%d units"),
    "made": ("建立单位", "put in"),
    "by_rules": ("规则文件", "files of rules"),
    "people_none": ("还没有人员。", "Nobody yet."),
    "cannot_be_told": (
        "没有值班电话、邮箱和传真：线下办理的工单无法送达。",
        "No telephone, mail or fax: orders cannot reach a unit that works offline.",
    ),
}
_ACT_HINTS = {
    "return": (
        "须写明原因；逾期或经中心维持后为首办责任单位，此时可提出管辖争议。",
        "With a reason. After its time, or once the centre upholds it, a dispute may be raised instead.",
    ),
    "pass-down": ("本局仍对中心负责。", "The bureau stays responsible."),
    "ask-extension": ("由中心审批，不得超过法定期限。", "The centre decides; never past the legal clock."),
    "suspend": (
        "检测、鉴定期间不计入办理期限，须有文书。",
        "A test or appraisal is not counted; it needs a paper.",
    ),
    "dispute": ("由中心领导裁定，裁定前继续办理。", "A leader decides; go on meanwhile."),
    "decide": ("依法由本单位决定，系统据此发出法定告知。", "Your unit's decision; the legal notice follows."),
}
_ASKED = {
    "return.reason": ("退回原因", "Reason"),
    "return.text": ("说明", "In words"),
    "pass-down.unit": ("下派给", "To which station"),
    "pass-down.text": ("说明", "A note"),
    "ask-extension.days": ("延长（工作日）", "Working days"),
    "ask-extension.reason": ("原因", "Why"),
    "suspend.reason": ("原因", "Why"),
    "suspend.paper": ("文书名称或文号", "The paper"),
    "suspend.from": ("自哪日起", "From"),
    "resume.on": ("恢复计时日期", "Counted again from"),
    "decide.event": ("决定", "Decision"),
    "decide.ground": ("法定情形", "Ground"),
    "decide.text": ("说明", "In words"),
    "dispute.text": ("理由（应由哪个单位办理、依据）", "Why, and whose it is"),
}
_DONE = {
    "sign": ("已签收。", "Signed for."),
    "return": ("已退回。", "Returned."),
    "pass-down": ("已下派。", "Passed down."),
    "ask-extension": ("已申请延期，等待中心审批。", "Asked; the centre decides."),
    "suspend": ("已中止计时。", "Suspended."),
    "resume": ("已恢复计时。", "Counted again."),
    "decide": ("决定已记录。", "The decision is recorded."),
    "dispute": ("管辖争议已提交中心领导。", "A leader decides on the dispute."),
    "report": ("报告已提交，等待中心审核。", "Handed in; the centre looks at it."),
}
UNIT_WORDS: Words = {
    **DESK_WORDS,
    **{f"order.{state.value}": names for state, names in ORDER_STATE_NAMES.items()},
    **{f"urgency.{urgency}": names for urgency, names in URGENCY_NAMES.items()},
    **{
        f"act.{e.value.replace('_', '-')}": (zh, en.capitalize()) for e, (zh, en) in ORDER_EVENT_NAMES.items()
    },
    **{f"hint.{act}": words for act, words in _ACT_HINTS.items()},
    **{f"say.{field}": words for field, words in _ASKED.items()},
    **{f"did.{act}": words for act, words in _DONE.items()},
    "decision.accept": ("受理", "Accept"),
    "decision.refuse_acceptance": ("不予受理", "Do not accept"),
    "decision.end_mediation": ("终止调解", "End the mediation"),
    "clock_stopped": ("中止计时", "suspended"),
    "days_over": ("逾期 %d 天", "%d days late"),
    "due_today": ("今天到期", "due today"),
    "due_by": ("%s前 · 还剩 %d 天", "by %s · %d days left"),
    "no_respondent": ("未写明被投诉人", "No respondent named"),
    "read_at": ("更新于", "Read at"),
    "was_sent_back": (
        "中心退回补正，请补充后重新提交",
        "Sent back: complete it and hand it in again",
    ),
    "is_supervised": ("督办", "Supervised"),
    "is_urged": ("催办", "Urged"),
    "is_done_again": ("当事人不满意，请重新办理", "The person was dissatisfied: do it again"),
    "is_disputed": ("管辖争议待中心领导裁定", "A dispute waits for a leader"),
    "extension_waits": ("延期申请待中心审批（工作日）", "An extension waits for the centre (working days)"),
    "note": ("派单说明", "Note of the centre"),
    "signed": ("已签收", "Signed for"),
    "not_signed": ("尚未签收", "Not signed for"),
    "suspended": ("中止", "Suspended"),
    "until_now": ("至今", "until now"),
    "own_clock": ("反馈期限", "Report due"),
    "field.person": ("当事人", "Person"),
    "field.phone": ("电话", "Telephone"),
    "field.address": ("地址", "Address"),
    "field.respondent": ("被投诉人", "Respondent"),
    "field.respondent_phone": ("被投诉人电话", "Its telephone"),
    "field.respondent_address": ("被投诉人地址", "Its address"),
    "field.claims": ("投诉请求", "What is asked for"),
    "field.amount": ("金额（元）", "Yuan"),
    "field.occurred_on": ("发生日期", "Occurred on"),
    "field.problem": ("类别", "About"),
    "field.received": ("收到时间", "Received"),
    "amount_in_dispute": ("争议金额", "in dispute"),
    "amount_recovered": ("挽回损失", "recovered"),
    "answer": ("告知当事人", "The answer for the person"),
    "answer_for.complaint": ("告知投诉人的答复", "The answer for the complainant"),
    "answer_for.report": (
        "告知举报人的答复（依法应当告知时）",
        "The answer for the reporter, if a law demands it",
    ),
    "answer_for.question": ("告知咨询人的答复", "The answer for who asked"),
    "answer_for.unsorted": ("告知当事人的答复", "The answer for the person"),
    "is_copy": ("抄送件，仅供查看；承办单位", "A copy, to read; handled by"),
    "choose": ("请选择", "Choose"),
    "leave_out": ("移出报告", "Leave it out"),
    "report_no": ("第%d次上报", "Report %d"),
    "report_files": ("随报告提交的附件", "Files handed in with it"),
    "on_paper": ("纸质报告，%d收到，%d 代为录入", "On paper, came on %d, typed in by %d"),
    "draft_kept": ("草稿已保存", "Draft kept"),
    "draft_being_kept": ("正在保存草稿……", "Keeping the draft…"),
    "draft_here": ("草稿暂存在本页，将自动重试保存", "The draft is kept in this tab and tried again"),
}
"""What the page of a unit says."""
TABS = (
    ("todo", "待办", "To do"),
    ("sign", "待签收", "To sign"),
    ("handling", "办理中", "In handling"),
    ("late", "已逾期", "Overdue"),
    ("back", "待补正", "Sent back"),
    ("reported", "待审核", "Handed in"),
    ("closed", "已办结", "Closed"),
    ("copies", "抄送", "Copies"),
)
