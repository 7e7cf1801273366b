"""A gateway's phone side in a process of its own, without an Asterisk: `python -m bench.memory_house VAR`.

The FastAGI server, the driver, the switchboard, intake and SQLite are the real ones. The PBX is the fake
one, told that a call began when its FastAGI connection comes in, and that it ended when that ends. Prints
the port it listens on, then answers each line of standard input with one of JSON: calls, closed, resident.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from pathlib import Path

import uvloop

from bench.process_time import resident
from gateway.calls.after_call import AfterCall
from gateway.calls.switchboard import Switchboard
from gateway.channels.registry import REGISTRY
from gateway.core.call.journal import EntryType
from gateway.flows.store import FlowStore
from gateway.intake.intake import Intake
from gateway.pbx.agi import AgiServer, AgiSession
from gateway.pbx.conf import Places
from gateway.pbx.fake import FakePbx
from gateway.pbx.ivr import Ivr
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.storage import Storage

ROOT = Path(__file__).resolve().parents[1]


async def main(var: Path) -> None:
    """Serve until standard input ends."""
    var.mkdir(parents=True, exist_ok=True)
    settings = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(var)})
    places = Places(settings.var)
    places.make()
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    storage = await Storage.open(settings.database_url, settings.var)
    intake = Intake(storage, rules, settings.zone)
    pbx = FakePbx()
    aftercall = AfterCall(
        intake,
        storage.calls,
        storage.call_backs,
        places.messages,
        places.recordings,
        settings.zone,
        lambda seat: seat,
    )
    flows = FlowStore(settings.root / settings.flows.folder, settings.var / "flows", "main")
    switchboard = Switchboard(settings, pbx, flows, rules, intake, storage, aftercall)
    await switchboard.start()
    await switchboard.wait_in_step(10)
    ivr = Ivr(switchboard, places.sounds, places.messages, 180)

    async def call(session: AgiSession) -> None:
        header = session.header
        pbx.note(EntryType.BEGAN, header.uniqueid, "1", "in", "", "12315")
        try:
            await ivr.call(session)
        finally:
            pbx.note(EntryType.ENDED, header.uniqueid, "16", "", "")

    server = AgiServer(port=0)
    server.route("call", call)
    await server.start()
    gc.collect()
    gc.freeze()
    print(server.port, flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        told = {
            "calls": len(switchboard.live()),
            "closed": sum(switchboard.counts.calls.values()),
            "resident": resident(os.getpid()),
        }
        print(json.dumps(told), flush=True)
    await server.stop()
    await switchboard.close()
    await storage.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    uvloop.run(main(Path(sys.argv[1])))
