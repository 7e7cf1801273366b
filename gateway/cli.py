"""The command line: each command lives in its own module and is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from gateway import config
from gateway.errors import GatewayError, OperatorError

COMMANDS = {
    "flow": ("gateway.flow_command", "check, draw, simulate, publish flows"),
    "prompts": ("gateway.prompts", "build and check the prompts"),
    "call": ("gateway.caller.script", "a real SIP caller"),
    "token": ("gateway.accounts_command", "tokens of the API"),
    "user": ("gateway.user_command", "seats and their passwords"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """`gateway …`: the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        if given[:1] == ["run"]:
            from gateway.app import main as run

            return run(config.load())
        if given[:1] and given[0] in COMMANDS:
            module = import_module(COMMANDS[given[0]][0])
            parser = argparse.ArgumentParser(prog=f"gateway {given[0]}")
            module.add_arguments(parser)
            return int(module.run(parser.parse_args(given[1:])))
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 2
    except GatewayError as error:
        print(error, file=sys.stderr)
        return 1
    print("usage: gateway run | " + " | ".join(COMMANDS), file=sys.stderr)
    return 2
