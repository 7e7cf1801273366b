"""A trial write tells whether a folder takes files, and leaves none there."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.health_checks import full
from gateway.settings.durable_files import takes_writes


@pytest.mark.parametrize(
    "trial", ["gateway.settings.durable_files.takes_writes", "gateway.health_checks.full"]
)
def test_killed_in_a_trial_write(tmp_path: Path, trial: str) -> None:
    """Messages are listed from the folders that are tried: a killed gateway must not leave a file there."""
    module, name = trial.rsplit(".", 1)
    code = f"""
import os, signal
from pathlib import Path
from {module} import {name}
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
{name}(Path({str(tmp_path)!r}))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not list(tmp_path.iterdir())


def test_a_trial_write_of_both(tmp_path: Path) -> None:
    """A folder with room takes it; one that is away does not, and the reason is told."""
    assert takes_writes(tmp_path) and not full(tmp_path)
    assert not takes_writes(tmp_path / "away")
    assert "away cannot be written" in full(tmp_path / "away")
    assert not list(tmp_path.iterdir())
