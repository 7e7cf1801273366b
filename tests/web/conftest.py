"""A running web side on loopback, on parts in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.calls.statistics import Statistics
from gateway.tasks import Pace, Supervisor
from gateway.web.site import WebParts, make_app
from tests.web.memory_house import (
    NOW,
    MemoryAudit,
    MemoryBoard,
    MemoryCalls,
    MemoryFigures,
    MemoryIntake,
    MemoryTokens,
)

GOOD = {
    "kind": "complaint",
    "name": "张三",
    "phone": "13835700000",
    "content": "商家拒绝退款",
    "claims": ["退货"],
    "amount": 199.9,
}


@dataclass
class House:
    """The parts of one test, its server and a client of it."""

    var: Path
    intake: MemoryIntake = field(default_factory=MemoryIntake)
    calls: MemoryCalls = field(default_factory=MemoryCalls)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)
    board: MemoryBoard = field(default_factory=MemoryBoard)
    figures: MemoryFigures = field(default_factory=MemoryFigures)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    tasks: Supervisor = field(default_factory=lambda: Supervisor(pace=Pace(first=0.0)))

    def __post_init__(self) -> None:
        self.app: web.Application = make_app(
            WebParts(
                intake=self.intake,
                calls=self.calls,
                tokens=self.tokens,
                store=self.intake,
                board=self.board,
                zone=ZoneInfo("Asia/Shanghai"),
                var=self.var,
                title="临汾市12315热线",
                public_url="https://12315.example",
                now=lambda: NOW,
                missing=self.intake.missing,
                book=Statistics(self.figures, ZoneInfo("Asia/Shanghai"), lambda: NOW),
                audit=self.audit,
                tasks=self.tasks,
            )
        )
        self.server = TestServer(self.app)

    async def start(self) -> None:
        await self.tasks.start()
        await self.server.start_server(access_log=None)
        self.client = aiohttp.ClientSession(str(self.server.make_url("/")))

    async def close(self) -> None:
        await self.client.close()
        await self.server.close()
        await self.tasks.stop()

    async def ask(
        self, method: str, path: str, role: str = "", **options: object
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """One request with the token of a role; the answer and its body."""
        headers = dict(options.pop("headers", {}))  # type: ignore[call-overload]
        if role:
            headers["Authorization"] = f"Bearer {role}"
        async with self.client.request(method, path, headers=headers, **options) as response:  # type: ignore[arg-type]
            return response, await response.read()

    async def told(self, method: str, path: str, role: str = "", **options: object) -> tuple[int, Any]:
        """The same; the status and the body as JSON."""
        response, body = await self.ask(method, path, role, **options)
        return response.status, json.loads(body) if body else None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path / "var")
    (made.var / "recordings").mkdir(parents=True)
    await made.start()
    yield made
    await made.close()
