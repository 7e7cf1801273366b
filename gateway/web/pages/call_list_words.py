"""What the page of calls says: outcomes, directions, and the player."""

from __future__ import annotations

from gateway.core.call.record import CallOutcome

OUTCOME_NAMES: dict[CallOutcome, tuple[str, str]] = {
    CallOutcome.OPEN: ("进行中", "going on"),
    CallOutcome.TALKED: ("已通话", "talked"),
    CallOutcome.MESSAGE: ("已留言", "left a message"),
    CallOutcome.CALL_BACK: ("预约回电", "asked for a call-back"),
    CallOutcome.SERVED: ("自助办结", "served by the menu"),
    CallOutcome.PARTNER: ("转协作单位", "put through to a partner"),
    CallOutcome.GAVE_UP: ("中途放弃", "gave up"),
    CallOutcome.TURNED_AWAY: ("遇忙", "all lines busy"),
    CallOutcome.REFUSED: ("未受话", "refused"),
    CallOutcome.CUT_OFF: ("异常中断", "cut off"),
    CallOutcome.FAX: ("传真", "fax"),
    CallOutcome.NOT_REACHED: ("未接通", "not reached"),
}
"""How a call ended, as pages say it."""

CALL_LIST_WORDS = {
    **{f"call.{outcome.value}": names for outcome, names in OUTCOME_NAMES.items()},
    "in": ("来电", "In"),
    "out": ("去电", "Out"),
    "no_number": ("号码未知", "no number"),
    "play": ("播放录音", "Play"),
    "minutes": ("通话 %d 分", "talked %d min"),
    "waited": ("等候 %d 秒", "waited %d s"),
    "back": ("回电", "call-back"),
}
