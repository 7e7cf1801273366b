"""What an agent's call out is about, as the PBX carries it (ITEM): an item's number, with a mark behind it
when it is a follow-up call (回访), which tells of itself. Pure."""

from __future__ import annotations

_ASKED = "f"


def follow_up_about(number: str) -> str:
    """The item that a follow-up call asks about."""
    return number + _ASKED


def read_about(text: str) -> tuple[str, bool]:
    """The item's number, and whether it is a follow-up call."""
    return text.removesuffix(_ASKED), text.endswith(_ASKED)
