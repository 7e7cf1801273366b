"""record: take a message. Too short a message is asked for again; a disk that refuses is an exit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.flow.commands import Play, StepRun, TakeMessage, Taken
from gateway.core.flow.step import CLIPS, KEYS, Call, Exit, Step, seconds, setting, whole


@dataclass(frozen=True, slots=True)
class Record:
    clips: tuple[str, ...] = setting(
        CLIPS, "Spoken before the tone; `[]` for the tone alone.", ("message_intro",)
    )
    longest: int = setting(whole(5, 600), "Longest message in seconds.", 180)
    silence: int = setting(whole(2, 60), "Seconds of quiet that end it.", 8)
    shortest: float = setting(seconds(0, 30), "A message under so many seconds is asked for again.", 2.0)
    tries: int = setting(whole(1, 5), "How often it is asked for.", 2)
    short: tuple[str, ...] = setting(CLIPS, "Spoken before it is asked for again.", ("message_short",))


def run(record: Record, call: Call) -> StepRun:
    clips = record.clips
    taken = Taken(False)
    for _ in range(record.tries):
        if clips:
            yield Play(clips, KEYS)
        call.typed = ""  # keys before the tone are no choice here
        event = yield TakeMessage(record.longest, record.silence)
        taken = event if isinstance(event, Taken) else Taken(False)
        if taken.saved and taken.seconds >= record.shortest:
            call.note(f"saved {taken.seconds:.0f} s")
            return "saved"
        if not taken.saved and taken.seconds:
            return "failed"
        clips = record.short
    return "empty"


def faults(record: Record) -> Iterator[tuple[str, str]]:
    if record.shortest >= record.longest:
        yield "shortest", f"shortest ({record.shortest:g}) is not under longest ({record.longest})"


STEP = Step(
    "record",
    "留言",
    "Take a message.",
    Record,
    run,
    (
        Exit("saved", "已保存", "The message is saved.", settled=True),
        Exit("empty", "没有留言", "Nothing was said in the last try either.", idle=True, settled=True),
        Exit("failed", "保存失败", "It was spoken, but the disk refused it.", or_else="empty", idle=True),
    ),
    faults=faults,
    person=True,
    waits=True,
    colour="#b45f06",
)
