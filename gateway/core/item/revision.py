"""What a write-up changes in an item: given fields are merged in, and every earlier value is kept.

Pure. `facts` shows an item or a contact field by field, `merged` says what an item becomes, and a Revision is
one change with who, when, before and after. Called by intake, shown by the API.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.core.item.contact import Channel, Contact, Kind, Person, Respondent
from gateway.core.item.item import Item
from gateway.errors import BadContact, FieldFault

PERSONAL = tuple(f.name for f in fields(Person))
RESPONDENT: Mapping[str, str] = MappingProxyType({f"respondent_{f.name}": f.name for f in fields(Respondent)})
CHOSEN = ("amount", "occurred_on", "publish_consent", "mediation_consent")  # None when they are not given
TEXTS = ("county", "problem", "subject")
VERSION = 16
"""Characters of an item's version."""
CORRECTS = ("written_up", "sorted")
"""Revisions that changed the item itself."""
BLANKABLE = frozenset({*PERSONAL, *RESPONDENT, *CHOSEN, *TEXTS, "claims", "anonymous"})
"""What a write-up may empty; an item always has kind and content."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of what an item says. `changes` has before and after by field, as `facts` spells them.

    `what` is written_up, sorted, follow_up or external (its number elsewhere); in a follow-up "after" is what
    was said beside the item, which itself stays as it was.
    """

    at: datetime
    who: str
    what: str
    changes: Mapping[str, tuple[str, str]]


def facts(source: Item | Contact, person: Person) -> dict[str, str]:
    """What it says by the API's field names, each as a text; "" is nothing. `person` may be sealed in it."""
    values = {"kind": source.kind.value, "content": source.content}
    values |= {name: getattr(person, name) for name in PERSONAL}
    values |= {name: getattr(source.respondent, part) for name, part in RESPONDENT.items()}
    values |= {name: getattr(source, name) for name in TEXTS}
    values["claims"] = json.dumps(source.claims, ensure_ascii=False) if source.claims else ""
    values["amount"] = "" if source.amount is None else f"{source.amount // 100}.{source.amount % 100:02}"
    values["occurred_on"] = source.occurred_on.isoformat() if source.occurred_on else ""
    for name in ("publish_consent", "mediation_consent"):
        consent = getattr(source, name)
        values[name] = "" if consent is None else str(consent).lower()
    values["anonymous"] = "true" if source.anonymous else ""
    values["declined"] = ",".join(source.declined)
    return values


def version(item: Item) -> str:
    """Names what an item says now: another one as soon as a field that is not sealed says something else."""
    said = json.dumps(facts(item, item.person), ensure_ascii=False).encode("utf-8", "replace")
    return hashlib.sha256(said).hexdigest()[:VERSION]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Before and after of each field that differs."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def as_arrived(item: Item, person: Person, past: Iterable[Revision]) -> dict[str, str]:
    """What was said first, field by field: what it says now, with every correction taken back."""
    first_facts = facts(item, person)
    for revision in reversed([revision for revision in past if revision.what in CORRECTS]):
        first_facts |= {name: before for name, (before, _) in revision.changes.items() if name in first_facts}
    return first_facts


def merged(item: Item, person: Person, given: Contact, blank: Collection[str] = ()) -> Contact:
    """The contact that an item becomes: what is given, over what it has; `blank` names fields to be emptied.

    `person` is the item's person, a sealed one too. Raises BadContact for a field that may not be emptied:
    nobody empties what he cannot see.
    """
    _may_blank(item, blank)
    keeps = given.kind is not Kind.COMPLAINT and "anonymous" not in blank
    others: dict[str, Any] = {name: getattr(given, name) or _left(item, name, blank, "") for name in TEXTS}
    others |= {name: _chosen(item, given, name, blank) for name in CHOSEN}
    return replace(
        given,
        person=_person(person, given.person, blank),
        respondent=_respondent(item.respondent, given.respondent, blank),
        content=given.content or item.content,
        claims=given.claims or _left(item, "claims", blank, ()),
        anonymous=given.anonymous or (keeps and item.anonymous),
        declined=_declined(item, given, person),
        **others,
    )


