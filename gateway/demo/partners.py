"""Two partners of the demo that answer by themselves, each a SIP phone on a port of its own.

They stand beside the partners of ivr_flows/partners/, which are dialled through the trunk as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.core.flow.partner import Partner
from gateway.sip_phone import sound
from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.g711 import Pcm
from gateway.sip_phone.phone import Answer, Phone

HOST = "127.0.0.1"
RINGS = 2.0  # seconds until they answer
LONGEST = 600.0  # seconds of one call
GREETING = Path(__file__).with_name("partner_greeting.wav")  # 您好，这里是演示单位，请讲。
PARTNERS = (
    ("demo_12345", "12345", "演示：12345热线（自动接听）", "Demo: hotline 12345 (answers by itself)"),
    ("demo_110", "110", "演示：110报警台（自动接听）", "Demo: police 110 (answers by itself)"),
)
TOLD = "演示单位，无需说明；接通后可合并为三方通话，或取回来电人。"


class DemoPartners:
    """The partners, from `start` to the end of `stack`."""

    def __init__(self) -> None:
        self.by_id: Mapping[str, Partner] = {}
        self._phones: dict[str, Phone] = {}

    async def start(self, stack: AsyncExitStack) -> None:
        """Listen on free ports; `by_id` says then how to dial them."""
        partners = {}
        for id_, user, zh, en in PARTNERS:
            phone = await stack.enter_async_context(Phone(user, HOST))
            phone.answer_with(Answer(after=RINGS))
            self._phones[id_] = phone
            partners[id_] = Partner(id_, zh, en, f"sip:{user}@{phone.at}", told_before_joining=TOLD)
        self.by_id = partners

    async def answer(self, id_: str) -> None:
        """Speak to whoever calls this partner, until cancelled."""
        phone = self._phones[id_]
        greeting = await asyncio.to_thread(sound.read_wav, GREETING)
        async with asyncio.TaskGroup() as talks:
            while True:
                with contextlib.suppress(Late):  # nobody called for that long
                    call = await phone.incoming(LONGEST)
                    talks.create_task(_talk(call, greeting), name=f"demo partner {id_}")


async def _talk(call: Call, greeting: Pcm) -> None:
    """Greet once, then listen until the other end hangs up."""
    if await call.settled() and await call.say(greeting):
        with contextlib.suppress(Late):
            await call.ended(LONGEST)
    await call.hang_up()
