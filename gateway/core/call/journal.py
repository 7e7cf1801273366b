"""One line of the dialplan's journal, which also comes as an event: what happened to a call, and when.

Written by [note] in asterisk_conf/extensions.conf. Nothing in it is a caller's own text but FROM,
which is base64. A line that does not fit is none of ours and is passed over.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core import telephone


class EntryType(StrEnum):
    """Everything the dialplan notes; behind each what follows it in the line."""

    BEGAN = "began"  # line, in | out | back, FROM, the number dialled, the seat, or the call-back's id;
    # of a call out, the item it is made from
    TURNED_AWAY = "turned_away"  # 0, in, FROM, the number dialled
    REFUSED = "refused"  # SIP status (404, 488), in, FROM, the number dialled like FROM
    QUEUED = "queued"  # the caller's leg
    LEFT = "left"  # why he came out of the queue without a talk
    AGENT = "agent"  # the seat that answered, its leg, the caller's leg
    AGENT_OFF = "agent_off"  # the seat, hang-up cause, its leg, 1 if it went since the caller had
    AGENT_LOST = "agent_lost"
    CONSULT = "consult"  # the target being dialled, the line taken (0 for a seat), the agent's leg
    TARGET_ON = "target_on"  # the target, its leg: it has answered
    TARGET_OFF = "target_off"  # the target, its leg, hang-up cause
    CONSULT_END = "consult_end"  # the target, how it ended (DIALSTATUS, REFUSED, NOLINE)
    JOINED = "joined"  # agent, target and caller are in one room
    REJOINED = "rejoined"  # agent and caller are together again
    HOLD_OVER = "hold_over"  # the caller had been on hold for as long as he may
    REQUEUED = "requeued"  # his agent is lost: the caller is at the head of the queue again
    LISTENED = "listened"  # the seat that listens, listen | whisper | join
    PARTNER = "partner"  # the partner, the line taken
    PARTNER_LEFT = "partner_left"  # the partner, how it ended (DIALSTATUS)
    SAFETY = "safety"  # the gateway was away: the dialplan took over
    MESSAGE = "message"  # file below the messages' folder
    CALL_BACK = "call_back"  # asked for while the gateway was away
    BACK_PLACED = "back_placed"  # call-back id
    BACK_LEFT = "back_left"  # call-back id, QUEUESTATUS
    BACK_TALK = "back_talk"  # call-back id: the customer answered
    BACK_DONE = "back_done"  # call-back id, DIALSTATUS
    BACK_NO_LINE = "back_no_line"  # call-back id
    SURVEY_DONE = "survey_done"  # how the dial of a follow-up call ended: DIALSTATUS, NOLINE, REFUSED, LIMIT
    DUTY_TAKEN = "duty_taken"  # whoever answered a call to a unit has pressed 1
    DUTY_DONE = "duty_done"  # how the dial of a call to a unit ended: DIALSTATUS, NOLINE, REFUSED, LIMIT
    DIAL_REFUSED = "dial_refused"  # who, form | list | day | number | second, FROM: what was dialled, item
    FAX = "fax"  # file below the faxes' folder: it is coming in
    FAX_DONE = "fax_done"  # how it went, see core/fax/record.py
    FAX_SENT = "fax_sent"  # how a fax of ours went, the same fields
    FAX_DIALLED = "fax_dialled"  # how its call ended (DIALSTATUS, NOLINE); before or after FAX_SENT
    ENDED = "ended"  # hang-up cause, outcome, kind, the item it was made from, the caller's rating
    WAY_FAILED = "way_failed"  # the trunk that did not take a call of ours, DIALSTATUS, hang-up cause
    GATEWAY_LOST = "gateway_lost"

    __hash__ = str.__hash__  # a quarter of the cost of Enum's own, which every look into a table pays


_KNOWN = {what.value: what for what in EntryType}


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What happened to which call. `at` is aware (UTC)."""

    at: datetime
    what: EntryType
    call: str
    rest: tuple[str, ...] = ()

    def arg(self, index: int) -> str:
        """A field behind the call's id, "" when it was not given."""
        return self.rest[index] if index < len(self.rest) else ""


def read_note(line: str) -> JournalEntry | None:
    """A journal line; None when it is none."""
    parts = line.strip().split("|")
    if len(parts) < 3 or parts[1] not in _KNOWN:
        return None
    at = _time(parts[0])
    if at is None:
        return None
    return JournalEntry(at, _KNOWN[parts[1]], parts[2], tuple(parts[3:]))


def _time(text: str) -> datetime | None:
    """20261124012604.558, read as ISO 8601: strptime costs more than all the rest."""
    if len(text) != 18 or text[14] != "." or not (text[:14] + text[15:]).isdecimal():
        return None
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}+00:00")
    except ValueError:
        return None


def number_of(from64: str) -> str:
    """The caller's number out of FROM, in the one form of core/telephone.py; "" of anything else."""
    try:
        text = base64.b64decode(from64, validate=True).decode("utf-8", "replace")[1:]
    except (binascii.Error, ValueError):
        return ""
    return telephone.plain(text)
