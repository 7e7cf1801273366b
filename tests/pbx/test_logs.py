"""Asterisk's old log files: when they are due, and which are deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.pbx.logs import CONSOLE_BYTES, is_due, prune

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def rotated(folder: Path, name: str, ago: timedelta) -> Path:
    file = folder / f"{name}.{int((NOW - ago).timestamp())}"
    file.write_text("x")
    return file


def test_once_a_day(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text("x")
    assert is_due(tmp_path, NOW)
    rotated(tmp_path, "messages", timedelta(hours=20))
    assert not is_due(tmp_path, NOW)
    assert is_due(tmp_path, NOW + timedelta(hours=4))


def test_old_files_go_and_others_stay(tmp_path: Path) -> None:
    old = [rotated(tmp_path, name, timedelta(days=15)) for name in ("messages", "security", "queue_log")]
    stay = [rotated(tmp_path, "messages", timedelta(days=13)), rotated(tmp_path, "notes", timedelta(days=99))]
    console = tmp_path / "console"
    console.write_bytes(b"x" * (CONSOLE_BYTES + 1))
    prune(tmp_path, NOW - timedelta(days=14))
    assert not any(file.exists() for file in old)
    assert all(file.exists() for file in stay)
    assert console.stat().st_size == 0
