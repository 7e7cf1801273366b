"""What Asterisk holds at one moment: channels, queue members and waiting callers.

Pure. Collected after every log-in, so that live state can be rebuilt after a loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """One channel. `seconds` is its age; `state` Asterisk's word (Down, Ring, Ringing, Up …);
    `bridge_id` is "" outside a bridge; all legs of one call share `linkedid`."""

    name: str
    uniqueid: str
    linkedid: str
    context: str
    exten: str
    application: str
    data: str
    seconds: int
    caller: str
    bridge_id: str
    state: str

    @classmethod
    def read(cls, fields: Fields) -> ChannelSeen:
        """From a CoreShowChannel event."""
        return cls(
            name=fields.get("Channel", ""),
            uniqueid=fields.get("Uniqueid", ""),
            linkedid=fields.get("Linkedid", ""),
            context=fields.get("Context", ""),
            exten=fields.get("Exten", ""),
            application=fields.get("Application", ""),
            data=fields.get("ApplicationData", ""),
            seconds=_clock(fields.get("Duration", "")),
            caller=_known(fields.get("CallerIDNum", "")),
            bridge_id=fields.get("BridgeId", ""),
            state=fields.get("ChannelStateDesc", ""),
        )


@dataclass(frozen=True, slots=True)
class QueueMemberSeen:
    """One seat in one queue. `status` is Asterisk's device state number (1 idle, 2 in use, 5 away …)."""

    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    in_call: bool
    status: int
    logged_in_at: int

    @classmethod
    def read(cls, fields: Fields) -> QueueMemberSeen:
        """From a QueueMember event; `logged_in_at` is in Unix seconds."""
        return cls(
            queue=fields.get("Queue", ""),
            interface=fields.get("Location", ""),
            name=fields.get("Name", ""),
            paused=fields.get("Paused") == "1",
            reason=fields.get("PausedReason", ""),
            in_call=fields.get("InCall") == "1",
            status=_number(fields.get("Status", "")),
            logged_in_at=_number(fields.get("LoginTime", "")),
        )


@dataclass(frozen=True, slots=True)
class QueueCallerSeen:
    """One caller waiting in one queue; `position` counts from 1, `waited` is in seconds."""

    queue: str
    channel: str
    uniqueid: str
    position: int
    waited: int
    caller: str

    @classmethod
    def read(cls, fields: Fields) -> QueueCallerSeen:
        """From a QueueEntry event."""
        return cls(
            queue=fields.get("Queue", ""),
            channel=fields.get("Channel", ""),
            uniqueid=fields.get("Uniqueid", ""),
            position=_number(fields.get("Position", "")),
            waited=_number(fields.get("Wait", "")),
            caller=_known(fields.get("CallerIDNum", "")),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything seen after one log-in; `devices` are the device states that Asterisk keeps, by name."""

    channels: tuple[ChannelSeen, ...] = ()
    members: tuple[QueueMemberSeen, ...] = ()
    callers: tuple[QueueCallerSeen, ...] = ()
    devices: Mapping[str, int] = field(default_factory=dict)


def device_state(word: str) -> int:
    """The number of a device state (queue members have it so) from its word; 0 for one unknown."""
    return _DEVICE_STATES.index(word) if word in _DEVICE_STATES else 0


_DEVICE_STATES = (
    *("UNKNOWN", "NOT_INUSE", "INUSE", "BUSY", "INVALID"),
    *("UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"),
)


def _known(value: str) -> str:
    return "" if value in ("<unknown>", "unknown") else value


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _clock(text: str) -> int:
    """Seconds of HH:MM:SS."""
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + _number(part)
    return seconds
