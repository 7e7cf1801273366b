"""Three-way transfers on a whole installation: a caller, an agent and a partner, each known by his tone."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import urllib.error
import urllib.request
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.phone import Answer, Phone, Refuse, Ring
from gateway.sip_phone.sound import tones
from tests.live.conftest import ROOT, Gateway, new_gateway, running

pytestmark = pytest.mark.live
CALLER, AGENT, PARTNER, COLLEAGUE = 1000, 2300, 1900, 1450  # Hz; none of them is in the music


@dataclass
class Talk:
    """A caller who talks with agent1; `partner` is the phone of 12345."""

    gateway: Gateway
    number: str
    call: Call
    seat: Phone
    at_seat: Call
    partner: Phone
    id: str

    async def ask(self, what: str, **body: Any) -> None:
        """Ask something of the transfer, as the agent's page does."""
        path = f"/api/v1/calls/{self.id}/{what}"
        await asyncio.to_thread(self.gateway.api, path, body or None, "POST")

    async def state(self, *wanted: str) -> dict[str, Any]:
        """Wait until the transfer is in one of these states."""
        async with asyncio.timeout(10):
            while True:
                path = f"/api/v1/calls/{self.id}/transfer"
                now = dict(await asyncio.to_thread(self.gateway.api, path))
                if now["state"] in wanted:
                    return now
                await asyncio.sleep(0.03)

    async def consult(self) -> Call:
        """The private talk with the partner, heard both ways; the caller hears neither."""
        await self.ask("consult", partner="12345")
        there = await self.partner.incoming(10)
        await self.state("consult")
        since = self.call.seconds
        await hears(self.at_seat, PARTNER)
        await hears(there, AGENT)
        assert heard(self.call, since) == {CALLER: False, AGENT: False, PARTNER: False}
        return there

    async def three_way(self) -> Call:
        there = await self.consult()
        await self.ask("merge")
        await self.state("joined")
        await everybody_hears({CALLER: self.call, AGENT: self.at_seat, PARTNER: there})
        return there


async def hears(call: Call, tone: int, limit: float = 10.0) -> None:
    await call.wait_tone(tone, limit, lasting=0.3)


def heard(call: Call, since: float) -> dict[int, bool]:
    """Which tones were heard from a second on, for longer than a note of the music."""
    found = call.tones((CALLER, AGENT, PARTNER))
    return {
        int(tone): any(span.end - max(span.start, since) > 0.6 for span in spans)
        for tone, spans in found.items()
    }


async def everybody_hears(legs: dict[int, Call]) -> None:
    """Each hears every other one."""
    async with asyncio.TaskGroup() as group:
        for own, call in legs.items():
            for other in legs:
                if other != own:
                    group.create_task(hears(call, other))


async def let_go(*legs: Call) -> None:
    """End what has not ended yet."""
    for leg in legs:
        if not leg.over:
            await leg.hang_up()


@asynccontextmanager
async def talking(gateway: Gateway, number: str) -> AsyncIterator[Talk]:
    async with AsyncExitStack() as stack:
        seat = await stack.enter_async_context(gateway.seat("8001", "agent1"))
        phone = await stack.enter_async_context(gateway.phone(number))
        partner = await stack.enter_async_context(gateway.phone("12345", port=gateway.far_end))
        partner.answer_with(Answer(0.2, PARTNER))
        seat.answer_with(Answer(0.1, AGENT))
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        at_seat = await seat.incoming(15)
        call.tone(CALLER)
        await hears(at_seat, CALLER)
        await hears(call, AGENT)
        async with asyncio.timeout(10):
            while True:
                agents = (await asyncio.to_thread(gateway.api, "/api/v1/agents"))["items"]
                known = next(a for a in agents if a["id"] == "agent1")["call_id"]
                if known:
                    break
                await asyncio.sleep(0.05)
        yield Talk(gateway, number, call, seat, at_seat, partner, str(known))
        await let_go(call, at_seat)


