"""What the demo begins with: orders in all states, nothing of today, nothing to claim or to tell."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from sqlalchemy import text

from gateway.cli.demo import begin
from gateway.cli.storage import opened
from gateway.core.order.order import OrderState
from gateway.settings.load import load

ROOT = Path(__file__).resolve().parents[2]


async def test_the_demo_begins_with_orders_in_all_states(tmp_path: Path) -> None:
    settings = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(tmp_path)})
    assert await begin(settings, 20) == 0
    midnight = datetime.combine(datetime.now(UTC).astimezone(settings.zone), time(), settings.zone)

    async with opened(settings) as storage:

        async def counted(sql: str) -> dict[str, int]:
            rows = await storage.database.read(lambda t: t.execute(text(sql)).all())
            return {str(row[0]): int(row[1]) for row in rows}

        states = await counted("SELECT state, count(*) FROM orders GROUP BY state")
        assert states.keys() >= {state.value for state in OrderState} - PASSING
        late = int(midnight.timestamp() * 1000)
        assert await counted(f"SELECT 'today', count(*) FROM order_events WHERE at >= {late}") == {"today": 0}
        items = await counted("SELECT state, count(*) FROM items GROUP BY state")
        assert not items.keys() & {"received", "in_work"}
        assert await counted("SELECT 'outbox', count(*) FROM outbox") == {"outbox": 0}
        assert (await counted("SELECT state, count(*) FROM follow_ups GROUP BY state")).keys() >= {"due"}


PASSING = {OrderState.APPROVED.value}
"""An approved order is closed in the same transaction."""
