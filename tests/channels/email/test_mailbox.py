"""Watched mailboxes on a real Dovecot: each mail once, whatever goes away and comes back."""

from __future__ import annotations

import asyncio
import secrets
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from gateway.channels.email.imap import quoted_folder
from gateway.channels.email.listener import MailListener
from gateway.channels.email.mailbox import BoxState, BoxWatch
from gateway.channels.email.reception import Reception
from gateway.core.item.contact import Contact
from gateway.settings.schema import Mailbox
from tests.channels.email.conftest import House
from tests.channels.email.dovecot import PASSWORD, Dovecot, free_port
from tests.mail.mails import mail

LIMIT = 200_000


@dataclass
class Watched:
    """A mailbox of its own for one test, and watches on it."""

    house: House
    reception: Reception
    dovecot: Dovecot
    box: Mailbox
    states: list[BoxState] = field(default_factory=list)

    @property
    def user(self) -> str:
        return self.box.user

    @property
    def state(self) -> BoxState:
        return self.states[-1] if self.states else BoxState("")

    @asynccontextmanager
    async def watch(self, password: str = PASSWORD, **changes: object) -> AsyncIterator[BoxWatch]:
        """Watched within the block."""

        def told(state: BoxState) -> None:
            self.states.append(state)
            self.house.notify()

        self.states.clear()
        box = self.box.model_copy(update=changes)
        once = self.house.storage.once
        watch = BoxWatch(box, lambda: password, self.reception, once, LIMIT, on_state=told)
        task = asyncio.create_task(watch.run())
        try:
            yield watch
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        await asyncio.to_thread(self.dovecot.put, self.user, *mails, folder=folder)

    async def flags(self, folder: str = "INBOX") -> list[bool]:
        """Of each mail in order: is it marked as read?"""

        def look() -> list[bool]:
            client = self.dovecot.client(self.user)
            client.select(f'"{folder}"', readonly=True)
            _, found = client.uid("FETCH", "1:*", "(FLAGS)")
            client.logout()
            return [b"\\Seen" in line for line in found if isinstance(line, bytes)]

        return await asyncio.to_thread(look)

    async def settled(self, taken: int = 0) -> None:
        """Until this watch has taken so many and then looked without finding more."""

        def reached() -> bool:
            before, last = ([BoxState(""), BoxState(""), *self.states])[-2:]
            return last.taken == taken and last.connected and last.looked_at != before.looked_at

        await self.house.until(reached)


@pytest.fixture
def watched(house: House, reception: Reception, dovecot: Dovecot) -> Watched:
    box = Mailbox(id="inbox", port=dovecot.port, tls=False, user=f"u{secrets.token_hex(4)}", poll_seconds=600)
    return Watched(house, reception, dovecot, box)


async def test_mails_that_wait_and_mails_that_come(watched: Watched) -> None:
    await watched.put(mail("一"), mail("二"))
    async with watched.watch():
        await watched.house.until_items(2)
        await watched.put(mail("三"))
        await watched.house.until_items(3)
        await watched.settled(3)
    assert [text[:4] for text in await watched.house.contents()] == ["主题：一", "主题：二", "主题：三"]
    assert await watched.flags() == [True, True, True]


async def test_what_arrived_while_away_is_found_and_nothing_twice(watched: Watched) -> None:
    for round_ in range(3):
        await watched.put(mail(f"第{round_}封"))
        async with watched.watch():
            await watched.house.until_items(round_ + 1)
            await watched.settled(1)
    assert len(await watched.house.items()) == 3


async def test_a_new_numbering_doubles_nothing(watched: Watched) -> None:
    def commands(*lines: tuple[str, ...]) -> list[bytes]:
        client = watched.dovecot.client(watched.user)
        for name, *words in lines:
            assert getattr(client, name)(*words)[0] == "OK"
        found = client.status("Box", "(UIDVALIDITY)")[1]
        client.logout()
        return found

    before = await asyncio.to_thread(commands, ("create", "Box"))
    await watched.put(mail("一"), mail("二"), folder="Box")
    async with watched.watch(folder="Box"):
        await watched.settled(2)
    anew = (("rename", "Box", "Old"), ("create", "Box"), ("select", "Old"), ("copy", "1:*", "Box"))
    assert await asyncio.to_thread(commands, *anew) != before
    await watched.put(mail("三"), folder="Box")
    async with watched.watch(folder="Box"):
        await watched.settled(3)
    assert len(await watched.house.items()) == 3


async def test_the_server_goes_and_comes_back(watched: Watched) -> None:
    server = watched.dovecot
    async with watched.watch():
        await watched.put(mail("一"))
        await watched.house.until_items(1)
        await watched.settled(1)
        await asyncio.to_thread(server.stop)
        await watched.house.until(lambda: bool(watched.state.trouble))
        await asyncio.to_thread(server.start)
        await watched.put(mail("二"))
        await watched.house.until_items(2)
        await watched.settled(2)
        assert watched.state.trouble == ""


async def test_without_pushes_it_looks_by_itself(watched: Watched) -> None:
    home = watched.dovecot.home / "quiet"
    home.mkdir()
    server = Dovecot(home, free_port(), capability="IMAP4rev1 UIDPLUS")
    server.start()
    try:
        quiet = replace(watched, dovecot=server, states=watched.states)
        async with quiet.watch(port=server.port, poll_seconds=1):
            await quiet.put(mail("一"))
            await watched.house.until_items(1)
            await quiet.put(mail("二"))
            await watched.house.until_items(2)
    finally:
        server.stop()