def _declined(item: Item, given: Contact, person: Person) -> tuple[str, ...]:
    """What is still not told: said now or before, and not known by now."""
    given_facts = facts(given, given.person)
    before = facts(item, person)
    return tuple(name for name in given.declined or item.declined if not (given_facts[name] or before[name]))


def _may_blank(item: Item, blank: Collection[str]) -> None:
    wrong = [FieldFault(name, "不能清空", "cannot be emptied") for name in blank if name not in BLANKABLE]
    if item.withheld:
        sealed = [name for name in blank if name in PERSONAL]
        wrong += [
            FieldFault(name, "身份保密，不能清空", "is sealed and cannot be emptied") for name in sealed
        ]
    if wrong:
        raise BadContact(*wrong)


def _person(before: Person, given: Person, blank: Collection[str]) -> Person:
    return Person(*(getattr(given, name) or _left(before, name, blank, "") for name in PERSONAL))


def _respondent(before: Respondent, given: Respondent, blank: Collection[str]) -> Respondent:
    left = {name: getattr(given, part) or getattr(before, part) for name, part in RESPONDENT.items()}
    emptied = {name for name, part in RESPONDENT.items() if name in blank and not getattr(given, part)}
    return Respondent(*("" if name in emptied else value for name, value in left.items()))


def _chosen(item: Item, given: Contact, name: str, blank: Collection[str]) -> Any:
    value = getattr(given, name)
    return value if value is not None else _left(item, name, blank, None)


def _left(before: object, name: str, blank: Collection[str], empty: Any) -> Any:
    return empty if name in blank else getattr(before, name)


# ------------------------------------------------------------ what is said beside an item

FIELD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "name": "姓名",
        "phone": "联系电话",
        "email": "电子邮箱",
        "address": "联系地址",
        "id_type": "证件类型",
        "id_number": "证件号码",
        "respondent_name": "被投诉（举报）人",
        "respondent_address": "被投诉（举报）人地址",
        "respondent_phone": "被投诉（举报）人电话",
        "county": "区县",
        "problem": "问题类别",
        "subject": "商品或服务",
        "claims": "投诉请求",
        "amount": "涉及金额",
        "occurred_on": "发生日期",
        "publish_consent": "是否同意公示",
        "mediation_consent": "是否同意委托调解",
        "anonymous": "匿名",
        "kind": "类别",
        "declined": "不愿提供",
    }
)
"""What a timeline calls the fields of a follow-up, for the agent who reads it."""


def secret(item: Item) -> bool:
    """Must nothing shown with this item tell who is behind it?"""
    return item.kind is Kind.REPORT or item.withheld or item.anonymous


def said_beside(item: Item, person: Person, contact: Contact) -> dict[str, tuple[str, str]]:
    """What a follow-up says otherwise than the item: the item's value, and the one given now."""
    given = differences(facts(item, person), facts(contact, contact.person))
    unsaid = {"content"} | ({"kind"} if contact.kind is Kind.UNSORTED else set())
    return {name: texts for name, texts in given.items() if texts[1] and name not in unsaid}


def beside_text(item: Item, contact: Contact, text: str, changes: Mapping[str, object]) -> str:
    """A follow-up's words for the timeline: who wrote, unless that is secret, and which fields came along."""
    person = contact.person
    sender = f"{person.name} <{person.email}>".strip() if person.email and not secret(item) else ""
    head = f"发件人：{sender}\n" if sender and contact.channel == Channel.EMAIL else ""
    shown_in_head = {"name", "email"} if head else set()
    names = "、".join(
        FIELD_NAMES[name] for name in FIELD_NAMES if name in changes and name not in shown_in_head
    )
    return f"{head}{text}" + (f"\n\n〔另填：{names}，见登记内容的历次修改〕" if names else "")
