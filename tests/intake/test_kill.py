"""SIGKILL at random moments: what was acknowledged is there once, the rest can be repeated."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from gateway.core.item import number as numbers
from gateway.core.item.item import QueueQuery
from gateway.storage import Storage, Transaction
from gateway.storage.tables import attachments, contacts, items, outbox, serials, timeline
from tests.intake.submitter import AT_ONCE, attached, bytes_of, submit_for_ever
from tests.killed import killed
from tests.storage.databases import Clock, intake_on

KILLS = 15  # on each kind of database
SEED = 12315

Told = dict[str, tuple[str, str]]


def told_by(round_: int, url: str, var: Path, chance: random.Random) -> Told:
    """What one submitter told before it was killed."""
    words = killed(submit_for_ever, chance.uniform(0, 0.12), url, var, round_)
    return {key: (number, code) for key, number, code in words}


async def test_nothing_that_was_acknowledged_is_lost(url: str, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    told: list[Told] = [told_by(n, url, tmp_path, chance) for n in range(KILLS)]
    acknowledged = {key: receipt for one in told for key, receipt in one.items()}
    assert len(acknowledged) >= KILLS

    storage = await Storage.open(url, tmp_path)
    intake = intake_on(storage, Clock())
    for round_ in range(KILLS):
        last = max(int(key.partition(":")[2]) for key in told[round_] or {f"{round_}:0": ()})
        for n in range(last + 2 * AT_ONCE):  # those on the way when it was killed, and some behind them
            key = f"{round_}:{n}"
            receipt = await intake.submit(attached(key, tmp_path))
            if key in acknowledged:
                assert receipt.repeated
                assert (receipt.number, receipt.query_code) == acknowledged[key]
            acknowledged[key] = (receipt.number, receipt.query_code)
    await every_key_is_there_once(storage, {key: number for key, (number, _) in acknowledged.items()})
    await storage.close()


async def every_key_is_there_once(storage: Storage, wanted: dict[str, str]) -> None:
    def counted(t: Transaction) -> list[int]:
        tables = (contacts, items, attachments, timeline, outbox)
        return [t.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    assert await storage.database.read(counted) == [len(wanted)] * 5
    found = {}
    kept = select(contacts.c.key, contacts.c.number, attachments.c.sha256).join(
        attachments, attachments.c.number == contacts.c.number
    )
    for key, number, sha256 in await storage.database.read(lambda t: t.execute(kept).all()):
        found[key] = number
        assert sha256 == hashlib.sha256(bytes_of(key)).hexdigest()
        assert storage.files.path(sha256).read_bytes() == bytes_of(key)
    assert found == wanted
    last = await storage.database.read(lambda t: t.execute(select(serials.c.last)).scalar_one())
    given = Counter(int(number[6:11]) for number in wanted.values())
    assert given == Counter(range(1, last + 1)), "no serial twice, none left out"
    assert all(numbers.valid(number) for number in wanted.values())
    assert len(await intake_on(storage, Clock()).page(QueueQuery(limit=200))) == min(200, len(wanted))
