"""What a caller hears while he is transferred: the longest silence at each step, on real audio.

Agent and partner sound a tone without a break, and the waiting music has none, so that whatever is
silent was made by the change. Also how soon a seat rings once a caller is in the queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench.site import ROOT, shipped_site
from bench.table import Part, Row, at_most, percentile
from gateway.core.call.journal import EntryType, JournalEntry, read_note
from gateway.pbx.conf import Places
from gateway.settings.schema import Config
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone

AGENT, PARTNER = 2300, 1900  # Hz
SILENCE = 0.05  # seconds at most, p99
RING = 0.3  # seconds at most, p99
STEPS = ("consult", "merge", "back", "leave")
AROUND = 0.8  # seconds after a step in which a silence is its own


@dataclass(slots=True)
class Heard:
    """Longest silences by step, and delays until the seat rang. Seconds."""

    silences: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})
    rings: list[float] = field(default_factory=list)
    freed: list[float] = field(default_factory=list)


def measure(folder: Path, rounds: int) -> Part:
    """`rounds` talks with two consults each; about twelve seconds a round."""
    heard = Heard()
    with shipped_site(folder, "direct") as settings:
        environment = {**os.environ, **overrides(settings)}
        asyncio.run(_talks(settings, environment, heard, rounds))
    return Part("transfers", "Transfers: what the caller hears", tuple(_rows(heard)), _NOTES)


_NOTES = (
    "The caller's longest silence within 0.8 s of each step, agent and partner sounding tones, real SIP and "
    "RTP over loopback. A silence is exact to a sample; packets are 20 ms.",
)


def _rows(heard: Heard) -> Sequence[Row]:
    rows = []
    for step in STEPS:
        values = heard.silences[step]
        p50, p99 = percentile(values, 0.5) * 1000, percentile(values, 0.99) * 1000
        rows.append(Row(f"{step}: silence p50", f"{p50:.0f} ms", samples=str(len(values))))
        rows.append(at_most(f"{step}: silence p99", p99, SILENCE * 1000, "{:.0f} ms", str(len(values))))
    p99 = percentile(heard.rings, 0.99) * 1000
    rows.append(
        at_most("queued to the seat's ring p99", p99, RING * 1000, "{:.0f} ms", str(len(heard.rings)))
    )
    p50, p99 = percentile(heard.freed, 0.5) * 1000, percentile(heard.freed, 0.99) * 1000
    many = str(len(heard.freed))
    rows.append(Row("somebody waits, a seat becomes free: to its ring p50", f"{p50:.0f} ms", samples=many))
    rows.append(at_most("the same, p99", p99, RING * 1000, "{:.0f} ms", many))
    return rows


def overrides(settings: Config) -> dict[str, str]:
    """The settings of the running gateway, for a command beside it."""
    return {"GATEWAY_VAR": str(settings.var), "GATEWAY_CONFIG": str(ROOT / "gateway.toml")}


def command(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


async def _talks(settings: Config, environment: dict[str, str], heard: Heard, rounds: int) -> None:
    known = json.loads(command(environment, "user", "show", "agent1", "--json"))
    token = command(environment, "token", "create", "--role", "admin").strip().splitlines()[-1]
    sip = f"127.0.0.1:{settings.asterisk.sip_port}"
    far_end = int(settings.trunk.far_end.rpartition(":")[2])
    web = f"http://127.0.0.1:{settings.web.port}/api/v1/"
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(web, headers=headers) as api,
        Phone("8001", "127.0.0.1", sip_server=sip, password=known["sip_password"]) as seat,
        Phone("12345", "127.0.0.1", far_end, sip_server=sip) as partner,
        Phone("13912350000", "127.0.0.1", sip_server=sip) as caller,
    ):
        await seat.register()
        seat.answer_with(Answer(0.05, AGENT))
        partner.answer_with(Answer(0.05, PARTNER))
        await _post(api, "agents/agent1/state", {"state": "ready"})
        for turn in range(rounds):
            await _talk(settings, api, seat, partner, caller, heard)
            await _freed(api, seat, caller, heard, 1.5 + turn * 0.37 % 1)


async def _talk(
    settings: Config, api: aiohttp.ClientSession, seat: Phone, partner: Phone, caller: Phone, heard: Heard
) -> None:
    call = await caller.dial("12315")
    at_seat = await seat.incoming(30)
    rang = time.time()
    await call.wait_tone(AGENT, 10, lasting=0.3)
    name = _last_call(settings)
    heard.rings.append(rang - _queued_at(settings, name))
    for last in ("back", "leave"):
        began = [("consult", call.seconds)]
        await _post(api, f"calls/{name}/consult", {"partner": "12345"})
        await partner.incoming(10)
        await asyncio.sleep(1.2)
        for step in ("merge", last):
            began.append((step, call.seconds))
            await _post(api, f"calls/{name}/{step}", None)
            await asyncio.sleep(1.2)
        for step, at in began:
            heard.silences[step].append(_longest(call, at))
    await call.hang_up()
    await at_seat.ended(5)
    await asyncio.sleep(0.5)


async def _freed(api: aiohttp.ClientSession, seat: Phone, caller: Phone, heard: Heard, waited: float) -> None:
    """Somebody has waited for a while when the seat becomes ready."""
    await _post(api, "agents/agent1/state", {"state": "paused", "reason": "break"})
    call = await caller.dial("12315")
    while not await _waiting(api):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(waited)
    began = time.perf_counter()
    await _post(api, "agents/agent1/state", {"state": "ready"})
    at_seat = await seat.incoming(10)
    heard.freed.append(time.perf_counter() - began)
    await call.hang_up()
    await at_seat.ended(5)
    await _post(api, "agents/agent1/state", {"state": "ready"})


async def _waiting(api: aiohttp.ClientSession) -> bool:
    async with api.get("lines") as response:
        return bool((await response.json())["waiting"])


def _longest(call: Call, at: float) -> float:
    """The longest silence that began after a step, within AROUND; 0 when there was none."""
    found = [s.length for s in call.silences(0.001) if at - 0.02 < s.start < at + AROUND]
    return max(found, default=0.0)


def _last_call(settings: Config) -> str:
    return [note.call for note in _notes(settings) if note.what is EntryType.BEGAN][-1]


def _queued_at(settings: Config, call: str) -> float:
    return next(n.at.timestamp() for n in _notes(settings) if n.what is EntryType.QUEUED and n.call == call)


def _notes(settings: Config) -> list[JournalEntry]:
    file = Places(settings.var).journal / f"{datetime.now(UTC):%Y%m%d}.log"
    found = (read_note(line) for line in file.read_text("utf-8").splitlines())
    return [note for note in found if note is not None]


async def _post(api: aiohttp.ClientSession, path: str, body: object) -> None:
    async with api.post(path, json=body) as response:
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {await response.text()}")