async def test_consult_merge_and_leave(gateway: Gateway) -> None:
    async with talking(gateway, "13912350001") as talk:
        there = await talk.three_way()
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await talk.state("handed_over")
        since = talk.call.seconds
        await hears(talk.call, PARTNER)
        await hears(there, CALLER)
        assert not heard(talk.call, since + 1)[AGENT]
        await there.hang_up()
        await talk.call.ended(5)
    record = await gateway.call_of("13912350001")
    assert (record["outcome"], record["agent"]) == ("talked", "agent1")
    async with asyncio.timeout(10):
        while not (told := gateway.api(f"/api/v1/referrals?number={record['number']}")["items"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [(one["partner"], one["call_id"], one["state"]) for one in told] == [("12345", talk.id, "sent")]


async def test_back_from_the_three_and_a_second_consult(gateway: Gateway) -> None:
    async with talking(gateway, "13912350002") as talk:
        there = await talk.three_way()
        await talk.ask("back")
        await there.ended(5)
        await talk.state("back")
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        again = await talk.three_way()
        await talk.call.hang_up()
        await again.ended(5)
        await talk.at_seat.ended(5)
    await gateway.call_of("13912350002")
    kept = gateway.api(f"/api/v1/calls/{talk.id}/transfers")["items"]
    assert [(t["target"], t["outcome"], t["agent"]) for t in kept] == [("12345", "talked", "agent1")] * 2
    assert all(t["asked_at"] < t["answered_at"] <= t["joined_at"] < t["ended_at"] for t in kept)


@pytest.mark.parametrize("policy, outcome", [(Refuse(486), "busy"), (Ring(), "cancelled")])
async def test_a_partner_that_does_not_come_gives_the_caller_back(
    gateway: Gateway, policy: Refuse | Ring, outcome: str
) -> None:
    async with talking(gateway, f"1391235001{len(outcome)}") as talk:
        talk.partner.answer_with(policy)
        await talk.ask("consult", partner="12345")
        if isinstance(policy, Ring):
            there = await talk.partner.incoming(10)
            await talk.state("ringing")
            await talk.ask("back")
            await there.ended(5)
        ended = await talk.state("back")
        assert ended["outcome"] == outcome
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})


async def test_the_partner_hangs_up_in_the_private_talk(gateway: Gateway) -> None:
    async with talking(gateway, "13912350004") as talk:
        there = await talk.consult()
        await there.hang_up()
        assert (await talk.state("back"))["outcome"] == "consulted"
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})


async def test_the_callers_hang_up_stops_the_ringing(gateway: Gateway) -> None:
    async with talking(gateway, "13912350005") as talk:
        talk.partner.answer_with(Ring())
        await talk.ask("consult", partner="12345")
        there = await talk.partner.incoming(10)
        await talk.call.hang_up()
        await there.ended(5)
        await talk.at_seat.wait_prompt("agent_caller_gone", timeout=5)
        await talk.at_seat.ended(5)


async def test_one_key_puts_the_caller_through(gateway: Gateway) -> None:
    async with talking(gateway, "13912350006") as talk:
        await talk.ask("consult", partner="12345", direct=True)
        there = await talk.partner.incoming(10)
        await talk.state("handed_over")
        await talk.at_seat.ended(5)
        await everybody_hears({CALLER: talk.call, PARTNER: there})
        await talk.call.hang_up()
        await there.ended(5)


async def test_an_agent_who_hangs_up_in_the_consult_leaves_nobody_behind(gateway: Gateway) -> None:
    async with talking(gateway, "13912350007") as talk:
        there = await talk.consult()
        await talk.at_seat.hang_up()
        await there.ended(5)
        await talk.call.wait_prompt("queue_again", timeout=5)
        again = await talk.seat.incoming(20)  # his wrap-up is one second here
        await everybody_hears({CALLER: talk.call, AGENT: again})
        await again.hang_up()
        await talk.call.ended(5)
    record = await gateway.call_of("13912350007")
    assert record["outcome"] == "talked"


async def test_a_colleague_takes_the_call_over(gateway: Gateway) -> None:
    async with (
        gateway.seat("8002", "agent2", sign_in=False) as colleague,
        talking(gateway, "13912350008") as talk,
    ):
        colleague.answer_with(Answer(0.1, COLLEAGUE))
        await talk.ask("consult", agent="agent2")
        there = await colleague.incoming(10)
        assert there.caller == "13912350008"
        await talk.state("consult")
        await hears(talk.at_seat, COLLEAGUE)
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await talk.state("handed_over")
        await everybody_hears({CALLER: talk.call, COLLEAGUE: there})
        partner = await consult_of(talk, there)
        await partner.hang_up()
        await there.hang_up()
        await talk.call.ended(10)


