"""Who asks and what he may do: roles of people and programs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a token may do. A partner is another hotline's machine, no member of the house; a display
    is a screen on the wall, which sees the board and nothing else; an auditor reads the audit log and
    the figures, and nothing else."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"
    PARTNER = "partner"
    DISPLAY = "display"


HOUSE = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
"""Everybody of the centre itself, who works on items."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks. `name` is the account's id, or the token's name: it holds leases and stands in timelines.

    Of a person who logged in: `shown` is his name on screens, `seat` his seat if he is an agent, and
    `csrf` what each change that comes with the cookie has to bear.
    """

    name: str
    role: Role
    shown: str = ""
    seat: str = ""
    csrf: str = field(default="", repr=False)
