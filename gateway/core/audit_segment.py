"""A year of the audit log that was moved out of the database into a file: what is kept of it there. Pure.

The segment names the first and last row of the year and their hashes, so that the chain goes on through it,
and the hash of the file; its own seal, with the key of the log, shows whether anybody changed it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """`prev` is the hash before the first row, `hash` that of the last one, `sha256` that of the file."""

    year: int
    first: int
    last: int
    prev: str
    hash: str
    sha256: str
    seal: str = ""

    @property
    def file(self) -> str:
        return f"{self.year}.jsonl.gz"

    def holds(self, key: bytes) -> bool:
        return hmac.compare_digest(self.seal, seal_of(key, self))


def seal_of(key: bytes, segment: Segment) -> str:
    """The seal of a segment; its own `seal` does not count."""
    fields = [segment.year, segment.first, segment.last, segment.prev, segment.hash, segment.sha256]
    return hmac.new(key, json.dumps(["segment", *fields]).encode(), hashlib.sha256).hexdigest()
