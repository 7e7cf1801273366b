"""One matter from the call to the second follow-up call: real SIP, real mail, Chromium, through restarts."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.phone import Answer
from tests.live.conftest import new_gateway, running
from tests.live.matter import CALLER, Matter, journey_rules, sends_mail
from tests.live.town import Post

pytestmark = pytest.mark.live


@pytest.fixture
async def matter(asterisk_tree: Asterisk, tmp_path: Path, post: Post) -> AsyncIterator[Matter]:
    made = new_gateway(tmp_path, GATEWAY_RULES_FOLDER=journey_rules(tmp_path), **sends_mail(post))
    runs = running(made)
    await to_thread(next, runs)
    yield await to_thread(Matter, made)
    await to_thread(runs.close)  # type: ignore[attr-defined]


async def test_from_the_call_to_a_content_second_follow_up(matter: Matter, post: Post) -> None:
    await matter.called()
    await matter.assigned()
    await matter.overdue_by(1)
    assert await matter.rungs(1) == ["orange"]
    await matter.overdue_by(31)
    assert await matter.rungs(2) == ["orange", "red"]
    await matter.overdue_by(61)
    assert await matter.rungs(3) == ["orange", "red", "raised"]
    order = await matter.shown()
    assert order["late"] and order["ever_late"]
    await matter.reported()
    await matter.read_by_the_person(post)
    (gateway,) = matter.gateways
    async with gateway.phone(CALLER, port=gateway.far_end) as person:
        person.answer_with(Answer(0.1))
        await matter.done_again(person)
    assert len(await matter.rungs(3)) == 3
