"""A child process that reads pages by machine: `python -m gateway.channels.fax.reader`.

One JSON line in ({"file": PNG}), one out ({"lines": […]} as core.fax.reading.Line, or {"error"}), one page at
a time, until stdin ends. Memory is bounded, and everything else on the machine goes before it. Needs
the extra `ocr`. Started by gateway/channels/fax/reading.py, and by nobody else.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR

MEMORY = 3 << 30  # bytes of address space; the models and one page take a third of a GB of real memory
UNSURE = 0.8  # confidence below which a character is marked
NICE = 15
LIKELY = 0.5  # confidence of a line below which it is noise
SETTINGS = {
    "Global.use_cls": False,
    "Global.log_level": "error",
    "Rec.rec_batch_num": 1,
    "Det.limit_side_len": 736,
    "Det.limit_type": "max",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def read(engine: RapidOCR, file: Path) -> list[dict[str, Any]]:
    """The lines of a page from top to bottom."""
    picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("no picture")
    result: Any = engine(picture, return_word_box=True)
    if result.boxes is None or result.txts is None:
        return []
    words = result.word_results or ((),) * len(result.txts)
    lines = [
        _line(text, sure, box, parts)
        for text, sure, box, parts in zip(result.txts, result.scores, result.boxes, words, strict=False)
        if sure >= LIKELY and text.strip()
    ]
    return _in_rows(lines)


def _line(text: str, sure: float, corners: Any, parts: Any) -> dict[str, Any]:
    across, down = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    left, top = min(across), min(down)
    box = [left, top, max(across) - left, max(down) - top]
    return {
        "text": text,
        "box": [max(0, round(corner)) for corner in box],
        "sure": round(float(sure), 3),
        "unsure": _unsure(text, parts),
    }


def _unsure(text: str, parts: Any) -> list[int]:
    """The places of characters in words of which the reader is not sure."""
    places: list[int] = []
    at = 0
    for word, sure, _ in parts:
        start = text.find(word, at)
        if start < 0:
            continue
        at = start + len(word)
        if sure < UNSURE:
            places += range(start, at)
    return places


def _in_rows(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As a person reads: boxes that overlap by half of their height are one row, read from the left."""
    rows: list[list[dict[str, Any]]] = []
    for line in sorted(lines, key=lambda read_line: read_line["box"][1]):
        _, top, _, height = line["box"]
        _, row_top, _, row_height = rows[-1][0]["box"] if rows else (0, -(10**9), 0, 0)
        if top < row_top + row_height / 2 and height < 3 * row_height:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda read_line: read_line["box"][0])]


def main() -> int:
    """0 when stdin has ended."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICE)
    engine = RapidOCR(params=SETTINGS)
    for request in sys.stdin:
        try:
            reply: dict[str, Any] = {"lines": read(engine, Path(json.loads(request)["file"]))}
        except (OSError, ValueError, MemoryError, RuntimeError, cv2.error) as error:
            reply = {"error": type(error).__name__}
        print(json.dumps(reply, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
