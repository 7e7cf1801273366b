"""What the API takes and gives, member by member. Other modules fill these; none adds to them.

Amounts are in yuan as JSON numbers with at most two decimals; times are ISO 8601 in UTC with Z;
days are those of the centre's time zone. Empty texts mean "not given".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from gateway.calls.views import LineState
from gateway.core.call.record import CallOutcome, RecordingState
from gateway.core.call.seat import SeatState
from gateway.core.item import written
from gateway.core.item.contact import DECLINABLE, Channel, Kind, Task
from gateway.core.item.item import ItemState
from gateway.web.http.shape import Rule

PHONE = r"\+?[0-9][0-9 -]{2,23}(?:转[0-9]{1,8})?"
EMAIL = r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+"
NUMBER = r"[0-9]{12}"
CODE = r"[0-9]{4,6}"
_PHONE_WORDS = (
    "请填写一个电话号码，如 13800138000、0357-2025100转801",
    "is one number, such as 0357-2025100",
)
_AMOUNT_WORDS = ("请填写金额，如 1299、1,299.00、1.2万", "is an amount, such as 1299 or 1,299.00")
_DAY_WORDS = ("日期格式如 2026-10-01、2026年10月1日", "is written like 2026-10-01")
_EMAIL_WORDS = ("格式如 name@example.com", "is written like name@example.com")
_NUMBER_WORDS = ("12 位数字", "has twelve digits")

# ------------------------------------------------------------------ intake


def _phone(zh: str, en: str) -> Rule:
    spelling = written.telephone_number
    return Rule(zh, en, longest=40, pattern=PHONE, words=_PHONE_WORDS, spelling=spelling)


class WrittenKind(StrEnum):
    """What somebody can ask for in writing; sorting is ours."""

    COMPLAINT = "complaint"
    REPORT = "report"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class NewContact:
    """One complaint, report or question, as somebody fills it in."""

    kind: Annotated[WrittenKind, Rule("投诉、举报或咨询", "what is wanted", example="complaint")]
    content: Annotated[
        str,
        Rule(
            *("事实经过", "what happened"),
            shortest=1,
            longest=20000,
            lines=True,
            spelling=written.text,
            example="商家拒绝退款",
        ),
    ]
    name: Annotated[str, Rule("姓名", "name", longest=100, spelling=written.line)] = ""
    phone: Annotated[str, _phone("联系电话", "telephone")] = ""
    email: Annotated[
        str,
        Rule(
            *("电子邮箱", "mail address"),
            longest=254,
            pattern=EMAIL,
            words=_EMAIL_WORDS,
            spelling=written.one_mail_address,
        ),
    ] = ""
    address: Annotated[str, Rule("联系地址", "address", longest=300, spelling=written.line)] = ""
    id_type: Annotated[
        str, Rule("证件类型", "kind of identity document", longest=40, spelling=written.line)
    ] = ""
    id_number: Annotated[str, Rule("证件号码", "its number", longest=60, spelling=written.paper_number)] = ""
    respondent_name: Annotated[
        str, Rule("被投诉（举报）人名称", "whom it is about", longest=200, spelling=written.line)
    ] = ""
    respondent_address: Annotated[
        str, Rule("被投诉（举报）人地址", "their address", longest=300, spelling=written.line)
    ] = ""
    respondent_phone: Annotated[str, _phone("被投诉（举报）人电话", "their telephone")] = ""
    claims: Annotated[
        tuple[str, ...],
        Rule("投诉请求", "what is asked for", entries=20, longest=200, spelling=written.line),
    ] = ()
    amount: Annotated[
        Decimal | None,
        Rule(
            *("涉及金额（元）", "amount at stake in yuan"),
            least=0,
            most=10**10,
            places=2,
            words=_AMOUNT_WORDS,
            spelling=written.amount,
            example=199.9,
        ),
    ] = None
    occurred_on: Annotated[
        date | None,
        Rule("发生日期", "day on which it happened", longest=40, words=_DAY_WORDS, spelling=written.day),
    ] = None
    county: Annotated[
        str, Rule("区县代码或名称", "county, code or name", longest=40, spelling=written.line)
    ] = ""
    problem: Annotated[
        str,
        Rule("问题类别（categories.yaml 的编号）", "what is wrong, an id of categories.yaml", longest=40),
    ] = ""
    subject: Annotated[
        str, Rule("商品或服务类别（同上）", "goods or service, an id of categories.yaml", longest=40)
    ] = ""
    publish_consent: Annotated[bool | None, Rule("是否同意公示投诉信息", "consent to publication")] = None
    mediation_consent: Annotated[bool | None, Rule("是否同意委托调解", "consent to mediation by others")] = (
        None
    )
    anonymous: Annotated[bool, Rule("是否匿名", "identity is not to be used")] = False


Declined = Annotated[
    tuple[str, ...],
    Rule(
        *("来电人不愿提供的字段名", "names of members that the person did not want to tell"),
        entries=len(DECLINABLE),
        pattern="|".join(DECLINABLE),
        words=(f"应为以下之一：{'、'.join(DECLINABLE)}", f"is one of: {', '.join(DECLINABLE)}"),
    ),
]


@dataclass(frozen=True, slots=True)
class WriteUp(NewContact):
    """What an agent writes into an item. Members that are not given stay as they are."""

    blank: Annotated[
        tuple[str, ...],
        Rule("要清空的字段名", "names of members to be emptied", entries=20, longest=40),
    ] = ()
    declined: Declined = ()


@dataclass(frozen=True, slots=True)
class DueDay:
    """One legal clock: the last day, whether its calendar is still a guess, and how it was counted."""

    clock: str
    on: date
    provisional: bool
    basis: str
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """What the person gets: number and code tell the state later on."""

    number: str
    query_code: str
    received_at: datetime
    status: str
    due: tuple[DueDay, ...]


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """The query code of a number; with a four-digit code, for more than the state, the telephone."""

    code: Annotated[
        str,
        Rule(
            *("查询码", "query code"),
            longest=6,
            pattern=CODE,
            words=("6 位数字（早前登记的为 4 位）", "has six digits (four for older items)"),
        ),
    ]
    phone: Annotated[
        str,
        Rule(
            *("登记电话的后四位", "last four digits of the telephone number that was left"),
            longest=24,
            pattern=r"[0-9 +()-]{4,24}",
            words=("电话的后 4 位数字", "the last four digits of the telephone number"),
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class StateTold:
    """What anybody with number and code may know: no personal data.

    `needs` is `phone` when a four-digit code was given without the telephone's last four digits, or with
    wrong ones: then kind and received_at are null and due is empty.
    """

    number: str
    status: ItemState
    status_zh: str
    status_en: str
    kind: Kind | None
    received_at: datetime | None
    due: tuple[DueDay, ...]
    needs: str = ""


# ------------------------------------------------------------------ queue

_OLDER = Rule("收到至少多少小时", "received at least so many hours ago", least=0, most=100_000)
_DUE_BEFORE = Rule("期限早于该日", "a clock that still runs ends before this day")


@dataclass(frozen=True, slots=True)
class QueueAsked:
    """Which items; without a word all of them, in order of arrival."""

    state: Annotated[ItemState | None, Rule("状态", "state")] = None
    channel: Annotated[Channel | None, Rule("渠道", "channel")] = None
    kind: Annotated[Kind | None, Rule("类别", "kind")] = None
    task: Annotated[Task | None, Rule("待办", "what is owed")] = None
    county: Annotated[str | None, Rule("区县", "county", longest=40)] = None
    older_than: Annotated[int | None, _OLDER] = None
    overdue: Annotated[bool, Rule("仅已逾期", "only those of which a clock has run out")] = False
    due_before: Annotated[date | None, _DUE_BEFORE] = None
    provisional: Annotated[bool, Rule("仅期限暂定", "only those with a provisional clock")] = False
    has_addition: Annotated[
        bool, Rule("仅有未读补充（任何状态）", "only those with an addition nobody has read, in any state")
    ] = False
    after: Annotated[
        str, Rule("上一页最后一件的编号", "number of the last item seen", pattern=NUMBER, words=_NUMBER_WORDS)
    ] = ""
    limit: Annotated[int, Rule("件数", "how many", least=1, most=200)] = 50


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Who turned to us; empty where nothing was given."""

    name: str
    phone: str
    email: str
    address: str
    id_type: str
    id_number: str


