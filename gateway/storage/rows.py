"""Rows to our words and back: times, lists, items, calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from gateway.core.call.record import (
    AgentChange,
    Callback,
    CallbackState,
    CallOutcome,
    CallRecord,
    Gap,
    PathStep,
    RecordingState,
)
from gateway.core.call.transfer import TargetKind, Transfer, TransferOutcome, TransferState
from gateway.core.item.contact import Channel, Contact, Due, Kind, Person, Respondent, Task
from gateway.core.item.item import Attachment, Happened, Item, ItemState, Lease
from gateway.core.item.lists import NO_CLOCK

Row = RowMapping
SEALED = "#"
"""Stands for the name of a reporter whose identity is sealed; keyed hashes begin with it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Unix milliseconds of an aware time; what is finer is cut off."""
    return (at - _EPOCH) // _MS


def to_ms_or_none(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def of_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def of_ms_or_none(ms: int | None) -> datetime | None:
    return None if ms is None else of_ms(ms)


def item_values(contact: Contact, attachments: int) -> dict[str, Any]:
    """The columns of a new item, but for its number, code and state."""
    person, respondent = contact.person, contact.respondent
    return {
        "channel": contact.channel.value,
        "kind": contact.kind.value,
        "task": contact.task.value,
        "received_at": to_ms(contact.received_at),
        "person_name": person.name,
        "person_phone": person.phone,
        "person_email": person.email,
        "person_address": person.address,
        "person_id_type": person.id_type,
        "person_id_number": person.id_number,
        "respondent_name": respondent.name,
        "respondent_address": respondent.address,
        "respondent_phone": respondent.phone,
        "content": contact.content,
        "claims": json.dumps(contact.claims, ensure_ascii=False),
        "amount": contact.amount,
        "occurred_on": contact.occurred_on.isoformat() if contact.occurred_on else None,
        "county": contact.county,
        "problem": contact.problem,
        "subject": contact.subject,
        "anonymous": contact.anonymous,
        "publish_consent": contact.publish_consent,
        "mediation_consent": contact.mediation_consent,
        "call_id": contact.call_id,
        "declined": ",".join(contact.declined),
        "attachments": attachments,
    }


def _person(row: Row) -> Person:
    return Person(
        row["person_name"],
        row["person_phone"],
        row["person_email"],
        row["person_address"],
        row["person_id_type"],
        row["person_id_number"],
    )


def item_of(row: Row, dues: tuple[Due, ...] = ()) -> Item:
    secret = row["kind"] == Kind.REPORT.value
    lease = Lease(row["lease_holder"], of_ms(row["lease_until"])) if row["lease_holder"] else None
    return Item(
        number=row["number"],
        channel=Channel(row["channel"]),
        kind=Kind(row["kind"]),
        task=Task(row["task"]),
        state=ItemState(row["state"]),
        received_at=of_ms(row["received_at"]),
        person=Person() if secret else _person(row),
        withheld=secret and _person(row) != Person(),  # sealed, or not yet
        respondent=Respondent(row["respondent_name"], row["respondent_address"], row["respondent_phone"]),
        content=row["content"],
        claims=tuple(json.loads(row["claims"])),
        amount=row["amount"],
        occurred_on=date.fromisoformat(row["occurred_on"]) if row["occurred_on"] else None,
        county=row["county"],
        problem=row["problem"],
        subject=row["subject"],
        anonymous=bool(row["anonymous"]),
        publish_consent=row["publish_consent"],
        mediation_consent=row["mediation_consent"],
        call_id=row["call_id"],
        due=dues,
        lease=lease,
        merged_into=row["merged_into"],
        attachments=row["attachments"],
        added_at=of_ms_or_none(row["added_at"]),
        declined=tuple(filter(None, row["declined"].split(","))),
    )


def due_values(number: str, due: Due) -> dict[str, Any]:
    return {
        "number": number,
        "clock": due.clock,
        "on": due.on.isoformat(),
        "provisional": due.provisional,
        "basis": due.basis,
        "trace": json.dumps(due.trace, ensure_ascii=False),
    }


def next_due(clocks: Sequence[Due]) -> str:
    """The first day on which one of these ends; NO_CLOCK of none."""
    return min((due.on.isoformat() for due in clocks), default=NO_CLOCK)


def due_of(row: Row) -> Due:
    return Due(
        row["clock"],
        date.fromisoformat(row["on"]),
        bool(row["provisional"]),
        row["basis"],
        tuple(json.loads(row["trace"])),
    )


def happened_values(number: str, entry: Happened, key: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "at": to_ms(entry.at),
        "what": entry.what,
        "who": entry.who,
        "text": entry.text,
        "key": key,
    }


def happened_of(row: Row) -> Happened:
    return Happened(of_ms(row["at"]), row["what"], row["who"], row["text"])


def attachment_values(number: str, attachment: Attachment) -> dict[str, Any]:
    return {
        "number": number,
        "sha256": attachment.sha256,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "role": attachment.role,
        "size": attachment.size,
    }


def attachment_of(row: Row) -> Attachment:
    return Attachment(row["sha256"], row["name"], row["media_type"], row["role"], row["size"])


def call_values(call: CallRecord) -> dict[str, Any]:
    return {
        "id": call.id,
        "direction": call.direction,
        "caller": call.caller,
        "dialled": call.dialled,
        "line": call.line,
        "started_at": to_ms(call.started_at),
        "answered_at": to_ms_or_none(call.answered_at),
        "queued_at": to_ms_or_none(call.queued_at),
        "talked_at": to_ms_or_none(call.talked_at),
        "ended_at": to_ms_or_none(call.ended_at),
        "path": json.dumps([[to_ms(s.at), s.step, s.keys] for s in call.path], ensure_ascii=False),
        "wait_seconds": call.wait_seconds,
        "agent": call.agent,
        "outcome": call.outcome.value,
        "flow": call.flow,
        "recording": call.recording,
        "recording_state": call.recording_state.value,
        "number": call.number,
        "back_of": call.back_of,
        "rating": call.rating,
    }


def call_of(row: Row) -> CallRecord:
    return CallRecord(
        id=row["id"],
        direction=row["direction"],
        caller=row["caller"],
        dialled=row["dialled"],
        line=row["line"],
        started_at=of_ms(row["started_at"]),
        answered_at=of_ms_or_none(row["answered_at"]),
        queued_at=of_ms_or_none(row["queued_at"]),
        talked_at=of_ms_or_none(row["talked_at"]),
        ended_at=of_ms_or_none(row["ended_at"]),
        path=tuple(PathStep(of_ms(at), step, keys) for at, step, keys in json.loads(row["path"])),
        wait_seconds=row["wait_seconds"],
        agent=row["agent"],
        outcome=CallOutcome(row["outcome"]),
        flow=row["flow"],
        recording=row["recording"],
        recording_state=RecordingState(row["recording_state"]),
        number=row["number"],
        back_of=row["back_of"],
        rating=row["rating"],
    )


def transfer_values(transfer: Transfer) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "call_id": transfer.call,
        "seat": transfer.seat,
        "target": transfer.target,
        "kind": transfer.kind.value,
        "state": transfer.state.value,
        "outcome": transfer.outcome.value,
        "direct": transfer.direct,
        "line": transfer.line,
        "asked_at": to_ms(transfer.asked_at),
        "answered_at": to_ms_or_none(transfer.answered_at),
        "joined_at": to_ms_or_none(transfer.joined_at),
        "ended_at": to_ms_or_none(transfer.ended_at),
    }


def transfer_of(row: Row) -> Transfer:
    """Without the names of the PBX's legs, which mean nothing once a call is over."""
    return Transfer(
        id=row["id"],
        call=row["call_id"],
        seat=row["seat"],
        target=row["target"],
        kind=TargetKind(row["kind"]),
        asked_at=of_ms(row["asked_at"]),
        state=TransferState(row["state"]),
        outcome=TransferOutcome(row["outcome"]),
        direct=bool(row["direct"]),
        line=row["line"],
        answered_at=of_ms_or_none(row["answered_at"]),
        joined_at=of_ms_or_none(row["joined_at"]),
        ended_at=of_ms_or_none(row["ended_at"]),
    )


