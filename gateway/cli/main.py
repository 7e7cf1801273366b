"""The command line: each command lives in a module of its own, imported when it is called.

A module offers `add_arguments(parser)` and `run(arguments) -> exit code`. What an operator must mend
is a line a problem and exit code 2; a part that is away is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from gateway.errors import GatewayError, OperatorError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("gateway.cli.run", "start Asterisk and the gateway, until Ctrl-C or SIGTERM"),
    "check": ("gateway.cli.check", "hold settings, asterisk_conf, flows, prompts and rules together"),
    "doctor": ("gateway.cli.doctor", "ask the running parts how they are"),
    "flow": ("gateway.cli.flow", "check, draw, simulate, test, publish and roll back flows"),
    "prompts": ("gateway.cli.prompts", "build the prompts' sounds, and see what is stale"),
    "call": ("gateway.sip_phone.script", "a real SIP call by a plan; tells what it heard"),
    "user": ("gateway.cli.user", "people's accounts and passwords"),
    "units": (
        "gateway.cli.units",
        "bureaus, stations and departments that handle orders: list, export, import",
    ),
    "audit": ("gateway.cli.audit", "who looked at what and changed what; is the log whole"),
    "token": ("gateway.cli.token", "bearer tokens of the API"),
    "export": ("gateway.cli.export", "items as CSV or XLSX for the national platform"),
    "report": ("gateway.cli.report", "the figures of days or months, as a table or CSV"),
    "outbox": ("gateway.cli.outbox", "what waits to be sent, dead letters, sending again"),
    "backup": ("gateway.cli.backup", "keep database, files, flows and keys in a folder; try a backup"),
    "restore": ("gateway.cli.restore", "put a backup in place where nothing is"),
    "retention": ("gateway.cli.retention", "what is over its term, taking it out, items that stay"),
    "person": ("gateway.cli.person", "what is kept of one person: found, exported, erased"),
    "files": ("gateway.cli.files", "files no row names; encrypting and decrypting all of them"),
    "installation": ("gateway.cli.installation", "do this var/ and this database belong together"),
    "demo": ("gateway.cli.demo", "fill the database with invented items and calls"),
    "reconcile": ("gateway.cli.reconcile", "hold a day's calls, forms, mail and files against the items"),
}

# What these write is no secret and others read it: Asterisk in its container plays the prompts. Files of
# every other command are their owner's alone, those of an Asterisk that it starts too.
SHARED = ("prompts",)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. 1 as well when whoever reads the output has gone."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            return _guarded(given)
        finally:
            sys.stdout.flush()  # here, not at the interpreter's end, which would print a traceback
            sys.stderr.flush()
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 1


def _guarded(given: Sequence[str]) -> int:
    """One command; what an operator must mend is told on stderr."""
    if not given or given[0] not in COMMANDS:
        help_asked = given[:1] in (["-h"], ["--help"], ["help"])
        print(overview(), file=sys.stdout if help_asked else sys.stderr)
        return 0 if help_asked else 2
    if given[0] not in SHARED:
        os.umask(0o077)
    try:
        return _run(given[0], given[1:])
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 2
    except GatewayError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def overview() -> str:
    """What `gateway --help` shows."""
    lines = [f"  {name:<13}{text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: gateway COMMAND …   (gateway COMMAND --help tells more)", "", *lines])


def _run(name: str, arguments: Sequence[str]) -> int:
    module = import_module(COMMANDS[name][0])
    parser = argparse.ArgumentParser(prog=f"gateway {name}", description=COMMANDS[name][1])
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(arguments)))
