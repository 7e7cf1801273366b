"""Fax items as reception leaves them, without a line: pages drawn here, kept through Intake.submit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from gateway.channels.fax import contact as channel
from gateway.core.fax.record import Fax, FaxPage, FaxStatus, Reading
from gateway.core.item.contact import Evidence, Receipt
from gateway.intake.intake import Intake
from gateway.storage import Storage
from tests.channels.fax.letters import page
from tests.storage.databases import ZONE

CAME = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
LINES = ("投诉信", "本人王小明 电话13835712345", "价款2999元 要求退货", "被投诉人 尧都区某某商场")


def read_page(number: int, picture: Path, size: tuple[int, int]) -> FaxPage:
    """A page with what a reader would have kept of it."""
    box = [120, 150 + 74, 700, 50]
    words = [
        {"text": text, "box": box, "sure": 0.9, "unsure": [2] if n == 1 else []}
        for n, text in enumerate(LINES)
    ]
    hints = [
        {"field": "phone", "value": "13835712345", "box": box, "sure": 0.95},
        {"field": "name", "value": "王小明", "box": box, "sure": 0.9},
        {"field": "amount", "value": "2999", "box": [120, 298, 500, 50], "sure": 0.9},
    ]
    digest = sha256(picture.read_bytes()).hexdigest()
    made = FaxPage(number, digest, digest, *size, reading=Reading.READ, text="\n".join(LINES))
    return replace(made, words=json.dumps(words), hints=json.dumps(hints))


async def fax_item(
    intake: Intake,
    storage: Storage,
    folder: Path,
    pages: int = 3,
    call: str = "1.1",
    minutes: int = 0,
    reading: Reading = Reading.READ,
) -> Receipt:
    """A fax of so many pages in the queue."""
    folder.mkdir(exist_ok=True)
    kept, evidence = [], []
    for number in range(1, pages + 1):
        image = page([f"传真 {call} 第{number}页", *LINES], height=2156)
        file = folder / f"{call}-{number}.png"
        image.save(file)
        whole = read_page(number, file, image.size)
        unread = replace(whole, reading=reading, text="", words="[]", hints="[]")
        kept.append(whole if reading is Reading.READ else unread)
        evidence.append(Evidence(str(file), f"第{number}页.png", "image/png", "page"))
    at = CAME + timedelta(minutes=minutes)
    fax = Fax(
        *(call, "13835712345", "3010", 1, at, at + timedelta(minutes=1), FaxStatus.WHOLE),
        received=pages,
        pages=tuple(kept),
    )
    return await intake.submit(
        channel.contact(fax, tuple(evidence), ZONE),
        lambda t, number: storage.faxes.add(t, replace(fax, number=number)),
    )
