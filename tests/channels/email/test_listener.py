"""The listener with real SMTP and LMTP clients: 250 is said of what is kept, and of nothing else."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from gateway.channels.email.listener import CONNECTIONS, MailListener
from gateway.channels.email.rates import MailRates
from gateway.channels.email.reception import PATIENCE, Reception
from gateway.settings.schema import RateSettings
from tests.channels.email.conftest import House
from tests.mail.mails import INBOX, mail

T = TypeVar("T")
LIMIT = 300_000


@pytest.fixture
async def listener(reception: Reception) -> AsyncIterator[MailListener]:
    made = MailListener(reception, "127.0.0.1", 0, LIMIT, "linfen.example", {INBOX})
    await made.start()
    yield made
    await made.stop()


async def deliver(
    listener: MailListener, raw: bytes, *to: str, kind: Any = smtplib.LMTP, sender: str = "zhang@example.cn"
) -> dict[str, tuple[int, bytes]]:
    """What a real client says of it: refused recipients, or what it raises."""

    def send() -> dict[str, tuple[int, bytes]]:
        with kind("127.0.0.1", listener.port, timeout=20) as client:
            refused: dict[str, tuple[int, bytes]] = client.sendmail(sender, to or [INBOX], raw)
            return refused

    with ThreadPoolExecutor(1) as clients:  # the default threads belong to the server, in this same loop
        return await asyncio.get_running_loop().run_in_executor(clients, send)


class Talk:
    """A client that says exactly what it is told to."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.file = self.socket.makefile("rwb")
        self.answer()

    def answer(self) -> str:
        lines = [self.file.readline().decode()]
        while lines[-1][3:4] == "-":
            lines.append(self.file.readline().decode())
        return lines[-1].strip()

    def say(self, line: bytes) -> str:
        self.send(line)
        return self.answer()

    def send(self, line: bytes) -> None:
        self.file.write(line + b"\r\n")
        self.file.flush()

    def envelope(self, hello: bytes = b"LHLO a", *to: bytes) -> None:
        self.say(hello)
        assert self.say(b"MAIL FROM:<zhang@example.cn>").startswith("250")
        for one in to or (INBOX.encode(),):
            assert self.say(b"RCPT TO:<" + one + b">").startswith("250")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


async def talk(listener: MailListener, play: Callable[[Talk], T]) -> T:
    def run() -> T:
        client = Talk(listener.port)
        try:
            return play(client)
        finally:
            client.close()

    return await asyncio.to_thread(run)


@pytest.mark.parametrize("kind", [smtplib.LMTP, smtplib.SMTP])
async def test_250_means_committed(house: House, listener: MailListener, kind: Any) -> None:
    assert await deliver(listener, mail(), kind=kind) == {}
    (one,) = await house.items()
    assert one.item.content == "主题：投诉\n\n商家拒绝退款"
    head = await house.storage.database.read(
        lambda t: t.exec_driver_sql("select raw from contacts").scalar_one()
    )
    (original,) = (file for file in one.attachments if file.role == "raw")
    raw = house.storage.files.path(original.sha256).read_bytes()
    assert raw.startswith(
        b"Return-Path: <zhang@example.cn>\r\nDelivered-To: 12315@linfen.example\r\nReceived: from "
    )
    assert raw.endswith(mail())
    assert raw.startswith(head) and raw[len(head) :] == mail().partition(b"\r\n\r\n")[2]


