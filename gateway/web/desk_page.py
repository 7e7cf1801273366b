"""/desk for whoever is in: the one page that an agent keeps open all day. Its scripts do the rest.

The page itself holds no personal data: calls and items come over the API, each look with its rights.
"""

from __future__ import annotations

from aiohttp import web

from gateway.core.acd import SeatState
from gateway.core.case import STATE_NAMES
from gateway.core.contact import Channel, Kind, Task
from gateway.core.item import ItemState
from gateway.core.transfer import TransferState
from gateway.web.pages import KIND_NAMES, Look, Pages
from gateway.web.phone_page import MICROPHONE
from gateway.web.ports import Account, Board, Role

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ROLE_NAMES = {
    Role.AGENT: ("坐席人员", "agent"),
    Role.SUPERVISOR: ("值班长", "supervisor"),
    Role.ADMIN: ("管理员", "administrator"),
    Role.AUDITOR: ("审计员", "auditor"),
}
PAUSES = {
    "break": ("小休", "Break"),
    "meal": ("用餐", "Meal"),
    "training": ("培训", "Training"),
    "other": ("其他", "Other"),
}
WORDS = {
    **{
        f"state.{state.value}": words
        for state, words in {
            SeatState.OFFLINE: ("未签入", "Signed out"),
            SeatState.READY: ("就绪", "Ready"),
            SeatState.RINGING: ("振铃", "Ringing"),
            SeatState.TALKING: ("通话", "Talking"),
            SeatState.WRAP_UP: ("话后处理", "Wrap-up"),
            SeatState.PAUSED: ("暂停", "Paused"),
        }.items()
    },
    **{f"pause.{name}": words for name, words in PAUSES.items()},
    "pause.phone": ("电话不可用", "No phone"),
    "pause.wrap-up": ("", ""),
    "pause.Auto-Pause": ("未接听", "Did not answer"),
    **{f"kind.{kind.value}": words for kind, words in KIND_NAMES.items()},
    f"kind.{Kind.UNSORTED.value}": ("待分类", "Unsorted"),
    **{
        f"channel.{channel.value}": words
        for channel, words in {
            Channel.PHONE: ("电话", "Phone"),
            Channel.WEB: ("网页", "Web"),
            Channel.EMAIL: ("邮件", "Mail"),
            Channel.FAX: ("传真", "Fax"),
            Channel.LETTER: ("来信", "Letter"),
            Channel.COUNTER: ("来访", "Visit"),
            Channel.PARTNER: ("转来", "Partner"),
        }.items()
    },
    **{
        f"task.{task.value}": words
        for task, words in {
            Task.NONE: ("", ""),
            Task.TALK: ("待补录", "Write up"),
            Task.LISTEN: ("听留言", "Listen"),
            Task.CALL_BACK: ("待回电", "Call back"),
            Task.GAVE_UP: ("中途挂机", "Gave up"),
            Task.UNREADABLE: ("看原件", "See the original"),
        }.items()
    },
    **{f"item.{state.value}": (zh, en.capitalize()) for state, (zh, en) in STATE_NAMES.items()},
    f"item.{ItemState.WAITING.value}": ("等待材料", "Waiting"),  # there is little room
    "link.off": ("未启用", "Off"),
    "link.connecting": ("连接中", "Connecting"),
    "link.ready": ("正常", "Ready to ring"),
    "link.gone": ("连接断开", "Connection lost"),
    "link.refused": ("注册被拒", "Refused"),
    "link.other": ("在另一页面", "On another page"),
    "link.microphone": ("没有麦克风", "No microphone"),
    "link.sip": ("SIP 话机", "SIP telephone"),
    "link.unreachable": ("话机不在线", "Telephone away"),
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
    "none": ("无", "None"),
    "overdue": ("逾期", "overdue"),
    "due": ("期限", "due"),
    "mine": ("我的", "mine"),
    "draft": ("草稿", "Draft"),
    "made": ("已登记：", "Registered: "),
    "no_answer": ("连接服务器失败，正在重试", "The server does not answer; trying again"),
    "will_not_ring": (
        "您的电话不会振铃：已自动暂停，请检查电话",
        "Your phone will not ring: you are paused until it is back",
    ),
    "gone": ("来电已结束或转给他人", "The call is over or rings elsewhere"),
    "missing": ("请填写内容和类别", "Fill in kind and content"),
    "answered": ("已当场答复", "Answered at once"),
    "you_hear": ("旁听", "listening in"),
    **{
        f"transfer.{state.value}": words
        for state, words in {
            TransferState.ASKED: ("正在呼叫", "calling"),
            TransferState.RINGING: ("振铃", "ringing"),
            TransferState.CONSULT: ("咨询中，来电人等候", "in private; the caller waits"),
            TransferState.JOINING: ("正在接入三方", "being joined"),
            TransferState.LEAVING: ("正在退出", "leaving"),
            TransferState.JOINED: ("三方通话", "three-way"),
        }.items()
    },
    "by": ("办理人", "Held by"),
    "look_at_fax": ("查看传真页面", "Look at the fax"),
    "write_up": ("登记内容", "Write it up"),
}


class DeskPage:
    """`show` is what the log-in page gives to whoever is in. `wrap_up` is in seconds."""

    def __init__(self, pages: Pages, board: Board, wrap_up: int) -> None:
        self._pages = pages
        self._board = board
        self._wrap_up = wrap_up

    async def show(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        rules = self._pages.public.rules
        words = {name: look.t(*both) for name, both in WORDS.items()}
        seat = next((view.seat for view in self._board.agents() if view.id == account.name), "")
        return self._pages.show(
            look,
            "workplace.html",
            headers={
                "Content-Security-Policy": POLICY,
                "Permissions-Policy": MICROPHONE,
                "Cache-Control": "no-store",
            },
            account=account,
            role=look.t(*ROLE_NAMES[account.role]),
            words=words,
            wrap_up=self._wrap_up,
            pauses={name: look.t(*both) for name, both in PAUSES.items()},
            kinds={kind.value: look.t(*both) for kind, both in KIND_NAMES.items()},
            channels={channel.value: words[f"channel.{channel.value}"] for channel in Channel},
            claims=[(claim.id, look.of(claim)) for claim in rules.claims],
            counties=[(one.code, look.of(one)) for one in rules.divisions],
            has_seat=bool(seat),
            seat=seat,
        )
