"""What ties items together and what was decided on them: links, decisions, numbers in other systems.

Pure data, kept by storage, written by gateway/intake/matters.py, shown by the API and the export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState

PLATFORM = "12315"
"""The source of a number that the national platform gave."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in an item are called in Chinese; what the rules do not know stands as it is."""

    channel: str
    county: str
    claims: tuple[str, ...] = ()
    subject: str = ""
    problem: str = ""


class LinkKind(StrEnum):
    """Why two items belong together."""

    SAME_MATTER = "same_matter"  # 同一事项
    SPLIT = "split"  # 一件中的投诉与举报，分别处理


@dataclass(frozen=True, slots=True)
class Link:
    """The other end of a link, as it stands now: enough to find it, without anybody's identity."""

    other: str
    kind: LinkKind
    other_kind: Kind
    other_state: ItemState
    at: datetime
    who: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `ground` is a number of the rules in force then, `basis` the article that lists it;
    `county` is a division's code, `told` what the person is told in words: the papers that are wanted, the
    answer."""

    at: datetime
    event: str
    who: str
    ground: int | None = None
    basis: str = ""
    county: str = ""
    text: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class External:
    """The number that an item has in another system, by the name of that system."""

    source: str
    external_no: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Matter:
    """All of it for one item. `milestones` are the days on which clocks began or ended."""

    number: str
    links: tuple[Link, ...]
    decisions: tuple[Decision, ...]
    externals: tuple[External, ...]
    milestones: tuple[tuple[str, date], ...]
