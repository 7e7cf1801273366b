"""How the log looks: one line for what happened, to stderr.

Every request leaves one, so it is made with less work than the library's own way: the second is written once,
and file, thread and process, which no line of ours tells, are not looked up.
"""

from __future__ import annotations

import logging
import time


class Line(logging.Formatter):
    """2026-11-28 10:45:08,303 INFO gateway.web.access: what happened; behind it the trace of an error."""

    _second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        second, text = self._second
        if second != int(record.created):
            second = int(record.created)
            text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._second = (second, text)
        ms = int(record.msecs)
        line = f"{text},{ms:03} {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def log_to_stderr() -> None:
    """For the whole process, from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging._srcfile, logging.logThreads, logging.logProcesses = None, False, False
    logging.logMultiprocessing = False
