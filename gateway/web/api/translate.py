"""Between the core's data and the API's shapes, in both directions. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.calls import views
from gateway.core.call.record import CallRecord, PathStep, RecordingState
from gateway.core.item import states as case
from gateway.core.item import taking_back
from gateway.core.item.contact import Channel, Contact, Due, Evidence, Kind, Person, Receipt, Respondent
from gateway.core.item.item import Attachment, DoneAct, Happened, Item, ItemDetail, PublicState
from gateway.core.item.revision import PERSONAL, Revision, secret
from gateway.web.api import item_shapes, shapes


def contact(sent: shapes.NewContact, key: str, at: datetime, files: tuple[Evidence, ...] = ()) -> Contact:
    """A contact of the web channel. All that was sent stands in it: nothing raw is kept beside it."""
    return Contact(
        key=key,
        channel=Channel.WEB,
        kind=Kind(sent.kind.value),
        received_at=at,
        person=Person(sent.name, sent.phone, sent.email, sent.address, sent.id_type, sent.id_number),
        respondent=Respondent(sent.respondent_name, sent.respondent_address, sent.respondent_phone),
        content=sent.content,
        claims=sent.claims,
        amount=None if sent.amount is None else int(sent.amount * 100),
        occurred_on=sent.occurred_on,
        county=sent.county,
        problem=sent.problem,
        subject=sent.subject,
        anonymous=sent.anonymous,
        publish_consent=sent.publish_consent,
        mediation_consent=sent.mediation_consent,
        declined=getattr(sent, "declined", ()),
        evidence=files,
    )


def receipt(given: Receipt) -> shapes.ReceiptGiven:
    return shapes.ReceiptGiven(
        given.number, given.query_code, given.received_at, given.status, _due(given.due)
    )


def state_told(found: PublicState) -> shapes.StateTold:
    zh, en = case.STATE_NAMES[found.state]
    needs = "phone" if found.state_only else ""
    return shapes.StateTold(
        *(found.number, found.state, zh, en, found.kind, found.received_at, _due(found.due), needs)
    )


def item(detail: ItemDetail) -> shapes.ItemShown:
    return shapes.ItemShown(**_item(detail))


def whole(detail: ItemDetail) -> shapes.ItemWhole:
    allowed = tuple(event.value for event in case.allowed(detail.item.state))
    hides = secret(detail.item)
    timeline = tuple(_happened(_unsigned(entry) if hides else entry) for entry in detail.timeline)
    return shapes.ItemWhole(
        **_item(detail),
        timeline=timeline,
        allowed=allowed,
        closing_needs_reason=taking_back.closing_needs_reason(detail.item),
        last_act=_last_act(detail.item, detail.last_act),
    )


def _last_act(item: Item, act: DoneAct | None) -> shapes.LastAct | None:
    if act is None:
        return None
    zh, en = case.PAST_NAMES[act.event]
    until = act.at + taking_back.UNDO
    retractable = taking_back.may_retract(item.state, act)
    return shapes.LastAct(act.event, zh, en, act.who, act.at, until, retractable)


def revisions(item: Item, past: Sequence[Revision]) -> item_shapes.RevisionsGiven:
    """Who a reporter is stays closed: now or in any version the item is or was a report."""
    kinds = {kind for one in past for kind in one.changes.get("kind", ())}
    hides = secret(item) or Kind.REPORT.value in kinds
    return item_shapes.RevisionsGiven(tuple(_revision(one, hides) for one in past))


def _revision(one: Revision, hides: bool) -> item_shapes.RevisionShown:
    zh, en = case.PAST_NAMES.get(one.what, (one.what, one.what))
    changed = tuple(
        item_shapes.FieldChanged(name, *(("", "") if hidden else texts), hidden)
        for name, texts in one.changes.items()
        for hidden in [hides and name in PERSONAL]
    )
    return item_shapes.RevisionShown(one.at, one.who, one.what, zh, en, changed)


def call(record: CallRecord) -> shapes.CallShown:
    sound = record.recording and record.recording_state in (RecordingState.SAVED, RecordingState.FAILED)
    return shapes.CallShown(
        id=record.id,
        direction=record.direction,
        caller=record.caller,
        dialled=record.dialled,
        line=record.line,
        started_at=record.started_at,
        answered_at=record.answered_at,
        queued_at=record.queued_at,
        talked_at=record.talked_at,
        ended_at=record.ended_at,
        path=tuple(_step(step) for step in record.path),
        wait_seconds=record.wait_seconds,
        agent=record.agent or None,
        outcome=record.outcome,
        flow=record.flow,
        recording=f"/api/v1/calls/{record.id}/recording" if sound else None,
        recording_state=record.recording_state,
        number=record.number or None,
        back_of=record.back_of or None,
    )


def line(view: views.LineView) -> shapes.LineShown:
    return shapes.LineShown(view.line, view.state, view.call_id or None, view.caller or None, view.since)


def waiting(place: int, view: views.WaitingView) -> shapes.WaitingShown:
    return shapes.WaitingShown(place, view.call_id, view.caller, view.since)


def agent(view: views.AgentView) -> shapes.AgentShown:
    phone = shapes.SeatPhone.BROWSER if view.browser else shapes.SeatPhone.SIP
    return shapes.AgentShown(
        *(view.id, view.name, view.seat, view.state, view.reason, view.since, view.call_id or None),
        *(phone, view.reachable),
    )


def yuan(fen: int | None) -> Decimal | None:
    """An amount in yuan, exactly."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def _item(detail: ItemDetail) -> dict[str, Any]:
    one: Item = detail.item
    return {
        "number": one.number,
        "channel": one.channel,
        "kind": one.kind,
        "task": one.task,
        "state": one.state,
        "received_at": one.received_at,
        "person": person(one.person),
        "withheld": one.withheld,
        "respondent": _respondent(one.respondent),
        "content": one.content,
        "claims": one.claims,
        "amount": yuan(one.amount),
        "occurred_on": one.occurred_on,
        "county": one.county,
        "problem": one.problem,
        "subject": one.subject,
        "anonymous": one.anonymous,
        "publish_consent": one.publish_consent,
        "mediation_consent": one.mediation_consent,
        "due": _due(one.due),
        "holder": one.lease.holder if one.lease else None,
        "lease_until": one.lease.until if one.lease else None,
        "call_id": one.call_id,
        "merged_into": one.merged_into or None,
        "has_addition": one.added_at is not None,
        "declined": one.declined,
        "attachments": tuple(_attachment(file) for file in detail.attachments),
    }


