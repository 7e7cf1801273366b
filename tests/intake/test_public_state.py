"""The public look at a number: what is told, what guessing costs, and that it never shuts the owner out."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.core.item.contact import Person
from gateway.core.item.item import ItemState, PublicState
from gateway.intake.intake import Intake
from gateway.intake.progress import FREE_TRIES, GUESSED_AT, LONGEST_DELAY, LONGEST_DELAY_OF_ITEM
from gateway.storage import Storage
from tests.storage.databases import MONDAY, ZONE, Clock, contact, rules


def other(code: str) -> str:
    return "135792" if code != "135792" else "246813"


@pytest.fixture
def delays() -> list[float]:
    return []


@pytest.fixture
def intake(storage: Storage, clock: Clock, delays: list[float]) -> Intake:
    """The intake with its delays written down instead of waited for."""

    async def pause(seconds: float) -> None:
        delays.append(seconds)

    return Intake(storage, rules(), ZONE, now=clock, pause=pause)


async def with_short_code(storage: Storage, intake: Intake, **of: str) -> str:
    """The number of an item that was made when codes had four digits; its code is 4821."""
    given = replace(contact(), person=Person("张三", **of)) if of else contact()
    receipt = await intake.submit(given)
    change = text("UPDATE items SET query_code = '4821' WHERE number = :number")
    await storage.database.write(lambda t: t.execute(change, {"number": receipt.number}).close())
    return receipt.number


async def test_what_is_told(intake: Intake) -> None:
    r = await intake.submit(contact())
    spoken = f"{r.number[:6]}-{r.number[6:]} "
    told = await intake.public_state(spoken, r.query_code, "web:1")
    assert told and [step.zh for step in told.steps] == ["已登记，2026年3月11日前告知是否受理"]
    assert replace(told, steps=()) == PublicState(
        *(r.number, ItemState.RECEIVED, contact().kind, MONDAY, r.due),
        respondent=contact().respondent.name,
        may_withdraw=True,
    )
    for number, code in (
        (r.number, other(r.query_code)),
        (r.number[::-1], r.query_code),
        ("", ""),
        ("x" * 90, "é"),
    ):
        assert await intake.public_state(number, code, "web:2") is None


async def test_wrong_tries_delay_the_answer_and_a_right_code_is_never_refused(
    intake: Intake, clock: Clock, delays: list[float]
) -> None:
    r = await intake.submit(contact())
    for n in range(12):
        assert await intake.public_state(f"26030200{n:03}0", "000000", "web:bad") is None
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0]
    delays.clear()
    assert await intake.public_state(r.number, r.query_code, "web:bad")
    assert await intake.public_state(r.number, r.query_code, "web:good")
    assert delays == [LONGEST_DELAY], "the one who guessed waits, nobody else"
    clock.on(minutes=15, seconds=1)
    assert await intake.public_state(r.number, r.query_code, "web:bad")
    assert delays == [LONGEST_DELAY]


async def test_guesses_of_others_delay_the_owner_a_little(intake: Intake, delays: list[float]) -> None:
    r = await intake.submit(contact())
    for n in range(20):
        assert await intake.public_state(r.number, other(r.query_code), f"web:{n}") is None
    delays.clear()
    assert await intake.public_state(r.number, r.query_code, "phone:owner")
    assert delays == [LONGEST_DELAY_OF_ITEM]


async def test_tries_at_once_do_not_get_round_it(intake: Intake, delays: list[float]) -> None:
    r = await intake.submit(contact())
    wrong = other(r.query_code)
    tries = [intake.public_state(r.number, wrong, f"web:{n % 3}") for n in range(40)]
    assert set(await asyncio.gather(*tries)) == {None}
    assert len(delays) == 40 - FREE_TRIES
    assert max(delays) == LONGEST_DELAY


async def test_a_short_code_opens_the_state_until_the_phone_is_given(
    storage: Storage, intake: Intake, clock: Clock, delays: list[float]
) -> None:
    number = await with_short_code(storage, intake, phone="138 3570 1234")
    only = PublicState(number, ItemState.RECEIVED)
    assert only.state_only
    assert await intake.public_state(number, "4821", "web:1") == only
    assert await intake.public_state(number, "4821", "web:1", "9999") == only
    assert await intake.public_state(number, "4822", "web:1", "1234") is None
    for phone in ("1234", "13835701234"):
        whole = await intake.public_state(number, "4821", "web:1", phone)
        assert whole
        assert not whole.state_only
    for _ in range(3):
        await intake.public_state(number, "4821", "web:guesser", "0000")
    delays.clear()
    await intake.public_state(number, "4821", "web:guesser", "0000")
    assert delays == [2.0], "a wrong second fact counts as a wrong try, at this item too"


async def test_without_a_phone_a_short_code_opens_the_state_only(storage: Storage, intake: Intake) -> None:
    number = await with_short_code(storage, intake, email="zhang@example.cn")
    for phone in ("", "0000", "x"):
        state = await intake.public_state(number, "4821", "web:1", phone)
        assert state
        assert state.state_only


async def test_after_very_many_guesses_a_long_code_needs_the_phone_too(intake: Intake) -> None:
    r = await intake.submit(replace(contact(), person=Person("张三", phone="13835701234")))
    for n in range(GUESSED_AT):
        await intake.public_state(r.number, other(r.query_code), f"web:{n}")
    first = await intake.public_state(r.number, r.query_code, "web:owner")
    second = await intake.public_state(r.number, r.query_code, "web:owner", "1234")
    assert first
    assert first.state_only
    assert second
    assert not second.state_only