async def consult_of(talk: Talk, agent_leg: Call) -> Call:
    """The colleague consults in his turn, and comes back."""
    await talk.ask("consult", partner="12345")
    partner = await talk.partner.incoming(10)
    await talk.state("consult")
    await hears(agent_leg, PARTNER)
    await talk.ask("back")
    await talk.state("back")
    await everybody_hears({CALLER: talk.call, COLLEAGUE: agent_leg})
    return partner


async def test_what_cannot_be_is_refused(gateway: Gateway) -> None:
    async with talking(gateway, "13912350009") as talk:
        refused = [
            ("merge", {}, 409),
            ("consult", {"partner": "nobody"}, 404),
            ("consult", {"agent": "agent1"}, 409),
            ("consult", {"partner": "12345", "agent": "agent2"}, 422),
        ]
        for what, body, status in refused:
            with pytest.raises(urllib.error.HTTPError) as error:
                await talk.ask(what, **body)
            assert error.value.code == status
        await talk.consult()
        with pytest.raises(urllib.error.HTTPError) as error:
            await talk.ask("consult", partner="110")
        assert error.value.code == 409
        await talk.call.hang_up()


async def test_a_gateway_that_dies_in_the_consult_can_still_merge(own_gateway: Gateway) -> None:
    async with talking(own_gateway, "13912350010") as talk:
        there = await talk.consult()
        own_gateway.kill()
        await everybody_hears({AGENT: talk.at_seat, PARTNER: there})
        await asyncio.to_thread(own_gateway.start)
        await talk.state("consult")
        await talk.ask("merge")
        await talk.state("joined")
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat, PARTNER: there})
        own_gateway.kill()
        await asyncio.to_thread(own_gateway.start)
        await talk.state("joined")
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await everybody_hears({CALLER: talk.call, PARTNER: there})
        await talk.call.hang_up()
        await there.ended(5)
    record = await own_gateway.call_of("13912350010")
    assert record["outcome"] == "talked"


async def test_a_gateway_that_dies_can_still_give_the_caller_back(own_gateway: Gateway) -> None:
    """Out of the private talk, and out of the three."""
    async with talking(own_gateway, "13912350019") as talk:
        there = await talk.consult()
        own_gateway.kill()
        await asyncio.to_thread(own_gateway.start)
        await talk.state("consult")
        await talk.ask("back")
        await talk.state("back")
        await there.ended(5)
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        there = await talk.three_way()
        own_gateway.kill()
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat, PARTNER: there})
        await asyncio.to_thread(own_gateway.start)
        await talk.state("joined")
        await talk.ask("back")
        await talk.state("back")
        await there.ended(5)
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        await talk.call.hang_up()
    record = await own_gateway.call_of("13912350019")
    assert record["outcome"] == "talked"


async def test_the_recording_is_one_file_without_the_private_talk(gateway: Gateway) -> None:
    async with talking(gateway, "13912350011") as talk:
        # each part of the talk lasts long enough to be found in the recording
        await talk.call.wait_tone(AGENT, lasting=1)
        there = await talk.consult()
        await there.wait_tone(AGENT, lasting=1)
        await talk.ask("merge")
        await talk.state("joined")
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat, PARTNER: there})
        await there.wait_tone(AGENT, lasting=1)
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await there.wait_tone(CALLER, lasting=1)
        await talk.call.hang_up()
        await there.ended(5)
    record = await gateway.call_of("13912350011")
    assert record["recording_state"] == "saved"
    samples = await asyncio.to_thread(recorded, gateway, record["id"])
    spans = tones(samples, [CALLER, AGENT, PARTNER])
    talk_of = {int(tone): [s for s in found if s.length > 0.6] for tone, found in spans.items()}
    assert talk_of[CALLER] and talk_of[AGENT] and talk_of[PARTNER]
    joined = gateway.api(f"/api/v1/calls/{record['id']}/transfers")["items"][0]["joined_at"]
    three_way = (moment(record["ended_at"]) - moment(joined)).total_seconds()
    assert abs(sum(s.length for s in talk_of[PARTNER]) - three_way) < 0.7  # none of the private talk
    whole = (moment(record["ended_at"]) - moment(record["talked_at"])).total_seconds()
    assert whole - 4 < len(samples) / 8000 < whole - 1.5  # but for the time on hold


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def recorded(gateway: Gateway, call: str) -> Any:
    """A call's recording as samples, fetched over the API."""
    request = urllib.request.Request(gateway.url(f"/api/v1/calls/{call}/recording?reason=test"))
    request.add_header("Authorization", f"Bearer {gateway.token}")
    with urllib.request.urlopen(request, timeout=10) as answer, wave.open(BytesIO(answer.read())) as sound:
        return numpy.frombuffer(sound.readframes(sound.getnframes()), numpy.int16)


