"""What the caller's tests share: the shipped prompts and a way to lay sounds one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.sip_phone.g711 import Pcm
from gateway.sip_phone.hear import Library
from gateway.sip_phone.sound import read_wav

SOUNDS = Path(__file__).resolve().parents[2] / "ivr_flows" / "sounds"


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.of_folder(SOUNDS)


@pytest.fixture(scope="session")
def prompts() -> dict[str, Pcm]:
    """Every shipped prompt's samples by id."""
    return {file.stem: read_wav(file) for file in sorted((SOUNDS / "made").glob("*.wav"))}
