"""How the log looks: one line for what happened, to stderr, as text or JSON by the setting log.format.

Every request leaves one, so it is made with less work than the library's own way: the second is written once,
and file, thread and process, which no line of ours tells, are not looked up.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime

from gateway.core.call.record import CallRecord


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


class JsonLine(logging.Formatter):
    """The same as one JSON object: time (RFC 3339, UTC), level, logger, message, a trace, and `facts`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line | getattr(record, "facts", {}), ensure_ascii=False, default=str)


def call_line(record: CallRecord) -> tuple[str, dict[str, object]]:
    """A finished call as a line and as facts for JSON. Without the caller's number: the id leads to it."""
    ended = record.ended_at or record.started_at
    talk = (ended - record.talked_at).total_seconds() if record.talked_at else 0.0
    facts: dict[str, object] = {
        "call": record.id,
        "direction": record.direction,
        "line": record.line,
        "outcome": record.outcome.value,
        "seconds": round((ended - record.started_at).total_seconds(), 1),
        "wait": round(record.wait_seconds, 1),
        "talk": round(talk, 1),
        "agent": record.agent,
        "item": record.number,
        "recording": record.recording_state.value,
    }
    words = " ".join(f"{name}={value}" for name, value in facts.items() if name != "call" and value != "")
    return f"call {record.id}: {words}", facts


def log_to_stderr(style: str = "text") -> None:
    """For the whole process, from INFO on. `style` is text or json."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLine() if style == "json" else Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging._srcfile, logging.logThreads, logging.logProcesses = None, False, False
    logging.logMultiprocessing = False
