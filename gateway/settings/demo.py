"""Settings of the demo."""

from __future__ import annotations

from pydantic import Field

from gateway.settings.fields import Section


class Demo(Section):
    enabled: bool = Field(
        default=True, description="Demo accounts and the browser phone; switch off for real work."
    )
    visitor_minutes: int = Field(
        default=10,
        ge=1,
        le=240,
        description="Longest call from the browser phone; it has one line at a time.",
    )
    channels: bool = Field(
        default=True,
        description="Page /mailbox, which shows what is sent and takes mails and faxes to the hotline, and "
        "two partners that answer by themselves; all on this machine.",
    )
    items: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="Invented items that `make run` puts into a database that has none; 0: none.",
    )
