"""Every form of the pages into which words are typed, and how a person comes to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[3] / "gateway/web/templates"
Step = str | tuple[str, str]
"""A selector that is clicked, `key:` and a key that is pressed, or a field and what is filled in; {names} are
those of the house."""


@dataclass(frozen=True)
class Form:
    """`of`: template and form as `forms_of_templates` tells them. `who` is logged in, "" nobody. `steps` lead
    from the page at `path` to the form `at`, `again` after a reload; `send` sends it."""

    of: str
    who: str
    path: str
    at: str
    steps: tuple[Step, ...] = ()
    send: str = "[type=submit]"
    again: tuple[Step, ...] | None = None


FIRST = "#rows button >> nth=0"


def track(name: str) -> tuple[Step, ...]:
    return ("#f-number", f"{{{name}}}"), ("#f-code", f"{{{name}-code}}"), "main form [type=submit]"


def _public() -> Iterator[Form]:
    yield Form("report.html /report", "", "/report?kind=complaint", "form.matter")
    yield Form("track.html /track", "", "/track", "main form")
    yield Form("item.html /track/evidence", "", "/track", "form.matter", track("held"), again=())
    yield Form("state_only.html /track", "", "/track", "form:has(#f-phone)", track("old"), again=())
    withdraws = "[action='/track/withdraw'] [type=submit]"
    at = "[action='/track/withdraw']:has(textarea)"
    yield Form("withdraw.html /track/withdraw", "", "/track", at, (*track("free"), withdraws), again=())
    yield Form("partner.html .matter", "", "{slip-page}", "form.matter")
    code = (("#f-code", "{order-code}"), "button:has-text('打开工单')")
    yield Form("unit_reply.html .matter", "", "{order-page}", "form:has([value=return])", code, again=())
    yield Form("mailbox.html /mailbox/mail", "", "/mailbox", "[action='/mailbox/mail'] >> nth=0")
    yield Form("mailbox.html /mailbox/fax", "", "/mailbox", "[action='/mailbox/fax']")
    yield Form("log_in.html /desk/login", "", "/desk", "form.log-in")


def _desk() -> Iterator[Form]:
    for act in ("answer", "wait_for_papers"):
        yield _item("item_part.html #decide", "held", f"#item-acts [data-act={act}]", send="#do")
    for act in ("step", "fax", "external"):
        steps = ("#more-acts summary", f"[data-act={act}]")
        yield _item("item_part.html #decide", "held", *steps, send="#do")
    yield _item("item_part.html #note-form", "held")
    yield _item("item_part.html #item-sealed", "report")
    yield _item("item_told.html #reply-form", "held", "#write-reply", "#reply-ways input >> nth=0")
    acts = "#order-acts [data-act=supervise]"
    yield _item("item_order.html #order-act", "signed", acts, send="button.main")
    yield _item("item_paper.html #paper-form", "typed", "#order-acts >> text=录入纸质报告")
    yield Form("entry.html #draft", "boss", "/desk/entry", "#draft")
    yield Form("fax.html #sealed", "boss", "/desk/fax/{sealed-fax}", "#sealed")
    yield Form("calls.html #why", "boss", "/desk/calls", "#why", ("#calls button:has-text('播放')",))
    for form in ("#draft", "#join"):
        yield Form(f"fax.html {form}", "boss", "/desk/fax/{fax}", form)


def _item(of: str, item: str, *steps: Step, send: str = "[type=submit]") -> Form:
    return Form(of, "boss", f"/desk#{{{item}}}", of.partition(" ")[2], steps, send)


def _leading() -> Iterator[Form]:
    page = "/desk/dispatch"
    yield Form("assign_form.html #assign", "boss", page, "#assign", (FIRST,), "#as-do")
    steps = ("#tab-returned", FIRST)
    yield Form("dispatch.html #acting", "boss", page, "#acting", steps, "#act-buttons button")
    steps = (FIRST, "#known")
    yield Form("follow_ups.html #answers", "agent1", "/desk/follow-ups", "#answers", steps, again=(FIRST,))
    steps = ("#ledger button >> nth=0",)
    yield Form("linkage.html #say-form", "boss", "/desk/linkage", "#say-form", steps)
    steps = ("#units button[data-cell] >> nth=0", "#orders button >> nth=0")
    yield Form("supervision.html #word-form", "boss", "/desk/supervision", "#word-form", steps)
    steps = ("#holders button >> nth=0", "#held button >> nth=0")
    yield Form("today.html #reassign-form", "boss", "/desk/today", "#reassign-form", steps)
    yield Form("units.html #unit-form", "root", "/desk/units#{on-paper}", "#unit-form")
    yield Form("units.html #adding-form", "root", "/desk/units", "#adding-form", ("#new",))


def _others() -> Iterator[Form]:
    order = "/unit#{signed-order}"
    yield Form("unit.html #act-form", "wang", order, "#act-form", ("#acts >> text=申请延期",))
    yield Form("unit.html #report-form", "wang", order, "#report-form")
    yield Form("unit_people.html /unit/people", "zhao", "/unit/people", "form.add")
    for part, at in (("accounts", "form.add"), ("tokens", "form.add"), ("flows", "form:has(#text)")):
        page = f"/desk/admin?part={part}"
        yield Form(f"admin_{part}.html /desk/admin", "root", page, at)
    for act in ("password", "codes"):
        yield Form(
            f"account.html /desk/account/{act}", "root", "/desk/account", f"[action='/desk/account/{act}']"
        )


FORMS = (*_public(), *_desk(), *_leading(), *_others())
BESIDE = {"unit.html #act-form": "its fields are made by unit_acts.js"}
FILTERS = "what is looked for stands in the address of the page"
ELSEWHERE = {
    "audit.html #filters": FILTERS,
    "audit.html #days": FILTERS,
    "calls.html #filters": FILTERS,
    "order_charts.html /desk/supervision/charts": FILTERS,
    "order_figures.html #period": FILTERS,
    "workplace.html #search": FILTERS,
    "unit.html #item-sealed": "no role of a unit may know who reported, as things are set",
    "workplace.html #draft": "needs a call: tests/live/test_desk_calls.py kills the gateway during one",
}
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
_TYPED = re.compile(
    r"<textarea|<input(?![^>]*type=\"(?:hidden|checkbox|radio|file|submit)\")|case_fields|\{\{ field\("
)


def forms_of_templates() -> Iterator[str]:
    """Of each form that has a field for words its template, and its id, address or class."""
    for file in sorted(TEMPLATES.glob("*.html")):
        for attributes, inside in _FORM.findall(file.read_text("utf-8")):
            if _TYPED.search(inside):
                names = (re.search(rf'{name}="([^"#]+)', attributes) for name in ("id", "action", "class"))
                marks = [mark + found[1] for mark, found in zip(("#", "", "."), names, strict=True) if found]
                yield f"{file.name} {marks[0]}"
