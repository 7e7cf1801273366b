"""kill -9 at random moments under forms, calls of the API and mails: what is lost or doubled.

Mails come by LMTP and into a real mailbox, which the gateway reads by IMAP.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench.table import Part, Row, at_most
from tests.kills.storm import storm

SEED = 20261124


def measure(folder: Path, kills: int) -> Part:
    """`kills` lives of a gateway; less than half a second each."""
    began = time.perf_counter()
    blown, faults = asyncio.run(storm(folder, kills, SEED))
    rows = (
        Row("gateways killed", str(kills), samples=f"{time.perf_counter() - began:.0f} s"),
        Row("submissions acknowledged", str(len(blown.done))),
        Row("sent again though acknowledged", str(blown.twice)),
        at_most("lost, doubled or half there", float(len(faults)), 0, "{:.0f}", str(len(blown.done))),
    )
    return Part(
        "kills", "kill -9 while forms, API calls and mails (LMTP, IMAP) arrive", rows, tuple(faults[:5])
    )