def person(p: Person) -> shapes.PersonShown:
    return shapes.PersonShown(p.name, p.phone, p.email, p.address, p.id_type, p.id_number)


def _respondent(r: Respondent) -> shapes.RespondentShown:
    return shapes.RespondentShown(r.name, r.address, r.phone)


def _due(days: tuple[Due, ...]) -> tuple[shapes.DueDay, ...]:
    return tuple(shapes.DueDay(d.clock, d.on, d.provisional, d.basis, d.trace) for d in days)


def _attachment(file: Attachment) -> shapes.AttachmentShown:
    return shapes.AttachmentShown(file.sha256, file.name, file.media_type, file.role, file.size)


def _unsigned(entry: Happened) -> Happened:
    """A mail's follow-up without its sender: it may be older than the item is a report."""
    if entry.what != "follow_up" or "@" not in entry.who:
        return entry
    text = entry.text.partition("\n")[2] if entry.text.startswith("发件人：") else entry.text
    return Happened(entry.at, entry.what, Channel.EMAIL.value, text)


def _happened(entry: Happened) -> shapes.HappenedShown:
    zh, en = case.PAST_NAMES.get(entry.what, (entry.what, entry.what))
    return shapes.HappenedShown(entry.at, entry.what, zh, en, entry.who, entry.text)


def _step(step: PathStep) -> shapes.StepShown:
    return shapes.StepShown(step.at, step.step, step.keys)
