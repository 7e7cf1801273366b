"""Limits of child processes that read files from strangers: memory, processor time, file size."""

from __future__ import annotations

import resource

MEMORY = 1 << 30  # bytes of address space
CPU = 120  # seconds
LARGEST_FILE = 256 << 20  # bytes that may be written into one file


def bound() -> None:
    """Set the limits for this process; the kernel ends it when a hostile file makes it exceed them."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
