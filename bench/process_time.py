"""CPU time and memory of a running process, from /proc: all its threads, the ended ones too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of CPU: of the process itself, and of its children that have ended and were waited for."""

    own: float
    children: float

    def __sub__(self, before: CpuTime) -> CpuTime:
        return CpuTime(self.own - before.own, self.children - before.children)

    @property
    def total(self) -> float:
        return self.own + self.children


def cpu_time(pid: int) -> CpuTime:
    """User and system time so far, to a hundredth of a second. Raises OSError when it has gone."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    user, system, children_user, children_system = (int(field) / _TICK for field in fields[11:15])
    return CpuTime(user + system, children_user + children_system)


def resident(pid: int) -> int:
    """Bytes of memory in use (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
