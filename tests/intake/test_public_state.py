"""The public look at a number: what is told, and how often one may try."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.item import ItemState, PublicState
from gateway.errors import TooMany
from gateway.intake import TRIES, Intake
from tests.storage.databases import MONDAY, Clock, contact


def other(code: str) -> str:
    return "1357" if code != "1357" else "2468"


async def test_what_is_told(intake: Intake) -> None:
    r = await intake.submit(contact())
    spoken = f"{r.number[:6]}-{r.number[6:]} "
    told = await intake.public_state(spoken, r.query_code, "web:1")
    assert told == PublicState(r.number, ItemState.RECEIVED, contact().kind, MONDAY, r.due)
    for number, code in (
        (r.number, other(r.query_code)),
        (r.number[::-1], r.query_code),
        ("", ""),
        ("x" * 90, "é"),
    ):
        assert await intake.public_state(number, code, "web:2") is None


async def test_an_asker_is_locked_and_after_a_while_let_in_again(intake: Intake, clock: Clock) -> None:
    r = await intake.submit(contact())
    for n in range(TRIES):
        assert await intake.public_state(f"26030200{n:03}0", "0000", "web:bad") is None
    with pytest.raises(TooMany):
        await intake.public_state(r.number, r.query_code, "web:bad")
    assert await intake.public_state(r.number, r.query_code, "web:good")
    clock.on(minutes=15, seconds=1)
    assert await intake.public_state(r.number, r.query_code, "web:bad")


async def test_a_number_is_locked_whoever_asks(intake: Intake) -> None:
    r = await intake.submit(contact())
    for n in range(TRIES):
        assert await intake.public_state(r.number, other(r.query_code), f"web:{n}") is None
    with pytest.raises(TooMany):
        await intake.public_state(r.number, r.query_code, "web:new")


async def test_tries_at_once_do_not_get_round_it(intake: Intake) -> None:
    r = await intake.submit(contact())
    wrong = other(r.query_code)
    tries = [intake.public_state(r.number, wrong, f"web:{n % 3}") for n in range(40)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert done.count(None) == TRIES
    assert sum(isinstance(one, TooMany) for one in done) == 40 - TRIES