async def test_nothing_is_marked_before_the_commit(watched: Watched) -> None:
    watched.house.away = True
    await watched.put(mail("一"))
    async with watched.watch():
        await watched.house.until(lambda: "storage" in watched.state.trouble)
        assert await watched.flags() == [False]
        watched.house.away = False
        await watched.house.until_items(1)
        await watched.settled(1)
    assert await watched.flags() == [True]


async def test_one_that_fails_is_passed_over_and_kept_unread_in_the_end(watched: Watched) -> None:
    tried: list[Contact] = []

    def poisonous(contact: Contact) -> bool:
        if bad := "毒" in contact.content:
            tried.append(contact)
        return bad

    watched.house.stuck = poisonous
    await watched.put(mail("毒"), mail("好"))
    async with watched.watch(poll_seconds=1):
        (one,) = await watched.house.until_items(1)
        assert "好" in one.item.content
        await watched.house.until_items(2)
        await watched.settled(2)
    assert len(tried) == 4
    assert "多次处理失败" in (await watched.house.contents())[1]
    assert watched.state.failing == 0


async def test_too_large_is_noted_and_left_unmarked(watched: Watched) -> None:
    await watched.put(mail("大", "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 5000), mail("小"))
    async with watched.watch():
        await watched.house.until_items(2)
        await watched.settled(2)
    large, small = await watched.house.contents()
    assert large.startswith("〔邮件无法正常读取〕邮件超过大小限制")
    assert "主题：大" in large
    assert small.startswith("主题：小")
    assert await watched.flags() == [False, True]


async def test_moved_when_done(watched: Watched) -> None:
    def make() -> None:
        client = watched.dovecot.client(watched.user)
        assert client.create('"&XfJlNg-"')[0] == "OK"
        client.logout()

    await asyncio.to_thread(make)
    await watched.put(mail("一"))
    async with watched.watch(after="move"):
        await watched.house.until_items(1)
        await watched.settled(1)
    assert await watched.flags() == []
    assert len(await watched.flags("&XfJlNg-")) == 1


async def test_a_folder_that_is_missing_is_told_and_blocks_nothing(watched: Watched) -> None:
    await watched.put(mail("一"), mail("二"))
    async with watched.watch(after="move"):
        await watched.house.until_items(2)
        await watched.settled(2)
        assert "no folder 已收" in watched.state.trouble
    assert len(await watched.flags()) == 2


async def test_kept_as_it_is_and_only_since_a_day(watched: Watched) -> None:
    await watched.put(mail("一"))
    async with watched.watch(after="keep", since="2099-01-01"):
        await watched.settled(0)
    assert await watched.house.items() == []
    async with watched.watch(after="keep", since="2020-01-01"):
        await watched.house.until_items(1)
        await watched.settled(1)
    assert await watched.flags() == [False]


async def test_clocks_run_from_the_arrival_in_the_mailbox(watched: Watched) -> None:
    def old() -> None:
        client = watched.dovecot.client(watched.user)
        client.append("INBOX", "", '"03-Mar-2026 09:00:00 +0800"', mail("早到"))
        client.append("INBOX", "", '"03-Mar-2090 09:00:00 +0800"', mail("将来"))
        client.logout()

    await asyncio.to_thread(old)
    async with watched.watch():
        early, future = await watched.house.until_items(2)
    assert early.item.received_at == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    assert future.item.received_at < datetime.now(UTC)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": "wrong"}, "log-in refused"),
        ({"folder": "没有"}, "no folder 没有"),
        ({"host": "127.0.0.1", "port": 9}, "connect call failed"),
        ({"tls": True}, "SSL"),
    ],
)
async def test_trouble_is_told(watched: Watched, changes: dict[str, str], told: str) -> None:
    async with watched.watch(**changes):  # type: ignore[arg-type]
        await watched.house.until(lambda: bool(watched.state.trouble))
    assert told.lower() in watched.state.trouble.lower()
    assert not watched.state.connected


async def test_one_mailbox_in_trouble_leaves_the_others_alone(watched: Watched) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    other = replace(watched, box=watched.box.model_copy(update={"id": "silent"}), states=[])
    async with silent, other.watch(port=port), watched.watch():
        await watched.put(mail("一"))
        await watched.house.until_items(1)


async def test_the_same_mail_by_mailbox_and_listener_is_one(watched: Watched) -> None:
    listener = MailListener(
        watched.reception, "127.0.0.1", 0, LIMIT, "linfen.example", {"12315@linfen.example"}
    )
    await listener.start()

    def push() -> None:
        with smtplib.LMTP("127.0.0.1", listener.port) as client:
            client.sendmail("zhang@example.cn", ["12315@linfen.example"], mail("一"))

    await watched.put(mail("一"))
    async with watched.watch():
        await asyncio.to_thread(push)
        await watched.settled(1)
    await listener.stop()
    assert len(await watched.house.items()) == 1


async def test_hundreds_in_order(watched: Watched) -> None:
    await watched.put(*(mail(f"第{n:03}封") for n in range(150)))
    async with watched.watch():
        await watched.settled(150)
    subjects = sorted(text[3:8] for text in await watched.house.contents())
    assert subjects == [f"第{n:03}封" for n in range(150)]
    assert watched.state.taken == 150


def test_folder_names() -> None:
    assert quoted_folder("INBOX") == '"INBOX"'
    assert quoted_folder("已收") == '"&XfJlNg-"'
    assert quoted_folder('a&b "c"') == '"a&-b \\"c\\""'
