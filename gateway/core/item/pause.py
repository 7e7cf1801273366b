"""Times that a legal clock does not count: a test or an appraisal, by a paper. Pure.

Which clocks leave them out, and by which article, stands with each clock in rules/clocks (`not_counted`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """From `begins` on; `ends` is the first day that is counted again, while it lasts the day after today."""

    begins: date
    ends: date
    reason: str
    paper: str
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause as a clock leaves it out, `days` of what the clock counts."""

    pause: Pause
    days: int


def left_out(
    pauses: Iterable[Pause],
    start: date,
    end_after: Callable[[int], date],
    count: Callable[[date, date], int],
) -> Sequence[Paused]:
    """What a clock does not count. Its starting day is not counted anyway; a pause that begins when the time
    is over already changes nothing.

    `end_after` is the last day once so many days are left out, `count` how many of its days lie from a day
    (included) to another (not).
    """
    paused: list[Paused] = []
    for pause in sorted(pauses, key=lambda pause: pause.begins):
        if pause.begins > end_after(sum(entry.days for entry in paused)):
            break
        days = count(max(pause.begins, start + _DAY), pause.ends)
        if days > 0:
            paused.append(Paused(pause, days))
    return paused


def told(paused: Paused, basis: str) -> str:
    """A line of a clock's trace, with the paper and the article."""
    pause = paused.pause
    still = "（进行中）" if pause.lasts else ""
    return (
        f"{pause.begins} 至 {pause.ends - _DAY}{still} {pause.reason}（{pause.paper}），{basis}，"
        f"不计 {paused.days} 日 / suspended, {paused.days} days not counted"
    )
