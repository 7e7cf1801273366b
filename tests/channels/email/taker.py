"""A gateway's mail side as a process to be killed: python -m tests.channels.email.taker VAR PORT."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from gateway.channels.email.listener import MailListener
from gateway.channels.email.reception import Reception
from gateway.channels.email.service import load_marks
from gateway.channels.registry import REGISTRY
from gateway.intake.intake import Intake
from gateway.rules.load import load_rules
from gateway.storage import Storage
from gateway.storage.threads import MailThreads

ROOT = Path(__file__).resolve().parents[3]


async def main(var: Path, port: int) -> None:
    storage = await Storage.open(f"sqlite:///{var / 'gateway.db'}", var)
    intake = Intake(storage, load_rules(ROOT / "rules", REGISTRY), ZoneInfo("Asia/Shanghai"))
    threads = MailThreads(storage.database, storage.identities)
    reception = Reception(intake, threads, load_marks(var), var / "spool", storage.ping)
    await MailListener(
        reception, "127.0.0.1", port, 1 << 22, "linfen.example", {"12315@linfen.example"}
    ).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
