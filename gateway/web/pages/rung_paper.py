"""The paper of a rung for A4, in Chinese: 催办通知书, 督办单. It has what was sent by mail and fax."""

from __future__ import annotations

from markupsafe import Markup

from gateway.web.pages.letter import POLICY as POLICY
from gateway.web.pages.letter import STYLE

_PAGE = Markup(
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
)


def page(title: str, text: str) -> str:
    return str(_PAGE.format(title=title, text=text, style=Markup(STYLE)))
