"""Follow-up calls: who is asked and when, what is wrong with answers, and what they lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.followup import (
    Answers,
    Verdict,
    due_at,
    faults,
    is_asked,
    is_chosen,
    next_decent,
    opens_again,
    summary,
    verdict,
)
from gateway.core.item.contact import Kind
from gateway.errors import Problem
from gateway.rules.followups import load_follow_ups
from tests.storage.databases import ROOT
from tests.storage.databases import rules as all_rules

ZONE = ZoneInfo("Asia/Shanghai")
RULES = all_rules().follow_ups[0]
CALENDAR = all_rules().calendar
CONTENT = Answers(True, True, 1, 2)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("closed", "due"),
    [
        ("2026-03-02 10:00", "2026-03-03 09:00"),  # Monday
        ("2026-03-06 23:59", "2026-03-09 09:00"),  # Friday night: Monday
        ("2026-09-30 16:00", "2026-10-08 09:00"),  # before the holidays of October
        ("2026-09-19 10:00", "2026-09-20 09:00"),  # the Sunday after is worked
    ],
)
def test_somebody_is_called_on_the_workday_after_closing(closed: str, due: str) -> None:
    assert due_at(RULES, local(closed).astimezone(UTC), CALENDAR, ZONE) == local(due)


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-03-02 08:00", "2026-03-02 09:00"),
        ("2026-03-02 10:30", "2026-03-02 10:30"),
        ("2026-03-02 12:00", "2026-03-02 14:00"),  # nobody is called at noon
        ("2026-03-02 20:00", "2026-03-03 09:00"),
        ("2026-03-07 10:00", "2026-03-09 09:00"),  # nor on a Saturday
    ],
)
def test_nobody_is_called_outside_decent_hours(at: str, then: str) -> None:
    assert next_decent(RULES, local(at), CALENDAR, ZONE) == local(then)


def test_days_of_rest_may_be_days_of_calls() -> None:
    always = replace(RULES, on_restdays=True)
    assert next_decent(always, local("2026-03-07 10:00"), CALENDAR, ZONE) == local("2026-03-07 10:00")
    assert next_decent(always, local("2026-03-06 21:00"), CALENDAR, ZONE) == local("2026-03-07 09:00")


def test_a_share_of_each_kind_is_asked_and_always_the_same_items() -> None:
    numbers = [f"26030{n:07d}" for n in range(2000)]
    chosen = [is_chosen(number, 10) for number in numbers]
    assert 140 < sum(chosen) < 260 and chosen == [is_chosen(number, 10) for number in numbers]
    assert all(is_asked(RULES, Kind.COMPLAINT, number, 1) for number in numbers)
    assert not any(is_asked(RULES, Kind.UNSORTED, number, 1) for number in numbers)
    question = next(number for number in numbers if not is_asked(RULES, Kind.QUESTION, number, 1))
    assert is_asked(RULES, Kind.QUESTION, question, 2)  # it was done again: he is asked whatever the share
    assert not is_asked(RULES, Kind.COMPLAINT, question, RULES.rounds + 1)


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        (CONTENT, []),
        (replace(CONTENT, handler=0, outcome=6), ["handler", "outcome", "reason"]),
        (replace(CONTENT, outcome=4), ["reason"]),
        (replace(CONTENT, handler=5, reason="attitude"), []),
        (replace(CONTENT, handler=5, reason="态度"), []),
        (replace(CONTENT, handler=5, reason="weather"), ["reason"]),
    ],
)
def test_each_wrong_answer_is_named(answers: Answers, fields: list[str]) -> None:
    assert [fault.field for fault in faults(answers, RULES)] == fields


@pytest.mark.parametrize(
    ("answers", "round_", "again", "counts"),
    [
        (CONTENT, 1, False, Verdict.SATISFIED),
        (Answers(False, True, 3, 3), 1, False, Verdict.SATISFIED),
        (Answers(True, False, 3, 4, "not_solved"), 1, True, Verdict.DISSATISFIED),
        (Answers(True, False, 5, 1, "attitude"), 3, True, Verdict.DISSATISFIED),
        (Answers(True, False, 5, 5, "not_solved"), RULES.rounds, False, Verdict.DISSATISFIED),
        (Answers(True, False, 1, 5, "law"), 1, False, Verdict.LAW),
        (Answers(True, True, 1, 1, "not_solved"), 1, False, Verdict.SATISFIED),
    ],
)
def test_only_reasons_on_the_units_side_open_a_matter_again(
    answers: Answers, round_: int, again: bool, counts: Verdict
) -> None:
    assert opens_again(answers, round_, RULES) is again
    assert verdict(answers, RULES) is counts


def test_answers_are_told_in_a_line() -> None:
    said = Answers(True, False, 2, 4, "law", "要求三倍赔偿")
    assert summary(said, RULES) == (
        "已联系；未解决；对办理人员满意；对结果不满意；原因：对法律结果不认同；要求三倍赔偿"
    )


BAD = """\
2026-01-01:
  shares: {complaint: 101, report: 0, question: 0, unsorted: 0}
  workdays_after: 1
  hours: ["9-12", "14:00-13:00"]
  on_restdays: false
  rounds: 2
  attempts: 3
  again_after_minutes: 120
  by_pbx: []
  dials: 2
  reasons:
    law: {zh: 对法律结果不认同, en: the law, unit_side: false}
2027-01-01:
  shares: {complaint: 100, report: 0, question: 0, unsorted: 0}
  workdays_after: 1
  hours: ["14:00-20:00", "09:00-15:00"]
  on_restdays: false
  rounds: 2
  attempts: 3
  again_after_minutes: 120
  by_pbx: [report]
  dials: 2
  reasons:
    law: {zh: 对法律结果不认同, en: the law, unit_side: false}
"""


def test_what_is_wrong_in_the_rules_is_told_with_its_line(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_follow_ups(tmp_path / "none.yaml", problems) == () and not problems
    (tmp_path / "followups.yaml").write_text(BAD, "utf-8")
    assert load_follow_ups(tmp_path / "followups.yaml", problems) == ()
    lines = [problem.line for problem in problems]
    assert lines == [2, 4, 4, 16, 21], [str(problem) for problem in problems]
    shipped = (ROOT / "rules" / "followups.yaml").read_text("utf-8")
    (tmp_path / "followups.yaml").write_text(shipped.replace("2026-01-01:", "2026-02-30:"), "utf-8")
    problems.clear()
    assert load_follow_ups(tmp_path / "followups.yaml", problems) == ()
    assert [problem.text for problem in problems] == ["`2026-02-30` is no day"]
