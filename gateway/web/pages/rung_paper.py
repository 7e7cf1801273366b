"""The paper of a rung for A4, in Chinese: 催办通知书, 督办单. It has what was sent by mail and fax."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

_STYLE = """
@page { size: A4; margin: 25mm 24mm; }
body { font: 14pt/1.8 "Noto Serif CJK SC", SimSun, serif; margin: 1rem auto; max-width: 162mm; color: #000;
  background: #fff; }
h1 { font-size: 20pt; text-align: center; margin: 0 0 10mm; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
@media screen { body { padding: 0 1rem 2rem; } }
""".strip()
POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of the paper: this very style sheet, and nothing else at all."""
_PAGE = Markup(
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
)


def page(title: str, text: str) -> str:
    return str(_PAGE.format(title=title, text=text, style=Markup(_STYLE)))
