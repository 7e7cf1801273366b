"""One call as a person has it: ring, speak, press keys, hear, hang up. Made by Phone.

All times are seconds of the call: 0 is when it was dialled, or when it came in. What does not come in
time raises Late, whose text tells the call's history so far: what was done and what was heard, and when.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gateway.errors import OperatorError
from gateway.sip_phone import sound
from gateway.sip_phone.call_sound import CallSound
from gateway.sip_phone.g711 import RATE, Pcm
from gateway.sip_phone.hear import Heard, Library, Listener
from gateway.sip_phone.leg import Leg
from gateway.sip_phone.notices import Answered, Ended, Notice, Ringing, Side, Sound, State
from gateway.sip_phone.rtp import Pressed, Stream
from gateway.sip_phone.sip import Headers
from gateway.sip_phone.sound import Span

Found = TypeVar("Found")

_LOOK = 0.05  # seconds between two looks at what was heard, while something is waited for
_OVERHEARD = 0.3  # seconds behind a prompt's beginning from which another may begin
_GOODBYE = 3.0  # seconds in which the other end should answer our hanging up


class Late(TimeoutError):
    """Something expected of a call did not happen in time, or cannot happen any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at second `at` of the call."""

    at: float
    text: str

    def __str__(self) -> str:
        return f"{self.at:8.3f}  {self.text}"


class Call(CallSound):
    """A call in progress or over. Its state is in the attributes, its past in `history`."""

    def __init__(self, number: str, stream: Stream, library: Callable[[], Library]) -> None:
        super().__init__(stream)
        self.number = number
        self.status: int | None = None  # final SIP status of the INVITE, None while it rings
        self.reason = ""
        self.answered = False
        self.answered_at: float | None = None
        self.rang_at: float | None = None
        self.ended_by: Side | None = None
        self.codec = ""
        self.pressed: list[Pressed] = []
        self.events: list[Event] = []
        self._library = library
        self._leg: Leg | None = None
        self._listener: Listener | None = None
        self._since = 0  # prompts that begin before this sample have been waited for already
        self._news = asyncio.Event()

    # --- what Phone does with it

    def attach(self, leg: Leg) -> None:
        self._leg = leg

    @property
    def leg(self) -> Leg:
        assert self._leg is not None
        return self._leg

    def note(self, text: str) -> None:
        """Write a line into the call's history."""
        self.events.append(Event(self.seconds, text))

    def notice(self, notice: Notice) -> None:
        """The signalling side tells what happened."""
        match notice:
            case Ringing(status):
                self.note(f"{status} {'ringing' if status == 180 else 'in progress'}")
                if status == 180 and self.rang_at is None:
                    self.rang_at = self.seconds
            case Sound(media, codec):
                self.codec = codec
                self._stream.connect((media.host, media.port), codec, media.key_type, media.listens)
                if not media.listens:
                    self.note("put on hold")
            case Answered():
                self.answered, self.status, self.answered_at = True, 200, self.seconds
                self.note(f"answered, {self.codec or 'coding still open'}")
            case Ended(status, reason, by):
                self.status = self.status or status
                self.reason, self.ended_by, self.ended_at = reason, by, self.seconds
                self._stream.close()
                self.note(f"ended by {by}: {status} {reason}")
        self._news.set()

    # --- state

    @property
    def caller(self) -> str:
        """The caller's number as the INVITE tells it (user part of From)."""
        return self.leg.caller.user

    @property
    def display(self) -> str:
        """The caller's name as the INVITE tells it."""
        return self.leg.caller.display

    def header(self, name: str) -> str:
        """A header of the INVITE, "" when it has none."""
        return self.leg.header(name)

    def history(self) -> str:
        """What happened and what was heard, a line each, in order of time."""
        heard: list[Event] = []
        with contextlib.suppress(OperatorError):  # no prompts to compare with: the rest is told
            heard = [Event(prompt.start, f"heard {prompt}") for prompt in self.heard()]
        return "\n".join(str(event) for event in sorted([*self.events, *heard], key=lambda e: e.at))

    # --- speaking

    async def press(
        self, keys: str, hold: float = 0.1, gap: float = 0.1, *, lose_end: bool = False
    ) -> tuple[Pressed, ...]:
        """Press keys one after another, each for `hold` seconds; returns when the last is released.

        `lose_end`: the packets that tell of a key's release are lost on the line.
        Times in the answer are seconds of the call. Raises Late when the call ends meanwhile,
        ValueError for what is no key, RuntimeError when the other end takes none.
        """
        if self.over:
            raise Late(f"cannot press {keys}: the call is over\n{self.history()}")
        queued = [self._stream.press(key, hold, gap, lose_end) for key in keys]
        done = []
        for pressed in [await future for future in queued]:
            if pressed is None:
                raise Late(f"the call ended while {keys} was pressed\n{self.history()}")
            zero = self._stream.track.zero
            done.append(replace(pressed, down=pressed.down - zero, up=pressed.up - zero))
            self.events.append(Event(done[-1].up, f"pressed {pressed.key}"))
        self.pressed += done
        return tuple(done)

    async def say(self, speech: Path | str | Pcm) -> bool:
        """Speak a WAV file (8 kHz, mono) or samples to the end; False when the call ended before."""
        samples = sound.read_wav(Path(speech)) if isinstance(speech, Path | str) else speech
        if self.over:
            return False
        self.note(
            f"says {speech if isinstance(speech, Path | str) else 'samples'}, {len(samples) / RATE:.1f} s"
        )
        return await self._stream.say(samples)

    async def hold(self, on: bool = True) -> int:
        """Put the other end on hold, or take it back; the SIP status of its answer."""
        self.note("holds" if on else "takes back from hold")
        return await self.leg.hold(on)

    async def ask(self, method: str, more: Headers = (), body: bytes = b"") -> int:
        """Send a SIP request within the call, e.g. INFO or REFER; the status of its answer."""
        response = await self.leg.ask(method, more, body)
        self.note(f"{method} is answered by {response.status}")
        return response.status

    # --- hearing

    def heard(self) -> list[Heard]:
        """Every prompt heard so far. The work is done for what is new since the last call of this."""
        if self._listener is None:
            self._listener = Listener(self._library())
        return [self._timed(heard) for heard in self._listener.heard(self.samples(), self.over)]

    # --- waiting

    async def wait_answered(self, timeout: float = 30.0) -> None:
        """Wait until the call is answered. Raises Late when it is refused, too."""
        await self._until(lambda: self.answered or None, timeout, "be answered")

    async def ended(self, timeout: float = 30.0) -> None:
        """Wait until the call is over, whoever ends it."""
        await self._until(lambda: self.over or None, timeout, "be over")

    async def wait_prompt(
        self, prompt: str, timeout: float = 15.0, *, whole: bool = False, since: float | None = None
    ) -> Heard:
        """Wait until a prompt is recognised, about half a second after it begins (`whole`: ended).

        Prompts are found in order: one that began before the prompt last waited for does not count,
        unless `since` names an earlier second. Raises OperatorError for an id without a sound.
        """
        since_sample = self._since if since is None else self._stream.track.sample(since)
        return await self._wait_prompt([prompt], f"hear the prompt {prompt}", timeout, whole, since_sample)

    async def wait_any_prompt(self, prompts: Iterable[str], timeout: float = 15.0) -> Heard:
        """Wait for whichever of these comes first after the prompt last waited for."""
        names = tuple(prompts)
        return await self._wait_prompt(names, f"hear one of {', '.join(names)}", timeout, False, self._since)

    async def _wait_prompt(
        self, names: Sequence[str], what: str, timeout: float, whole: bool, since: int
    ) -> Heard:
        listener = Listener(self._library(), names, since)

        def look() -> Heard | None:
            prompts_heard = listener.heard(self.samples(), self.over)
            return next((prompt for prompt in prompts_heard if prompt.whole or not whole), None)

        heard = await self._until(look, timeout, what)
        self._since = round((heard.start + _OVERHEARD) * RATE)
        return self._timed(heard)

    async def wait_tone(
        self, frequency: float, timeout: float = 10.0, *, lasting: float = 0.2, since: float | None = None
    ) -> Span:
        """Wait until a tone has been heard for `lasting` seconds, from now (or `since`) on."""
        begin = self._stream.track.sample(self.seconds if since is None else since)

        def look() -> Span | None:
            heard = sound.tones(self.samples()[begin:], [frequency])[frequency]
            return next(iter(self._spans((span for span in heard if span.length >= lasting), begin)), None)

        return await self._until(look, timeout, f"hear a tone of {frequency:g} Hz")

    async def wait_silence(
        self, lasting: float, timeout: float = 10.0, *, since: float | None = None
    ) -> Span:
        """Wait until nothing has been heard for `lasting` seconds, counted from now (or `since`)."""
        begin = self._stream.track.sample(self.seconds if since is None else since)

        def look() -> Span | None:
            return next(iter(self._spans(sound.silences(self.samples()[begin:], lasting), begin)), None)

        return await self._until(look, timeout, f"hear {lasting:g} s of silence")

    async def wait_keys(self, keys: str, timeout: float = 10.0) -> None:
        """Wait until the other end has pressed these keys, one after another."""
        await self._until(lambda: keys in self.keys or None, timeout, f"be sent the keys {keys}")

    async def settled(self, timeout: float = 30.0) -> bool:
        """Wait until the call is answered or over; False when it still rings after `timeout` seconds."""
        await self._seek(lambda: self.answered or None, timeout)
        return self.answered or self.over

    async def _until(self, look: Callable[[], Found | None], timeout: float, what: str) -> Found:
        result = await self._seek(look, timeout)
        if result is None:
            why = "the call is over" if self.over else f"not within {timeout:g} s"
            raise Late(f"call to {self.number}: expected to {what}, but {why}\n{self.history()}")
        return result

    async def _seek(self, look: Callable[[], Found | None], timeout: float) -> Found | None:
        """What `look` finds, as soon as it finds it; None when time is up or the call is over."""
        deadline = time.perf_counter() + timeout
        while (result := look()) is None:
            left = deadline - time.perf_counter()
            if self.over or left <= 0:
                return None
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, _LOOK))
        return result

    # --- answering and ending

    def ring(self) -> None:
        """Tell the caller that it rings here."""
        self.leg.ring()

    def answer(self) -> None:
        """Take the call."""
        self.leg.accept()

    def refuse(self, status: int = 486) -> None:
        """Do not take the call: 486 busy, 480 not available, 603 declined ..."""
        self.leg.refuse(status)

    def forward(self, uri: str) -> None:
        """Do not take the call, and ask the caller to dial this SIP URI instead (302)."""
        self.leg.refuse(302, (("Contact", f"<{uri}>"),))

    async def hang_up(self) -> None:
        """End the call, whatever its state, and wait for the other end's word, but not long."""
        if self.leg.state in (State.CALLING, State.ANSWERED):
            self.note("hangs up")
        self.leg.hang_up()
        self._stream.close()
        await self.leg.gone(_GOODBYE)
        if not self.over:
            self.leg.vanish()

    def vanish(self) -> None:
        """Be gone without a word, as a phone that loses its power."""
        self.leg.vanish()
