"""When the last good backup was made: written to `var/backup.json`, read by doctor, /healthz and /metrics."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.settings.durable_files import write_private


@dataclass(frozen=True, slots=True)
class LastBackup:
    """Times in seconds since 1970, 0 for never. `error` is why the last try failed, "" after a good one."""

    made_at: float = 0.0
    folder: str = ""
    name: str = ""
    tried_at: float = 0.0
    error: str = ""
    checked_at: float = 0.0

    def age(self, now: datetime) -> float | None:
        """Seconds since the last good one; None when there is none."""
        return max(0.0, now.timestamp() - self.made_at) if self.made_at else None


def read_last(var: Path) -> LastBackup:
    """What the file says; as if no backup was ever made when it is missing or damaged."""
    try:
        return LastBackup(**json.loads((var / "backup.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return LastBackup()


def tell_made(var: Path, folder: Path, name: str) -> None:
    now = _now()
    _write(var, replace(read_last(var), made_at=now, folder=str(folder), name=name, tried_at=now, error=""))


def tell_failed(var: Path, error: str) -> None:
    _write(var, replace(read_last(var), tried_at=_now(), error=error[:300]))


def tell_checked(var: Path) -> None:
    _write(var, replace(read_last(var), checked_at=_now()))


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _write(var: Path, last: LastBackup) -> None:
    write_private(var / "backup.json", json.dumps(asdict(last), ensure_ascii=False))
