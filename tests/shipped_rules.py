"""The rules that the product comes with, read once in each process of tests: nothing changes them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.channels.registry import REGISTRY
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.deadlines import Rules
from gateway.rules.load import load_rules

ROOT = Path(__file__).resolve().parents[1]


@cache
def shipped_rules(channels: ChannelRegistry = REGISTRY) -> Rules:
    return load_rules(ROOT / "rules", channels)