async def test_the_caller_is_never_in_silence(gateway: Gateway) -> None:
    async with talking(gateway, "13912350012") as talk:
        since = talk.call.seconds
        there = await talk.three_way()
        await talk.ask("back")
        await talk.state("back")
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        again = await talk.three_way()
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await hears(talk.call, PARTNER)
        quiet = [span for span in talk.call.silences(0.2) if span.end > since]
        assert quiet == []
        assert there.over
        await again.hang_up()
        await talk.call.ended(5)


async def test_a_supervisor_listens_whispers_and_joins(gateway: Gateway) -> None:
    async with (
        gateway.seat("8004", "agent4", sign_in=False) as leader,
        talking(gateway, "13912350013") as talk,
    ):
        for mode, heard_by in (("listen", ()), ("whisper", (AGENT,)), ("join", (AGENT, CALLER))):
            leader.answer_with(Answer(0.1, COLLEAGUE))
            await talk.ask("listen", mode=mode, seat="8004")
            at_leader = await leader.incoming(10)
            await hears(at_leader, CALLER)
            await hears(at_leader, AGENT)
            since = talk.at_seat.seconds, talk.call.seconds
            await asyncio.sleep(1)  # the second of sound that is looked at
            sides = {AGENT: (talk.at_seat, since[0]), CALLER: (talk.call, since[1])}
            for side, (leg, begin) in sides.items():
                there = [s for s in leg.tones([COLLEAGUE])[COLLEAGUE] if s.end - max(s.start, begin) > 0.5]
                assert bool(there) == (side in heard_by), (mode, side)
            await at_leader.hang_up()
        with pytest.raises(urllib.error.HTTPError) as error:
            await talk.ask("listen", mode="listen", seat="8001")
        assert error.value.code == 409


@pytest.mark.parametrize("key, state, outcome", [("1", "consult", "open"), ("2", "back", "refused")])
async def test_a_partner_that_wants_to_know_first_takes_it_by_a_key(
    asterisk_tree: Asterisk, tmp_path: Path, key: str, state: str, outcome: str
) -> None:
    shutil.copytree(ROOT / "ivr_flows", tmp_path / "flows")
    file = tmp_path / "flows" / "partners" / "12345.yaml"
    file.write_text(file.read_text("utf-8") + "asks: true\n", "utf-8")
    made = new_gateway(tmp_path, GATEWAY_FLOWS_FOLDER=tmp_path / "flows", GATEWAY_QUEUE_WRAP_UP_SECONDS=1)
    for gateway in running(made):
        async with talking(gateway, "13912350014") as talk:
            await talk.ask("consult", partner="12345")
            there = await talk.partner.incoming(10)
            await there.wait_prompt("partner_accept", timeout=10)
            await there.wait_prompt("partner_about_complaint", timeout=10)
            with contextlib.suppress(Late):  # who refuses is let go before the key is up
                await there.press(key)
            assert (await talk.state(state))["outcome"] == outcome
            if key == "1":
                await hears(talk.at_seat, PARTNER)
            else:
                await there.ended(5)
                await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
            await talk.call.hang_up()


async def test_one_click_calls_the_person_of_an_item(gateway: Gateway) -> None:
    sent = {"kind": "question", "content": "请回电", "name": "李四", "phone": "13912350020"}
    number = gateway.api("/api/v1/intake", sent)["number"]
    async with (
        gateway.seat("8003", "agent3", sign_in=False) as seat,
        gateway.phone("13912350020", port=gateway.far_end) as customer,
    ):
        seat.answer_with(Answer(0.1, AGENT))
        customer.answer_with(Answer(0.2, CALLER))
        await asyncio.to_thread(gateway.api, f"/api/v1/queue/{number}/call", {"agent": "agent3"})
        at_seat, there = await seat.incoming(10), await customer.incoming(10)
        await everybody_hears({AGENT: at_seat, CALLER: there})
        await at_seat.hang_up()
        await there.ended(5)
    record = await gateway.call_of("13912350020")
    assert (record["direction"], record["outcome"], record["agent"]) == ("out", "talked", "agent3")
    assert record["number"] == number
    told = [entry["what"] for entry in (await gateway.item_of(number))["timeline"]]
    assert told.count("called_back") == 1


