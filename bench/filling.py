"""A database for the bench: items of `gateway demo fill`, orders made through the services, copies of these.

    python -m bench.filling URL VAR --items 1000000     fills an empty database, or adds what is missing

About a quarter of an hour for a million items.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from bench.order_copies import copy_orders
from gateway.accounts.seed_units import ensure_units
from gateway.channels.registry import REGISTRY
from gateway.cli.demo import SEED, Filling
from gateway.cli.demo_orders import DemoOrders
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.storage import Storage, bulk
from gateway.storage.tables import orders

ROOT = Path(__file__).resolve().parents[1]
DAYS = 1095
BASE = 1500  # orders that are made through the services
SHARE = 0.35  # of the further items that get copies of them


async def fill(url: str, var: Path, items: int, base: int = BASE, share: float = SHARE) -> None:
    """Raises StorageDown."""
    environ = {**os.environ, "GATEWAY_VAR": str(var), "GATEWAY_DATABASE_URL": url}
    settings = load(ROOT / "gateway.toml", environ)
    await Filling(settings, items, DAYS, SEED, 0).run()
    storage = await Storage.open(url, var)
    try:
        counted = select(func.count()).select_from(orders)
        if not await storage.database.read(lambda t: t.execute(counted).scalar_one()):
            rules, now = load_rules(ROOT / "rules", REGISTRY), datetime.now(UTC)
            await ensure_units(storage, rules, settings.centre.name, now)
            await DemoOrders(storage, rules, settings.zone, Random(SEED), now).make(base)
            print(await copy_orders(storage.database, share), "items with copied orders", flush=True)
            await bulk.analyse(storage.database)
    finally:
        await storage.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """0."""
    parser = argparse.ArgumentParser(prog="bench.filling", description="Fill a database for the bench.")
    parser.add_argument("url")
    parser.add_argument("var", type=Path)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=BASE, help="orders made through the services")
    chosen = parser.parse_args(arguments)
    asyncio.run(fill(chosen.url, chosen.var, chosen.items, chosen.orders))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
