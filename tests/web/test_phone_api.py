"""Calls, recordings, lines and seats."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.call.record import CallOutcome, CallRecord, PathStep, RecordingState
from gateway.core.item.contact import Channel, Contact, Kind
from gateway.core.item.item import Lease
from gateway.core.roles import Account, Role
from tests.web.conftest import House
from tests.web.memory_house import NOW

CALL = CallRecord(
    id="1764000000.12",
    direction="in",
    caller="13835700000",
    dialled="12315",
    line=1,
    started_at=NOW,
    answered_at=NOW,
    queued_at=NOW + timedelta(seconds=9),
    talked_at=NOW + timedelta(seconds=21.5),
    ended_at=NOW + timedelta(seconds=80),
    path=(PathStep(NOW + timedelta(seconds=7), "main.menu", "1"),),
    wait_seconds=12.5,
    agent="agent1",
    outcome=CallOutcome.TALKED,
    flow="main@3",
    recording="recordings/20261124/1764000000.12.wav",
    recording_state=RecordingState.SAVED,
    number="261124000010",
)
SOUND = b"RIFF" + bytes(range(256)) * 40


async def kept(house: House, *calls: CallRecord) -> None:
    await house.calls.keep(calls)


async def test_a_call_shows_all_that_is_known(house: House) -> None:
    await kept(house, CALL)
    status, page = await house.told("GET", "/api/v1/calls", "agent")
    assert status == 200
    assert page["next"] is None
    (call,) = page["items"]
    assert call["path"] == [{"at": "2026-11-24T01:30:07.000Z", "step": "main.menu", "keys": "1"}]
    assert (call["caller"], call["line"], call["wait_seconds"]) == ("13835700000", 1, 12.5)
    assert (call["agent"], call["outcome"], call["number"]) == ("agent1", "talked", "261124000010")
    assert call["recording"] == f"/api/v1/calls/{CALL.id}/recording"
    assert call["talked_at"] == "2026-11-24T01:30:21.500Z"


async def test_a_call_without_all_that(house: House) -> None:
    await kept(house, CallRecord("1.1", "in", "", "12315", 2, NOW))
    _, page = await house.told("GET", "/api/v1/calls", "agent")
    (call,) = page["items"]
    assert (call["outcome"], call["recording"], call["number"], call["agent"]) == ("open", None, None, None)


async def test_calls_by_page_time_and_caller(house: House) -> None:
    rows = [replace(CALL, id=f"1.{n}", started_at=NOW + timedelta(minutes=n)) for n in range(5)]
    await kept(house, *rows, replace(CALL, id="1.9", caller="110"))
    _, first = await house.told("GET", "/api/v1/calls?limit=2", "agent")
    assert [call["id"] for call in first["items"]] == ["1.4", "1.3"]
    _, second = await house.told("GET", f"/api/v1/calls?limit=2&before={first['next']}", "agent")
    assert [call["id"] for call in second["items"]] == ["1.2", "1.1"]
    _, one = await house.told("GET", "/api/v1/calls?caller=110", "agent")
    assert [call["id"] for call in one["items"]] == ["1.9"]


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-24T01:33:00Z",
        "2026-11-24T09:33:00%2B08:00",
        "2026-11-24T09:33:00+08:00",
        "2026-11-24T09:33:00",
        "2026-11-24 09:33",
    ],
)
async def test_since_is_a_moment_here_or_anywhere(house: House, since: str) -> None:
    await kept(house, *(replace(CALL, id=f"1.{n}", started_at=NOW + timedelta(minutes=n)) for n in range(5)))
    _, page = await house.told("GET", f"/api/v1/calls?since={since}", "agent")
    assert [call["id"] for call in page["items"]] == ["1.4", "1.3"]


@pytest.mark.parametrize("query", ["since=yesterday", "limit=0", "limit=1.5", "from=x", "since=2026-13-01"])
async def test_a_wrong_query_is_refused(house: House, query: str) -> None:
    status, _ = await house.told("GET", f"/api/v1/calls?{query}", "agent")
    assert status == 422


def recorded(house: House, name: str = CALL.recording) -> None:
    file = house.var / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(SOUND)


async def test_a_recording_and_its_ranges(house: House) -> None:
    await kept(house, CALL)
    recorded(house)
    path = f"/api/v1/calls/{CALL.id}/recording"
    response, body = await house.ask("GET", path, "mine")
    assert (response.status, body) == (200, SOUND)
    assert response.headers["Content-Type"] == "audio/wav"
    assert response.headers["Cache-Control"] == "no-store"
    response, body = await house.ask("GET", path, "mine", headers={"Range": "bytes=4-259"})
    assert (response.status, body) == (206, bytes(range(256)))
    assert response.headers["Content-Range"] == f"bytes 4-259/{len(SOUND)}"
    response, _ = await house.ask("GET", path, "mine", headers={"Range": "bytes=999999-"})
    assert response.status == 416
    response, body = await house.ask("HEAD", path, "mine")
    assert (response.headers["Content-Length"], body) == (str(len(SOUND)), b"")


@pytest.mark.parametrize(
    "name",
    [
        "secrets/secrets.wav",
        "recordings/../secrets/secrets.wav",
        "recordings/20261124/link.wav",
        "recordings/20261124/notes.txt",
        "recordings/20261124/gone.wav",
        "recordings/20261124",
        "",
    ],
)
async def test_nothing_but_recordings_is_served(house: House, name: str) -> None:
    recorded(house, "secrets/secrets.wav")
    recorded(house, "recordings/20261124/notes.txt")
    (house.var / "recordings/20261124/link.wav").symlink_to(house.var / "secrets/secrets.wav")
    await kept(house, replace(CALL, recording=name))
    status, problem = await house.told("GET", f"/api/v1/calls/{CALL.id}/recording", "mine")
    assert (status, problem["code"]) == (404, "not_found")


async def test_an_absolute_path_is_no_recording(house: House) -> None:
    recorded(house, "secrets/secrets.wav")
    await kept(house, replace(CALL, recording=str(house.var / "secrets/secrets.wav")))
    assert (await house.told("GET", f"/api/v1/calls/{CALL.id}/recording", "mine"))[0] == 404


async def test_a_call_that_is_none_has_no_recording(house: House) -> None:
    assert (await house.told("GET", "/api/v1/calls/9.9/recording", "mine"))[0] == 404


async def test_lines_and_who_waits(house: House) -> None:
    status, lines = await house.told("GET", "/api/v1/lines", "agent")
    assert status == 200
    assert [(one["line"], one["state"]) for one in lines["items"]] == [(1, "queue"), (2, "free")]
    assert lines["waiting"] == [
        {"place": 1, "call_id": "17.1", "caller": "13835700000", "since": "2026-11-24T01:30:00.000Z"}
    ]
    assert lines["items"][1]["call_id"] is None


async def test_seats_are_seen_and_moved(house: House) -> None:
    _, seats = await house.told("GET", "/api/v1/agents", "agent")
    assert [(one["id"], one["state"]) for one in seats["items"]] == [
        ("agent1", "offline"),
        ("agent2", "offline"),
    ]
    for wish in ({"state": "ready"}, {"state": "paused", "reason": "午休"}, {"state": "offline"}):
        status, seat = await house.told("POST", "/api/v1/agents/agent1/state", "mine", json=wish)
        assert (status, seat["state"]) == (200, wish["state"])
        assert seat["reason"] == wish.get("reason", "")


async def test_a_pause_without_a_sign_in_is_a_conflict(house: House) -> None:
    status, problem = await house.told(
        "POST", "/api/v1/agents/agent1/state", "mine", json={"state": "paused"}
    )
    assert (status, problem["code"]) == (409, "conflict")


@pytest.mark.parametrize("wish", [{}, {"state": "talking"}, {"state": "ready", "reason": "x" * 41}])
async def test_a_wrong_wish_is_refused(house: House, wish: dict[str, str]) -> None:
    assert (await house.told("POST", "/api/v1/agents/agent1/state", "mine", json=wish))[0] == 422


async def test_a_seat_that_is_none_is_not_found(house: House) -> None:
    status, _ = await house.told("POST", "/api/v1/agents/agent9/state", "supervisor", json={"state": "ready"})
    assert status == 404


async def test_a_token_of_a_seat_moves_that_seat_only(house: House) -> None:
    for seat, status in (("agent1", 200), ("agent2", 403)):
        path = f"/api/v1/agents/{seat}/state"
        assert (await house.told("POST", path, "mine", json={"state": "ready"}))[0] == status
        assert (await house.told("POST", path, "supervisor", json={"state": "ready"}))[0] == 200


async def test_asterisk_that_is_away(house: House) -> None:
    house.board.away = True
    status, problem = await house.told("POST", "/api/v1/agents/agent1/state", "mine", json={"state": "ready"})
    assert (status, problem["code"]) == (503, "pbx_down")


LEASE = Lease("agent2", NOW + timedelta(minutes=5))


async def test_an_agent_hears_his_own_calls_and_those_of_items_he_holds(house: House) -> None:
    """Whoever has no seat hears none, whatever his role; leaders hear all."""
    await kept(house, CALL)
    recorded(house)
    item = (await house.intake.submit(Contact("k", Channel.PHONE, Kind.COMPLAINT, NOW))).number
    await kept(house, replace(CALL, number=item))
    for name in ("agent1", "agent2"):
        house.tokens.named[name] = Account(name, Role.AGENT)

    async def heard(token: str) -> int:
        return (await house.ask("GET", f"/api/v1/calls/{CALL.id}/recording", token))[0].status

    assert [await heard(one) for one in ("agent1", "agent2", "agent", "supervisor")] == [200, 403, 403, 200]
    house.intake.items[item] = replace(house.intake.items[item], lease=LEASE)
    assert await heard("agent2") == 200
    house.intake.items[item] = replace(house.intake.items[item], lease=replace(LEASE, until=NOW))
    assert await heard("agent2") == 403, "his lease has run out"


async def test_a_name_without_a_seat_moves_none(house: House) -> None:
    status, problem = await house.told(
        "POST", "/api/v1/agents/agent1/state", "agent", json={"state": "ready"}
    )
    assert (status, problem["code"]) == (403, "not_allowed")