@asynccontextmanager
async def called(gateway: Gateway, number: str) -> AsyncIterator[Talk]:
    """The agent of seat 8003 talks with somebody whom he called; `call` is that person's leg."""
    sent = {"kind": "question", "content": "请回电", "name": "李四", "phone": number}
    item = gateway.api("/api/v1/intake", sent)["number"]
    async with (
        gateway.seat("8003", "agent3") as seat,
        gateway.phone("12345", port=gateway.far_end) as far,
    ):
        seat.answer_with(Answer(0.1, AGENT))
        far.answer_with(Answer(0.2, CALLER))
        await asyncio.to_thread(gateway.api, f"/api/v1/queue/{item}/call", {"agent": "agent3"})
        at_seat, there = await seat.incoming(10), await far.incoming(10)
        far.answer_with(Answer(0.2, PARTNER))
        await everybody_hears({AGENT: at_seat, CALLER: there})
        lines = (await asyncio.to_thread(gateway.api, "/api/v1/lines"))["items"]
        call = next(str(line["call_id"]) for line in lines if line["call_id"])
        yield Talk(gateway, number, there, seat, at_seat, far, call)
        await let_go(there, at_seat)


async def test_whom_we_called_is_handed_to_a_partner(gateway: Gateway) -> None:
    async with called(gateway, "13912350021") as talk:
        there = await talk.three_way()
        await talk.ask("leave")
        await talk.at_seat.ended(5)
        await talk.state("handed_over")
        await everybody_hears({CALLER: talk.call, PARTNER: there})
        await talk.call.hang_up()
        await there.ended(5)
    record = await gateway.call_of("13912350021")
    assert (record["direction"], record["outcome"], record["agent"]) == ("out", "talked", "agent3")
    assert record["recording_state"] == "saved"
    kept = gateway.api(f"/api/v1/calls/{record['id']}/transfers")["items"]
    assert [(t["target"], t["outcome"]) for t in kept] == [("12345", "handed_over")]
    told = [entry["what"] for entry in (await gateway.item_of(record["number"]))["timeline"]]
    assert told.count("called_back") == 1


async def test_whom_we_called_is_not_left_when_the_agent_is_gone(gateway: Gateway) -> None:
    async with called(gateway, "13912350022") as talk:
        there = await talk.consult()
        await talk.at_seat.hang_up()
        await there.ended(5)
        await talk.call.wait_prompt("queue_again", timeout=5)
        again = await talk.seat.incoming(20)
        await everybody_hears({CALLER: talk.call, AGENT: again})
        await again.hang_up()
        await talk.call.ended(10)
    record = await gateway.call_of("13912350022")
    assert (record["direction"], record["outcome"]) == ("out", "talked")


async def test_an_agent_may_be_told_that_somebody_listens(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    made = new_gateway(tmp_path, GATEWAY_QUEUE_TELL_LISTENED="true", GATEWAY_QUEUE_WRAP_UP_SECONDS=1)
    for gateway in running(made):
        async with (
            gateway.seat("8004", "agent4", sign_in=False) as leader,
            talking(gateway, "13912350030") as talk,
        ):
            leader.answer_with(Answer(0.1))
            talk.call.tone(0)
            await talk.ask("listen", mode="listen", seat="8004")
            await leader.incoming(10)
            await talk.at_seat.wait_prompt("agent_listened", timeout=10)
            assert not any(heard.prompt == "agent_listened" for heard in talk.call.heard())


async def test_a_requeued_caller_is_one_call(own_gateway: Gateway) -> None:
    async with talking(own_gateway, "13912350031") as talk:
        await talk.consult()
        await talk.at_seat.hang_up()
        again = await talk.seat.incoming(20)
        await everybody_hears({CALLER: talk.call, AGENT: again})
        await again.hang_up()
        await talk.call.ended(10)
    record = await own_gateway.call_of("13912350031")
    assert len([c for c in own_gateway.calls() if c["caller"] == "13912350031"]) == 1
    assert (record["outcome"], record["agent"]) == ("talked", "agent1")
    figures = own_gateway.api("/api/v1/figures")["total"]
    assert (figures["offered"], figures["answered"], figures["gave_up"]) == (1, 1, 0)
    log = (own_gateway.places.root / "log" / "queue_log").read_text("utf-8").splitlines()
    callers = {line.split("|")[1] for line in log if "|ENTERQUEUE|" in line}
    assert callers == {talk.id}  # app_queue writes him down twice, under one id
