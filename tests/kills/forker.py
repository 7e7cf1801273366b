"""Starts gateways quickly, to be killed: everything is imported once, each `start` forks a `gateway run`.

`python -m tests.kills.forker` reads lines from its standard input: `start` answers with the process id,
`reap` waits for the last one. The settings come from the environment, as they do for the command.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gateway import app
from gateway.settings.load import load
from gateway.settings.schema import Config


def child(settings: Config, log: Path) -> None:
    """What `gateway run` does, in a process of its own."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    code = 1
    try:
        code = app.main(settings)
    finally:
        os._exit(code)


def main() -> None:
    settings = load()
    log = Path(os.environ["KILL_LOG"])
    last = 0
    for line in sys.stdin:
        if line.strip() == "start":
            last = os.fork()
            if not last:
                child(settings, log)
            print(last, flush=True)
        elif last:
            print(os.waitpid(last, 0)[1], flush=True)
            last = 0


if __name__ == "__main__":
    main()
