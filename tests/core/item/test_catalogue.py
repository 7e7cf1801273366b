"""Where a number belongs: landlines alone, by the longest area code that fits."""

from __future__ import annotations

import pytest

from gateway.core.item.catalogue import Area, area_of

AREAS = (
    Area("010", "北京", "Beijing"),
    Area("0357", "山西临汾", "Linfen"),
    Area("0351", "山西太原", "Taiyuan"),
)


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("03572025100", "山西临汾"),
        ("+863572025100", "山西临汾"),
        ("00863512025100", "山西太原"),
        ("01065551234", "北京"),
        ("+861065551234", "北京"),
        ("013835712345", None),
        ("13835712345", None),
        ("+8613835712345", None),
        ("0359123", None),
        ("0357", None),
        ("2025100", None),
        ("", None),
        ("anonymous", None),
    ],
)
def test_where_a_number_belongs(number: str, place: str | None) -> None:
    found = area_of(number, AREAS)
    assert (found.zh if found else None) == place
