"""The registration form of an item, to be printed: the fields of the official forms 1 and 2, in Chinese.

Made from the item as it is; empty where nothing was given. A reporter's identity stands on it only
when the report is not anonymous, and nothing on it tells of other items.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from markupsafe import Markup

from gateway.channels.counter import Registration
from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import Item
from gateway.core.item.matter import Names
from gateway.web.pages.style_policy import style_policy

_STYLE = """
@page { size: A4; margin: 18mm 16mm; }
body { font: 11pt/1.5 "Noto Serif CJK SC", SimSun, serif; margin: 1rem auto; max-width: 178mm; color: #000;
  background: #fff; }
h1 { font-size: 18pt; text-align: center; letter-spacing: .3em; margin: 0 0 6mm; }
.head { display: flex; justify-content: space-between; margin-bottom: 2mm; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { border: 1px solid #000; padding: 1.5mm 2mm; text-align: left; vertical-align: top; font-weight: 400;
  overflow-wrap: anywhere; }
th { width: 26mm; } th.side { width: 14mm; text-align: center; vertical-align: middle; }
td.long { white-space: pre-wrap; height: 55mm; } td.sign { height: 22mm; }
tr { break-inside: avoid; } tr.long { break-inside: auto; }
p { margin: 3mm 0 0; font-size: 9.5pt; }
@media screen { body { padding: 0 1rem 2rem; } }
""".strip()
POLICY = style_policy(_STYLE)


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    person: str
    respondent: str
    facts: str


_COMPLAINT = _Words("投诉登记表", "投诉人", "被投诉人", "消费者权益争议事实依据")
_REPORT = _Words("举报登记表", "举报人", "被举报人", "具体线索和相应的事实依据")
_OTHER = _Words("来件登记表", "来件人", "涉及单位", "内容")
_WORDS = {Kind.COMPLAINT: _COMPLAINT, Kind.REPORT: _REPORT}


@dataclass(frozen=True, slots=True)
class Form:
    """What stands on a form besides the item: names in Chinese, and how it was registered."""

    office: str
    names: Names
    registered: Registration | None
    zone: tzinfo


def page(item: Item, form: Form) -> str:
    """The form as HTML."""
    words = _WORDS.get(item.kind, _OTHER)
    rows = [
        *_person(item, words),
        *_respondent(item, words, form),
        *_matter(item, words, form),
        *_how_it_came(item, form),
        _signatures(item, words, form),
    ]
    return Markup(
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} {number}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
        '<body><h1>{title}</h1><div class="head"><span>登记单位：{office}</span><span>编号：{number}</span>'
        "</div><table>{rows}</table>{notes}</body></html>"
    ).format(
        title=words.title,
        number=item.number,
        style=Markup(_STYLE),
        office=form.office,
        rows=Markup("").join(rows),
        notes=_note(item),
    )


def _person(item: Item, words: _Words) -> Iterable[Markup]:
    p = item.person
    if item.anonymous:
        fields = [("姓名", "（匿名）")]
    elif item.withheld:
        fields = [("姓名", "（保密）")]
    else:
        fields = [
            ("姓名", p.name),
            ("联系电话", p.phone),
            ("证件类型", p.id_type),
            ("证件号码", p.id_number),
            ("联系地址", p.address),
            ("电子邮箱", p.email),
        ]
    if item.kind is Kind.COMPLAINT:
        fields += [
            ("是否同意公示投诉信息", _yes_or_no(item.publish_consent)),
            ("是否同意委托调解", _yes_or_no(item.mediation_consent)),
        ]
    return _block(words.person, fields)


def _respondent(item: Item, words: _Words, form: Form) -> Iterable[Markup]:
    r = item.respondent
    fields = [
        ("名称（姓名）", r.name),
        ("联系电话", r.phone),
        ("地址", r.address),
        ("所在区县", form.names.county),
    ]
    return _block(words.respondent, fields)


def _matter(item: Item, words: _Words, form: Form) -> Iterable[Markup]:
    yield Markup('<tr class="long"><th colspan="2">{}</th><td colspan="3" class="long">{}</td></tr>').format(
        words.facts, item.content
    )
    happened = _chinese(item.occurred_on) if item.occurred_on else ""
    amount = "" if item.amount is None else f"{item.amount // 100}.{item.amount % 100:02} 元"
    yield _row("商品或服务", form.names.subject, "问题类别", form.names.problem)
    yield _row("发生日期", happened, "涉及金额", amount)
    if item.kind is Kind.COMPLAINT:
        yield _wide("投诉请求", "、".join(form.names.claims))


def _how_it_came(item: Item, form: Form) -> Iterable[Markup]:
    received = item.received_at.astimezone(form.zone)
    yield _row("来源渠道", form.names.channel, "收到时间", f"{_chinese(received)} {received:%H:%M}")
    if item.channel == Channel.LETTER and form.registered:
        kept = form.registered
        yield _row("落款日期", _chinese(kept.letter_date), "邮戳日期", _chinese(kept.postmark_date))
    if form.registered and form.registered.came_by:
        yield _wide("来件方式", form.registered.came_by)


def _signatures(item: Item, words: _Words, form: Form) -> Markup:
    """The person signs only when he is there."""
    kept = form.registered
    day = _chinese(kept.entered_at.astimezone(form.zone)) if kept else "　　年　　月　　日"
    clerk = kept.clerk if kept else ""
    at_counter = item.channel == Channel.COUNTER
    own = (
        Markup("{}签名：<br><br>　　年　　月　　日").format(words.person)
        if at_counter
        else "（非现场登记，无需签名）"
    )
    return Markup(
        '<tr><td colspan="2" class="sign">{own}</td>'
        '<td colspan="3" class="sign">登记人：{clerk}　　签名：<br><br>{day}</td></tr>'
    ).format(own=own, clerk=clerk, day=day)


def _note(item: Item) -> Markup:
    if item.kind is Kind.REPORT:
        return Markup("<p>举报人应当对举报内容的真实性负责。举报人信息依法保密。</p>")
    return Markup("")


def _block(head: str, fields: list[tuple[str, str]]) -> Iterable[Markup]:
    """Fields two to a row, behind one heading."""
    pairs = [fields[n : n + 2] for n in range(0, len(fields), 2)]
    for place, pair in enumerate(pairs):
        side = Markup('<th class="side" rowspan="{}">{}</th>').format(len(pairs), head) if place == 0 else ""
        if len(pair) == 1:
            cells = Markup('<th>{}</th><td colspan="3">{}</td>').format(*pair[0])
        else:
            cells = Markup("<th>{}</th><td>{}</td><th>{}</th><td>{}</td>").format(*pair[0], *pair[1])
        yield Markup("<tr>{}{}</tr>").format(side, cells)


def _row(first_label: str, first: str, two: str, second: str) -> Markup:
    return Markup('<tr><th colspan="2">{}</th><td>{}</td><th>{}</th><td>{}</td></tr>').format(
        first_label, first, two, second
    )


def _wide(name: str, value: str) -> Markup:
    return Markup('<tr><th colspan="2">{}</th><td colspan="3">{}</td></tr>').format(name, value)


def _yes_or_no(value: bool | None) -> str:
    return {True: "☑是　☐否", False: "☐是　☑否", None: "☐是　☐否"}[value]


def _chinese(day: date | datetime | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
