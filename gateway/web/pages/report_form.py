"""The form of /report as it is shown: empty, with faults, or with the question whether it was sent before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.core.item.duplicates import Likely
from gateway.core.item.number import spaced
from gateway.errors import FieldFault, GatewayError
from gateway.web.api import translate
from gateway.web.api.intake_models import NewContact
from gateway.web.http.fields import REQUIRED
from gateway.web.http.form_reading import read_form, spelled
from gateway.web.http.models import members
from gateway.web.http.proof_of_work import Pass
from gateway.web.http.uploads import EVIDENCE, Sent
from gateway.web.pages.look import Look
from gateway.web.pages.pages import HONEYPOT, KEPT, KINDS, Pages
from gateway.web.pages.receipt import ReceiptPage

ID_TYPES = (
    ("居民身份证", "Chinese identity card"),
    ("护照", "passport"),
    ("港澳居民来往内地通行证", "mainland travel permit for Hong Kong and Macao residents"),
    ("台湾居民来往大陆通行证", "mainland travel permit for Taiwan residents"),
    ("统一社会信用代码", "unified social credit code"),
    ("其他", "other"),
)
SAME = "same"  # what the person answers: the number of an item sent before, or `new`
OURS = ("pass", "work", "lang", HONEYPOT, SAME, KEPT)  # fields that are no part of the contact


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was not taken: with `faults` or `refused` it is shown again, with `twins` the question
    whether it is one of these. `kept` are the names of its files that are held."""

    sent: Sent
    passed: Pass
    faults: tuple[FieldFault, ...] = ()
    refused: GatewayError | None = None
    kept: tuple[str, ...] = ()
    twins: tuple[Likely, ...] = ()

    @property
    def size(self) -> int:
        return sum(len(name) + len(text) for name, text in self.sent.fields)


class ReportForm:
    """Shows forms and looks for their faults. `receipts` writes moments."""

    def __init__(self, pages: Pages, receipts: ReceiptPage) -> None:
        self._pages = pages
        self._receipts = receipts
        self._divisions = pages.public.rules.divisions
        self._claims = pages.public.rules.claims
        self._categories = pages.public.rules.categories

    def shown(self, look: Look, unsent: Unsent) -> web.Response:
        return self._which(look, unsent) if unsent.twins else self._form(look, unsent)

    def _privacy(self, look: Look) -> tuple[str, ...]:
        """The notice on personal data, with the centre's name and numbers in it."""
        centre = self._pages.public.centre
        put = {"{centre}": centre.name, "{number}": centre.number, "{area_code}": centre.area_code}
        lines = []
        for line in self._pages.public.rules.privacy_notice:
            text = look.of(line)
            for name, value in put.items():
                text = text.replace(name, value)
            lines.append(text)
        return tuple(lines)

    def _which(self, look: Look, unsent: Unsent) -> web.Response:
        rows = [
            (
                twin.item.number,
                spaced(twin.item.number),
                self._receipts.moment(look, twin.item.received_at),
                twin.item.respondent.name,
                look.t("、", ", ").join(look.t(r.zh, r.en) for r in twin.reasons if r.points > 0),
            )
            for twin in unsent.twins
        ]
        again = [(name, text) for name, text in unsent.sent.fields if name not in ("pass", SAME, KEPT)]
        return self._pages.show(
            look, "same.html", rows=rows, said=again, passed=unsent.passed, files=unsent.kept
        )

    def faults(self, sent: Sent) -> tuple[FieldFault, ...]:
        """Everything that is wrong with the fields, each once."""
        pages = self._pages
        reading = read_form(NewContact, said(sent), sent.faults)
        faults = list(reading.faults)
        if reading.rest is not None:
            named = {fault.field for fault in faults}
            today = pages.now().astimezone(pages.zone).date()
            happened = reading.rest.occurred_on
            if happened and happened > today:
                faults.append(FieldFault("occurred_on", "日期在将来", "lies in the future"))
            contact = translate.contact(reading.rest, "form:", pages.now())
            faults += [fault for fault in pages.missing(contact) if fault.field not in named]
        if dict(sent.fields).get(HONEYPOT):
            faults.append(FieldFault(HONEYPOT, "请将此栏留空", "leave this field empty"))
        return tuple(faults)

    def checked(self, look: Look, fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """How a form that is being filled in is read: what is understood, and what is wrong so far."""
        sent = Sent(tuple(fields.items()))
        return {
            "spelled": dict(spelled(NewContact, said(sent))),
            "faults": _told(look, self.faults(sent)),
        }

    def _form(self, look: Look, unsent: Unsent) -> web.Response:
        """The form with what was filled in."""
        sent, refused, kept = unsent.sent, unsent.refused, unsent.kept
        fault_texts = _told(look, unsent.faults)
        if refused is not None and refused.status in (413, 415):
            fault_texts[EVIDENCE] = look.half(refused.detail)
        fault_texts = dict(sorted(fault_texts.items(), key=lambda pair: _PLACES.get(pair[0], len(_PLACES))))
        status = refused.status if refused else 422 if fault_texts else 200
        return self._pages.show(
            look,
            "report.html",
            status,
            {"Retry-After": str(getattr(refused, "wait", 5))} if status in (429, 503) else None,
            passed=unsent.passed,
            work=dict(sent.fields).get("work", ""),
            filled={name: text for name, text in spelled(NewContact, sent.fields) if name != "claims"},
            chosen={text for name, text in sent.fields if name == "claims"},
            had_files=bool(sent.files) and not kept,
            kept=kept,
            faults=fault_texts,
            names=_NAMES,
            refused=refused,
            kinds=KINDS,
            privacy=self._privacy(look),
            papers=[(zh, look.t(zh, en)) for zh, en in ID_TYPES],
            counties=[(pair.code, look.of(pair)) for pair in self._divisions],
            problems=look.choices(self._categories.problems),
            subjects=look.choices(self._categories.subjects),
            claims=self._claims,
            today=self._pages.now().astimezone(self._pages.zone).date(),
        )


def _told(look: Look, faults: Iterable[FieldFault]) -> dict[str, str]:
    """What is wrong with each field, in words that say what would be taken."""
    texts = {}
    for fault in faults:
        name = fault.field.partition("[")[0]
        missing = fault.zh == REQUIRED[0] and name in _MISSING
        texts[name] = look.t(*_MISSING[name]) if missing else getattr(fault, look.lang)
    return texts


def said(sent: Sent) -> list[tuple[str, str]]:
    """What the person said, without what the page added."""
    return [(name, text) for name, text in sent.fields if name not in OURS]


_ORDER = (
    *("kind", "respondent_name", "respondent_address", "respondent_phone", "county"),
    *("subject", "problem", "content", "occurred_on", "amount", "claims", EVIDENCE),
    *("anonymous", "name", "phone", "email", "address"),
    *("id_type", "id_number", "publish_consent", "mediation_consent", HONEYPOT),
)
_PLACES = {name: place for place, name in enumerate(_ORDER)}
_NAMES = {
    **{m.name: (m.zh, m.en[:1].upper() + m.en[1:]) for m in members(NewContact).values()},
    "kind": ("类别", "What is it?"),
    EVIDENCE: ("证据材料", "Evidence"),
    HONEYPOT: ("网址", "Website"),
}
"""What each field is called where a fault is told."""
_MISSING = {
    "kind": ("请选择投诉、举报或咨询", "Please choose: this is required"),
    "content": ("请写明事情经过", "Please say what happened: this is required"),
}
"""What is said of a field that must not stay empty."""
