"""`gateway` commands in processes forked from one that has imported everything, which saves most of a start.

For tests that need a gateway or what a command prints. How the command itself starts is tried by tests that
run `python -m gateway`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from tests import cheap_passwords

IMPORTED = ("gateway.app", "gateway.cli.run", "gateway.cli.token", "gateway.cli.user", __name__)

cheap_passwords.use()
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(IMPORTED))


class Forked:
    """A process that runs one command; used like `subprocess.Popen`. Ends with the tests.

    `out` and `errors` are files; None is a pipe whose reader has gone.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        out: Path | None,
        errors: Path | None,
    ) -> None:
        self._process = _CONTEXT.Process(
            target=_run, args=(list(argv), dict(environment), folder, out, errors), daemon=True
        )
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("gateway", timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; what it printed as text. Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory() as place:
        out, errors = Path(place) / "out", Path(place) / "errors"
        process = Forked(argv, environment, folder, out, errors)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(
            list(argv), code, out.read_text("utf-8"), errors.read_text("utf-8")
        )


def _run(
    argv: list[str], environment: dict[str, str], folder: Path, out: Path | None, errors: Path | None
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, out), (2, errors)):
        file = _opened(path)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # buffered, whatever the tests' is
    from gateway.cli.main import main

    code = main(argv)
    sys.stdout.flush()  # as the interpreter does at its end: a traceback, where the pipe is still closed
    sys.stderr.flush()
    sys.exit(code)


def _opened(path: Path | None) -> int:
    if path:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    reader, writer = os.pipe()
    os.close(reader)
    return writer
