"""The text of a notice: the values of its placeholders from the item, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.delivery import About, Occasion
from gateway.core.item.item import Item
from gateway.core.item.notice import WAYS, NoticeKind, NoticeTemplate, filled, is_secret, texts_may_go
from gateway.core.item.number import spaced
from gateway.core.item.sms import shortened
from gateway.core.item.states import EVENT_NAMES, STATE_NAMES, Event
from gateway.notify.letterhead import KINDS, Letterhead

WITH_WORDS = (NoticeKind.PAPERS_WANTED, NoticeKind.ANSWERED, NoticeKind.REPLY)
"""Notices that have words of ours, which may be held back."""
RULE = "— — —"


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What is sent. `holds_code`: the query code stands in it, and whoever shows the text masks it."""

    subject: str
    text: str
    holds_code: bool


class Texts:
    """Texts of notices by the templates of the rules."""

    def __init__(self, head: Letterhead, rules: Rules, sms_segments: int = 5) -> None:
        self._head = head
        self._sms_segments = sms_segments
        self._rules = rules

    def of(self, template: NoticeTemplate, way: str, occasion: Occasion, about: About) -> NoticeText:
        """Chinese first; English below, but not for a call or a letter."""
        zh, en = (self._values(template.kind, way, occasion, about, lang) for lang in (0, 1))
        if way == "sms":
            return self._short(template, zh, about)
        parts = [filled(template.zh, zh)]
        if not WAYS[way].by_hand:
            parts += ["", RULE, filled(template.en, en)]
        text = "\n".join([*parts, ""])
        return NoticeText(filled(template.subject, zh), text, about.query_code in text)

    def _short(self, template: NoticeTemplate, values: Mapping[str, str], about: About) -> NoticeText:
        """In Chinese alone, on one line; what is too long is cut, and where to read it stands behind."""
        sentence = filled(template.sms or template.subject, values)
        end = (
            f" 详情：{self._head.track_url}"
            if self._head.track_url and values["track"] not in sentence
            else ""
        )
        text = shortened(" ".join(sentence.split()), self._sms_segments, end)
        return NoticeText("", text, about.query_code in text)

    def _values(
        self, kind: NoticeKind, way: str, occasion: Occasion, about: About, lang: int
    ) -> Mapping[str, str]:
        item, head = about.item, self._head
        spoken = spaced(item.number)
        return {
            "centre": head.centre,
            "hotline": head.hotline,
            "kind": KINDS[Kind.UNSORTED if is_secret(item) else item.kind][lang],
            "number": spoken,
            "plain_number": item.number,
            "code": about.query_code if kind is NoticeKind.ACKNOWLEDGEMENT else "",
            "received": _minute(item.received_at.astimezone(head.zone), lang),
            "state": STATE_NAMES[item.state][lang],
            "clocks": "\n".join(self._clock(item, due, lang) for due in item.due),
            "until": next((_day(due.on, lang) for due in item.due if due.clock == "end_mediation"), ""),
            "ways_left": self._ways_left(lang),
            "track": head.track_url,
            "inbox": head.inbox if way == "mail" else "",
            "decision": _retracted(occasion, item, lang),
            **self._bureau(item, lang),
            **self._ground(kind, occasion, item, lang),
            **self._words(kind, way, occasion, item, lang),
        }

    def _bureau(self, item: Item, lang: int) -> dict[str, str]:
        names = {} if is_secret(item) else {d.code: d.bureau for d in self._rules.divisions}
        return {"bureau": names[item.county][lang] if item.county in names else ""}

    def _ground(self, kind: NoticeKind, occasion: Occasion, item: Item, lang: int) -> dict[str, str]:
        number, basis = occasion.facts.get("ground", ""), occasion.facts.get("basis", "")
        order = self._rules.on(day_of(item.received_at, self._head.zone))
        ended = kind in (NoticeKind.MEDIATION_ENDED, NoticeKind.OTHER_SIDE_TOLD)
        grounds = order.ending_mediation if ended else order.non_acceptance
        ground = grounds.numbered(int(number)) if number.isdecimal() else None
        text = (ground.zh, ground.en)[lang] if ground and not is_secret(item) else ""
        return {"ground": number, "basis": basis, "ground_text": text}

    def _ways_left(self, lang: int) -> str:
        ways = (way.en if lang else way.zh for way in self._rules.ways_left)
        return "\n".join(f"{place}. {way}" for place, way in enumerate(ways, 1))

    def _words(self, kind: NoticeKind, way: str, occasion: Occasion, item: Item, lang: int) -> dict[str, str]:
        """What we say in words of our own, or where it is to be read."""
        wording = occasion.facts.get("told", "")
        may_tell = WAYS[way].by_hand or texts_may_go(item, self._head.text_kinds)
        name = "papers" if kind is NoticeKind.PAPERS_WANTED else "text"
        held = kind in WITH_WORDS and not may_tell
        call = (f"拨打 {self._head.hotline}，按 4", f"call {self._head.hotline} and press 4")[lang]
        read_at = (self._head.track_url or call) if held else ""
        return {"papers": "", "text": "", name: wording if may_tell else "", "read_at": read_at}

    def _clock(self, item: Item, due: Due, lang: int) -> str:
        if is_secret(item):
            name = ("期限", "Time limit")[lang]
        else:
            name = self._head.clocks.get(due.clock, (due.clock, due.clock))[lang]
        return f"{name}{'：' if lang == 0 else ': '}{_day(due.on, lang)}"


def _retracted(occasion: Occasion, item: Item, lang: int) -> str:
    event = occasion.facts.get("event", "")
    return EVENT_NAMES[Event(event)][lang] if event and not is_secret(item) else ""


def _minute(at: datetime, lang: int) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if lang else f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _day(on: date, lang: int) -> str:
    return on.isoformat() if lang else f"{on.year}年{on.month}月{on.day}日"