@dataclass(frozen=True, slots=True)
class RespondentShown:
    """Whom it is about."""

    name: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class AttachmentShown:
    """One stored file; `role` is evidence, quarantined, unchecked, recording, message or raw."""

    sha256: str
    name: str
    media_type: str
    role: str
    size: int


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One item of the queue. `holder` and `lease_until` stand while somebody works on it.

    `withheld`: who reported it is known and kept secret (保密); `person` is empty then, and
    /identity tells whoever has the right and a reason. `has_addition`: something was added, in
    whatever state it is, that nobody has read yet. `declined` names fields that the person did not want
    to tell.
    """

    number: str
    channel: Channel
    kind: Kind
    task: Task
    state: ItemState
    received_at: datetime
    person: PersonShown
    withheld: bool
    respondent: RespondentShown
    content: str
    claims: tuple[str, ...]
    amount: Decimal | None
    occurred_on: date | None
    county: str
    problem: str
    subject: str
    anonymous: bool
    publish_consent: bool | None
    mediation_consent: bool | None
    due: tuple[DueDay, ...]
    holder: str | None
    lease_until: datetime | None
    call_id: str
    merged_into: str | None
    has_addition: bool
    declined: tuple[str, ...]
    attachments: tuple[AttachmentShown, ...]


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Items in order of arrival; `next` is what `after` must be for the page that follows."""

    items: tuple[ItemShown, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class HappenedShown:
    """One entry of a timeline; `what` in words beside it."""

    at: datetime
    what: str
    what_zh: str
    what_en: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class LastAct:
    """What led to the state that the item is in. Whoever did it may undo it until `undo_until`;
    `retractable`: it may be taken back later with a reason."""

    event: str
    event_zh: str
    event_en: str
    who: str
    at: datetime
    undo_until: datetime
    retractable: bool


@dataclass(frozen=True, slots=True)
class ItemWhole(ItemShown):
    """An item with its past and what may be done to it now. `closing_needs_reason`: it is neither decided nor
    answered yet."""

    timeline: tuple[HappenedShown, ...]
    allowed: tuple[str, ...]
    closing_needs_reason: bool
    last_act: LastAct | None


@dataclass(frozen=True, slots=True)
class ClaimWish:
    """Which items are wanted; an empty body takes the next of any sort."""

    kind: Annotated[Kind | None, Rule("类别", "kind")] = None
    channel: Annotated[Channel | None, Rule("渠道", "channel")] = None
    task: Annotated[Task | None, Rule("待办", "what is owed")] = None
    county: Annotated[str | None, Rule("区县", "county", longest=40)] = None
    older_than: Annotated[int | None, _OLDER] = None
    due_before: Annotated[date | None, _DUE_BEFORE] = None
    number: Annotated[str | None, Rule("指定编号", "this very item", pattern=NUMBER, words=_NUMBER_WORDS)] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A word for the timeline; may be left out."""

    text: Annotated[str, Rule("说明", "a word", longest=2000, lines=True)] = ""


@dataclass(frozen=True, slots=True)
class MergeWish:
    """The item that this one becomes part of."""

    into: Annotated[str, Rule("并入的编号", "number of the other item", pattern=NUMBER, words=_NUMBER_WORDS)]
    text: Annotated[str, Rule("说明", "a word", longest=2000, lines=True)] = ""


# ------------------------------------------------------------------ phone


@dataclass(frozen=True, slots=True)
class CallsAsked:
    """Which calls; the newest first."""

    since: Annotated[
        datetime | None,
        Rule("自何时起（无时区按中心时区）", "started at or after; without a zone: the centre's"),
    ] = None
    limit: Annotated[int, Rule("条数", "how many", least=1, most=200)] = 50
    before: Annotated[str, Rule("上一页最后一通的 id", "id of the last call seen", longest=80)] = ""
    caller: Annotated[
        str, Rule("来电号码，任何写法", "caller's number, however it is written", longest=40)
    ] = ""


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step of the way through the menus."""

    at: datetime
    step: str
    keys: str


@dataclass(frozen=True, slots=True)
class CallShown:
    """One call. `recording` is where its sound is to be had, `number` the item that came of it."""

    id: str
    direction: str
    caller: str
    dialled: str
    line: int
    started_at: datetime
    answered_at: datetime | None
    queued_at: datetime | None
    talked_at: datetime | None
    ended_at: datetime | None
    path: tuple[StepShown, ...]
    wait_seconds: float
    agent: str | None
    outcome: CallOutcome
    flow: str
    recording: str | None
    recording_state: RecordingState
    number: str | None
    back_of: str | None


@dataclass(frozen=True, slots=True)
class CallsPage:
    """Calls, the newest first; `next` is what `before` must be for the page that follows."""

    items: tuple[CallShown, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LineShown:
    """One line of the trunk."""

    line: int
    state: LineState
    call_id: str | None
    caller: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingShown:
    """One caller who waits for an agent; `place` from 1."""

    place: int
    call_id: str
    caller: str
    since: datetime


@dataclass(frozen=True, slots=True)
class LinesNow:
    """All lines, and who waits."""

    items: tuple[LineShown, ...]
    waiting: tuple[WaitingShown, ...]


class SeatPhone(StrEnum):
    """Which of a seat's two phones rings."""

    SIP = "sip"  # a SIP telephone
    BROWSER = "browser"  # the page /desk


@dataclass(frozen=True, slots=True)
class AgentShown:
    """One agent's seat; `reachable` tells whether its phone is there while it is signed in."""

    id: str
    name: str
    seat: str
    state: SeatState
    reason: str
    since: datetime | None
    call_id: str | None
    phone: SeatPhone
    reachable: bool


@dataclass(frozen=True, slots=True)
class AgentsNow:
    """All seats."""

    items: tuple[AgentShown, ...]


class SeatWish(StrEnum):
    """What a seat can be told; the other states come from the telephone."""

    READY = "ready"
    PAUSED = "paused"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class AgentWish:
    """What a seat is to do; a reason may stand with a pause."""

    state: Annotated[SeatWish, Rule("就绪、小休或签出", "ready, paused or offline", example="ready")]
    reason: Annotated[str, Rule("原因", "why", longest=40)] = ""
    phone: Annotated[SeatPhone | None, Rule("由哪部电话振铃", "which phone is to ring, from now on")] = None


# ------------------------------------------------------------------ service


@dataclass(frozen=True, slots=True)
class PartShown:
    """Whether one part answers."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class NamedPartShown:
    """One more part that was looked at lately; `vital` parts that fail make the status "down"."""

    name: str
    ok: bool
    vital: bool
    detail: str


@dataclass(frozen=True, slots=True)
class HealthShown:
    """Whether the gateway can do its work: ok, degraded (200), or down (503)."""

    status: str
    storage: PartShown
    pbx: PartShown
    tasks: PartShown
    others: tuple[NamedPartShown, ...]


@dataclass(frozen=True, slots=True)
class FaultShown:
    """One member of a request that is wrong."""

    field: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ProblemShown:
    """An error as RFC 9457 has it. `code` is stable; `faults` stand with code bad_contact."""

    type: str
    title: str
    status: int
    code: str
    zh: str
    en: str
    request_id: str
    detail: Annotated[str, Rule("具体说明", "what exactly")] = ""
    faults: Annotated[tuple[FaultShown, ...], Rule("逐项问题", "each wrong member")] = ()
