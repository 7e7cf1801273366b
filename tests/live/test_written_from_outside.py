"""All that is written to a centre, as people outside do it: with curl, and with a plain SMTP and IMAP client.

A form with two pictures, the same key twice, a bad form, a mail in GB18030 with an attachment and its reply,
two machines that answer each other, a letter at the counter: all in one list, each once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import smtplib
from asyncio import to_thread
from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest

from tests.live.conftest import Gateway
from tests.live.test_mail_both_ways import follows_up
from tests.live.town import INBOX, Post
from tests.web.sample_files import png

pytestmark = pytest.mark.live
WRITER, BEREFT, AWAY = "zhao@example.cn", "robot@example.cn", "away@example.cn"
MOST = 10  # mails to one person in a day, as shipped
FORM = {
    "kind": "complaint",
    "name": "赵六",
    "phone": "13935790011",
    "email": "li@example.cn",
    "respondent_name": "临汾市尧都区好再来超市",
    "content": "牛奶已过保质期，商家拒绝退款",
}


async def curl(url: str, *given: str) -> tuple[int, Any]:
    """Status and answer."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *given, url), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    body, _, status = said.decode().rpartition("\n")
    return int(status), json.loads(body)


def fields(said: dict[str, str], *more: str) -> list[str]:
    return [part for name, text in said.items() for part in ("-F", f"{name}={text}")] + [
        part for one in more for part in ("-F", one)
    ]


def mail_in_gb18030(file: bytes) -> bytes:
    """As an old client writes it: GB2312 declared, GB18030 inside, the file's name in raw bytes."""
    text = "商家名叫㐂镕，态度恶劣。".encode("gb18030")
    return b"\r\n".join(
        (
            b"From: " + "赵六".encode("gb18030") + f" <{WRITER}>".encode(),
            f"To: {INBOX}".encode(),
            b"Subject: " + "投诉商家㐂".encode("gb18030"),
            f"Message-ID: <{secrets.token_hex(6)}@example.cn>".encode(),
            b"MIME-Version: 1.0",
            b"Content-Type: multipart/mixed; boundary=part",
            b"",
            b"--part",
            b"Content-Type: text/plain; charset=gb2312",
            b"Content-Transfer-Encoding: 8bit",
            b"",
            text,
            b"--part",
            b'Content-Type: image/png; name="' + "小票.png".encode("gb18030") + b'"',
            b'Content-Disposition: attachment; filename="' + "小票.png".encode("gb18030") + b'"',
            b"Content-Transfer-Encoding: 8bit",
            b"",
            file,
            b"--part--",
            b"",
        )
    )


def send(port: int, sender: str, mail: bytes | EmailMessage, to: str = INBOX) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail(sender, [to], mail if isinstance(mail, bytes) else mail.as_bytes())


