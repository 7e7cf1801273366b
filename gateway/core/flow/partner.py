"""A partner hotline: whom to dial, when, and on what terms.

A partner is data: 12345, 110, or whoever is added by a file in ivr_flows/partners/, which
gateway/flows/partner_files.py reads. The calls themselves are core/call/transfer's and the `partner` step's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.flow.hours import Week
from gateway.core.item.referral import FIELD_NAMES, PERSONAL

SEES = tuple(name for name in FIELD_NAMES if name not in PERSONAL)


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner. `dial` is a number for the trunk or a SIP address (sip:user@host:port).

    The texts are shown to the agent: what is said before joining, how the paper follows the call,
    who decides when both think it is the other's matter. `asks`: it hears what the call is about and
    takes it by a key before anybody is put through. `mail` (an address), `webhook` (the id of one in
    gateway.toml) and `fax` (a number) are ways for a slip; `sees` its fields; `reply_days` the workdays
    after which a reply is due.
    """

    id: str
    zh: str
    en: str
    dial: str
    hours: Week = field(default_factory=Week)
    ring: int = 20
    asks: bool = False
    mail: str = ""
    webhook: str = ""
    fax: str = ""
    sees: tuple[str, ...] = SEES
    reply_days: int = 5
    told_before_joining: str = ""
    paper: str = ""
    decides: str = ""
    source: str = ""
