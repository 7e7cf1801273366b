"""partner: put the caller through to a partner hotline, within that partner's hours."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import AskTime, Clock, DialPartner, PartnerLeft, PartnerOutcome, Play, StepRun
from gateway.core.flow.step import CLIPS, PARTNER, Call, Exit, Step, setting, whole


@dataclass(frozen=True, slots=True)
class PartnerCall:
    partner: str = setting(PARTNER, "Id of the partner: its file in ivr_flows/partners/.")
    clips: tuple[str, ...] = setting(CLIPS, "Spoken before it is dialled.", ("partner_connecting",))
    ring: int = setting(whole(0, 120), "Seconds it rings; 0: as the partner's file says.", 0)


def run(dial: PartnerCall, call: Call) -> StepRun:
    partner = call.partners.get(dial.partner)
    if partner is None:
        return "failed"
    if not partner.hours.always:
        event = yield AskTime()
        if isinstance(event, Clock) and not partner.hours.open_at(event):
            return "closed"
    if dial.clips:
        yield Play(dial.clips)
    call.typed = ""
    event = yield DialPartner(dial.partner, dial.ring or partner.ring)
    return _exit(event)


def resume(dial: PartnerCall, call: Call) -> StepRun:
    event = yield DialPartner(dial.partner)
    return _exit(event)


def _exit(event: object) -> str:
    return (event.outcome if isinstance(event, PartnerLeft) else PartnerOutcome.FAILED).value


STEP = Step(
    "partner",
    "转接协作单位",
    "Put the caller through to a partner hotline.",
    PartnerCall,
    run,
    (
        Exit("talked", "已通话", "They talked.", settled=True),
        Exit("busy", "对方忙", "The partner is busy.", idle=True),
        Exit("no_answer", "无人接听", "The partner does not answer.", or_else="busy", idle=True),
        Exit("failed", "接不通", "It could not be dialled.", or_else="busy", idle=True),
        Exit("closed", "非工作时间", "Outside the partner's hours.", or_else="busy", idle=True),
    ),
    resume=resume,
    colour="#12805c",
)