class Robots:
    """Machines that answer whatever comes: one as it should, one that has never heard of loops."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.answered: Counter[str] = Counter()
        self._deliver = post.server.took_one
        self._tasks: list[asyncio.Future[None]] = []
        post.server.took_one = self._took

    def _took(self, sender: str, recipients: list[str], raw: bytes) -> None:
        self._deliver(sender, recipients, raw)
        for one in recipients:
            if one in (BEREFT, AWAY):
                self.answered[one] += 1
                came = cast(EmailMessage, message_from_bytes(raw, policy=default))  # type: ignore[arg-type]
                answer = self.write(one, "自动回复" if one == AWAY else f"收到 {self.answered[one]}")
                if one == AWAY:
                    answer["Auto-Submitted"] = "auto-replied"
                    answer["In-Reply-To"] = came["Message-ID"]
                loop = asyncio.get_running_loop()
                self._tasks.append(loop.run_in_executor(None, send, self.post.server.port, one, answer))

    async def done(self, town: Gateway, mails: int) -> None:
        """Until so many mails are items and nothing is left to send: nothing more can be answered."""
        async with asyncio.timeout(120):
            while True:
                await asyncio.gather(*self._tasks)
                answered = self.answered.total()
                queue = await to_thread(town.api, "/api/v1/queue?limit=200")
                waiting = await to_thread(town.api, "/api/v1/outbox?state=waiting")
                came = [item for item in queue["items"] if item["channel"] == "email"]
                if len(came) >= mails and not waiting["items"] and answered == self.answered.total():
                    return
                await asyncio.sleep(0.1)

    @staticmethod
    def write(sender: str, subject: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, INBOX, subject
        mail["Message-ID"] = f"<{secrets.token_hex(6)}@example.cn>"
        mail.set_content("本人外出，稍后回复。")
        return mail


async def test_each_is_there_once(town: Gateway, post: Post, tmp_path: Path) -> None:
    url = town.url
    pictures = [tmp_path / "小票.png", tmp_path / "货架.png"]
    for number, picture in enumerate(pictures):
        picture.write_bytes(png(30 + number, 40))

    form = fields(FORM, *(f"evidence=@{one};type=image/png" for one in pictures))
    key = ("-H", "Idempotency-Key: from-outside-1")
    status, receipt = await curl(url("/api/v1/intake"), *key, *form)
    assert status == 201
    assert await curl(url("/api/v1/intake"), *key, *form) == (200, receipt), "the same key"
    bad = fields({"kind": "praise", "phone": "12", "occurred_on": "2026-13-01", "nmae": "赵六"})
    status, problem = await curl(url("/api/v1/intake"), *bad)
    assert (status, problem["code"]) == (422, "bad_contact")
    assert {one["field"] for one in problem["faults"]} >= {"kind", "occurred_on", "nmae", "content"}
    assert all(one["zh"] and one["en"] for one in problem["faults"])

    clerk = await to_thread(town.command, "token", "create", "--role", "agent")
    bearer = ("-H", f"Authorization: Bearer {clerk.strip().splitlines()[-1]}")
    letter = FORM | {"channel": "letter", "letter_date": "2026-11-20", "received_at": "2026-11-23T09:30"}
    letter |= {"content": "来信投诉电饭煲两天即坏", "came_by": "挂号信", "name": "孙八"}
    del letter["email"]
    status, posted = await curl(url("/api/v1/counter"), *bearer, *fields(letter, f"evidence=@{pictures[0]}"))
    assert status == 201

    robots = Robots(post)
    await to_thread(send, post.server.port, WRITER, mail_in_gb18030(pictures[0].read_bytes()))
    for one in (AWAY, BEREFT):
        await to_thread(send, post.server.port, one, robots.write(one, "投诉"))
    (answer,) = await post.until("zhao", 1)
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = WRITER, answer["Reply-To"], f"Re: {answer['Subject']}"
    reply["Message-ID"], reply["In-Reply-To"] = f"<{secrets.token_hex(6)}@example.cn>", answer["Message-ID"]
    reply.set_content("补充：发票在此。")
    await to_thread(send, post.server.port, WRITER, reply, answer["Reply-To"])

    await robots.done(town, 1 + 1 + 1 + MOST)
    status, page = await curl(url("/api/v1/queue?limit=200"), *bearer)
    items = page["items"]
    assert status == 200 and page["next"] is None
    assert len({one["number"] for one in items}) == len(items)
    (mailed,) = [one for one in items if one["person"]["email"] == WRITER]
    assert "商家名叫㐂镕" in mailed["content"]
    assert [one["name"] for one in mailed["attachments"] if one["role"] != "raw"] == ["小票.png"]
    async with asyncio.timeout(30):
        while not await follows_up(town, mailed["number"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await robots.done(town, 1 + 1 + 1 + MOST)  # an answer to the follow-up, if any, is sent
    of = Counter(one["channel"] for one in items)
    assert of == {"web": 1, "letter": 1, "email": 1 + 1 + 1 + MOST}, "each first mail, and each of a loop's"
    assert {receipt["number"], posted["number"]} <= {one["number"] for one in items}
    assert all(one["due"] for one in items if one["channel"] in ("web", "letter")), "with clocks"
    assert robots.answered == {AWAY: 1, BEREFT: MOST}, "the loop has ended"
    (told,) = await post.until("li", 1)
    assert receipt["query_code"] in told.get_content()
    assert len(await to_thread(post.box, "zhao")) == 1
