"""Lines of the log, beside those of the library that they stand for."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime, timedelta

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.log_lines import JsonLine, Line, call_line

LIBRARY = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def test_lines_are_those_of_the_library() -> None:
    log, shown = logging.getLogger("gateway.test"), Line()
    for number in range(3):
        record = log.makeRecord("gateway.test", logging.INFO, "", 0, "%d 件", (number,), None)
        assert shown.format(record) == LIBRARY.format(record)


def test_an_error_has_its_trace() -> None:
    try:
        raise LookupError("nobody")
    except LookupError:
        trace = sys.exc_info()
    record = logging.makeLogRecord({"name": "x", "msg": "failed", "levelname": "ERROR", "exc_info": trace})
    assert Line().format(record) == LIBRARY.format(record)


def test_a_call_is_one_line_without_its_number() -> None:
    at = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    record = CallRecord(
        *("1772415000.7", "in", "13835700000", "12315", 2, at),
        talked_at=at + timedelta(seconds=20),
        ended_at=at + timedelta(seconds=80),
        wait_seconds=8.04,
        agent="agent1",
        outcome=CallOutcome.TALKED,
        number="260302000017",
    )
    line, facts = call_line(record)
    assert line == (
        "call 1772415000.7: direction=in line=2 outcome=talked seconds=80.0 wait=8.0 talk=60.0 agent=agent1 "
        "item=260302000017 recording=none"
    )
    shown = logging.makeLogRecord(
        {"name": "x", "msg": line, "levelname": "INFO", "created": 0.5, "facts": facts}
    )
    told = json.loads(JsonLine().format(shown))
    assert told["time"] == "1970-01-01T00:00:00.500+00:00"
    assert (told["message"], told["call"], told["talk"]) == (line, "1772415000.7", 60.0)
    assert "13835700000" not in json.dumps(told)


def test_a_trace_stays_within_its_json_line() -> None:
    try:
        raise LookupError("nobody")
    except LookupError:
        trace = sys.exc_info()
    record = logging.makeLogRecord({"name": "x", "msg": "failed", "levelname": "ERROR", "exc_info": trace})
    line = JsonLine().format(record)
    assert "\n" not in line and "LookupError: nobody" in json.loads(line)["trace"]
