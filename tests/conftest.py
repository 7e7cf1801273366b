"""What tests of every package share: the Asterisk they run against."""

from __future__ import annotations

import pytest

from gateway.pbx.asterisk_tree import Asterisk, find_or_make
from gateway.voice_engine.environment import cache_home


@pytest.fixture(scope="session")
def asterisk_tree() -> Asterisk:
    """A real Asterisk, not started; made first where there is none (`make setup` does it earlier)."""
    return find_or_make(cache_home(), print)
