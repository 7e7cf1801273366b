"""Time of tests and appraisals in the legal clocks: left out where the article says so, with its paper."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from gateway.channels.registry import REGISTRY
from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Rules
from gateway.core.item.pause import Pause
from gateway.rules.load import load_rules

ROOT = Path(__file__).resolve().parents[3]
NEW, OLD = date(2026, 4, 20), date(2026, 3, 2)
PAPER = "检测委托书1号"


@cache
def rules() -> Rules:
    return load_rules(ROOT / "rules", REGISTRY)


def pause(begins: date, ends: date, *, lasts: bool = False) -> Pause:
    return Pause(begins, ends, "检测", PAPER, lasts)


def clock(name: str, kind: Kind, received: date, started: dict[str, date], *pauses: Pause) -> Due:
    return next(due for due in rules().due(kind, received, started, pauses) if due.clock == name)


@pytest.mark.parametrize(
    ("name", "kind", "received", "started", "pauses", "plain", "paused"),
    [
        # Order 121, Article 22: 60 calendar days from acceptance; ten days of a test are left out.
        ("end_mediation", Kind.COMPLAINT, NEW, {"accepted": date(2026, 4, 22)},
         [pause(date(2026, 5, 6), date(2026, 5, 16))], date(2026, 6, 22), date(2026, 7, 1)),
        # Two tests.
        ("end_mediation", Kind.COMPLAINT, NEW, {"accepted": date(2026, 4, 22)},
         [pause(date(2026, 5, 6), date(2026, 5, 16)), pause(date(2026, 6, 1), date(2026, 6, 3))],
         date(2026, 6, 22), date(2026, 7, 3)),
        # A test that began before acceptance: only its days within the mediation.
        ("end_mediation", Kind.COMPLAINT, NEW, {"accepted": date(2026, 4, 22)},
         [pause(date(2026, 4, 20), date(2026, 4, 25))], date(2026, 6, 22), date(2026, 6, 23)),
        # One that began once the time was over changes nothing.
        ("end_mediation", Kind.COMPLAINT, NEW, {"accepted": date(2026, 4, 22)},
         [pause(date(2026, 6, 23), date(2026, 7, 10))], date(2026, 6, 22), date(2026, 6, 22)),
        # Order 20, Article 20: 45 working days; of the test only working days are left out.
        ("end_mediation", Kind.COMPLAINT, OLD, {"accepted": date(2026, 3, 4)},
         [pause(date(2026, 3, 7), date(2026, 3, 10))], date(2026, 5, 11), date(2026, 5, 12)),
        # Penalties, Article 64: 90 calendar days.
        ("decide_case", Kind.REPORT, NEW, {"case_filed": date(2026, 5, 11)},
         [pause(date(2026, 6, 1), date(2026, 6, 6))], date(2026, 8, 10), date(2026, 8, 14)),
        # ... and its extension, which counts on from there.
        ("decide_case_extended", Kind.REPORT, NEW,
         {"case_filed": date(2026, 5, 11), "case_extended": date(2026, 8, 3)},
         [pause(date(2026, 6, 1), date(2026, 6, 6)), pause(date(2026, 8, 20), date(2026, 8, 22))],
         date(2026, 9, 9), date(2026, 9, 15)),
        # No article leaves it out of these.
        ("decide_acceptance", Kind.COMPLAINT, NEW, {},
         [pause(date(2026, 4, 21), date(2026, 4, 25))], date(2026, 4, 29), date(2026, 4, 29)),
        ("check_report", Kind.REPORT, NEW, {},
         [pause(date(2026, 4, 21), date(2026, 4, 25))], date(2026, 5, 13), date(2026, 5, 13)),
    ],
)  # fmt: skip
def test_vectors(
    name: str,
    kind: Kind,
    received: date,
    started: dict[str, date],
    pauses: list[Pause],
    plain: date,
    paused: date,
) -> None:
    assert clock(name, kind, received, started).on == plain
    assert clock(name, kind, received, started, *pauses).on == paused


def test_the_trace_has_the_paper_and_the_article() -> None:
    accepted = {"accepted": date(2026, 4, 22)}
    due = clock("end_mediation", Kind.COMPLAINT, NEW, accepted, pause(date(2026, 5, 6), date(2026, 5, 16)))
    line = "2026-05-06 至 2026-05-15 检测（检测委托书1号），总局令第121号第二十二条，不计 10 日"
    assert any(step.startswith(line) for step in due.trace)
    lasting = pause(date(2026, 5, 6), date(2026, 5, 16), lasts=True)
    due = clock("end_mediation", Kind.COMPLAINT, NEW, accepted, lasting)
    assert any("至 2026-05-15（进行中） 检测" in step for step in due.trace)
