"""What anybody with number and query code may know of an item, and the delays that stop guessing."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from gateway.core.item import number as numbers
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.item import Item, PublicState
from gateway.core.item.public_view import (
    Seen,
    answer_of,
    may_withdraw,
    shown_respondent,
    standing,
    steps_of,
    wanted_papers,
)
from gateway.intake.clocks import pauses_of
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction

FREE_TRIES = 3  # wrong numbers or codes in WINDOW that cost no delay
FIRST_DELAY = 0.5  # seconds before the answer after one more wrong try; doubled with each
LONGEST_DELAY = 8.0  # seconds, for an asker who tried wrong codes himself
LONGEST_DELAY_OF_ITEM = 4.0  # seconds, when others tried wrong codes of this item
WINDOW = timedelta(minutes=15)
GUESSED_AT = 100  # wrong tries at one item in GUESSED_WINDOW: then its code opens the state only
GUESSED_WINDOW = timedelta(days=1)


class Progress:
    """`pause` waits so many seconds."""

    def __init__(
        self,
        changes: ItemChanges,
        pause: Callable[[float], Awaitable[object]],
        rules: Rules,
        zone: ZoneInfo,
    ) -> None:
        self._changes = changes
        self._rules = rules
        self._zone = zone
        self._items = changes.items
        self._pause = pause

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        """None when number or code is wrong. Raises StorageDown.

        The answer comes the later, the more wrong tries this asker and this item have had in WINDOW. A
        right code is answered with the same delay, never refused: nobody can shut an owner out by wrong
        tries, and how fast an answer comes tells nothing. `phone`, whole or its last four digits, is the
        second fact that a short code needs; so does any code of an item at which very many have guessed.
        """
        plain = numbers.normal(number)
        askers = (f"who:{asker}"[:80], f"item:{plain}")

        def looked_up(t: Transaction) -> tuple[PublicState | None, float]:
            now = self._changes.now()
            self._items.one_at_a_time(t, askers)
            own, others = (self._items.failures(t, key, now - WINDOW) for key in askers)
            guessed = self._items.failures(t, askers[1], now - GUESSED_WINDOW) >= GUESSED_AT
            state, fits = self._opened(t, plain, code, phone, guessed)
            if not fits:
                self._items.failed(t, askers, now, now - GUESSED_WINDOW)
            return state, delay_of(own, others)

        state, delay = await self._changes.write(looked_up)
        if delay:
            await self._pause(delay)
        return state

    def _opened(
        self, t: Transaction, number: str, code: str, phone: str, guessed: bool
    ) -> tuple[PublicState | None, bool]:
        """What this code and this telephone number open, and whether what was given was right."""
        item = self._items.item(t, number) if numbers.valid(number) else None
        right = self._items.code_of(t, number) if item else ""
        if item is None or not hmac.compare_digest(right.encode(), code.encode("utf-8", "replace")):
            return None, False
        if not (numbers.is_short(right) or guessed):
            return self._whole(t, item), True
        digits = numbers.last_digits(self._items.person_of(t, item).phone)
        if digits and hmac.compare_digest(digits, numbers.last_digits(phone)):
            return self._whole(t, item), True
        return PublicState(number, item.state), not phone

    def _whole(self, t: Transaction, item: Item) -> PublicState:
        links, number = self._changes.links, item.number
        day = day_of(item.received_at, self._zone)
        past, decisions = self._items.past_of(t, number), links.decisions_of(t, number)
        pauses = pauses_of(self._changes, t, number, self._zone)
        seen = standing(Seen(item, past, decisions, day, links.days_of(t, number), pauses))
        return PublicState(
            *(number, item.state, item.kind, item.received_at, item.due),
            steps=steps_of(seen, self._rules),
            papers=wanted_papers(seen),
            answer=answer_of(seen),
            respondent=shown_respondent(item),
            may_withdraw=may_withdraw(item),
        )


def delay_of(own: int, others: int) -> float:
    """Seconds before an answer, from the recent wrong tries of an asker and at an item."""
    return max(_delay(own, LONGEST_DELAY), _delay(others, LONGEST_DELAY_OF_ITEM))


def _delay(wrong: int, longest: float) -> float:
    over = wrong - FREE_TRIES
    return min(longest, FIRST_DELAY * 2.0 ** min(over, 10)) if over >= 0 else 0.0
