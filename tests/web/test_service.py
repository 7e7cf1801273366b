"""Health, metrics, errors at large, headers and the log."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from itertools import count

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.errors import SetupError
from gateway.settings.schema import Web
from gateway.web.api import health
from gateway.web.http import route
from gateway.web.site import listen
from tests.web.conftest import GOOD, House


async def test_healthy(house: House) -> None:
    status, told = await house.told("GET", "/healthz")
    assert (status, told["status"]) == (200, "ok")
    assert told["storage"] == told["pbx"] == told["tasks"] == {"ok": True, "detail": ""}


async def test_health_names_the_part_that_is_away(house: House) -> None:
    house.board.away = True
    status, told = await house.told("GET", "/healthz")
    assert (status, told["status"], told["pbx"]["ok"], told["storage"]["ok"]) == (503, "down", False, True)
    house.board.away, house.intake.away = False, True
    response, body = await house.ask("GET", "/healthz")
    assert response.status == 503
    assert b"secret" not in body


async def test_health_and_metrics_tell_of_background_tasks(house: House) -> None:
    fourth, runs = asyncio.Event(), count(1)

    async def fails() -> None:
        if next(runs) == 4:
            fourth.set()
            await asyncio.Event().wait()
        raise OSError(28, "No space left on device: /var/lib/hotline")

    house.tasks.keep("switchboard closing", fails)
    async with asyncio.timeout(5):
        await fourth.wait()
    status, told = await house.told("GET", "/healthz")
    assert (status, told["status"]) == (503, "down")
    assert told["tasks"] == {"ok": False, "detail": "switchboard closing: OSError"}
    shown = await numbers(house)
    assert shown["gateway_task_up,switchboard closing"] == 1  # it runs again, but has not shown that it can
    assert shown["gateway_task_failures_total,switchboard closing"] == 3


async def test_health_does_not_wait_for_storage(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LIMIT", 0.01)
    monkeypatch.setattr(house.intake, "ping", asyncio.Event().wait)
    status, told = await house.told("GET", "/healthz")
    assert status == 503
    assert "no answer" in told["storage"]["detail"]


async def numbers(house: House) -> dict[str, float]:
    """Every sample of /metrics by name and labels."""
    _, body = await house.ask("GET", "/metrics")
    families = text_string_to_metric_families(body.decode())
    return {
        f"{s.name}{''.join(f',{v}' for _, v in sorted(s.labels.items()))}": s.value
        for family in families
        for s in family.samples
    }


async def test_metrics(house: House) -> None:
    await house.ask("POST", "/api/v1/intake", json=GOOD)
    house.board.ended = {"talked": 3, "turned_away": 1}
    found = await numbers(house)
    assert found["gateway_calls_total,talked"] == 3
    assert found["gateway_calls_total,turned_away"] == 1
    assert found["gateway_calls_total,message"] == 0
    assert (found["gateway_lines"], found["gateway_lines_in_use"]) == (2, 1)
    assert found["gateway_callers_waiting"] == 1
    assert found["gateway_agents,offline"] == 2
    assert found["gateway_items,web,received"] == 1
    assert found["gateway_intake_seconds_count,web"] == 1
    assert (found["gateway_pbx_up"], found["gateway_storage_up"]) == (1, 1)
    assert found["gateway_pbx_gaps_total"] == 2


async def test_metrics_are_for_the_networks_that_are_set(house: House) -> None:
    """A proxy that is none of ours names the asker: then our own address says nothing of him."""
    response, _ = await house.ask("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert response.status == 401
    response, _ = await house.ask("GET", "/metrics", "display", headers={"X-Forwarded-For": "203.0.113.7"})
    assert response.status == 200
    response, _ = await house.ask("GET", "/metrics", "partner", headers={"X-Forwarded-For": "203.0.113.7"})
    assert response.status == 403
    response, _ = await house.ask("GET", "/metrics")
    assert response.status == 200


async def test_items_are_not_counted_at_each_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    counts = house.intake.counts

    async def counted() -> object:
        nonlocal looks
        looks += 1
        return await counts()

    monkeypatch.setattr(house.intake, "counts", counted)
    await asyncio.gather(*(house.ask("GET", "/metrics") for _ in range(20)))
    assert looks == 1


async def test_metrics_while_the_parts_are_away(house: House) -> None:
    house.intake.away = house.board.away = True
    found = await numbers(house)
    assert (found["gateway_pbx_up"], found["gateway_storage_up"]) == (0, 0)


async def test_metrics_have_no_personal_data(house: House) -> None:
    await house.ask("POST", "/api/v1/intake", json=GOOD)
    _, body = await house.ask("GET", "/metrics")
    assert b"13835700000" not in body


@pytest.mark.parametrize(
    ("wish", "title", "language"),
    [
        ("", "未找到", "zh"),
        ("en", "not found", "en"),
        ("en-GB,en;q=0.9", "not found", "en"),
        ("zh-CN,en;q=0.8", "未找到", "zh"),
        ("en;q=0.2, zh;q=0.7", "未找到", "zh"),
        ("en;q=x, zh;q=", "未找到", "zh"),
        ("de", "未找到", "zh"),
    ],
)
async def test_titles_are_in_the_language_wished_for(
    house: House, wish: str, title: str, language: str
) -> None:
    response, _ = await house.ask("GET", "/nope")
    status, problem = await house.told("GET", "/nope", headers={"Accept-Language": wish})
    assert (status, problem["title"], problem["code"]) == (404, title, "not_found")
    assert (problem["zh"], problem["en"]) == ("未找到", "not found")
    assert response.headers["Content-Language"] == "zh"


async def test_a_wrong_method(house: House) -> None:
    response, body = await house.ask("DELETE", "/api/v1/queue", "agent")
    assert response.status == 405
    assert response.headers["Allow"] == "GET,HEAD"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b'"status":405' in body


async def test_a_fault_of_ours_is_told_by_its_id_only(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("the caller 13835700000 broke it")

    monkeypatch.setattr(house.board, "agents", broken)
    status, problem = await house.told("GET", "/api/v1/agents", "agent")
    assert (status, problem["code"]) == (500, "internal")
    assert set(problem) == {"type", "title", "status", "code", "zh", "en", "request_id"}
    (line,) = [r for r in caplog.records if r.name == "gateway.web.http.problem"]
    assert problem["request_id"] in line.getMessage()
    assert line.exc_info


async def raw(house: House, sent: bytes) -> bytes:
    """The head of the answer to bytes on a socket."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
        try:
            writer.write(sent)
            return await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.close()
            await writer.wait_closed()


