"""Canned answers: texts with placeholders that are filled in from an item. Pure.

The texts stand in rules/answers.yaml. Of a report nothing is filled in that tells who made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.item.contact import Kind
from gateway.core.item.item import Item
from gateway.core.item.revision import secret

PLACEHOLDERS = ("编号", "姓名", "被投诉人", "收到日期", "期限", "今天", "中心", "坐席")
"""What may stand in braces in a canned answer."""
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """A text for items of these kinds; `title` is what agents choose it by."""

    id: str
    title: str
    kinds: frozenset[Kind]
    text: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned answer for one item. `missing` names placeholders that the item has nothing for."""

    id: str
    title: str
    text: str
    missing: tuple[str, ...]


def text_faults(text: str) -> list[str]:
    """What is wrong with a text, in English, for whoever edits the file."""
    placeholders = "、".join(PLACEHOLDERS)
    wrong = [name for name in _PLACE.findall(text) if name not in PLACEHOLDERS]
    faults = [f"`{{{name}}}` is no placeholder; there are {placeholders}" for name in dict.fromkeys(wrong)]
    if re.search(r"[{}]", _PLACE.sub("", text)):
        faults.append("has a brace without its other half")
    return faults


def words_of(item: Item, centre: str, agent: str, received: date, today: date) -> dict[str, str]:
    """What each placeholder stands for, "" when there is nothing."""
    due = next((clock.on for clock in item.due), None)
    return {
        "编号": item.number,
        "姓名": "" if secret(item) else item.person.name,
        "被投诉人": item.respondent.name,
        "收到日期": _day(received),
        "期限": _day(due) if due else "",
        "今天": _day(today),
        "中心": centre,
        "坐席": agent,
    }


def filled(answer: CannedAnswer, words: Mapping[str, str]) -> Filled:
    """With the item's words; where there is none, the placeholder stays, in 〔〕, to be seen."""
    used = dict.fromkeys(_PLACE.findall(answer.text))
    missing = tuple(name for name in used if not words.get(name))
    text = _PLACE.sub(lambda place: words.get(place[1]) or f"〔{place[1]}〕", answer.text)
    return Filled(answer.id, answer.title, text, missing)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
