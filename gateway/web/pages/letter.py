"""A notice as a letter for A4, in Chinese. Of a reporter neither name nor address stands on it."""

from __future__ import annotations

from markupsafe import Markup

from gateway.core.item.item import Item, NoticeRecord
from gateway.core.item.notice import NOTICE_NAMES, NoticeKind, is_secret
from gateway.core.item.number import spaced
from gateway.web.pages.style_policy import style_policy

STYLE = """
@page { size: A4; margin: 25mm 24mm; }
body { font: 14pt/1.8 "Noto Serif CJK SC", SimSun, serif; margin: 1rem auto; max-width: 162mm; color: #000;
  background: #fff; }
h1 { font-size: 20pt; text-align: center; margin: 0 0 10mm; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.to { margin-bottom: 8mm; } .sign { margin-top: 16mm; text-align: right; }
@media screen { body { padding: 0 1rem 2rem; } }
""".strip()
POLICY = style_policy(STYLE)
_PAGE = Markup(
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} {number}</title>'
    '<style>{style}</style></head><body><main><h1>{title}</h1><p class="to">{to}</p><p>{text}</p>'
    '<p class="sign">{office}\n{day}</p></main></body></html>'
)


def page(item: Item, notice: NoticeRecord, office: str) -> str:
    """The letter, dated on the day the notice was made."""
    name, address = _addressee(item, NoticeKind(notice.kind))
    day = notice.made_at
    return str(
        _PAGE.format(
            title=NOTICE_NAMES[NoticeKind(notice.kind)][0],
            number=spaced(item.number),
            style=Markup(STYLE),
            to="\n".join(filter(None, (address, name))),
            text=notice.text,
            office=office,
            day=f"{day.year}年{day.month}月{day.day}日",
        )
    )


def _addressee(item: Item, kind: NoticeKind) -> tuple[str, str]:
    """Name with a colon, and address."""
    if kind is NoticeKind.OTHER_SIDE_TOLD:
        return f"{item.respondent.name or '被投诉人'}：", item.respondent.address
    if is_secret(item):
        return "来件人：", ""
    return f"{item.person.name or '来件人'}：", item.person.address
