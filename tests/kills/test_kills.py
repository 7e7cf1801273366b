"""kill -9 while forms, calls of the API and mails (LMTP, IMAP) arrive: nothing is lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills.storm import KINDS, storm

KILLS = (50, pytest.param(2_000, marks=pytest.mark.soak))


@pytest.mark.live
@pytest.mark.parametrize("kills", KILLS)
async def test_kills_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    blown, faults = await storm(tmp_path, kills, seed=12315)
    assert faults == []
    assert len(blown.done) > 2 * kills and blown.twice > kills // 20
    assert {key.partition("-")[0] for key in blown.done} == set(KINDS)
