"""A partner hotline, as its file in ivr_flows/partners/ says: whom to dial, when, and on what terms.

A partner is data: 12345, 110, or whoever is added. The calls themselves are core/transfer's and
the `partner` step's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.flow.hours import ALWAYS, Week, read_hours
from gateway.core.item.referral import FIELD_NAMES, PERSONAL
from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row

_NUMBER = re.compile(r"\d{3,15}")
_SIP = re.compile(r"sip:[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+(:\d{1,5})?")
_ID = re.compile(r"[a-z0-9_]{1,32}")


SEES = tuple(name for name in FIELD_NAMES if name not in PERSONAL)


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner. `dial` is a number for the trunk or a SIP address (sip:user@host:port).

    The texts are shown to the agent: what is said before joining, how the paper follows the call,
    who decides when both think it is the other's matter. `asks`: it hears what the call is about and
    takes it by a key before anybody is put through. `mail` (an address), `webhook` (the id of one in
    gateway.toml) and `fax` (a number) are ways for a slip; `sees` its fields; `reply_days` the workdays
    after which a reply is owed.
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


@dataclass(frozen=True, slots=True)
class PartnerField:
    """One field of a partner file, for the reader and the docs."""

    name: str
    required: bool
    help: str


FIELDS = (
    PartnerField("id", True, "Id in flows and API; also the file's name."),
    PartnerField("name", True, "`{zh: …, en: …}`: its name on screens."),
    PartnerField("dial", True, "A number for the trunk, or a SIP address such as sip:12345@10.0.0.8:5060."),
    PartnerField(
        "hours", False, "`always`, hours, or `{workdays: …, restdays: …}`; outside them nobody dials."
    ),
    PartnerField("ring_seconds", False, "How long it rings, 5 to 120; 20 if not given."),
    PartnerField(
        "asks", False, "true: it hears what the call is about and presses 1 to take it, 2 to refuse it."
    ),
    PartnerField("mail", False, "Where slips are mailed to."),
    PartnerField("webhook", False, "Id of the webhook in gateway.toml that slips are posted to."),
    PartnerField("fax", False, "Where slips are faxed to: a number."),
    PartnerField(
        "sees",
        False,
        "Fields of a slip: " + ", ".join(FIELD_NAMES) + ". Of a reporter never name, phone or address.",
    ),
    PartnerField("reply_days", False, "Workdays after which a reply is owed; 5 if not given."),
    PartnerField(
        "told_before_joining", False, "What the agent tells the partner before all three are joined."
    ),
    PartnerField("paper", False, "How the paper follows the call: link, fax, e-mail, and by when."),
    PartnerField("decides", False, "Who takes the matter when both sides think it is the other's."),
    PartnerField("source", False, "Where these terms come from, and whether somebody has checked them."),
)


def parse_partner(tree: Node | None, faults: Faults, stem: str) -> Partner | None:
    """A partner from its file's tree; `stem` is the file's name. None after a fault."""
    before = len(faults.found)
    parts = faults.branch(tree, "the partner", [f.name for f in FIELDS])
    for f in FIELDS:
        if f.required and f.name not in parts and len(faults.found) == before:
            faults.at(tree.line if tree else 1, f"`{f.name}` is missing: {f.help}")
    names = _names(parts.get("name"), faults)
    texts = {f.name: _text(parts.get(f.name), f.name, faults) for f in FIELDS if f.name not in _OTHER}
    _check_id(texts["id"], parts.get("id"), stem, faults)
    _check_dial(texts["dial"], parts.get("dial"), faults)
    hours = _week(parts.get("hours"), faults)
    ring = _whole(parts.get("ring_seconds"), "ring_seconds", 5, 120, 20, faults)
    asks = _yes(parts.get("asks"), "asks", faults)
    days = _whole(parts.get("reply_days"), "reply_days", 1, 60, 5, faults)
    sees = _sees(parts.get("sees"), faults)
    _check_ways(texts, parts, faults)
    if len(faults.found) > before:
        return None
    rest = {
        name: texts[name]
        for name in ("mail", "webhook", "fax", "told_before_joining", "paper", "decides", "source")
    }
    return Partner(
        texts["id"], names[0], names[1], texts["dial"], hours, ring, asks, sees=sees, reply_days=days, **rest
    )


_TEXTS = ("mail", "webhook", "fax", "told_before_joining", "paper", "decides", "source")
_OTHER = ("name", "hours", "ring_seconds", "asks", "sees", "reply_days")


def _text(node: Node | None, what: str, faults: Faults) -> str:
    if isinstance(node, Leaf):
        return " ".join(node.text.split())
    if node is not None:
        faults.at(node.line, f"{what} must be a text")
    return ""


def _names(node: Node | None, faults: Faults) -> tuple[str, str]:
    if node is None:
        return "", ""
    parts = faults.branch(node, "name", ("zh", "en"))
    zh, en = (_text(parts.get(key), f"name.{key}", faults) for key in ("zh", "en"))
    if not zh:
        faults.at(node.line, "name.zh is missing: the partner's name on screens")
    return zh, en or zh


def _check_id(text: str, node: Node | None, stem: str, faults: Faults) -> None:
    if node is None:
        return
    if not _ID.fullmatch(text):
        faults.at(node.line, f"`{text}` is no id: use a-z, 0-9 and _")
    elif text != stem:
        faults.at(node.line, f"the id is `{text}`, but the file is called {stem}")


def _check_dial(text: str, node: Node | None, faults: Faults) -> None:
    if node is not None and not _NUMBER.fullmatch(text) and not _SIP.fullmatch(text):
        faults.at(node.line, f"`{text}` can not be dialled: give a number or sip:user@host:port")


def _week(node: Node | None, faults: Faults) -> Week:
    if node is None:
        return Week()
    if not isinstance(node, Branch):
        hours = read_hours(node, "hours", faults) or ALWAYS
        return Week(hours, hours)
    parts = faults.branch(node, "hours", ("workdays", "restdays"))
    read = {name: read_hours(part, f"hours.{name}", faults) or ALWAYS for name, part in parts.items()}
    return Week(read.get("workdays", ALWAYS), read.get("restdays", ALWAYS))


def _whole(node: Node | None, what: str, least: int, most: int, default: int, faults: Faults) -> int:
    if node is None:
        return default
    if isinstance(node, Leaf) and type(node.value) is int and least <= node.value <= most:
        return node.value
    faults.at(node.line, f"{what} must be a whole number from {least} to {most}")
    return default


def _sees(node: Node | None, faults: Faults) -> tuple[str, ...]:
    if node is None:
        return SEES
    if not isinstance(node, Row):
        faults.at(node.line, "sees must be a list such as [kind, content]")
        return SEES
    names = []
    for one in node.items:
        name = one.text if isinstance(one, Leaf) else ""
        if name not in FIELD_NAMES:
            faults.at(one.line, f"`{name}` is no field of a slip: {', '.join(FIELD_NAMES)}")
        names.append(name)
    return tuple(names)


_WAYS = {
    "mail": (re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+"), "an address such as desk@example.cn"),
    "webhook": (re.compile(r"[a-z][a-z0-9_-]{0,30}"), "the id of a webhook in gateway.toml, not its address"),
    "fax": (_NUMBER, "a number"),
}


def _check_ways(texts: Mapping[str, str], parts: Mapping[str, Node], faults: Faults) -> None:
    for name, (pattern, what) in _WAYS.items():
        if texts[name] and not pattern.fullmatch(texts[name]):
            faults.at(parts[name].line, f"{name} must be {what}")


def _yes(node: Node | None, what: str, faults: Faults) -> bool:
    if node is None:
        return False
    if isinstance(node, Leaf) and isinstance(node.value, bool):
        return node.value
    faults.at(node.line, f"{what} must be true or false")
    return False
