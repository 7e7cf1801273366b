"""Which items a list of the desk has, and how a clock is told in a row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.core.item.item import ItemState as S
from gateway.core.item.lists import TABS, Facts, Level, Tab, belongs, clock_words, level, summary

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
LATER, BEFORE = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("item", "tabs"),
    [
        (Facts(S.RECEIVED), {Tab.WAITING}),
        (Facts(S.IN_WORK, "agent1", LATER), {Tab.MINE}),
        (Facts(S.IN_WORK, "agent1", BEFORE), {Tab.WAITING}),
        (Facts(S.IN_WORK, "agent2", LATER), set()),
        (Facts(S.ACCEPTED, "agent1", BEFORE), {Tab.MINE, Tab.TO_ANSWER}),
        (Facts(S.NOT_ACCEPTED), {Tab.TO_ANSWER}),
        (Facts(S.WAITING), {Tab.PAPERS}),
        (Facts(S.WAITING, added=True), {Tab.TO_ANSWER, Tab.ADDED}),
        (Facts(S.HANDED_OVER, next_due=TODAY - timedelta(days=1)), {Tab.HANDED_OVER, Tab.OVERDUE}),
        (Facts(S.HANDED_OVER, next_due=TODAY), {Tab.HANDED_OVER}),
        (Facts(S.CLOSED, closed_on=TODAY), {Tab.CLOSED_TODAY}),
        (Facts(S.CLOSED, closed_on=TODAY - timedelta(days=1), added=True), {Tab.ADDED}),
        (Facts(S.MERGED, added=True), {Tab.ADDED}),
    ],
)
def test_the_lists_of_an_item(item: Facts, tabs: set[Tab]) -> None:
    assert {tab for tab in TABS if belongs(tab, item, "agent1", NOW, TODAY)} == tabs


@pytest.mark.parametrize(
    ("days", "words", "how_near"),
    [
        (-3, "已逾期3天", Level.LATE),
        (0, "今天到期", Level.TODAY),
        (1, "明天到期", Level.SOON),
        (2, "2天后到期", Level.SOON),
        (3, "3天后到期", Level.OK),
    ],
)
def test_a_clock_in_words(days: int, words: str, how_near: Level) -> None:
    at = TODAY + timedelta(days=days)
    assert (clock_words(at, TODAY)[0], level(at, TODAY)) == (words, how_near)


def test_the_beginning_of_a_text() -> None:
    assert summary("一\n\n二" + "三" * 200) == "一 二" + "三" * 77
