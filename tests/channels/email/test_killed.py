"""kill -9 at any moment: what was acknowledged is there once, what was not can be sent again."""

from __future__ import annotations

import asyncio
import random
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.core.item.item import QueueQuery
from gateway.storage import Storage
from tests.channels.email.dovecot import free_port
from tests.mail.mails import mail

ROOT = Path(__file__).resolve().parents[3]
KILLS = 8
MAILS = 180
ATTACHED = (
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n正文 {0}\r\n"
    "--b\r\nContent-Type: image/jpeg; name={0}.jpg\r\n\r\n{1}\r\n--b--"
)


@contextmanager
def taker(var: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.channels.email.taker", str(var), str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def letter(n: int) -> bytes:
    if n % 3:
        return mail(f"第{n}封")
    text = ATTACHED.format(n, f"picture {n} " * 2000)
    return mail(f"第{n}封", text, Content_Type="multipart/mixed; boundary=b")


def send_all(port: int, mails: list[int]) -> list[int]:
    """Send until the connection breaks; those that were answered 250."""
    sent: list[int] = []
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            for n in mails:
                client.sendmail("zhang@example.cn", ["12315@linfen.example"], letter(n))
                sent.append(n)
    except (smtplib.SMTPException, OSError):
        pass
    return sent


def test_killed_at_any_moment(tmp_path: Path) -> None:
    chance, port = random.Random(9), free_port()
    waiting, kills = list(range(MAILS)), 0
    while waiting:
        with taker(tmp_path, port) as process:
            if kills < KILLS:
                threading.Timer(chance.uniform(0.01, 0.15), process.kill).start()
                kills += 1
            halves = waiting[::2], waiting[1::2]
            answers: list[list[int]] = [[], []]

            def run(which: int, halves=halves, answers=answers) -> None:  # type: ignore[no-untyped-def]
                answers[which] = send_all(port, halves[which])

            threads = [threading.Thread(target=run, args=(which,)) for which in (0, 1)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
        waiting = [n for n in waiting if n not in {*answers[0], *answers[1]}]
    assert kills == KILLS
    assert sorted(subjects(tmp_path)) == sorted(f"第{n}封" for n in range(MAILS))


def subjects(var: Path) -> list[str]:
    """The subject of every item; each has the files it came with."""

    async def look() -> list[str]:
        storage = await Storage.open(f"sqlite:///{var / 'gateway.db'}", var)
        query = QueueQuery(limit=10 * MAILS)
        found = await storage.database.read(lambda t: storage.items.page(t, query))
        for item in found:
            number = int(item.content[4:].split("封")[0])
            assert item.attachments == (1 if number % 3 else 2)  # the original, and its picture
        await storage.close()
        return [item.content[3:].split("\n")[0] for item in found]

    return asyncio.run(look())
