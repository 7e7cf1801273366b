"""A switchboard on the fake PBX and ledgers in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.calls.after_call import AfterCall
from gateway.calls.switchboard import Switchboard
from gateway.flows.store import FlowStore
from gateway.pbx.conf import Places
from gateway.pbx.fake import FakePbx
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.tasks import Pace, Supervisor
from tests.calls.memory_ledgers import MemoryIntake, MemoryLedgers
from tests.shipped_rules import shipped_rules

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Board:
    """The parts of one test."""

    config: Config
    pbx: FakePbx = field(default_factory=FakePbx)
    ledgers: MemoryLedgers = field(default_factory=MemoryLedgers)
    intake: MemoryIntake = field(default_factory=MemoryIntake)
    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    now: datetime | None = None  # None: the time of the machine
    tasks: Supervisor = field(default_factory=lambda: Supervisor(pace=Pace(first=0.001, longest=0.01)))
    switchboard: Switchboard = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.config.var)
        self.places.make()
        aftercall = AfterCall(
            self.intake,
            self.ledgers.calls,
            self.ledgers.call_backs,
            self.places.messages,
            self.places.recordings,
            self.config.zone,
            self.config.agent_id_of_seat,
        )
        flows = FlowStore(ROOT / "ivr_flows", self.config.var / "flows", "main")
        rules = shipped_rules()
        self.switchboard = Switchboard(
            self.config,
            self.pbx,
            flows,
            rules,
            self.intake,
            self.ledgers,
            aftercall,
            tasks=self.tasks,
            now=self.time,
        )
        self.switchboard.listen(lambda name, data: self.told.append((name, data)))

    def time(self) -> datetime:
        return self.now or datetime.now(UTC)

    def later(self, **span: float) -> None:
        """Let time pass; it stands still then."""
        self.now = self.time() + timedelta(**span)
        self.switchboard.look_again()

    async def until(self, true: Callable[[], object]) -> None:
        """Let everything run until it is so; fails after five seconds."""
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(tmp_path / "var")})


@pytest.fixture
async def board(settings: Config) -> AsyncIterator[Board]:
    made = Board(settings)
    await made.switchboard.start()
    await made.switchboard.wait_in_step(5)
    yield made
    await made.switchboard.close()