def call_back_values(owed: Callback) -> dict[str, Any]:
    return {
        "id": owed.id,
        "phone": owed.phone,
        "call_id": owed.call_id,
        "arrived_at": to_ms(owed.arrived_at),
        "booked_at": to_ms(owed.booked_at),
        "state": owed.state.value,
        "number": owed.number,
        "attempts": owed.attempts,
        "dials": owed.dials,
        "due_at": owed.due_at and to_ms(owed.due_at),
    }


def call_back_of(row: Row) -> Callback:
    return Callback(
        row["id"],
        row["phone"],
        row["call_id"],
        of_ms(row["arrived_at"]),
        of_ms(row["booked_at"]),
        CallbackState(row["state"]),
        row["number"],
        row["attempts"],
        row["dials"],
        None if row["due_at"] is None else of_ms(row["due_at"]),
    )


def gap_values(gap: Gap) -> dict[str, Any]:
    return {"began_at": to_ms(gap.began_at), "ended_at": to_ms(gap.ended_at), "why": gap.why}


def gap_of(row: Row) -> Gap:
    return Gap(of_ms(row["began_at"]), of_ms(row["ended_at"]), row["why"])


def change_values(change: AgentChange) -> dict[str, Any]:
    return {"at": to_ms(change.at), "agent": change.agent, "state": change.state, "reason": change.reason}


def change_of(row: Row) -> AgentChange:
    return AgentChange(of_ms(row["at"]), row["agent"], row["state"], row["reason"], row["gateway"])
