"""What tests of every package share: the Asterisk they run against, and their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from gateway.pbx.asterisk_tree import Asterisk
from gateway.settings.cache import cache_home
from gateway.setup.asterisk_tree import find_or_make


@pytest.fixture(scope="session")
def asterisk_tree() -> Asterisk:
    """A real Asterisk, not started; made first where there is none (`make setup` does it earlier)."""
    return find_or_make(cache_home(), print)


class Turns(LoadScopeScheduling):
    """What `make test` gives to its processes at a time: whatever rings telephones test by test, faxes
    all to one process (they need each other, and no more than three may be on their way), the rest file
    by file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if "/live/test_fax" in file:
            return "faxes"
        return nodeid if "/live/" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    return Turns(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What rings telephones comes first, faxes first of all: it takes the longest and waits for most of it,
    so the processes end together."""
    items.sort(key=lambda item: (item.path.parent.name != "live", "test_fax" not in item.path.name))


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Commands that a test runs in this process narrow the umask; servers of later tests need the old one."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
