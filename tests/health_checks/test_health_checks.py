"""What /healthz looks at, on real disks, servers and clocks."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway import health_checks
from gateway.channels.email.mailbox import BoxState
from gateway.errors import StorageBusy, StorageDown
from gateway.pbx.conf import Places
from gateway.storage import Storage
from gateway.storage.postgres import CONNECTIONS
from gateway.web.http import problem
from tests.storage.postgres_server import OWNER, PostgresServer, postgres_server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), b"\0" * 65536)
            except OSError:
                return


async def test_a_full_disk(small_disk: Path) -> None:
    check = health_checks.disk([small_disk])
    assert (await check()).ok
    fill(small_disk)
    part = await check()
    assert (part.ok, part.vital) == (False, True)
    assert "No space left" in part.detail
    (small_disk / "ballast").unlink()
    assert (await check()).ok


async def test_a_database_on_a_full_disk_is_told_until_it_writes_again(small_disk: Path) -> None:
    storage = await Storage.open(f"sqlite:///{small_disk / 'gateway.db'}", small_disk)
    try:
        await storage.ping()
        fill(small_disk)
        with pytest.raises(StorageDown) as told:
            for _ in range(2000):  # the log that SQLite has already may still take some
                await storage.database.probe()
        assert told.value.cause == "the disk of the database is full: make room"
        with pytest.raises(StorageDown, match="full"):  # reading would still work
            await storage.ping()
        (small_disk / "ballast").unlink()
        await storage.database.probe()
        await storage.ping()
    finally:
        await storage.close()


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://gateway@127.0.0.1:1/gateway", "nothing listens"),
        ("postgresql://gateway@no-such-host.invalid/gateway", "host of database.url is not known"),
    ],
)
async def test_a_server_that_is_not_there(tmp_path: Path, url: str, cause: str) -> None:
    with pytest.raises(StorageDown, match=cause):
        await Storage.open(url, tmp_path)


async def test_a_database_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StorageDown, match="does not exist"):
        await Storage.open(postgres_server().url("nowhere"), tmp_path)


async def test_a_wrong_password(tmp_path: Path) -> None:
    """A server that asks for it, as servers on other machines do."""
    server = PostgresServer()
    try:
        database = await server.create()
        await server.run(f"alter role {OWNER} password 'right;one'")
        (server.folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        await server.run("select pg_reload_conf()")
        (tmp_path / "var").mkdir()
        url = server.url(database).replace("@", ":{}@", 1)
        await (await Storage.open(url.format("right;one"), tmp_path / "var")).close()
        with pytest.raises(StorageDown, match="refused the password") as refused:
            await Storage.open(url.format("wrong;one"), tmp_path / "var")
        assert "wrong;one" not in str(refused.value)
    finally:
        server.stop()


async def test_a_user_who_may_not_log_in(tmp_path: Path) -> None:
    server = postgres_server()
    name = await server.create()
    admin = await Storage.open(server.url(name), tmp_path)
    try:
        await admin.database.write(lambda t: t.exec_driver_sql("create role locked nologin").close())
    finally:
        await admin.close()
    with pytest.raises(StorageDown, match="refused the user"):
        await Storage.open(server.url(name).replace("gateway@", "locked@", 1), tmp_path / "other")


async def test_two_hundred_at_once_wait_for_a_connection(tmp_path: Path) -> None:
    server = postgres_server()
    storage = await Storage.open(server.url(await server.create()), tmp_path)
    sleep = 6.0 / (200 / CONNECTIONS)  # the last one waits for longer than a connection took at most before
    try:

        async def one() -> None:
            await storage.database.read(lambda t: t.exec_driver_sql(f"select pg_sleep({sleep})").close())

        await asyncio.gather(*(one() for _ in range(200)))
    finally:
        await storage.close()


async def test_a_used_up_pool_is_busy_and_not_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.postgres.WAIT_SECONDS", 0.2)
    server = postgres_server()
    storage = await Storage.open(server.url(await server.create()), tmp_path)

    async def slow() -> None:
        await storage.database.write(lambda t: t.exec_driver_sql("select pg_sleep(1)").close())

    try:
        outcomes = await asyncio.gather(*(slow() for _ in range(CONNECTIONS + 1)), return_exceptions=True)
        (error,) = [one for one in outcomes if one is not None]
        assert isinstance(error, StorageBusy)
        assert problem.answer(make_mocked_request("GET", "/"), error).headers["Retry-After"] == "2"
        await storage.ping()
    finally:
        await storage.close()


class TimeServer(asyncio.DatagramProtocol):
    """SNTP on loopback, `ahead` seconds before our clock."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        seconds = int(time.time() + self.ahead) + 2_208_988_800
        self.transport.sendto(b"\x24\x02" + b"\0" * 38 + seconds.to_bytes(4, "big") + b"\0" * 4, addr)


