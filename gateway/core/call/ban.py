"""Which addresses are shut out for a while, since they guessed passwords or users. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST = 1000
"""Addresses that are remembered, the newest, of failures and of bans alike."""


@dataclass(frozen=True, slots=True)
class BanRule:
    """So many failures `within` this time shut an address out; it `lasts` as long. No tries: never."""

    tries: int = 10
    within: timedelta = timedelta(minutes=10)
    lasts: timedelta = timedelta(hours=1)


class Bans:
    """Failures and bans by address."""

    def __init__(self, rule: BanRule) -> None:
        self._rule = rule
        self._failures: dict[str, list[datetime]] = {}
        self._until: dict[str, datetime] = {}

    def failed(self, address: str, at: datetime) -> bool:
        """One more failure. True when the address has used up its tries."""
        recent = [t for t in self._failures.pop(address, ()) if at - t < self._rule.within]
        recent = [*recent, at][-max(1, self._rule.tries) :]
        self._failures[address] = recent
        _forget_oldest(self._failures)
        return 0 < self._rule.tries <= len(recent)

    def ban(self, address: str, at: datetime) -> None:
        self._failures.pop(address, None)
        self._until.pop(address, None)
        self._until[address] = at + self._rule.lasts
        _forget_oldest(self._until)

    def banned(self, at: datetime) -> tuple[str, ...]:
        """The addresses that are shut out now."""
        self._until = {address: until for address, until in self._until.items() if until > at}
        return tuple(self._until)


def _forget_oldest(by_address: dict[str, list[datetime]] | dict[str, datetime]) -> None:
    if len(by_address) > MOST:
        del by_address[next(iter(by_address))]
