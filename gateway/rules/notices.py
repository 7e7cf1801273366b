"""rules/notices.yaml: the texts of what people are told, and when a reporter is told a result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.core.item.catalogue import Claim, NoticeDuty
from gateway.core.item.notice import PLACEHOLDERS, NoticeKind, NoticeTemplate, placeholders
from gateway.core.yaml_tree import Faults, nearest
from gateway.errors import Problem
from gateway.rules.lists import ClaimEntry, read_list
from gateway.rules.yaml_models import Flag, Id, Names, Table, Text

_KINDS = tuple(kind.value for kind in NoticeKind)


class NoticeEntry(Table):
    """One kind of notice; `official` where the law wants the person told."""

    WHAT = "the notice `{}`"
    official: Flag
    subject: Text
    zh: Text
    en: Text
    sms: Text = ""

    def check(self, faults: Faults) -> None:
        for part in ("subject", "zh", "en", *(["sms"] if self.sms else [])):
            for name in placeholders(getattr(self, part)):
                if name not in PLACEHOLDERS:
                    hint = nearest(name, PLACEHOLDERS)
                    text = f"{self.what}: `{part}`: unknown placeholder `{{{name}}}`{hint}"
                    faults.at(self.line_of(part), text)

    def built(self, kind: str) -> NoticeTemplate:
        return NoticeTemplate(NoticeKind(kind), **dict(self))


class ResultEntry(ClaimEntry):
    WHAT = "the law `{}`"
    duty: Names
    verified: Flag
    source: Text


class WayEntry(ClaimEntry):
    WHAT = "the way `{}`"


def load_notices(path: Path, problems: list[Problem]) -> Mapping[NoticeKind, NoticeTemplate]:
    """A template for every kind of notice."""
    entries = read_list(path, Id, NoticeEntry, problems, _KINDS, _KINDS)
    return {NoticeKind(key): entry.built(key) for key, entry in entries.items()}


def load_report_results(path: Path, problems: list[Problem]) -> tuple[NoticeDuty, ...]:
    """The laws by which a reporter is told the result."""
    entries = read_list(path, Id, ResultEntry, problems)
    return tuple(
        NoticeDuty(key, law.zh, law.en, law.duty.zh, law.duty.en, law.verified)
        for key, law in entries.items()
    )


def load_privacy_notice(path: Path, problems: list[Problem]) -> tuple[Claim, ...]:
    """What people are told of the handling of their data, in the order in which it is shown; a folder without
    the file has no such notice."""
    if not path.exists():
        return ()
    return load_ways_left(path, problems)


def load_ways_left(path: Path, problems: list[Problem]) -> tuple[Claim, ...]:
    """What a complainant can still do, in the order in which it is told."""
    entries = read_list(path, Id, WayEntry, problems)
    return tuple(Claim(key, entry.zh, entry.en) for key, entry in entries.items())
