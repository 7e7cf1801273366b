"""Between the core's data and the API's models, in both directions. Nothing is decided here.

What has the same members on both sides, such as a person, the models take as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.calls import views
from gateway.core.call.record import CallRecord, RecordingState
from gateway.core.item import states as case
from gateway.core.item import taking_back
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Receipt, Respondent
from gateway.core.item.item import DoneAct, Happened, Item, ItemDetail, NoticeRecord, PublicState, PublicStep
from gateway.core.item.notice import (
    NOTICE_NAMES,
    NOTICE_STATES,
    WAYS,
    NoticeKind,
    NoticeState,
    is_secret,
    shown_to,
)
from gateway.core.item.revision import PERSONAL, Revision, secret, version
from gateway.core.roles import OF_UNITS, Account
from gateway.web.api.intake_models import NewContact, ReceiptGiven, StateTold
from gateway.web.api.item_models import FieldChanged, RevisionsGiven, RevisionShown
from gateway.web.api.phone_models import AgentShown, CallShown, LineShown, SeatPhone, WaitingShown
from gateway.web.api.queue_models import HappenedShown, ItemShown, ItemWhole, LastAct
from gateway.web.api.told_models import NoticeShown, StepTold


def contact(sent: NewContact, key: str, at: datetime, files: tuple[Evidence, ...] = ()) -> Contact:
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


def receipt(given: Receipt) -> ReceiptGiven:
    return ReceiptGiven.model_validate(given)


def state_told(state: PublicState) -> StateTold:
    zh, en = case.STATE_NAMES[state.state]
    return StateTold.model_validate(
        {
            "number": state.number,
            "status": state.state,
            "status_zh": zh,
            "status_en": en,
            "kind": state.kind,
            "received_at": state.received_at,
            "due": state.due,
            "needs": "phone" if state.state_only else "",
            "timeline": tuple(_step_told(step) for step in state.steps),
            "papers": state.papers,
            "answer": state.answer,
            "may_withdraw": state.may_withdraw,
        }
    )


def item(detail: ItemDetail) -> ItemShown:
    return ItemShown(**_item(detail))


def whole(detail: ItemDetail) -> ItemWhole:
    allowed = tuple(event.value for event in case.allowed(detail.item.state))
    hides = secret(detail.item)
    timeline = tuple(_happened(_unsigned(entry) if hides else entry) for entry in detail.timeline)
    return ItemWhole(
        **_item(detail),
        timeline=timeline,
        allowed=allowed,
        version=version(detail.item),
        closing_needs_reason=taking_back.closing_needs_reason(detail.item),
        last_act=_last_act(detail.item, detail.last_act),
        notices=tuple(_notice(notice, is_secret(detail.item)) for notice in detail.notices),
    )


def whole_for(who: Account, detail: ItemDetail) -> ItemWhole:
    """What this account sees of an item: notes are for the centre alone."""
    if who.role in OF_UNITS:
        timeline = tuple(entry for entry in detail.timeline if entry.what != "note")
        detail = replace(detail, timeline=timeline)
    return whole(detail)


def _last_act(item: Item, act: DoneAct | None) -> LastAct | None:
    if act is None:
        return None
    zh, en = case.PAST_NAMES[act.event]
    return LastAct(
        event=act.event,
        event_zh=zh,
        event_en=en,
        who=act.who,
        at=act.at,
        undo_until=act.at + taking_back.UNDO,
        retractable=taking_back.may_retract(item.state, act),
    )


def revisions(item: Item, past: Sequence[Revision]) -> RevisionsGiven:
    """Who a reporter is stays closed: now or in any version the item is or was a report."""
    kinds = {kind for revision in past for kind in revision.changes.get("kind", ())}
    hides = secret(item) or Kind.REPORT.value in kinds
    return RevisionsGiven(items=tuple(_revision(revision, hides) for revision in past))


def _revision(revision: Revision, hides: bool) -> RevisionShown:
    zh, en = case.PAST_NAMES.get(revision.what, (revision.what, revision.what))
    fields = tuple(
        _field(name, texts, hides and name in PERSONAL) for name, texts in revision.changes.items()
    )
    return RevisionShown(
        at=revision.at, who=revision.who, what=revision.what, what_zh=zh, what_en=en, fields=fields
    )


def _field(name: str, texts: Sequence[str], withheld: bool) -> FieldChanged:
    before, after = ("", "") if withheld else texts
    return FieldChanged(field=name, before=before, after=after, withheld=withheld)


def call(record: CallRecord) -> CallShown:
    sound = record.recording and record.recording_state in (RecordingState.SAVED, RecordingState.FAILED)
    return CallShown.model_validate(
        {
            **{name: getattr(record, name) for name in CallShown.model_fields},
            "agent": record.agent or None,
            "recording": f"/api/v1/calls/{record.id}/recording" if sound else None,
            "number": record.number or None,
            "back_of": record.back_of or None,
        }
    )


def line(view: views.LineView) -> LineShown:
    return LineShown(
        line=view.line,
        state=view.state,
        call_id=view.call_id or None,
        caller=view.caller or None,
        since=view.since,
    )


def waiting(place: int, view: views.WaitingView) -> WaitingShown:
    return WaitingShown(place=place, call_id=view.call_id, caller=view.caller, since=view.since)


def agent(view: views.AgentView) -> AgentShown:
    return AgentShown(
        id=view.id,
        name=view.name,
        seat=view.seat,
        state=view.state,
        reason=view.reason,
        since=view.since,
        call_id=view.call_id or None,
        phone=SeatPhone.BROWSER if view.browser else SeatPhone.SIP,
        reachable=view.reachable,
    )


def yuan(fen: int | None) -> Decimal | None:
    """An amount in yuan, exactly."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def _item(detail: ItemDetail) -> dict[str, Any]:
    item: Item = detail.item
    return {
        "number": item.number,
        "channel": item.channel,
        "kind": item.kind,
        "task": item.task,
        "state": item.state,
        "received_at": item.received_at,
        "person": item.person,
        "withheld": item.withheld,
        "respondent": item.respondent,
        "content": item.content,
        "claims": item.claims,
        "amount": yuan(item.amount),
        "occurred_on": item.occurred_on,
        "county": item.county,
        "problem": item.problem,
        "subject": item.subject,
        "anonymous": item.anonymous,
        "publish_consent": item.publish_consent,
        "mediation_consent": item.mediation_consent,
        "due": item.due,
        "holder": item.lease.holder if item.lease else None,
        "lease_until": item.lease.until if item.lease else None,
        "call_id": item.call_id,
        "merged_into": item.merged_into or None,
        "has_addition": item.added_at is not None,
        "declined": item.declined,
        "attachments": detail.attachments,
    }