async def test_a_body_that_never_comes_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "BODY_SECONDS", 0.05)
    head = b"POST /api/v1/intake HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    got = await raw(house, head + b"Content-Length: 10\r\n\r\n{")
    assert got.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in got


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n"]
)
async def test_what_is_no_http_ends_its_connection_only(house: House, sent: bytes) -> None:
    assert b" 400 " in (await raw(house, sent)).splitlines()[0]
    assert (await house.told("GET", "/healthz"))[0] == 200


async def test_a_zip_bomb_is_a_body_that_is_too_large(house: House) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, problem = await house.told("POST", "/api/v1/intake", data=bomb, headers=headers)
    assert (status, problem["code"]) == (413, "too_large")
    assert not house.intake.items


async def test_headers_of_every_answer(house: House) -> None:
    for path in ("/healthz", "/docs", "/nope", "/api/v1/queue"):
        response, _ = await house.ask("GET", path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "aiohttp" not in response.headers["Server"]


async def test_request_ids(house: House) -> None:
    response, _ = await house.ask("GET", "/healthz", headers={"X-Request-Id": "abc-1"})
    assert response.headers["X-Request-Id"] == "abc-1"
    response, _ = await house.ask("GET", "/healthz", headers={"X-Request-Id": "a b"})
    assert re.fullmatch("[0-9a-f]{16}", response.headers["X-Request-Id"])


async def test_the_log_has_no_personal_data(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await house.ask("GET", "/api/v1/intake/261124000010?code=4829")
    await house.ask("GET", "/api/v1/calls?caller=13835700000", "agent")
    await house.ask("GET", "/13835700000")
    text = caplog.text
    assert "GET /api/v1/intake/{number} 404" in text
    assert "GET /api/v1/calls 200" in text
    assert "agent-1" in text
    for secret in ("4829", "261124000010", "13835700000", "127.0.0.1"):
        assert secret not in text


async def test_a_taken_port_is_told(house: House) -> None:
    port = house.server.port
    assert port
    with pytest.raises(SetupError, match=f"web.port 127.0.0.1:{port}"):
        await listen(type(house)(house.var).app, Web(port=port))


async def test_it_listens_where_it_is_told(house: House) -> None:
    other = type(house)(house.var)
    runner = await listen(other.app, Web().model_copy(update={"port": 0}))
    host, port = runner.addresses[0][:2]
    async with house.client.get(f"http://{host}:{port}/healthz") as response:
        assert response.status == 200
    await runner.cleanup()
