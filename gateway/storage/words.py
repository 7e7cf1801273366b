"""Text columns that take what people and machines send: nothing in a text may fail a whole transaction.

SQLite ignores lengths and keeps NUL and half characters as well as it can, PostgreSQL refuses all
three. So they are taken out on the way in, on both alike. Who can be told of a text that is too long
is told by intake, before; what machines hand over is cut.
"""

from __future__ import annotations

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator


class Words(TypeDecorator[str]):
    """A text of at most `length` characters."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self._length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return self.stored(value)

    def stored(self, value: str | None) -> str | None:
        """The value as it is kept, whatever the database."""
        return storable(value)[: self._length] if value else value


class Prose(TypeDecorator[str]):
    """A text of any length."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return self.stored(value)

    def stored(self, value: str | None) -> str | None:
        """The value as it is kept, whatever the database."""
        return storable(value) if value else value


def storable(text: str) -> str:
    """The text without NUL, and with a question mark for each half of a character."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-8", "replace").decode()
    return text
