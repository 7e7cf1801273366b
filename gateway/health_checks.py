"""Health checks, run every few seconds: the disk, the clock, mail, the spools.

Each check gives a PartHealth; `vital` ones make the gateway "down", others "degraded". A check that raises or
takes too long is itself a fault. Built in wiring/health.py, shown by /healthz and /metrics.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.calls.views import PartHealth
from gateway.channels.email.mailbox import BoxState
from gateway.errors import StorageDown
from gateway.keeping.last import read_last
from gateway.pbx.conf import Places
from gateway.pbx.journal import journal_written
from gateway.settings.durable_files import try_write

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between two looks
LIMIT = 5.0  # seconds for one check
LEAST_FREE = 200 << 20  # bytes free; on a small disk a twentieth of it
MOST_OFF = 60.0  # seconds between our clock and another one
LATE_JOURNAL = 5.0  # seconds between an entry's event and the file's last change
OLD_SPOOL = 600.0  # seconds after which a message or fax should have been taken over
FINE = PartHealth(True)

Check = Callable[[], Awaitable[PartHealth]]


class HealthChecks:
    """Checks by name, added as the parts come up, and the last look at each in `parts`."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.parts: dict[str, PartHealth] = {}

    def add(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def look(self) -> None:
        checks = dict(self._checks)
        parts = await asyncio.gather(*map(_outcome, checks.values()))
        for name, part in zip(checks, parts, strict=True):
            before = self.parts.get(name, FINE)
            if part.ok != before.ok:
                log.log(
                    logging.INFO if part.ok else logging.ERROR, "%s: %s", name, part.detail or "fine again"
                )
            self.parts[name] = part

    async def keep_looking(self, every: float = EVERY) -> None:
        while True:
            await self.look()
            await asyncio.sleep(every)


async def _outcome(check: Check) -> PartHealth:
    try:
        async with asyncio.timeout(LIMIT):
            return await check()
    except TimeoutError:
        return PartHealth(False, f"{LIMIT:g} 秒内没有应答 / no answer in {LIMIT:g} s")
    except StorageDown as error:
        return PartHealth(False, error.cause)
    except Exception as error:
        return PartHealth(False, type(error).__name__)


# ------------------------------------------------------------ the disk


def disk(folders: Sequence[Path]) -> Check:
    """Every folder has room and takes a file: recordings, journal and database lie there."""

    async def check() -> PartHealth:
        faults = await asyncio.to_thread(lambda: [fault for folder in folders if (fault := full(folder))])
        return PartHealth(not faults, "; ".join(faults[:1]))

    return check


def full(folder: Path) -> str:
    """Why nothing more can be kept in a folder; "" when it can."""
    try:
        usage = shutil.disk_usage(folder)
        try_write(folder, 4096)
    except OSError as error:
        return f"{folder.name} 无法写入 / {folder.name} cannot be written: {error.strerror}"
    if usage.free < min(LEAST_FREE, usage.total // 20):
        free = usage.free >> 20
        return f"{folder.name} 所在磁盘仅剩 {free} MB / the disk of {folder.name} has {free} MB free"
    return ""


# ------------------------------------------------------------ numbers


def numbers(given_today: Callable[[], Awaitable[tuple[int, int]]]) -> Check:
    """Fewer than half of the day's numbers are used: no centre has so many matters, so more means a flood.

    Not vital: what comes is still taken, with the next day's numbers."""

    async def check() -> PartHealth:
        given, most = await given_today()
        if 2 * given < most:
            return PartHealth(True, vital=False)
        detail = f"今日 {most} 个编号已用 {given} 个 / {given} of today's {most} numbers are given"
        return PartHealth(False, detail, vital=False)

    return check


# ------------------------------------------------------------ the clock


def clock(others: Mapping[str, Callable[[], Awaitable[float | None]]], now: Callable[[], float]) -> Check:
    """Our clock against others; each gives seconds since 1970, None when it cannot be asked now.

    Numbers, legal dates and call records bear our time, so a clock that is off is no small thing.
    """

    async def check() -> PartHealth:
        off = {}
        for name, ask in others.items():
            before = now()
            other_clock = await ask()
            error = 0.0 if other_clock is None else (before + now()) / 2 - other_clock
            if abs(error) > MOST_OFF:
                off[name] = error
        zh = "；".join(f"与 {name} 相差 {error:+.0f} 秒" for name, error in off.items())
        en = "; ".join(f"{error:+.0f} s against {name}" for name, error in off.items())
        return PartHealth(not off, f"{zh} / {en}" if off else "")

    return check


async def sntp(server: str) -> float | None:
    """Seconds since 1970 by a time server (RFC 4330), None when it does not answer."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    host, _, port = server.partition(":")
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagram(answer), remote_addr=(host, int(port or 123))
        )
    except OSError:
        return None
    try:
        transport.sendto(b"\x23" + b"\0" * 47)
        async with asyncio.timeout(LIMIT / 2):
            packet = await answer
    except (TimeoutError, OSError):
        return None
    finally:
        transport.close()
    return _transmitted(packet)


def _transmitted(packet: bytes) -> float | None:
    """The server's time of sending; it counts from 1900. None for a server that has no time itself."""
    if len(packet) < 48 or packet[0] & 7 != 4 or not 1 <= packet[1] <= 15:
        return None
    seconds = int.from_bytes(packet[40:44], "big")
    return float(seconds + (1 << 32 if seconds < 1 << 31 else 0) - 2_208_988_800)


class _Datagram(asyncio.DatagramProtocol):
    def __init__(self, answer: asyncio.Future[bytes]) -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


# ------------------------------------------------------------ mail and what waits


def mailboxes(states: Callable[[], Sequence[BoxState]]) -> Check:
    """Every watched mailbox was reached."""

    async def check() -> PartHealth:
        away = [state.id for state in states() if state.trouble]
        names = ", ".join(away)
        return PartHealth(not away, f"连不上 {names} / {names} is away" if away else "", vital=False)

    return check


def mail_server(host: str, port: int) -> Check:
    """The server that takes our mails accepts connections."""

    async def check() -> PartHealth:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            detail = f"连不上发信服务器 / the mail server cannot be reached: {_reason(error)}"
            return PartHealth(False, detail, vital=False)
        writer.close()
        return FINE

    return check


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__


def outbox(stuck: Callable[[], Awaitable[int]]) -> Check:
    """Nothing fails to be sent for long."""

    async def check() -> PartHealth:
        count = await stuck()
        detail = f"{count} 件外发半小时未成功 / {count} deliveries fail for half an hour"
        return PartHealth(not count, detail if count else "", vital=False)

    return check


def spool(places: Places, now: Callable[[], float] = time.time) -> Check:
    """Messages and faxes are taken over soon after they came in."""

    async def check() -> PartHealth:
        oldest = await asyncio.to_thread(lambda: max(map(_age, (places.messages, places.faxes))))
        late = oldest > OLD_SPOOL
        detail = f"有留言或传真等待导入 {oldest:.0f} 秒 / a message waits for {oldest:.0f} s"
        return PartHealth(not late, detail if late else "", vital=False)

    def _age(folder: Path) -> float:
        return max((now() - file.stat().st_mtime for file in folder.iterdir() if file.is_file()), default=0.0)

    return check


def journal(folder: Path, noted: Callable[[], datetime | None]) -> Check:
    """Asterisk's journal has what Asterisk told: after a crash of ours calls are made out from it alone.

    `noted` is when the last entry was made that came as an event too. Not vital: calls are taken and kept.
    """

    async def check() -> PartHealth:
        last, written = noted(), await asyncio.to_thread(journal_written, folder)
        if last is None or last.timestamp() - written <= LATE_JOURNAL:
            return FINE
        late = last.timestamp() - written
        behind = f"nothing for {late:.0f} s" if written else "nothing at all"
        zh = (
            f"有来电，但 {folder.name} 已 {late:.0f} 秒没有记录"
            if written
            else f"有来电，但 {folder.name} 没有记录"
        )
        en = f"{behind} was written to {folder.name} though calls came"
        return PartHealth(False, f"{zh} / {en}", vital=False)

    return check


def backup(var: Path, oldest_hours: int) -> Check:
    """The last good backup is not too old. Not vital: calls and forms go on."""

    async def check() -> PartHealth:
        last = await asyncio.to_thread(read_last, var)
        age = last.age(datetime.now(UTC))
        if age is not None and age < oldest_hours * 3600:
            hours = age / 3600
            return PartHealth(
                True, f"{hours:.1f} 小时前备份 / the last backup is {hours:.1f} h old", vital=False
            )
        detail = "没有备份 / there is no backup"
        if age is not None:
            detail = f"上次备份在 {age / 3600:.0f} 小时前 / the last backup is {age / 3600:.0f} h old"
        return PartHealth(False, f"{detail}: {last.error}" if last.error else detail, vital=False)

    return check


def encryption(failed: Callable[[], int] | None) -> Check:
    """Are files encrypted, and is every recording that can be? `failed` counts those that could not."""

    async def check() -> PartHealth:
        if failed is None:
            return PartHealth(True, "未开启文件加密 / storage.encrypt_files is off", vital=False)
        count = failed()
        failing = f"{count} 个录音无法加密 / {count} recordings cannot be encrypted"
        detail = failing if count else "文件已加密 / files are encrypted"
        return PartHealth(not count, detail, vital=False)

    return check


def database(probe: Callable[[], Awaitable[None]]) -> Check:
    """A durable write: reading alone goes on while the disk is full."""

    async def check() -> PartHealth:
        await probe()
        return FINE

    return check
