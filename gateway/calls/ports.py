"""What live calls need of intake and storage."""

from __future__ import annotations

from typing import Protocol

from gateway.core.item.item import PublicState
from gateway.core.ledgers import AgentLog, CallbackLedger, CallLog, GapLog, OnceLedger


class Inquiry(Protocol):
    """What intake is asked while a call goes on."""

    async def public_state(
        self, number: str, code: str, asker: str, phone: str = ""
    ) -> PublicState | None: ...

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None: ...

    def changed(self, number: str) -> None:
        """Tell pages that this item changed."""


class Ledgers(Protocol):
    """The phone side's ledgers, as storage has them."""

    @property
    def calls(self) -> CallLog: ...
    @property
    def call_backs(self) -> CallbackLedger: ...
    @property
    def once(self) -> OnceLedger: ...
    @property
    def gaps(self) -> GapLog: ...
    @property
    def agents(self) -> AgentLog: ...
