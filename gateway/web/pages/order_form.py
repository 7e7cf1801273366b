"""The official form of a work order (工单), to be printed on A4, in Chinese: what is to be handled, by when,
what was done and told, and room for signatures. A reporter's identity does not stand on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from markupsafe import Markup

from gateway.cases.orders import OrderDetail
from gateway.cases.papers import TYPED
from gateway.core.item.catalogue import name_of
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import Item
from gateway.core.item.notice import is_secret
from gateway.core.item.number import spaced
from gateway.core.item.states import KIND_NAMES
from gateway.core.order.handling import in_force, named
from gateway.core.order.order import Order, Report
from gateway.core.order.states import ORDER_STATE_NAMES, URGENCY_NAMES
from gateway.core.unit import Tree
from gateway.web.pages.style_policy import style_policy

_STYLE = """
@page { size: A4; margin: 16mm; }
body { font: 11pt/1.5 "Noto Serif CJK SC", SimSun, serif; margin: 1rem auto; max-width: 178mm; color: #000;
  background: #fff; }
h1 { font-size: 18pt; text-align: center; letter-spacing: .2em; margin: 0 0 5mm; }
.head { display: flex; justify-content: space-between; gap: 4mm; flex-wrap: wrap; margin-bottom: 2mm; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { border: 1px solid #000; padding: 1.5mm 2mm; text-align: left; vertical-align: top; font-weight: 400;
  overflow-wrap: anywhere; white-space: pre-wrap; }
th { width: 26mm; } td.long { height: 36mm; } td.sign { height: 24mm; }
tr { break-inside: avoid; } tr.long { break-inside: auto; }
@media screen { body { padding: 0 1rem 2rem; } }
@media screen and (max-width: 480px) { th { width: 18mm; } }
""".strip()
POLICY = style_policy(_STYLE)
_PAGE = Markup(
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} {number}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex">'
    "<style>{style}</style></head><body><main><h1>{title}</h1>"
    '<p class="head"><span>事项编号：{number}</span><span>工单号：{id}</span><span>{office}</span></p>'
    "<table><tbody>{rows}</tbody></table></main></body></html>"
)
_ROW = Markup("<tr><th>{}</th><td>{}</td><th>{}</th><td>{}</td></tr>")
_WIDE = Markup('<tr class="long"><th>{}</th><td colspan="3" class="{}">{}</td></tr>')
TITLE = "消费者投诉举报工单"


@dataclass(frozen=True, slots=True)
class Form:
    """What stands on a form besides the order."""

    office: str
    rules: Rules
    units: Tree
    zone: tzinfo


def page(whole: OrderDetail, form: Form) -> str:
    """The form as HTML."""
    order, item = whole.shown.order, whole.item.item
    rows = Markup("").join([*_order(order, form), *_matter(item, form), *_report(whole, form)])
    return str(
        _PAGE.format(
            title=TITLE,
            number=spaced(item.number),
            id=order.id,
            office=form.office,
            style=Markup(_STYLE),
            rows=rows,
        )
    )


def _order(order: Order, form: Form) -> Iterator[Markup]:
    unit, bureau = form.units.name(order.unit), form.units.name(order.bureau)
    yield _ROW.format("承办单位", unit, "责任单位", bureau)
    yield _ROW.format("派单时间", _time(order.assigned_at, form), "签收时间", _time(order.signed_at, form))
    state, urgency = ORDER_STATE_NAMES[order.state][0], URGENCY_NAMES[order.urgency][0]
    yield _ROW.format("工单状态", state, "紧急程度", urgency)
    yield _ROW.format("反馈期限", _day(order.due), "法定期限", _day(order.legal_due))
    if order.note:
        yield _WIDE.format("派单说明", "", order.note)


def _matter(item: Item, form: Form) -> Iterator[Markup]:
    person, respondent, categories = item.person, item.respondent, form.rules.categories
    secret = is_secret(item)
    name = "身份保密" if secret else "匿名" if item.anonymous else person.name
    yield _ROW.format("类别", KIND_NAMES[item.kind][0], "收到时间", _time(item.received_at, form))
    yield _ROW.format("当事人", name, "联系电话", "" if secret else person.phone)
    yield _ROW.format("被投诉人", respondent.name, "联系电话", respondent.phone)
    yield _WIDE.format("被投诉人地址", "", respondent.address)
    subject, problem = name_of(categories.subjects, item.subject), name_of(categories.problems, item.problem)
    amount = "" if item.amount is None else f"{item.amount / 100:.2f} 元"
    yield _ROW.format("商品或问题", " ".join(filter(None, (subject, problem))), "金额", amount)
    names = {claim.id: claim.zh for claim in form.rules.claims}
    yield _WIDE.format("投诉请求", "", "、".join(names.get(claim, claim) for claim in item.claims))
    yield _WIDE.format("主要内容", "long", item.content)


def _report(whole: OrderDetail, form: Form) -> Iterator[Markup]:
    """The last report, or room to write one by hand."""
    report = whole.reports[-1] if whole.reports else Report()
    handling = in_force(form.rules.handling, whole.shown.order.begun_on)
    result = named(handling.results[whole.item.item.kind], report.result)
    yield _WIDE.format("办理结果", "", result.zh if result else report.result)
    yield _ROW.format("争议金额", _yuan(report.amount_in_dispute), "挽回损失", _yuan(report.amount_recovered))
    yield _WIDE.format("办理情况", "long", report.text)
    yield _WIDE.format("告知当事人的答复", "long", report.answer)
    if report.files:
        yield _WIDE.format("随附材料", "", "\n".join(_papers(whole, report)))
    if report.received_on:
        typed = TYPED.format(day=_day(report.received_on), who=report.who)
        yield _WIDE.format("上报方式", "", typed)
    signed = f"签发人：{report.signed_by}" if report.signed_by else "签发人："
    yield _WIDE.format("承办单位意见", "sign", f"承办人：\n{signed}\n（单位盖章）      年    月    日")


def _papers(whole: OrderDetail, report: Report) -> Iterator[str]:
    """The files of a report by name, numbered."""
    names = {file.sha256: file.name for file in whole.item.attachments}
    kept = [names[sha256] for sha256 in report.files if sha256 in names]
    yield from (f"{place}. {name or '未命名文件'}" for place, name in enumerate(kept, 1))


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:.2f} 元"


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _time(at: datetime | None, form: Form) -> str:
    return at.astimezone(form.zone).strftime("%Y-%m-%d %H:%M") if at else ""
