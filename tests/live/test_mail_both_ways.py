"""A whole gateway, a real mailbox and a real mail server: what people write and get, seen from outside."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import smtplib
import tempfile
import urllib.request
from asyncio import to_thread
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.live.conftest import Gateway, new_gateway, running
from tests.mail.dovecot import PASSWORD, Dovecot, free_port
from tests.notify.mail_server import MailServer

INBOX = "12315@linfen.example"


class Post:
    """The town's mail: what the server takes lies in the mailbox of whoever stands before the @ or the +."""

    def __init__(self, server: MailServer, dovecot: Dovecot) -> None:
        self.server = server
        self.dovecot = dovecot
        server.took_one = self._deliver

    def _deliver(self, sender: str, recipients: list[str], raw: bytes) -> None:
        for one in recipients:
            self.dovecot.put(one.partition("@")[0].partition("+")[0], raw)

    def box(self, user: str) -> list[EmailMessage]:
        client = self.dovecot.client(user)
        _, found = client.search(None, "ALL")
        mails = []
        for uid in (found[0] or b"").split():
            _, parts = client.fetch(uid.decode(), "(RFC822)")
            assert parts[0]
            mails.append(cast(EmailMessage, message_from_bytes(parts[0][1], policy=default)))  # type: ignore[arg-type]
        client.logout()
        return mails

    async def until(self, user: str, count: int, limit: float = 60) -> list[EmailMessage]:
        async with asyncio.timeout(limit):
            while len(found := await to_thread(self.box, user)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return found

    async def write(self, sender: str, to: str, text: str, **more: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, "投诉商家"
        mail["Message-ID"] = f"<{secrets.token_hex(6)}@example.cn>"
        for name, value in more.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.server.port, timeout=20) as client:
                client.send_message(mail, sender, [to])

        await to_thread(send)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    dovecot = Dovecot(home, free_port())
    await to_thread(dovecot.start)
    server = MailServer()
    await server.start()
    yield Post(server, dovecot)
    await server.stop()
    dovecot.stop()
    shutil.rmtree(home)


@pytest.fixture
async def town(asterisk_tree: Asterisk, tmp_path: Path, post: Post) -> AsyncIterator[Gateway]:
    (tmp_path / "password").write_text(PASSWORD)
    made = new_gateway(
        tmp_path,
        GATEWAY_MAIL_OUT_HOST="127.0.0.1",
        GATEWAY_MAIL_OUT_PORT=post.server.port,
        GATEWAY_MAIL_OUT_TLS="none",
        GATEWAY_MAIL_OUT_SENDER=INBOX,
        GATEWAY_MAIL_OUT_INBOX=INBOX,
        GATEWAY_MAIL_OUT_TIMEOUT_SECONDS=1,
        GATEWAY_MAILBOXES_HOST="127.0.0.1",
        GATEWAY_MAILBOXES_PORT=post.dovecot.port,
        GATEWAY_MAILBOXES_TLS="no",
        GATEWAY_MAILBOXES_USER="12315",
        GATEWAY_MAILBOXES_PASSWORD_FILE=tmp_path / "password",
        GATEWAY_MAILBOXES_POLL_SECONDS=1,
    )
    runs = running(made)
    await to_thread(next, runs)
    yield made
    await to_thread(runs.close)  # type: ignore[attr-defined]


async def follows_up(town: Gateway, number: str) -> bool:
    return any(entry["what"] == "follow_up" for entry in (await town.item_of(number))["timeline"])


def form(town: Gateway, email: str) -> dict[str, Any]:
    body = {"kind": "complaint", "name": "张三", "email": email, "content": "商家拒绝退款"}
    body["respondent_name"] = "某电器商行"
    request = urllib.request.Request(town.url("/api/v1/intake"), json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", secrets.token_hex(8))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))


async def test_a_form_and_a_mail_are_acknowledged_and_a_reply_stays_with_its_item(
    town: Gateway, post: Post
) -> None:
    receipt = await to_thread(form, town, "li@example.cn")
    (mail,) = await post.until("li", 1)
    number = receipt["number"]
    text = mail.get_content()
    assert f"{number[:6]} {number[6:11]} {number[11:]}" in text and receipt["query_code"] in text

    await post.write("zhang@example.cn", INBOX, "他们不退款")
    (answer,) = await post.until("zhang", 1)
    (theirs,) = [one for one in await to_thread(town.queue) if one["channel"] == "email"]
    await post.write("zhang@example.cn", answer["Reply-To"], "发票在此", In_Reply_To=answer["Message-ID"])
    async with asyncio.timeout(30):
        while not await follows_up(town, theirs["number"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert len(await to_thread(town.queue)) == 2 and len(await to_thread(post.box, "zhang")) == 1


async def test_killed_between_hand_over_and_note(town: Gateway, post: Post) -> None:
    """The far end has the mail, and we are dead before its yes: it comes again, with the same Message-ID."""
    post.server.hold = asyncio.Event()
    await to_thread(form, town, "wang@example.cn")
    await post.until("wang", 1)
    town.kill()
    post.server.hold.set()
    post.server.hold = None
    await to_thread(town.start)
    first, second = await post.until("wang", 2)
    assert first.as_bytes() == second.as_bytes() and first["Message-ID"]


async def test_the_mail_server_goes_and_comes_back(town: Gateway, post: Post) -> None:
    await post.server.stop()
    await to_thread(form, town, "zhao@example.cn")
    async with asyncio.timeout(30):
        while not (await to_thread(town.api, "/api/v1/outbox?state=waiting"))["items"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await post.server.start()
    await post.until("zhao", 1, limit=90)
