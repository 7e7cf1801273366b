"""How far a mailbox was taken in: its UIDVALIDITY, the last UID, and the mails that failed so far.

Kept as one mark of the once-ledger. Losing it costs time and doubles nothing: intake knows every
mail by its content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.core.ledgers import OnceLedger


@dataclass(slots=True)
class BoxLedger:
    """Every UID up to `done` is dealt with, but for those in `failed` (UID -> tries so far)."""

    name: str
    validity: int
    done: int = 0
    failed: dict[int, int] = field(default_factory=dict)

    @classmethod
    async def load(cls, once: OnceLedger, box: str, validity: int) -> BoxLedger:
        """What is known of this mailbox; nothing when the server has numbered its mails anew."""
        name = f"mailbox:{box}"[:100]
        try:
            kept = json.loads(await once.mark(name) or "{}")
            if kept.get("validity") == validity:
                failed = {int(uid): int(tries) for uid, tries in kept["failed"].items()}
                return cls(name, validity, int(kept["done"]), failed)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        return cls(name, validity)

    async def save(self, once: OnceLedger) -> None:
        """Raises StorageDown."""
        kept = {"validity": self.validity, "done": self.done, "failed": self.failed}
        await once.set_mark(self.name, json.dumps(kept))

    def waiting(self, uids: Iterable[int]) -> list[int]:
        """Of the UIDs found those not dealt with: new ones first, then those that failed before."""
        return [*sorted({uid for uid in uids if uid > self.done}), *sorted(self.failed)]

    def settle(self, uid: int) -> None:
        self.failed.pop(uid, None)
        self.done = max(self.done, uid)

    def fail(self, uid: int) -> int:
        """One more try that failed; how many there were."""
        self.failed[uid] = self.failed.get(uid, 0) + 1
        self.done = max(self.done, uid)
        return self.failed[uid]
