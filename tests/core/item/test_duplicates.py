"""Likely duplicates: what counts, what does not, and that the score is one a person can follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item.contact import Channel, Kind, Person, Respondent, Task
from gateway.core.item.duplicates import (
    MOST,
    THRESHOLD,
    compare,
    firm,
    firm_likeness,
    likely,
    place_names,
    profile,
    shingles,
    text_likeness,
)
from gateway.core.item.item import Item, ItemState

AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
PLACES = place_names(("山西省", "临汾市", "尧都区", "侯马市"))
STORY = "11月20日在该店购买电饭煲一台，价格399元，使用两天即损坏，商家拒绝退货，要求退款并赔偿损失。"
RETOLD = "本人11月20日在该店购买了电饭煲一台，价格399元，使用两天即损坏，商家拒绝退货退款，请处理。"
OTHER_STORY = "办理健身卡后门店关门停业，负责人失联，要求退还卡内剩余的2600元预付款。"


def item(number: str = "1", **changes: object) -> Item:
    whole = Item(
        number,
        Channel.WEB,
        Kind.COMPLAINT,
        Task.NONE,
        ItemState.RECEIVED,
        AT,
        Person("张三", "13835700000"),
        Respondent("临汾市尧都区某某电器有限公司"),
        STORY,
        amount=39900,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def score(one: Item, other: Item) -> int:
    return compare(profile(one, PLACES), profile(other, PLACES)).score


def whats(one: Item, other: Item) -> set[str]:
    return {reason.what for reason in compare(profile(one, PLACES), profile(other, PLACES)).reasons}


def call(number: str, **changes: object) -> Item:
    """What a call leaves behind: a task, a number, and words of our own."""
    changes = {
        "respondent": Respondent(),
        "content": "2026-11-23 09:30 来电，待回电。",
        "amount": None,
    } | changes
    return item(number, channel=Channel.PHONE, kind=Kind.UNSORTED, task=Task.GAVE_UP, **changes)


ANOTHER = Person("李四", "13900000001")

LIKELY = {
    "the same once more by mail": item("2", channel=Channel.EMAIL, received_at=AT + timedelta(hours=3)),
    "retold at the counter a week later": item(
        "2", content=RETOLD, received_at=AT + timedelta(days=7), channel=Channel.COUNTER
    ),
    "phone written another way": item("2", person=Person("张先生", "+86 138-3570-0000"), content="同一件事"),
    "the firm's name in short": item("2", respondent=Respondent("某某电器"), content="还没有处理"),
    "identity number, new phone": item(
        "2", person=Person("张三", "13100000000", id_number="14102519900101123x"), content=RETOLD
    ),
    "another person with the same text": item("2", person=ANOTHER),
    "nameless with the same text": item("2", person=Person(), anonymous=True, kind=Kind.REPORT),
    "a call an hour later": call("2", received_at=AT + timedelta(hours=1)),
}
NOT_LIKELY = {
    "the same person about another firm": item(
        "2", respondent=Respondent("某某健身俱乐部"), content=OTHER_STORY, amount=260000
    ),
    "the same text about another firm": item("2", respondent=Respondent("华联超市")),
    "another person, another matter, same firm": item("2", person=ANOTHER, content=OTHER_STORY, amount=1),
    "the same name alone": item("2", person=Person("张三"), content=OTHER_STORY, amount=None),
    "a call months later": call("2", received_at=AT + timedelta(days=200)),
    "nothing known of either": item("2", person=Person(), respondent=Respondent(), content="", amount=None),
}


@pytest.mark.parametrize("other", LIKELY.values(), ids=LIKELY)
def test_what_is_suggested(other: Item) -> None:
    one = item(person=Person("张三", "13835700000", id_number="14102519900101123X"))
    assert score(one, other) >= THRESHOLD


@pytest.mark.parametrize("other", NOT_LIKELY.values(), ids=NOT_LIKELY)
def test_what_is_not_suggested(other: Item) -> None:
    assert score(item(), other) < THRESHOLD


def test_two_calls_of_one_number_on_a_day() -> None:
    assert score(call("1"), call("2", received_at=AT + timedelta(hours=2))) >= THRESHOLD
    assert score(call("1"), call("2", received_at=AT + timedelta(days=20))) < THRESHOLD
    assert score(call("1"), call("2", person=Person(phone="13900000001"))) < THRESHOLD


def test_our_own_words_about_a_call_are_no_likeness() -> None:
    assert "text" not in whats(call("1"), call("2"))


def test_the_reasons_are_told_in_both_languages() -> None:
    (found,) = likely(item(), [item("2", content=RETOLD)], PLACES)
    assert [reason.what for reason in found.reasons] == ["phone", "respondent", "text", "time", "amount"]
    assert all(reason.zh and reason.en for reason in found.reasons)
    assert found.reasons[0].zh == "联系电话相同"
    assert found.score == sum(reason.points for reason in found.reasons)


def test_the_likeliest_first_and_never_itself() -> None:
    others = [
        item("1"),
        item("2", content="别的话，内容不一样", amount=None),
        item("3"),
        item("4", person=ANOTHER, content=OTHER_STORY),
    ]
    assert [found.item.number for found in likely(item("1"), others, PLACES)] == ["3", "2"]


def test_no_more_than_so_many_are_looked_at() -> None:
    seen = []

    def endless():  # type: ignore[no-untyped-def]
        for n in range(1, 10_000):
            seen.append(n)
            yield item(str(n + 1))

    assert len(likely(item("1"), endless())) == MOST
    assert len(seen) == MOST + 1


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("临汾市尧都区某某电器有限责任公司", "某某电器"),
        ("山西省临汾市某某电器有限公司", "某某电器"),
        ("临汾某某电器股份有限公司", "某某电器"),
        ("某某电器（临汾）有限公司", "某某电器"),
        ("某某电器经营部(个体工商户)", "某某电器"),
        ("Ａｐｐｌｅ Store", "applestore"),
        ("有限公司", "有限公司"),
        ("临汾市", "临汾市"),
        ("（某某）", "某某"),
        ("", ""),
    ],
)
def test_a_firms_own_name(name: str, short: str) -> None:
    assert firm(name, PLACES) == short


def test_firms_alike() -> None:
    assert firm_likeness("某某电器", "某某电器") == 1.0
    assert firm_likeness("美特好超市", "美特好超市解放路店") == 0.9
    assert firm_likeness("美特好", "华联") == 0.0
    assert firm_likeness("", "") == 0.0
    assert firm_likeness("甲", "乙") == 0.0


def test_texts_alike() -> None:
    assert text_likeness(shingles(STORY), shingles(STORY)) == 1.0
    assert text_likeness(shingles(STORY), shingles(RETOLD)) > 0.5
    assert text_likeness(shingles(STORY), shingles(OTHER_STORY)) < 0.1
    assert text_likeness(shingles("退款"), shingles("退款")) == 0.0
    assert text_likeness(shingles(STORY), shingles(f"转发：\n> {STORY}\n\n{OTHER_STORY}")) > 0.8


def test_marks_width_and_case_make_no_difference() -> None:
    assert shingles("商家 拒绝退款，ABC！") == shingles("商家拒绝退款ＡＢＣ")


texts = st.text(max_size=60)
phones = st.sampled_from(["", "13835700000", "+86 13835700000", "0357-2012315", "2012315"])
items = st.builds(
    lambda number, person, name, phone, text, apart, task: item(
        number,
        person=Person(person, phone),
        respondent=Respondent(name),
        content=text,
        received_at=AT + timedelta(hours=apart),
        task=task,
    ),
    st.sampled_from(["2", "3"]),
    texts,
    texts,
    phones,
    texts,
    st.integers(0, 4000),
    st.sampled_from(Task),
)


@given(items, items)
def test_a_score_is_the_same_both_ways(one: Item, other: Item) -> None:
    there, back = score(one, other), score(other, one)
    assert there == back
    assert 0 <= there <= 100


@given(items, items)
def test_leaving_the_text_alone_changes_no_suggestion(one: Item, other: Item) -> None:
    a, b = profile(one), profile(other)
    whole, quick = compare(a, b), compare(a, b, THRESHOLD)
    assert (whole.score >= THRESHOLD) == (quick.score >= THRESHOLD)
    if whole.score >= THRESHOLD:
        assert whole == quick
