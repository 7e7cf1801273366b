"""Hostile and broken mail: thousands of mutations, bombs within bounds, Python's own broken mails."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
import test.test_email

from gateway.channels.email import contact as email
from gateway.mail.identity import key_of
from gateway.mail.message import Message, read
from tests.channels.email.conftest import arrival
from tests.mail.bombs import BOMBS
from tests.mail.mails import mail

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples/mail").glob("*.eml"))
BROKEN = sorted((Path(test.test_email.__file__).parent / "data").glob("msg_*.txt"))
ROUNDS = 4000
WORDS = (
    b"--",
    b"\r\n\r\n",
    b"boundary=",
    b"=?gbk?B?",
    b"?=",
    b"\x00",
    b"\xff\xfe",
    b"<",
    b"%",
    b"*0*=",
    b'"',
)


def whole(raw: bytes) -> Message:
    """All that is done with a mail's bytes."""
    message = read(raw)
    contact = email.contact(message, arrival(), key_of(raw), raw)
    email.addition("1", message, arrival(), "key")
    email.bounce_text(message)
    for text in (contact.content, contact.person.name, contact.person.email, message.html):
        text.encode("utf-8")
        assert "\0" not in text
    assert len(contact.person.name) <= email.FIELD
    for file in message.attached:
        assert 0 < len(file.name) <= 200
        assert not set(file.name) & set('/\\\0\n"')
        for _ in file.pieces():
            pass
    return message


def mutated(chance: random.Random, raw: bytes) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(out))
        match chance.randint(0, 5):
            case 0:
                out[at : at + chance.randint(1, 40)] = b""
            case 1:
                out[at:at] = chance.choice(WORDS)
            case 2:
                out[at : at + 1] = chance.randbytes(1)
            case 3:
                out[at:at] = out[chance.randint(0, at) : at] * chance.randint(1, 5)
            case 4:
                out[at:at] = chance.choice(SAMPLES).read_bytes()[: chance.randint(0, 2000)]
            case _:
                out = out[:at] if chance.random() < 0.1 else out
    return bytes(out[:100_000])


def test_mutated_mails_are_read_or_called_unreadable() -> None:
    chance = random.Random(20261124)
    seeds = [path.read_bytes() for path in (*SAMPLES, *BROKEN)]
    for _ in range(ROUNDS):
        message = whole(mutated(chance, chance.choice(seeds)))
        assert message.unreadable != "读取程序出错"


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_mails_of_the_standard_library(path: Path) -> None:
    assert whole(path.read_bytes()).unreadable in ("", "没有可读的内容")


def test_bombs_take_little_time_and_memory() -> None:
    """Each in a process that is ended at 2 s of CPU or 256 MB; the slowest mail takes a tenth."""
    code = "import sys; from tests.mail.bombs import burn; burn()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    assert done.stdout.split() == list(BOMBS)


def test_the_reader_survives_its_own_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("gateway.mail.message.parse", broken)
    assert read(mail()).unreadable == "读取程序出错"
