"""Mails taken in over LMTP, durable and numbered, by a gateway's mail side on one core.

The process under test (tests/channels/email/taker.py: listener, reader, intake, SQLite synchronous=FULL,
files with fsync) is held to one core; senders have the others.
"""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.process_time import cpu_time
from bench.site import ROOT, free_ports
from bench.table import Part, Row, at_least

RATE = 200.0  # mails a second at least
SIZE = 50_000  # bytes
SENDERS = 4
TO = "12315@linfen.example"


def letter(n: int) -> bytes:
    """A mail of SIZE bytes: Chinese text and a picture."""
    head = (
        f"From: zhang@example.cn\r\nTo: {TO}\r\nSubject: =?utf-8?B?5oqV6K+J?= {n}\r\n"
        f"Message-ID: <{n}@example.cn>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n商家拒绝退款，请处理。\r\n--b\r\n"
        "Content-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    tail = b"\r\n--b--\r\n"
    line = (b"%08d" % n) * 9 + b"AAAA\r\n"
    return head + (line * (SIZE // len(line)))[: SIZE - len(head) - len(tail)] + tail


def measure(folder: Path, mails: int) -> Part:
    """`mails` letters by four senders at once."""
    folder.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "tests.channels.email.taker", str(folder), str(port)]
    core = {min(os.sched_getaffinity(0))}
    held = partial(os.sched_setaffinity, 0, core)  # before it begins, so that it holds for every thread
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=held)
    try:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        _send(port, range(mails, mails + 40))
        before = cpu_time(process.pid)
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(lambda k: _send(port, range(k, mails, SENDERS)), range(SENDERS)))
        took = time.perf_counter() - began
        used = (cpu_time(process.pid) - before).total
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    rows = (
        at_least("mails a second, 50 KB each", mails / took, RATE, "{:.0f}", str(mails)),
        Row("CPU of a mail", f"{used / mails * 1000:.1f} ms"),
    )
    return Part("mail", "Mail over LMTP, on one core", rows)


def _send(port: int, numbers: range) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:
        for n in numbers:
            client.sendmail("zhang@example.cn", [TO], letter(n))
