"""A process that works for a moment and is killed, as the power would: what it told of its work."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


def killed(work: Callable[..., None], seconds: float, *arguments: object, words: int = 1) -> list[Any]:
    """Call `work(*arguments, connection)` in a process of its own. Its first word says that it is up; it is
    killed so many seconds after its last of so many `words`. What it told, its first word too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*arguments, sender))
    process.start()
    sender.close()
    told: list[Any] = []
    for nth in range(words):
        assert receiver.poll(60), f"it has told {nth} words"
        if nth < words - 1:
            _take(receiver, told)
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if receiver.poll(left) and not _take(receiver, told):
            break
    process.kill()
    process.join()
    while _take(receiver, told):
        pass
    receiver.close()
    process.close()
    return told


def _take(receiver: Connection, told: list[Any]) -> bool:
    try:
        told.append(receiver.recv())
    except EOFError:  # the end, or a word that was cut off
        return False
    return True
