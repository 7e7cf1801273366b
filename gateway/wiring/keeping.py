"""What is kept and what goes: backups by the clock."""

from __future__ import annotations

from datetime import datetime, time

from gateway import health_checks
from gateway.keeping import schedule
from gateway.wiring.parts import Parts


async def keep_backups(parts: Parts) -> None:
    """A look at the age of the last backup, and one a day where a time is set."""
    config, backup = parts.config, parts.config.backup
    if backup.folder:
        parts.checks.add("backup", health_checks.backup(config.var, backup.oldest_hours))
    if backup.folder and backup.at:
        at = time.fromisoformat(backup.at)
        parts.keep(
            "backups",
            lambda: schedule.keep_making(
                config.var, at, lambda: datetime.now(config.zone), schedule.make_one
            ),
        )
