"""/docs: the end points on one page, made from the routes. Needs nothing from elsewhere, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from pydantic import BaseModel

from gateway import errors
from gateway.errors import GatewayError
from gateway.web.http.models import Member, members
from gateway.web.http.route import Route
from gateway.web.pages.style_policy import style_policy

_STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-top: 1px solid #ccc;
  padding-top: 1rem; } code { font-family: ui-monospace, monospace; font-size: .95em; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; } td, th { border: 1px solid #ccc;
  padding: .25rem .5rem; text-align: left; vertical-align: top; } th { background: #f3f3f3; }
.method { display: inline-block; min-width: 3.5rem; font-weight: 700; }
""".strip()
POLICY = style_policy(_STYLE)


def page(routes: Sequence[Route], title: str) -> str:
    """The page as HTML."""
    body = Markup("").join([*_head(title), *(_route(route) for route in routes), *_errors()])
    return Markup(
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>{style}</style></head><body>{body}</body></html>"
    ).format(title=title, style=Markup(_STYLE), body=body)


def right_of(route: Route) -> str:
    """The right that it needs."""
    return f"`{route.right}`" if route.right else "public"


def _who(route: Route) -> str:
    return "public" if route.allowed is None else f"{route.right} ({', '.join(route.allowed)})"


def _head(title: str) -> Iterator[Markup]:
    yield Markup("<h1>{}</h1>").format(title)
    yield Markup(
        '<p>机器可读的说明见 <a href="/openapi.json">openapi.json</a>。时间为 UTC，金额单位为元。 / '
        "The same for programs: openapi.json. Times are in UTC, amounts in yuan.</p>"
    )


def _route(route: Route) -> Markup:
    parts = [
        Markup('<h2 id="{name}"><code><span class="method">{method}</span> {path}</code></h2>').format(
            name=route.name, method=route.method, path=route.path
        ),
        Markup("<p>{}<br>{}</p>").format(route.zh, route.en),
        Markup("<p>权限 / right: {}</p>").format(_who(route)),
    ]
    for heading, model in (("查询参数 / query", route.query), ("正文 / body", route.body)):
        if model is not None and members(model):
            parts.append(_members(heading, model))
    for name, text in route.headers:
        parts.append(Markup("<p>请求头 / header <code>{}</code>: {}</p>").format(name, text))
    parts.append(_answers(route))
    return Markup("").join(parts)


def _members(heading: str, model: type[BaseModel]) -> Markup:
    rows = Markup("").join(_member(m) for m in members(model).values())
    head = Markup("<tr><th>{}</th><th>类型 / type</th><th>说明 / meaning</th></tr>").format(heading)
    return Markup("<table>{}{}</table>").format(head, rows)


def _member(m: Member) -> Markup:
    name = Markup("<code>{}</code>").format(m.name) + ("" if not m.required else " *")
    text = f"{m.zh} / {m.en}"
    return Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(name, _type(m), text)


def _type(m: Member) -> str:
    """A member's type in a word or its values."""
    values = [value.value for value in m.kind] if hasattr(m.kind, "__members__") else []
    name = " | ".join(values) or {"str": "text", "bool": "true | false", "Decimal": "number"}.get(
        m.kind.__name__, m.kind.__name__
    )
    return f"[{name}]" if m.listed else name


def _answers(route: Route) -> Markup:
    good = [str(status) for status in route.gives]
    bad = [f"{error.status} {error.code}" for error in route.errors]
    return Markup("<p>回答 / answers: {}</p>").format(", ".join([*good, *bad]))


def _errors() -> Iterator[Markup]:
    yield Markup("<h2>错误 / errors</h2><table><tr><th>code</th><th>HTTP</th><th></th></tr>")
    for error in _tree(errors.GatewayError):
        row = '<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{zh} / {en}</td></tr>'
        yield Markup(row).format(code=error.code, status=error.status, zh=error.zh, en=error.en)
    yield Markup("</table>")


def _tree(error: type[GatewayError]) -> Iterator[type[GatewayError]]:
    if error.__module__ == errors.__name__ and not issubclass(error, errors.OperatorError):
        yield error
        for child in error.__subclasses__():
            yield from _tree(child)