def _unsigned(entry: Happened) -> Happened:
    """A mail's follow-up without its sender: it may be older than the item is a report."""
    if entry.what != "follow_up" or "@" not in entry.who:
        return entry
    text = entry.text.partition("\n")[2] if entry.text.startswith("发件人：") else entry.text
    return Happened(entry.at, entry.what, Channel.EMAIL.value, text)


def _happened(entry: Happened) -> HappenedShown:
    zh, en = case.PAST_NAMES.get(entry.what, (entry.what, entry.what))
    return HappenedShown(at=entry.at, what=entry.what, what_zh=zh, what_en=en, who=entry.who, text=entry.text)


def _step_told(step: PublicStep) -> StepTold:
    return StepTold(
        at=step.at,
        what=step.what,
        what_zh=step.zh,
        what_en=step.en,
        text=step.text,
        text_en=step.text_en,
        basis=step.basis,
    )


def _notice(notice: NoticeRecord, secret: bool) -> NoticeShown:
    state = NoticeState(notice.state)
    return NoticeShown(
        id=notice.id,
        kind=notice.kind,
        kind_zh=NOTICE_NAMES[NoticeKind(notice.kind)][0],
        way=notice.way,
        way_zh=WAYS[notice.way].zh,
        to=shown_to(notice.way, notice.to, secret),
        subject=notice.subject,
        text=notice.text,
        state=state.value,
        state_zh=NOTICE_STATES[state][0],
        made_at=notice.made_at,
        sent_at=notice.sent_at,
        proof=notice.proof,
    )
