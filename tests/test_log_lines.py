"""Lines of the log, beside those of the library that they stand for."""

from __future__ import annotations

import logging
import sys

from gateway.log_lines import Line

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
