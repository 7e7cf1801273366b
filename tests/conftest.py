"""What tests of every package share: the Asterisk they run against, and their order."""

from __future__ import annotations

import pytest

from gateway.pbx.asterisk_tree import Asterisk, find_or_make
from gateway.voice_engine.environment import cache_home


@pytest.fixture(scope="session")
def asterisk_tree() -> Asterisk:
    """A real Asterisk, not started; made first where there is none (`make setup` does it earlier)."""
    return find_or_make(cache_home(), print)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever rings real telephones comes first: it takes the longest and waits for most of it, so the two
    processes of `make test` (each takes one test at a time) end together."""
    items.sort(key=lambda item: item.path.parent.name != "live")  # stable