@pytest.mark.parametrize(("ahead", "ok"), [(0.0, True), (172_800.0, False), (-172_800.0, False)])
async def test_a_clock_two_days_off(ahead: float, ok: bool) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: TimeServer(ahead), ("127.0.0.1", 0))
    try:
        host, port = transport.get_extra_info("sockname")
        check = health_checks.clock(
            {"the time server": lambda: health_checks.sntp(f"{host}:{port}")}, time.time
        )
        part = await check()
    finally:
        transport.close()
    assert (part.ok, part.vital) == (ok, True)
    assert ok or f"{-ahead:+.0f}"[:4] in part.detail


async def test_a_time_server_that_is_away_is_no_fault_of_our_clock() -> None:
    check = health_checks.clock({"the time server": lambda: health_checks.sntp("127.0.0.1:1")}, time.time)
    assert (await check()).ok


async def test_the_clock_of_a_database(storage: Storage) -> None:
    told = await storage.database.clock()
    assert told is None if storage.database.sqlite else abs(time.time() - (told or 0)) < 5


async def test_mail_that_is_away_is_degraded() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert (await health_checks.mail_server("127.0.0.1", port)()).ok
    part = await health_checks.mail_server("127.0.0.1", port)()
    assert (part.ok, part.vital) == (False, False)
    assert "refused" in part.detail
    states = [BoxState("inbox", trouble="no answer from somebody@example.cn"), BoxState("other")]
    part = await health_checks.mailboxes(lambda: states)()
    assert (part.ok, part.vital, part.detail) == (False, False, "连不上 inbox / inbox is away")


async def test_a_message_that_nobody_takes_over(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.make()
    check = health_checks.spool(places)
    (places.messages / "a.wav").write_bytes(b"x")
    assert (await check()).ok
    os.utime(places.messages / "a.wav", (time.time() - 900,) * 2)
    assert not (await check()).ok


async def test_a_journal_that_lacks_what_asterisk_told(tmp_path: Path) -> None:
    told: list[datetime] = []
    check = health_checks.journal(tmp_path, lambda: told[-1] if told else None)
    assert (await check()).ok, "no call yet"
    now = datetime.now(UTC)
    told.append(now)
    part = await check()
    assert (part.ok, part.vital) == (False, False) and "nothing at all" in part.detail
    file = tmp_path / "20261128.log"
    file.write_text("")
    assert (await check()).ok
    os.utime(file, (now.timestamp() - 3600,) * 2)
    part = await check()
    assert not part.ok and "nothing for 3600 s" in part.detail
    told.append(now - timedelta(hours=2))
    assert (await check()).ok, "an old journal without newer calls: a quiet night"


async def test_nothing_is_stuck_in_an_empty_outbox(storage: Storage) -> None:
    assert await storage.outbox.stuck(datetime.now(UTC) - timedelta(minutes=30)) == 0


async def test_a_check_that_fails_or_hangs_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_checks, "LIMIT", 0.01)
    watch = health_checks.HealthChecks()

    async def hangs() -> health_checks.PartHealth:
        await asyncio.Event().wait()
        return health_checks.FINE

    async def breaks() -> health_checks.PartHealth:
        raise RuntimeError("13835700000")

    watch.add("a", hangs)
    watch.add("b", breaks)
    await watch.look()
    assert [(part.ok, part.detail) for part in watch.parts.values()] == [
        (False, "0.01 秒内没有应答 / no answer in 0.01 s"),
        (False, "RuntimeError"),
    ]
