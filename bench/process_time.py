"""CPU time and memory of a running process, from /proc: all its threads, the ended ones too."""

from __future__ import annotations

import os
import time
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
    """User and system time so far; of children to a hundredth of a second. Raises OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    children_user, children_system = (int(field) / _TICK for field in fields[13:15])
    return CpuTime(time.clock_gettime(_clock_of(pid)), children_user + children_system)


def _clock_of(pid: int) -> int:
    """The clock of a process's CPU time, which the kernel keeps to the nanosecond (clock_getcpuclockid)."""
    return ~pid << 3 | 2


def resident(pid: int) -> int:
    """Bytes of memory in use (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
