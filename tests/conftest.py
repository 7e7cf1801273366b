"""What tests of every package share: the Asterisk they run against, and their order."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from gateway.pbx.asterisk_tree import Asterisk
from gateway.settings.cache import cache_home
from gateway.setup.asterisk_tree import find_or_make
from tests import cheap_passwords

cheap_passwords.use()


@pytest.fixture(scope="session")
def asterisk_tree() -> Asterisk:
    """A real Asterisk, not started; made first where there is none (`make setup` does it earlier)."""
    return find_or_make(cache_home(), print)


COMPUTES = "gw2"
"""The third process of `make test`. Tests with telephones mostly wait; what computes runs beside them in
this one, at a low priority so that sound is not delayed."""


PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23  # linux/prctl.h, linux/capability.h
LONG = ("kills", "keeping", "loop")
"""Folders of tests that take long each."""


class Turns(LoadScopeScheduling):
    """What `make test` gives to its processes at a time: whatever rings telephones test by test, faxes
    all to one process (they need each other, and no more than three may be on their way), the rest file
    by file. The process COMPUTES takes its work from the end of the list, the others from its beginning."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node.gateway.id == COMPUTES:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if "/live/test_fax" in file:
            return "faxes"
        return nodeid if "/live/" in file else file


def pytest_configure() -> None:
    if os.environ.get("PYTEST_XDIST_WORKER") == COMPUTES:
        os.nice(10)
        # Chromium, where it may, gives itself a higher priority than Asterisk has, and sound is late. In the
        # other processes it may: there it has a telephone in its page.
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    return Turns(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What rings telephones comes first, faxes first of all, then what kills processes: each takes long, and
    the processes that take from both ends of the list are to meet at what is short, and end together."""
    items.sort(
        key=lambda item: (
            item.path.parent.name != "live",
            "test_fax" not in item.path.name,
            item.path.parent.name not in LONG and "kill" not in item.path.name,
        )
    )
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    for item in items:
        if item.get_closest_marker("live"):  # a busy machine delays sound and browsers: twice more, listed
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Commands that a test runs in this process narrow the umask; servers of later tests need the old one."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
