"""The adapters are tested on both event loops that they may run under."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

BOTH_LOOPS = {"test_agi.py", "test_ami.py"}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    plain = {"asyncio": asyncio.SelectorEventLoop}
    return plain | {"uvloop": uvloop.new_event_loop} if item.path.name in BOTH_LOOPS else plain
