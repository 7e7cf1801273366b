"""Every sample through a real LMTP client and listener, then once more through a real mailbox: one item each,
with what the sender wrote and the original beside it."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

from gateway.channels.email.listener import MailListener
from gateway.mail.message import read
from tests.channels.email.test_mailbox import LIMIT, Watched, watched  # noqa: F401
from tests.mail.mails import INBOX

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples/mail").glob("*.eml"))


async def test_every_sample_is_one_item_by_either_way(watched: Watched) -> None:  # noqa: F811
    listener = MailListener(watched.reception, "127.0.0.1", 0, LIMIT, "linfen.example", {INBOX})
    await listener.start()
    raws = [path.read_bytes() for path in SAMPLES]

    def push() -> None:
        with smtplib.LMTP("127.0.0.1", listener.port) as client:
            for raw in raws:
                client.sendmail("zhang@example.cn", [INBOX], raw)

    await asyncio.to_thread(push)
    await listener.stop()
    items = await watched.house.items()
    assert len(items) == len(SAMPLES)
    for path, raw, one in zip(SAMPLES, raws, items, strict=True):
        wanted = read(raw)
        assert wanted.text in one.item.content, path.name
        names = [file.name for file in one.attachments]
        assert [name for name in names if name not in ("正文.html", "原始邮件.eml")] == [
            file.name for file in wanted.attached
        ], path.name
        original = next(file for file in one.attachments if file.role == "raw")
        kept = watched.house.storage.files.path(original.sha256).read_bytes()
        assert kept.replace(b"\r\n", b"\n").rstrip().endswith(raw.replace(b"\r\n", b"\n").rstrip()), path.name

    await watched.put(*raws)
    async with watched.watch():
        await watched.settled(len(SAMPLES))
    assert len(await watched.house.items()) == len(SAMPLES), "the mailbox brought nothing new"
