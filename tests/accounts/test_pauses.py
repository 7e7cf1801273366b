"""Pauses grow, end, and are forgotten; on a clock that is set by hand."""

from __future__ import annotations

import pytest

from gateway.web.http.pauses import FORGOTTEN, MOST, Pauses
from gateway.web.http.rates import Flooded


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def wait_of(pauses: Pauses, name: str = "a") -> int:
    try:
        pauses.look(name)
    except Flooded as error:
        return error.wait
    return 0


def test_they_grow_up_to_the_longest() -> None:
    clock = Clock()
    pauses = Pauses(2, 60.0, clock)
    seen = []
    for _ in range(9):
        pauses.wrong("a")
        seen.append(wait_of(pauses))
    assert seen == [0, 0, 5, 10, 20, 40, 60, 60, 60]
    assert wait_of(pauses, "b") == 0
    clock.at += 59.5
    assert wait_of(pauses) == 1
    clock.at += 0.5
    assert wait_of(pauses) == 0


def test_a_right_one_ends_them() -> None:
    pauses = Pauses(0, 60.0, Clock())
    pauses.wrong("a")
    with pytest.raises(Flooded):
        pauses.look("a")
    pauses.right("a")
    pauses.look("a")


def test_old_tries_do_not_count() -> None:
    clock = Clock()
    pauses = Pauses(1, 60.0, clock)
    pauses.wrong("a")
    clock.at += FORGOTTEN + 1
    pauses.wrong("a")
    assert wait_of(pauses) == 0


def test_a_crowd_of_names_fills_no_memory() -> None:
    pauses = Pauses(0, 60.0, Clock())
    for n in range(MOST + 10):
        pauses.wrong(f"{n}")
    assert wait_of(pauses, "0") == 0 and wait_of(pauses, f"{MOST}") == 5
