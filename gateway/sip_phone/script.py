"""`gateway call NUMBER`: one real SIP call by a plan; prints what was done and heard, and when.

Exit code 0 when everything came as expected, 1 when not, 2 for arguments that cannot be meant.
Dials loopback addresses only, unless told otherwise. Called by cli.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.errors import OperatorError
from gateway.settings.load import load
from gateway.sip_phone import plan, sound
from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.endpoint import Timers
from gateway.sip_phone.hear import MUSIC, Heard, Library, shipped
from gateway.sip_phone.phone import Phone
from gateway.sip_phone.plan import HangUp, HearOut, HearPrompt, Item, Pause, Press, Say
from gateway.sip_phone.sip import BadMessage, Target, target_of

_LOOK = 0.1  # seconds between two looks at what was heard
_FIRST_SOUND = 3.0  # seconds for which the first key waits for a first sound
_SETTLED = 0.5  # seconds of sound before the first key: a person does not press sooner
_PATIENCE = 20.0  # seconds after which `wait` and `prompt:` go on, or give up


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments, checked."""

    number: str
    server: Target
    here: str
    caller: str
    items: tuple[Item, ...]
    expected: tuple[str, ...]
    status: int
    limit: float
    codecs: tuple[str, ...]
    save: Path | None
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway call`."""
    add = parser.add_argument
    add("number", metavar="NUMBER", help="what to dial, e.g. 12315")
    add("--keys", default="", metavar="PLAN", help="e.g. 1,wait,0 or prompt:menu_main,5,say:me.wav,#,hangup")
    add("--server", metavar="HOST:PORT", help="SIP server; default: sip_host and sip_port of the settings")
    add("--caller", default="13800000000", metavar="NUMBER", help="the caller's own number")
    add("--say", metavar="FILE.wav", help="speak this when the plan is done (8 kHz, mono, 16 bit)")
    add(
        "--expect",
        default="",
        metavar="IDS",
        help="prompts that must be heard, in this order, e.g. welcome,menu_main",
    )
    add(
        "--expect-status",
        type=int,
        default=200,
        metavar="N",
        help="SIP status the call must get, e.g. 486 for busy",
    )
    add(
        "--for",
        dest="limit",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="longest call, at most 600 (60)",
    )
    add("--codec", choices=("alaw", "ulaw"), help="offer this coding only")
    add("--json", dest="as_json", action="store_true", help="print one JSON object at the end instead")
    add("--save", metavar="FILE.wav", help="write what was heard")
    add("--anywhere", action="store_true", help="allow a server that is not on this machine")


def run(args: argparse.Namespace) -> int:
    """Make the call. Returns 0 or 1; raises OperatorError (exit 2) for arguments that cannot be meant."""
    library = shipped()
    order = _order(args, library)
    try:
        return asyncio.run(_call(order, library))
    except KeyboardInterrupt:
        return 1


def _order(args: argparse.Namespace, library: Library) -> Order:
    items = plan.parse(args.keys, library.ids)
    if args.say:
        items = (*items, *plan.parse(f"say:{args.say}", library.ids))
    for item in items:
        if isinstance(item, Say):
            sound.read_wav(item.file)
    expected = tuple(word.strip() for word in args.expect.split(",") if word.strip())
    try:
        plan.check_prompts(expected, library.ids)
    except ValueError as fault:
        raise OperatorError(f"--expect: {fault}") from fault
    if not 0 < args.limit <= 600:
        raise OperatorError("--for: more than 0 and at most 600 seconds")
    if not 200 <= args.expect_status <= 699:
        raise OperatorError("--expect-status: a final SIP status, 200 to 699")
    server = _server(args.server, args.anywhere)
    return Order(
        number=_number(args.number),
        server=server,
        here=_own_address(server),
        caller=args.caller,
        items=items,
        expected=expected,
        status=args.expect_status,
        limit=args.limit,
        codecs=(args.codec,) if args.codec else ("alaw", "ulaw"),
        save=Path(args.save) if args.save else None,
        as_json=args.as_json,
    )


def _number(text: str) -> str:
    if not text or not all(char.isalnum() or char in "*#+-._" for char in text):
        raise OperatorError(f"{text!r} cannot be dialled: digits, letters, * # + - . _")
    return text


def _server(given: str | None, anywhere: bool) -> Target:
    """Where the SIP server is, as an IPv4 address. Raises OperatorError for one that is not to be dialled."""
    if given is None:
        settings = load().asterisk
        host = "127.0.0.1" if settings.sip_host == "0.0.0.0" else settings.sip_host
        given = f"{host}:{settings.sip_port}"
    try:
        host, port = target_of(f"sip:{given}")
        address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    except (BadMessage, OSError) as fault:
        raise OperatorError(f"--server {given}: no such address ({fault})") from fault
    if not ipaddress.ip_address(address[0]).is_loopback and not anywhere:
        raise OperatorError(
            f"--server {given} is not on this machine: `gateway call` dials loopback addresses only. "
            "With --anywhere it rings a real line, and somebody may have to answer it."
        )
    return str(address[0]), port


def _own_address(server: Target) -> str:
    """The address of ours that this server can answer to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(server)
        return str(sock.getsockname()[0])


async def _call(order: Order, library: Library) -> int:
    local = ipaddress.ip_address(order.here).is_loopback
    timers = Timers(t1=0.1) if local else Timers()  # nobody there: known after 6 s instead of 32
    server = f"{order.server[0]}:{order.server[1]}"
    async with Phone("caller", order.here, sip_server=server, library=library, timers=timers) as phone:
        call = phone.ring(order.number, caller=order.caller, codecs=order.codecs)
        act = _Act(order, call, library)
        await act.play()
        await call.hang_up()
    return act.finish()


class _Act:
    """One call by its order: does the items, looks on, judges."""

    def __init__(self, order: Order, call: Call, library: Library) -> None:
        self._order = order
        self._call = call
        self._library = library
        self._expected = tuple(library.name(prompt) for prompt in order.expected)
        self._printed: set[str] = set()
        self._fault = ""
        self._last_key = 0.0

    async def play(self) -> None:
        try:
            async with asyncio.timeout(self._order.limit):
                while not self._call.answered and not self._call.over:
                    await self._look()
                if self._call.answered:
                    await self._do_all()
                while not self._call.over and not (self._expected and self._heard_all()):
                    await self._look()
        except TimeoutError as fault:
            if isinstance(fault, Late):
                self._fault = str(fault).partition("\n")[0]
            else:
                self._call.note(f"time is up ({self._order.limit:g} s)")

    async def _do_all(self) -> None:
        if self._order.items and isinstance(self._order.items[0], Press):
            await self._settle()
        for item in self._order.items:
            await self._do(item)

    async def _look(self) -> None:
        await asyncio.sleep(_LOOK)
        self._print_news()

    async def _settle(self) -> None:
        """Before the very first key: let the other end begin to speak."""
        until = self._call.seconds + _FIRST_SOUND
        while not self._call.over and self._call.seconds < until:
            first = self._call.first_packet_after(0)
            if first is not None and self._call.seconds > first + _SETTLED:
                return
            await self._look()

    async def _do(self, item: Item) -> None:
        if self._call.over:
            raise Late(f"the call was over before {item}")
        match item:
            case Press(keys):
                pressed = await self._call.press(keys)
                self._last_key = pressed[-1].up
            case Pause(seconds):
                until = self._call.seconds + seconds
                while self._call.seconds < until and not self._call.over:
                    await self._look()
            case HearOut():
                await self._hear_out()
            case HearPrompt(prompt):
                await self._hear(self._library.name(prompt))
            case Say(file):
                await self._call.say(file)
            case HangUp():
                await self._call.hang_up()

    async def _hear(self, prompt: str) -> None:
        """Until a prompt is heard that began after the last key."""
        until = self._call.seconds + _PATIENCE
        while not any(heard.prompt == prompt for heard in self._since_key()):
            if self._call.over or self._call.seconds > until:
                raise Late(f"prompt:{prompt} was not heard")
            await self._look()

    async def _hear_out(self) -> None:
        """Until the prompt now playing (or the next, when it is quiet) has ended."""
        begun = self._call.seconds
        while not self._call.over:
            heard = [prompt for prompt in self._since_key() if prompt.playing or prompt.end > begun]
            if heard and not heard[0].playing:
                return
            if not heard and self._call.seconds > begun + _PATIENCE:
                self._call.note(f"no prompt within {_PATIENCE:g} s, goes on")
                return
            await self._look()

    def _since_key(self) -> list[Heard]:
        return [
            heard
            for heard in self._call.heard()
            if heard.start > self._last_key - 0.05 and not heard.prompt.startswith(MUSIC)
        ]

    def _heard_all(self) -> bool:
        heard = iter(self._call.heard())
        return all(any(prompt.prompt == wanted for prompt in heard) for wanted in self._expected)

    def _held(self) -> bool:
        return not self._fault and self._call.status == self._order.status and self._heard_all()

    def _print_news(self, last: bool = False) -> None:
        if self._order.as_json:
            return
        lines = [(event.at, str(event), str(event)) for event in self._call.events]
        for heard in self._call.heard():
            if last or not heard.playing:
                lines.append(
                    (heard.start, f"{heard.prompt} {heard.start:.2f}", f"{heard.start:8.3f}  heard {heard}")
                )
        for _, key, text in sorted(lines):
            if key not in self._printed:
                self._printed.add(key)
                print(text, flush=True)

    def finish(self) -> int:
        """Print what is left to tell, save, judge."""
        if self._order.save:
            self._call.save(self._order.save)
        held = self._held()
        if self._order.as_json:
            print(json.dumps(self._report(held), ensure_ascii=False))
        else:
            self._print_news(last=True)
            print(self._verdict(held))
        return 0 if held else 1

    def _verdict(self, held: bool) -> str:
        if held:
            return "as expected"
        if self._fault:
            return f"not as expected: {self._fault}"
        if self._call.status != self._order.status:
            return f"not as expected: status {self._call.status}, expected {self._order.status}"
        return (
            f"not as expected: heard {_ids(self._call.heard())}, expected {', '.join(self._order.expected)}"
        )

    def _report(self, held: bool) -> dict[str, object]:
        call = self._call
        return {
            "number": self._order.number,
            "status": call.status,
            "reason": call.reason,
            "answered_at": call.answered_at,
            "ended_at": call.ended_at,
            "ended_by": call.ended_by,
            "codec": call.codec,
            "keys": [asdict(pressed) for pressed in call.pressed],
            "heard": [asdict(heard) for heard in call.heard()],
            "events": [asdict(event) for event in sorted(call.events, key=lambda event: event.at)],
            "packets_sent": call.packets[0],
            "packets_heard": call.packets[1],
            "expected": list(self._order.expected),
            "fault": self._fault,
            "held": held,
        }


def _ids(heard: Sequence[Heard]) -> str:
    return ", ".join(prompt.prompt for prompt in heard) or "nothing that is known"
