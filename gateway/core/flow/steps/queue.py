"""queue: wait for an agent. A talk ends the call, unless it is rated; other exits are for who did not talk.

The waiting is Asterisk's. The gateway may be restarted meanwhile, so a caller who comes back out
is taken up by `resume` from the event alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.flow.commands import JoinQueue, Left, Play, QueueLeft, StepRun
from gateway.core.flow.step import CLIPS, FLAG, KEY, Call, Exit, Step, setting, whole


@dataclass(frozen=True, slots=True)
class Queue:
    clips: tuple[str, ...] = setting(CLIPS, "Spoken before the waiting begins.", ())
    announce: bool = setting(FLAG, "Tell place and expected wait.", True)
    callback_key: str = setting(KEY, 'Key for a call-back that keeps the place; "" for none.', "1")
    message_key: str = setting(KEY, 'Key for leaving a message; "" for none.', "2")
    message_after: int = setting(whole(0, 3600), "Seconds of waiting before the message is offered.", 45)
    longest: int = setting(whole(10, 7200), "Longest wait in seconds.", 900)
    rate: bool = setting(FLAG, "After the talk go on at `talked`, where `queue.rate_calls` is on.", False)


def run(queue: Queue, call: Call) -> StepRun:
    if queue.clips:
        yield Play(queue.clips)
    call.typed = ""
    event = yield JoinQueue(
        *(queue.announce, queue.callback_key, queue.message_key, queue.message_after, queue.longest),
        rate=queue.rate,
    )
    return _exit(queue, event)


def resume(queue: Queue, call: Call) -> StepRun:
    event = yield JoinQueue()
    return _exit(queue, event)


def _exit(queue: Queue, event: object) -> str:
    """The exit for why the caller came back; a key that this step does not offer counts as waiting."""
    why = event.why if isinstance(event, QueueLeft) else Left.TIMEOUT
    offered = {Left.CALL_BACK: queue.callback_key, Left.MESSAGE: queue.message_key, Left.TALKED: queue.rate}
    return (why if offered.get(why, "yes") else Left.TIMEOUT).value


def faults(queue: Queue) -> Iterator[tuple[str, str]]:
    if queue.callback_key and queue.callback_key == queue.message_key:
        yield "message_key", f"key clash: `{queue.message_key}` is the key for a call-back too"
    if queue.message_key and queue.message_after >= queue.longest:
        yield "message_after", "the message would be offered only after the longest wait"


STEP = Step(
    "queue",
    "人工坐席",
    "Wait for an agent.",
    Queue,
    run,
    (
        Exit("timeout", "等候超时", "Waited as long as allowed."),
        Exit("call_back", "要求回电", "Pressed the key for a call-back.", needs="callback_key"),
        Exit("message", "要求留言", "Pressed the key for a message.", needs="message_key"),
        Exit("nobody", "无人值守", "Nobody is signed in, or the last agent left.", idle=True),
        Exit("talked", "通话结束", "The agent has hung up: rate the call.", needs="rate", settled=True),
        Exit("full", "排队已满", "Too many are waiting.", or_else="nobody", idle=True),
    ),
    resume=resume,
    faults=faults,
    person=True,
    waits=True,
    closes="坐席接听",
    ends=True,
    colour="#12805c",
)
