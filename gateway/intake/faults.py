"""What a contact lacks for its kind."""

from __future__ import annotations

from gateway.core.item.contact import Contact, Kind, Task
from gateway.core.item.states import RESPONDENT_NAMES
from gateway.errors import FieldFault


def faults(contact: Contact, *, machine: bool = False) -> list[FieldFault]:
    """What is missing or wrong, by field. Of what a `machine` took in, and of a call, no form is required."""
    all_faults = _envelope_faults(contact)
    if contact.task is not Task.NONE or machine:
        return all_faults
    return all_faults + [fault for fault in _form_faults(contact) if fault.field not in contact.declined]


def registration_faults(contact: Contact) -> list[FieldFault]:
    """What an agent has still to ask a complainant on the telephone, or to note as not told."""
    if contact.kind is not Kind.COMPLAINT:
        return []
    wanted = ("name", "respondent_name")
    return [
        fault
        for fault in _form_faults(contact)
        if fault.field in wanted and fault.field not in contact.declined
    ]


def _form_faults(contact: Contact) -> list[FieldFault]:
    form_faults: list[FieldFault] = []
    person = contact.person
    if not contact.content.strip():
        form_faults.append(FieldFault("content", "请填写内容", "the content is missing"))
    if contact.kind is Kind.COMPLAINT:
        if not person.name.strip():
            form_faults.append(FieldFault("name", "请填写姓名", "a complaint needs the complainant's name"))
        if contact.anonymous:
            form_faults.append(FieldFault("anonymous", "投诉须实名", "a complaint cannot be anonymous"))
    if contact.kind in (Kind.COMPLAINT, Kind.REPORT) and not contact.respondent.name.strip():
        name = RESPONDENT_NAMES[contact.kind]
        form_faults.append(FieldFault("respondent_name", f"请填写{name}", "whom is it about?"))
    reachable = person.phone.strip() or person.email.strip() or person.address.strip()
    if not contact.anonymous and not reachable:
        form_faults.append(
            FieldFault("phone", "请填写电话、邮箱或地址", "a phone, e-mail or address is needed")
        )
    return form_faults


def _envelope_faults(contact: Contact) -> list[FieldFault]:
    envelope_faults = []
    if not contact.key or len(contact.key) > 200:
        envelope_faults.append(
            FieldFault("key", "缺少幂等键或过长", "a key of 1 to 200 characters is needed")
        )
    if contact.received_at.tzinfo is None:
        envelope_faults.append(FieldFault("received_at", "缺少时区", "the time needs its zone"))
    return envelope_faults
