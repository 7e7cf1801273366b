"""Who asks and what he may do: roles of people and programs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What an account or a token may do.

    A dispatcher assigns items to units; a leader decides on extensions, disputes and supervision. A handler
    works on the orders of one unit, a unit_leader answers for them: both belong to that unit and are no
    people of the centre. A partner is another hotline's machine; a display is a screen on the wall, which
    sees the board and nothing else; an auditor reads the audit log and the figures, and nothing else.
    """

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DISPATCHER = "dispatcher"
    LEADER = "leader"
    HANDLER = "handler"
    UNIT_LEADER = "unit_leader"
    ADMIN = "admin"
    AUDITOR = "auditor"
    PARTNER = "partner"
    DISPLAY = "display"


OF_CENTRE = (Role.AGENT, Role.SUPERVISOR, Role.DISPATCHER, Role.LEADER, Role.ADMIN)
"""Everybody of the centre itself, who works on items."""
OF_UNITS = (Role.HANDLER, Role.UNIT_LEADER)
"""People of bureaus, stations and departments, who work on the orders of their unit."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks. `name` is the account's id, or the token's name: it holds leases and stands in timelines.

    `unit` is the id of the unit that a handler or unit_leader belongs to; "" is the centre.
    Of a person who logged in: `shown` is his name on screens, `seat` his seat if he is an agent, and
    `csrf` what each change that comes with the cookie has to bear.
    """

    name: str
    role: Role
    shown: str = ""
    seat: str = ""
    csrf: str = field(default="", repr=False)
    unit: str = ""
