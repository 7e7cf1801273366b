"""The API held against its description by schemathesis: thousands of good and bad requests to a real site.

What business rules refuse beyond the schema (a reason that is needed, a person who must be reachable) is no
fault, so that check alone is left out.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.settings.schema import RateSettings
from gateway.web.site import utc_now
from tests.intake.referrals.conftest import linkage_of
from tests.intake.referrals.test_partner_side import Late
from tests.web.real_site import real_site

SEED = "12315"


@pytest.mark.live
@pytest.mark.parametrize("role", ["supervisor", pytest.param("partner", marks=pytest.mark.soak)])
async def test_schemathesis_finds_nothing(tmp_path: Path, role: str) -> None:
    late = Late()
    rates = RateSettings(enabled=False)
    # By default this machine reads /metrics without a token, which the description does not tell of a place.
    async with real_site(tmp_path, linkage=late, rates=rates, metrics_peers=()) as site:
        late.linkage = linkage_of(site.storage, site.intake, utc_now)  # type: ignore[arg-type]
        token = await site.storage.tokens.create(role, "12345", utc_now())
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "run", site.url("/openapi.json")),
            *("--header", f"Authorization: Bearer {token}", "--seed", SEED, "--max-examples", "4"),
            *("--phases", "examples,coverage,fuzzing", "--exclude-checks", "positive_data_acceptance"),
            *("--continue-on-failure", "--request-timeout", "20", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 300)
        assert process.returncode == 0, said.decode()[-6000:]
