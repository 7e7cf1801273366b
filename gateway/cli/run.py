"""`gateway run`: the service itself."""

from __future__ import annotations

import argparse

from gateway.settings.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none: settings are in gateway.toml and GATEWAY_… variables."""


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 after a clean end, 1 when Asterisk or storage did not come up."""
    from gateway.app import main

    return main(load())