async def test_a_long_mail_of_dots_is_kept_as_written(
    house: House, listener: MailListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SMTP doubles a dot that begins a line (RFC 5321 4.5.2); the mail is looked through in pieces."""
    monkeypatch.setattr("gateway.channels.email.listener.STEP", 7)
    raw = mail().rstrip() + b"".join(b"\r\n" + b"." * (n % 4) for n in range(1000)) + b"\r\n"
    assert await deliver(listener, raw) == {}
    (one,) = await house.items()
    (original,) = (file for file in one.attachments if file.role == "raw")
    assert house.storage.files.path(original.sha256).read_bytes().endswith(raw)


async def test_lmtp_answers_for_each_recipient(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> list[str]:
        client.envelope(b"LHLO a", b"12315@linfen.example", b"12315+x@linfen.example")
        client.say(b"DATA")
        return [client.say(mail() + b"."), client.answer(), client.say(b"NOOP")]

    first, second, noop = await talk(listener, play)
    (one,) = await house.items()
    assert first == second == f"250 2.0.0 taken {one.item.number}"
    assert noop == "250 OK"


async def test_too_large_is_552_for_each_recipient(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> list[str]:
        client.envelope(b"LHLO a", b"12315@linfen.example", b"12315+x@linfen.example")
        client.say(b"DATA")
        big = (b"x" * 98 + b"\r\n") * (LIMIT // 100 + 10)
        return [client.say(mail() + big + b"."), client.answer(), client.say(b"NOOP")]

    first, second, noop = await talk(listener, play)
    assert first[:3] == second[:3] == "552"
    assert noop == "250 OK"
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:  # told beforehand by SIZE=
        await deliver(listener, mail() + b"x" * LIMIT)
    assert caught.value.smtp_code == 552
    assert await house.items() == []


async def test_with_storage_away_it_is_451_and_later_250(house: House, listener: MailListener) -> None:
    house.away = True
    for _ in range(PATIENCE + 2):
        with pytest.raises(smtplib.SMTPDataError) as caught:
            await deliver(listener, mail(), kind=smtplib.SMTP)
        assert caught.value.smtp_code == 451
    house.away = False
    await deliver(listener, mail())
    (one,) = await house.items()
    assert "商家拒绝退款" in one.item.content


async def test_a_mail_that_fails_is_kept_unread_in_the_end(house: House, listener: MailListener) -> None:
    house.stuck = lambda contact: "毒" in contact.content
    for _ in range(PATIENCE):
        with pytest.raises(smtplib.SMTPDataError) as caught:
            await deliver(listener, mail(text="毒"), kind=smtplib.SMTP)
        assert caught.value.smtp_code == 451
    await deliver(listener, mail(text="毒"))
    (one,) = await house.items()
    assert "无法正常读取" in one.item.content


async def test_only_our_addresses_are_taken_for(house: House, listener: MailListener) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await deliver(listener, mail(), "somebody@example.org")
    refused = await deliver(listener, mail(), "somebody@example.org", "12315+a.b@LINFEN.example")
    assert refused["somebody@example.org"][0] == 550
    assert len(await house.items()) == 1


async def test_bytes_arrive_as_they_were_sent(house: House, listener: MailListener) -> None:
    text = "，".join(["某商店拒绝退款"] * 3000)  # one line of 63,000 bytes, against the rules and common
    raw = mail(text=f".{text}", Content_Type="text/plain").replace(text.encode(), text.encode("gbk"))
    await deliver(listener, raw)
    (one,) = await house.items()
    assert text[:40_000] in one.item.content


async def test_a_bounce_has_an_empty_sender(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> str:
        client.say(b"EHLO a")
        assert client.say(b"MAIL FROM:<>").startswith("250")
        client.say(f"RCPT TO:<{INBOX}>".encode())
        client.say(b"DATA")
        return client.say(mail() + b".")

    assert (await talk(listener, play)).startswith("250")
    (one,) = await house.items()
    assert "自动发出的邮件" in one.item.content


async def test_who_hangs_up_before_the_answer_may_come_again(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> None:
        client.envelope()
        client.say(b"DATA")
        client.send(mail() + b".")

    await talk(listener, play)
    await house.until_items(1)
    await deliver(listener, mail())
    assert len(await house.items()) == 1


async def test_who_hangs_up_within_a_mail_leaves_nothing(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> None:
        client.envelope()
        client.say(b"DATA")
        client.send(mail())

    await talk(listener, play)
    await deliver(listener, mail("another"))
    assert [one.item.content[:10] for one in await house.items()] == ["主题：another"]


async def test_nonsense_ends_nothing(house: House, listener: MailListener) -> None:
    def play(client: Talk) -> list[str]:
        said = [client.say(line) for line in (b"", b"DATA", b"\xff\xfe", b"RCPT TO:<a>", b"MAIL FROM:<a b>")]
        client.envelope()
        return [*said, client.say(b"DATA x"), client.say(b"RSET")]

    answers = await talk(listener, play)
    assert [answer[0] for answer in answers] == ["5"] * 6 + ["2"]
    await deliver(listener, mail())


async def test_one_connection_too_many_is_told_to_come_later(listener: MailListener) -> None:
    def play(first: Talk) -> str:
        rest = [Talk(listener.port) for _ in range(CONNECTIONS - 1)]
        with socket.create_connection(("127.0.0.1", listener.port), 20) as late:
            said = late.makefile("rb").readline().decode()
        for one in rest:
            one.close()
        return said

    assert (await talk(listener, play)).startswith("421")


async def test_two_at_once_are_one_item(house: House, listener: MailListener) -> None:
    await asyncio.gather(*(deliver(listener, mail()) for _ in range(8)))
    assert len(await house.items()) == 1


async def test_without_addresses_nothing_is_taken(reception: Reception) -> None:
    listener = MailListener(reception, "127.0.0.1", 0, LIMIT, "linfen.example")
    await listener.start()
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await deliver(listener, mail("一"), INBOX)
    await listener.stop()
    assert refused.value.recipients[INBOX][0] == 550


async def test_a_sender_who_sends_too_much_is_put_off_and_nobody_else(
    reception: Reception, house: House
) -> None:
    rates = RateSettings(mail_sender_burst=2, mail_sender_per_minute=1, mail_burst=4, mail_per_minute=1)
    listener = MailListener(
        reception, "127.0.0.1", 0, LIMIT, "linfen.example", {INBOX}, may_send=MailRates(rates).sent
    )
    await listener.start()
    codes = []
    for n, sender in enumerate(
        ["a@x.example"] * 3 + ["A@X.example", "b@x.example", "c@x.example", "d@x.example"]
    ):
        try:
            await deliver(listener, mail(f"第{n}件"), INBOX, kind=smtplib.SMTP, sender=sender)
            codes.append(250)
        except smtplib.SMTPDataError as error:
            codes.append(error.smtp_code)
    await listener.stop()
    assert codes == [250, 250, 451, 451, 250, 250, 451]
    assert len(await house.items()) == 4
