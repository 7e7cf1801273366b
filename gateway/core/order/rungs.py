"""What was told of an order: the ledger of supervision, and the papers that go out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.core.order.ladder import Rung, Whom
from gateway.core.unit import CENTRE, Tree, Unit


@dataclass(frozen=True, slots=True)
class FiredRung:
    """One line of the ledger: a rung of a round of an order, told or passed over for good.

    `nth` tells apart what people do more than once; the ladder itself has 0. `due` is the day by which a
    red order wants it done, `sheet` its number. `told` names the ways and whom, as in "mail unit_leader".
    """

    order: int
    number: str
    unit: str
    round: int
    rung: Rung
    at: datetime
    who: str
    nth: int = 0
    text: str = ""
    due: date | None = None
    sheet: str = ""
    passed_over: bool = False
    told: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    id: int = 0


TITLES: Mapping[Rung, str] = {
    Rung.UNSIGNED: "签收提醒",
    Rung.BLUE: "到期提醒",
    Rung.ORANGE: "催办通知书",
    Rung.RED: "督办单",
    Rung.RAISED: "提级督办通知",
    Rung.URGE: "催办通知",
}
"""What the paper of each rung is called."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is told: whom, of which unit, by mail and fax and telephones."""

    whom: Whom
    unit: Unit
    mail: str = ""
    fax: str = ""
    phones: tuple[str, ...] = field(default_factory=tuple)


def contacts(tree: Tree, unit: str, whom: tuple[Whom, ...]) -> Iterator[Contact]:
    """Those of an order's unit who are told. A leader without a mail address of his own is told by his
    unit's; an address comes once."""
    seen: set[str] = set()
    for role in whom:
        place = _place(tree, unit, role)
        if place is None:
            continue
        mail = (place.mail if role is Whom.UNIT else place.leader_mail) or place.mail or place.leader_mail
        contact = Contact(
            role,
            place,
            "" if mail in seen else mail,
            "" if place.fax in seen else place.fax,
            place.phones,
        )
        seen |= {contact.mail, contact.fax}
        yield contact


def _place(tree: Tree, unit: str, whom: Whom) -> Unit | None:
    if whom is Whom.CENTRE:
        return tree.get(CENTRE)
    if whom is Whom.BUREAU_LEADER:
        return tree.bureau(unit)
    return tree.get(unit)
