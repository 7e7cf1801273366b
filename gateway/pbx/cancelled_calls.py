"""Calls that the carrier cancels before the dialplan has noted their begin.

Within the first milliseconds a channel may be hung up in a context that has no `h`, or before it runs any
dialplan: then nothing in the journal tells of the call. Asterisk's events of channels do, so such a call is
told like one that began and ended; it counts like any other. Without the gateway it is not counted. Used by
AsteriskPbx.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import datetime

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.pbx.ami import Ami, AmiEvent

_NO_LINE = "0"
_BEGINS = (EntryType.BEGAN, EntryType.TURNED_AWAY, EntryType.REFUSED)


class CancelledCalls:
    """Follows calls from trunks until the dialplan notes them; `tell` gets begin and end of the others."""

    def __init__(
        self,
        ami: Ami,
        from_trunk: Callable[[str], bool],
        tell: Callable[[JournalEntry], None],
        now: Callable[[], datetime],
    ) -> None:
        self._ami = ami
        self._from_trunk = from_trunk
        self._tell = tell
        self._now = now
        self._begun: dict[str, tuple[datetime, AmiEvent]] = {}  # by call: its begin, not noted yet

    def start(self) -> None:
        self._ami.subscribe(("Newchannel",), self._came)
        self._ami.subscribe(("Hangup",), self._went)

    def noted(self, note: JournalEntry) -> None:
        """A call whose end alone is noted, by its hang-up handler, is none that the switchboard knows."""
        if note.what in _BEGINS:
            self._begun.pop(note.call, None)

    def forget(self) -> None:
        """The link is gone: what is noted meanwhile is not seen."""
        self._begun.clear()

    def _came(self, event: AmiEvent) -> None:
        if self._from_trunk(event.get("Channel")):
            self._begun[event.get("Uniqueid")] = self._now(), event

    def _went(self, event: AmiEvent) -> None:
        call = event.get("Uniqueid")
        begun = self._begun.pop(call, None)
        if begun is not None:
            self._tell(JournalEntry(begun[0], EntryType.BEGAN, call, _as_noted(begun[1])))
            self._tell(JournalEntry(self._now(), EntryType.ENDED, call, (event.get("Cause"),)))


def _as_noted(came: AmiEvent) -> tuple[str, ...]:
    """What the dialplan would have noted of the begin."""
    number = came.get("CallerIDNum").replace("<unknown>", "")
    caller = base64.b64encode(f".{number}".encode()).decode()
    return (_NO_LINE, "in", caller, re.sub(r"[^0-9+]", "", came.get("Exten").partition(";")[0]))
