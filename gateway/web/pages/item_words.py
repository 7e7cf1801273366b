"""The words of what may be done to an item at the desk: acts, what they need, what follows."""

from __future__ import annotations

from gateway.core.item.notice import NOTICE_NAMES, NOTICE_STATES, WAYS
from gateway.core.item.states import EVENT_NAMES
from gateway.web.pages.work_page import Words

_WORD = ("说明（可不填）", "A word (may be left out)")
_REASON = ("原因", "Reason")
ACT_WORDS: Words = {
    **{f"act.{event.value}": (zh, en.capitalize()) for event, (zh, en) in EVENT_NAMES.items()},
    "act.withdraw": ("消费者撤回", "Withdrawn by the person"),
    "act.refer": ("转办协作单位", "Hand to a partner"),
    "changed_meanwhile": (
        "此项刚被改为“%d”，再次保存将以您填写的为准",
        "It has just been changed to “%d”: save again to put yours in its place",
    ),
    "act.call_addition": ("来电补充", "Added by the caller"),
    "word.call_addition": ("来电人补充的内容", "What the caller adds"),
    "act.split": ("拆分举报或投诉", "Part complaint and report"),
    "act.fax": ("发传真", "Send a fax"),
    "act.step": ("登记办理节点", "Write down a step"),
    "word.step": ("说明", "A word"),
    "needed.step": ("请选择办理节点", "Choose the step"),
    "needed.on": ("请填写日期", "Fill in the day"),
    "act.external": ("登记全国平台编号", "Number of the national platform"),
    "act.retract": ("撤回决定或办结", "Take the decision or closing back"),
    **{
        f"word.{name}": _WORD
        for name in (
            "refuse_acceptance",
            "end_mediation",
            "refer",
            "withdraw",
            "complete",
            "fax",
        )
    },
    **{f"word.{name}": _REASON for name in ("hand_back", "reopen", "retract")},
    "word.wait_for_papers": ("需要补充的材料", "Which papers are wanted"),
    "word.answer": ("答复内容", "The answer"),
    "word.split": ("另一件的内容", "What the other item says"),
    "word.complete_early": (
        "尚未作出决定或答复，请写明办结原因",
        "It is not decided or answered yet: why is it closed?",
    ),
    "needed.ground": ("请选择情形", "Choose a ground"),
    "needed.partner": ("请选择协作单位", "Choose a partner"),
    "needed.fax": ("请填写传真号码", "Fill in the fax number"),
    "needed.external_no": ("请填写全国平台编号", "Fill in the number"),
    "needed.papers": ("请写明需要哪些材料", "Say which papers are wanted"),
    "needed.text": ("请填写", "Fill it in"),
    "needed.reason": ("请写明原因", "Say why"),
    "needed.content": ("请填写内容", "Fill in the content"),
    "needed.way": ("请选择告知方式", "Choose a way"),
    **{f"notice.{kind.value}": (zh, en.capitalize()) for kind, (zh, en) in NOTICE_NAMES.items()},
    **{f"notice_state.{state.value}": words for state, words in NOTICE_STATES.items()},
    "segments": ("短信 %d 条", "%d segments"),
    **{f"way.{way.id}": (way.zh, way.en.capitalize()) for way in WAYS.values()},
    "proof": ("凭证：", "Proof:"),
    "as_sent": ("查看全文", "Whole text"),
    "print_letter": ("打印信函", "Print the letter"),
    "posted": ("已寄出", "Posted"),
    "rung": ("已电话告知", "Told by telephone"),
    "how_it_went": ("办理情况（可不填）", "How it went (may be left out)"),
    "another_way": ("重新告知的方式", "By which way again"),
    "choose_way": ("选择告知方式", "Choose a way"),
    "tell_again": ("重新告知", "Tell again"),
    "no_way": (
        "没有可用的联系方式，请先登记邮箱、电话或者地址",
        "Nothing leads to the person: fill in mail, telephone or address first",
    ),
    "send_receipt": ("发送登记回执", "Send the receipt"),
    "receipt_sent": ("登记回执即将发送：%d", "The receipt is on its way: %d"),
    "receipt_to_post": (
        "登记回执待寄送，请在该件的告知记录中打印信函",
        "Print the letter from what the person was told in the item",
    ),
    "no_way_out": (
        "没有登记邮箱、传真号码或者地址，请读给来电人听，也可复制或打印",
        "No mail, fax number or address is known: read it aloud, copy or print it",
    ),
    "choose": ("请选择", "Choose"),
    "choose_answer": ("选择常用答复，填入下方", "Choose one: it goes into the text below"),
    "missing_words": ("文中〔〕内没有登记，请补全：%d", "Complete what stands in 〔〕: %d"),
    "done": ("已执行：%d", "Done: %d"),
    "came": ("收到", "received"),
    "nobody": ("无人办理", "held by nobody"),
    "correct": ("更正", "Correct"),
    "save": ("保存更正", "Save"),
    "cancel": ("取消", "Cancel"),
    "declined": ("不愿提供", "not told"),
    "tell_colleague": ("提醒同事……", "Tell a colleague …"),
    "lately": ("前后30天内 %d 件", "%d within 30 days"),
    "score": ("%d 分", "%d points"),
    "number": ("编号", "Number"),
    "code": ("查询码", "Query code"),
    "form": ("打印登记表", "Print the form"),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
}
"""Beside ITEM_WORDS, for /desk alone."""
