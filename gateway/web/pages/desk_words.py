"""The words of the pages that are made by scripts, Chinese and English: states, kinds, buttons, faults."""

from __future__ import annotations

from gateway.core.call.seat import SeatState
from gateway.core.call.transfer import TransferOutcome, TransferState
from gateway.core.item.contact import Kind, Task
from gateway.core.item.item import ItemState
from gateway.core.item.referral import OUR_STATE_NAMES
from gateway.core.item.referral import STATE_NAMES as REFERRAL_NAMES
from gateway.core.item.states import STATE_NAMES
from gateway.web.api.referrals import EVENT_WORDS
from gateway.web.pages.call_words import CALL_WORDS
from gateway.web.pages.item_words import ACT_WORDS
from gateway.web.pages.order_words import ORDER_WORDS
from gateway.web.pages.pages import KIND_NAMES
from gateway.web.pages.work_page import Words

PAUSES = {
    "break": ("休息", "Break"),
    "meal": ("用餐", "Meal"),
    "training": ("培训", "Training"),
    "other": ("其他", "Other"),
}
SEAT_STATES = {
    SeatState.OFFLINE: ("签出", "Signed out"),
    SeatState.READY: ("就绪", "Ready"),
    SeatState.RINGING: ("振铃", "Ringing"),
    SeatState.TALKING: ("通话", "Talking"),
    SeatState.WRAP_UP: ("话后处理", "Wrap-up"),
    SeatState.PAUSED: ("小休", "Paused"),
}
WORDS: Words = {
    **{f"kind.{kind.value}": words for kind, words in KIND_NAMES.items()},
    f"kind.{Kind.UNSORTED.value}": ("待分类", "Unsorted"),
    **{
        f"task.{task.value}": words
        for task, words in {
            Task.NONE: ("", ""),
            Task.TALK: ("待补录", "Write up"),
            Task.LISTEN: ("听留言", "Listen"),
            Task.CALL_BACK: ("待回电", "Call back"),
            Task.GAVE_UP: ("中途放弃", "Gave up"),
            Task.UNREADABLE: ("看原件", "See the original"),
        }.items()
    },
    **{f"item.{state.value}": (zh, en.capitalize()) for state, (zh, en) in STATE_NAMES.items()},
    f"item.{ItemState.WAITING.value}": ("等待材料", "Waiting"),  # there is little room
    "none": ("无", "None"),
    "overdue": ("已逾期", "overdue"),
    "due": ("期限", "Due"),
    "provisional": ("（暂定）", "(provisional)"),
    "became_fax": (
        "对方已转为传真，您的通话已结束；传真收完后进入列表",
        "The caller is a fax machine now: your talk is over, and the fax comes into the list",
    ),
    "missing.kind": ("请选择类别", "Choose a kind"),
    "missing.content": ("请填写事实经过", "Say what happened"),
    "missing": ("请填写内容和类别", "Fill in kind and content"),
    "no_answer": ("连接服务器失败，正在重试", "The server does not answer; trying again"),
    "sure": ("：确定？", ": sure?"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    **{f"referral.{state.value}": words for state, words in REFERRAL_NAMES.items()},
    **{f"referral.in.{state.value}": words for state, words in OUR_STATE_NAMES.items()},
    "direction.out": ("转往", "to"),
    "direction.in": ("来自", "from"),
}
"""Words of every page for people who log in."""
ITEM_WORDS: Words = {
    "by": ("办理人", "Held by"),
    "look_at_fax": ("查看传真页面", "Look at the fax"),
    "write_up": ("登记内容", "Write it up"),
    "anonymous": ("匿名", "Without a name"),
    "email": ("电子邮箱", "Mail address"),
    "claims": ("投诉请求", "What is asked for"),
    "publish": ("同意公示", "May be published"),
    "mediation": ("同意委托调解", "Mediation by others"),
    "by_system": ("系统", "the system"),
    "look": ("看图", "Look"),
    "not_played": ("浏览器不能播放，请下载后打开", "The browser cannot play it: download it"),
    "role.evidence": ("证据", "Evidence"),
    "role.quarantined": ("已隔离", "Quarantined"),
    "role.unchecked": ("未查毒", "Not scanned"),
    "role.recording": ("录音", "Recording"),
    "role.message": ("留言", "Message"),
    "sealed_file": ("含举报人身份，仅有权限的人员可查看", "tells who the reporter is: sealed"),
    "sealed_reason": (
        "含举报人身份，填写查看理由后可打开",
        "tells who the reporter is: opens for a reason",
    ),
    "role.raw": ("原件", "Original"),
    "role.body": ("正文", "Text"),
    "role.page": ("页面", "Page"),
    "role.pdf": ("PDF", "PDF"),
    "has_addition": ("有补充", "Added to"),
    "no_revisions": ("登记内容没有修改过", "What it says was never changed"),
    "withheld": ("身份信息，保密", "sealed: tells who reported it"),
    "said.kind": ("类别", "Kind"),
    "said.email": ("电子邮箱", "Mail address"),
    "said.id_type": ("证件类型", "Identity document"),
    "said.id_number": ("证件号码", "Its number"),
    "said.claims": ("投诉请求", "What is asked for"),
    "said.anonymous": ("匿名", "Without a name"),
    "said.publish_consent": ("同意公示", "May be published"),
    "said.mediation_consent": ("同意委托调解", "Mediation by others"),
    "tie": ("关联", "Link"),
    "untie": ("取消关联", "Untie"),
    "merge_new_facts": ("并入（补充新事实，期限重新计算）", "Merge, with new facts"),
    "merge_into": ("并入该件", "Merge into it"),
    "merged_into": ("已并入", "Merged into"),
    "unmerge": ("取消合并", "Undo the merge"),
    "mistaken": ("操作有误", "by mistake"),
    "tie.same_matter": ("同一事项", "same matter"),
    "tie.split": ("投诉举报拆分", "complaint and report of one contact"),
    "source.12315": ("全国12315平台编号", "National platform"),
}
"""What is said of one item."""
ENTRY_WORDS: Words = {
    **WORDS,
    "form": ("打印登记表", "Print the form"),
    "number": ("编号", "Number"),
    "code": ("查询码", "Query code"),
    "received": ("收到", "Received"),
    "paper": ("登记表", "The form"),
    "attempts": ("已拨%d次未通", "%d calls did not reach"),
    "call_due": ("下次拨打", "next call"),
    "said.external_no": ("外部编号", "Number elsewhere"),
    "take_out": ("移除", "Take it out"),
    "another": ("登记下一件", "Register another"),
}
LINKAGE_WORDS: Words = {
    **WORDS,
    "theirs": ("对方编号", "Theirs"),
    **{f"event.{event.value}": words for event, words in EVENT_WORDS.items()},
    "event.keep": ("由我方受理", "We keep it"),
    "event.close": ("办结", "Close"),
    "event.accept": ("接收", "Accept"),
    "event.refuse": ("不予接收", "Refuse"),
    "event.return": ("退回", "Give back"),
    "event.answer": ("反馈结果", "Answer"),
}
LIST_WORDS: Words = {
    "sealed_name": ("身份保密", "Identity sealed"),
    "no_name": ("未留姓名", "No name given"),
    "held_by_me": ("我在办理", "mine"),
    "callers_wait": ("%d 个来电在等候", "%d callers wait"),
    "none_waits": ("没有待领取的事项", "Nothing waits to be claimed"),
    "named_me": ("@我", "@me"),
    "mentioned": ("同事在 %d 件的备注中提醒您", "Colleagues named you in notes of %d items"),
    "found": ("%d 件", "%d items"),
    "found_more": ("%d 件以上", "%d items or more"),
    "empty.filtered": ("没有符合筛选条件的事项", "No item fits the filters"),
    "empty.waiting": ("没有待领取的事项", "Nothing waits to be claimed"),
    "empty.mine": ("您目前没有在办的事项", "You hold no item"),
    "empty.to_answer": ("没有待答复的事项", "Nothing is to be answered"),
    "empty.papers": ("没有等待材料的事项", "Nothing waits for papers"),
    "empty.handed_over": ("没有已转交的事项", "Nothing is handed over"),
    "empty.added": ("没有待查看的补充", "Nothing was added"),
    "empty.overdue": ("没有已逾期的事项", "Nothing is overdue"),
    "empty.closed_today": ("今天还没有办结的事项", "Nothing was closed today"),
}
"""What the list says."""
DESK_WORDS: Words = {
    **ORDER_WORDS,
    **WORDS,
    **ITEM_WORDS,
    **LIST_WORDS,
    **ACT_WORDS,
    **CALL_WORDS,
    **{f"state.{state.value}": words for state, words in SEAT_STATES.items()},
    **{f"pause.{name}": words for name, words in PAUSES.items()},
    "pause.phone": ("电话不可用", "No phone"),
    "pause.wrap-up": ("", ""),
    "pause.other-phone": ("另一部话机通话中，结束后恢复就绪", "In a call on your other phone"),
    "pause.taken": ("坐席在另一部话机上登录，请核实后再就绪", "Another telephone registered as your seat"),
    "pause.forward": ("话机设了呼叫转移，请取消后再就绪", "The telephone forwards calls: switch that off"),
    "pause.Auto-Pause": ("未接听", "Did not answer"),
    "call.calling": ("正在呼叫", "Calling"),
    "call.ringing": ("来电振铃", "Ringing"),
    "call.talking": ("通话中", "Talking"),
    "call.held": ("保持中", "On hold"),
    "call.muted": ("已静音", "Muted"),
    "unknown": ("未显示号码", "Number withheld"),
    "line": ("线路", "Line"),
    "waited": ("等候", "Waited"),
    "seconds": ("秒", "s"),
    "saved": ("已保存", "Saved"),
    "saving": ("正在保存…", "Saving …"),
    "kept_here": ("断网：已存于本机，恢复后发送", "Offline: kept in this browser, sent later"),
    "conflict": ("草稿已在别处更改", "The draft was changed elsewhere"),
    "mine": ("我的", "mine"),
    "draft": ("草稿", "Draft"),
    "made": ("已登记：", "Registered: "),
    "will_not_ring": (
        "您的电话不会振铃：已自动转为小休，请检查电话",
        "Your phone will not ring: you are paused until it is back",
    ),
    "gone": ("来电已结束或转给他人", "The call is over or rings elsewhere"),
    "answered": ("已当场答复", "Answered at once"),
    "you_hear": ("监听", "listening in"),
    **{
        f"transfer.{state.value}": words
        for state, words in {
            TransferState.ASKED: ("正在呼叫", "calling"),
            TransferState.RINGING: ("振铃", "ringing"),
            TransferState.CONSULT: ("先行沟通中，来电人等候", "in private; the caller waits"),
            TransferState.JOINING: ("正在接入三方", "being joined"),
            TransferState.LEAVING: ("正在退出", "leaving"),
            TransferState.JOINED: ("三方通话", "three-way"),
        }.items()
    },
    **{
        f"outcome.{outcome.value}": words
        for outcome, words in {
            TransferOutcome.HANDED_OVER: ("已转出", "handed over"),
            TransferOutcome.TALKED: ("三方通话已结束", "the three-way call is over"),
            TransferOutcome.CONSULTED: ("先行沟通已结束", "the private talk is over"),
            TransferOutcome.REFUSED: ("对方不接受", "refused"),
            TransferOutcome.BUSY: ("占线", "busy"),
            TransferOutcome.NO_ANSWER: ("无人接听", "no answer"),
            TransferOutcome.NO_LINE: ("没有空闲线路", "no line is free"),
            TransferOutcome.FAILED: ("未接通", "it failed"),
            TransferOutcome.CANCELLED: ("已取消", "cancelled"),
            TransferOutcome.HOLD_OVER: ("来电人等候过久，已接回", "the caller had waited too long"),
            TransferOutcome.AGENT_LOST: ("坐席断线，来电人已重新排队", "the agent was lost"),
            TransferOutcome.CALLER_GONE: ("来电人已挂机", "the caller has hung up"),
        }.items()
    },
    "listen": ("监听", "Listen"),
    "whisper": ("密语", "Whisper"),
    "join": ("强插", "Join"),
}
