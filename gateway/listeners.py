"""Listeners of events. One that fails is logged; the others and the sender are not affected."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")
log = logging.getLogger(__name__)


class Listeners(Generic[P]):
    """`add` returns what ends it; `tell` calls each."""

    def __init__(self) -> None:
        self._told: list[Callable[P, object]] = []

    def add(self, listener: Callable[P, object]) -> Callable[[], None]:
        self._told.append(listener)
        return lambda: self._told.remove(listener)

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for listener in tuple(self._told):
            try:
                listener(*args, **kwargs)
            except Exception:
                log.exception("a listener failed at %s", args[0] if args else "an event")
