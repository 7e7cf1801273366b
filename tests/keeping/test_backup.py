"""All is destroyed and comes back; a backup that was broken off never counts; nothing is written over."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path

import pytest

from gateway import health_checks
from gateway.core.item.contact import Evidence, Kind, Person
from gateway.core.item.item import ItemDetail
from gateway.errors import NotFound, SetupError
from gateway.intake.intake import Intake
from gateway.keeping import restore
from gateway.keeping.backup import BackupRequest, Backups
from gateway.keeping.last import LastBackup, read_last
from gateway.keeping.schedule import is_due
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.encrypted_files import is_encrypted
from gateway.wiring.foundation import clear_spools
from tests import forked
from tests.storage.databases import ROOT, ZONE, Clock, contact, intake_on
from tests.storage.postgres_server import postgres_server

PASSPHRASE = "correct horse battery staple"


class House:
    """An installation with what there is to lose, in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.root, self.var, self.url = folder / "house", folder / "var", url
        for name in ("rules", "ivr_flows", "asterisk_conf"):
            (self.root / name).mkdir(parents=True)
            (self.root / name / "own.yaml").write_text(f"{name} of this city")
        (self.root / "gateway.toml").write_text("[centre]\nlines = 7\n")
        self.numbers: list[str] = []
        self.more: dict[str, str] = {}

    def config(self) -> Config:
        environment = {"GATEWAY_VAR": str(self.var), "GATEWAY_DATABASE_URL": self.url}
        return load(self.root / "gateway.toml", environment | self.more)

    async def opened(self) -> Storage:
        config = self.config()
        encrypts = config.storage.encrypt_files
        return await Storage.open(self.url, self.var, config.files_key, encrypt_files=encrypts)

    def request(self, passphrase: str | None = PASSPHRASE, keep: int = 14) -> BackupRequest:
        return BackupRequest(self.config(), self.root / "gateway.toml", passphrase, keep)

    @property
    def target(self) -> restore.Target:
        return restore.Target(self.root, self.var, self.url)

    async def fill(self, name: str) -> None:
        """A complaint with a picture, a report whose reporter is sealed, a recording, a published flow."""
        storage = await self.opened()
        try:
            intake = intake_on(storage, Clock())
            picture = self.root / f"{name}.png"
            picture.write_bytes(b"picture " + name.encode())
            sent = Evidence(str(picture), picture.name, "image/png")
            for key, kind in ((f"c-{name}", Kind.COMPLAINT), (f"r-{name}", Kind.REPORT)):
                said = contact(key, kind=kind, evidence=(sent,), person=Person(f"李{name}", "13835700001"))
                self.numbers.append((await intake.submit(said)).number)
            await storage.audit.note("test.filled", name, who="test")
        finally:
            await storage.close()
        for path in (f"recordings/20260302/{name}.wav", f"flows/{name}/main.yaml", "asterisk/journal/1"):
            (self.var / path).parent.mkdir(parents=True, exist_ok=True)
            (self.var / path).write_bytes(path.encode())

    async def state(self) -> list[object]:
        """What must be the same afterwards: items with their reporters, every file, the audit log whole."""
        storage = await self.opened()
        try:
            intake = intake_on(storage, Clock())
            items = [await intake.get(number) for number in self.numbers]
            people = [
                await storage.database.read(partial(storage.identities.person_of, item=item.item))
                for item in items
            ]
            verdict = await storage.audit.verify()
        finally:
            await storage.close()
        kept = ("files", "recordings", "flows", "asterisk/journal")
        paths = [path for name in kept for path in _files(self.var / name)]
        files = {path.relative_to(self.var): _read(storage, path) for path in paths}
        house = {path.name: path.read_bytes() for path in _files(self.root) if path.suffix != ".png"}
        return [items, people, verdict, files, house]

    async def destroy(self) -> None:
        """The machine is gone, and the database server's folder with it."""
        shutil.rmtree(self.root)
        shutil.rmtree(self.var)
        if self.url.startswith("sqlite"):
            Path(self.url.removeprefix("sqlite:///")).unlink(missing_ok=True)
        else:
            server = postgres_server()
            self.url = server.url(await server.create())


def _read(storage: Storage, path: Path) -> bytes:
    """The clear bytes, however it lies."""
    with storage.files.open(path) as source:
        return source.read()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def house(url: str, tmp_path: Path) -> House:
    return House(tmp_path, url)


async def test_all_is_destroyed_and_comes_back(house: House, tmp_path: Path) -> None:
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    _, first = await backups.make(house.request())
    await house.fill("two")
    name, second = await backups.make(house.request())
    # 2 pictures, 2 recordings, 2 flows, the journal, var/installation, 3 files of the house
    assert (second.files, second.missing) == (11, ())
    assert first.fresh_bytes > second.fresh_bytes > 0  # what was there was not copied again
    before = await house.state()
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    assert await restore.check(backups, "", secrets) == []
    await house.destroy()
    house.root.mkdir()
    done = await restore.restore(backups, "", house.target, secrets)
    assert done.name == name and done.differing == ()
    assert await house.state() == before
    assert not (house.var / restore.RESTORING).exists()
    await house.fill("three")  # numbers, counters and the audit log go on
    assert len(set(house.numbers)) == 6


async def test_one_made_while_items_come_in_is_whole(house: House, tmp_path: Path) -> None:
    """What was in before is there, with its files; what came meanwhile is there whole, or not at all."""
    backups = Backups(tmp_path / "backups")
    came: list[str] = []
    storage = await house.opened()
    intake = intake_on(storage, Clock())

    async def comes() -> None:
        while True:
            file = tmp_path / f"{len(came)}.png"
            file.write_bytes(os.urandom(100_000))
            said = contact(f"w{len(came)}", evidence=(Evidence(str(file), file.name, "image/png"),))
            came.append((await intake.submit(said)).number)

    coming = asyncio.ensure_future(comes())
    try:
        before = meanwhile = 0
        while before == 0 or before == meanwhile:  # until some came while it was made
            before = len(came)
            await backups.make(house.request())
            meanwhile = len(came)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await storage.close()
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    assert await restore.check(backups, "", secrets) == []
    await house.destroy()
    house.root.mkdir()
    await restore.restore(backups, "", house.target, secrets)
    storage = await house.opened()
    try:
        intake = intake_on(storage, Clock())
        there = [await _there(intake, number) for number in came]
        assert all(there[:before]) and (await storage.audit.verify()).broken == 0
        for item in filter(None, there):
            (file,) = item.attachments
            assert len(_read(storage, storage.files.path(file.sha256))) == 100_000
    finally:
        await storage.close()


async def _there(intake: Intake, number: str) -> ItemDetail | None:
    try:
        return await intake.get(number)
    except NotFound:
        return None


async def test_the_one_kind_of_database_into_the_other(house: House, tmp_path: Path) -> None:
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    await backups.make(house.request())
    before = await house.state()
    await house.destroy()
    house.root.mkdir()
    server = postgres_server()
    sqlite = f"sqlite:///{house.var / 'other.db'}"
    house.url = server.url(await server.create()) if house.url.startswith("sqlite") else sqlite
    await restore.restore(backups, "", house.target, restore.secrets_of(backups, "", PASSPHRASE))
    assert await house.state() == before


@pytest.mark.parametrize("key", ["", "keys/files.key", "/elsewhere"], ids=["secrets", "house", "elsewhere"])
async def test_encrypted_files_come_back_and_lie_in_no_backup_clear(
    house: House, tmp_path: Path, key: str
) -> None:
    """With the key in var/secrets, beside gateway.toml, or on a disk that no backup has."""
    if key.startswith("/"):
        key = str(tmp_path / "disk" / "files.key")
    if key:
        (house.root / key).parent.mkdir()
    house.more = {"GATEWAY_STORAGE_ENCRYPT_FILES": "true", "GATEWAY_STORAGE_KEY_FILE": key}
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    waiting = house.var / "asterisk/spool/messages/1772415001.1.wav"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(b"a message that waits")
    first, _ = await backups.make(house.request())
    storage = await house.opened()
    assert storage.files.convert(house.var / "recordings/20260302/one.wav", encrypt=True)
    await storage.close()
    name, second = await backups.make(house.request())
    assert first != name and 0 < second.fresh_bytes < 1000  # the recording, as it lies now
    kept = b"".join(path.read_bytes() for path in _files(backups.pool.folder))
    assert b"journal" in kept
    for clear in (b"picture one", b"recordings/20260302/one.wav", b"a message that waits"):
        assert clear not in kept
    assert ([key] if key.startswith("/") else []) == list(second.left_out)
    before = await house.state()
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    assert any(place.endswith("files.key") for place in secrets) != key.startswith("/")
    assert await restore.check(backups, "", secrets, house.config()) == []
    toml = (house.root / "gateway.toml").read_bytes()
    await house.destroy()
    house.root.mkdir()
    (house.root / "gateway.toml").write_bytes(toml)
    await restore.restore(backups, "", house.target, secrets)
    assert is_encrypted(waiting)
    storage = await house.opened()
    await asyncio.to_thread(clear_spools, storage, house.var)
    await storage.close()
    assert waiting.read_bytes() == b"a message that waits"
    assert await house.state() == before


async def test_without_its_key_nothing_starts_and_the_check_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    key = tmp_path / "disk" / "files.key"
    house.more = {"GATEWAY_STORAGE_ENCRYPT_FILES": "true", "GATEWAY_STORAGE_KEY_FILE": str(key)}
    with pytest.raises(SetupError, match="is the disk with the key mounted"):
        await house.fill("one")
    key.parent.mkdir()
    await house.fill("one")
    backups = Backups(tmp_path / "backups")
    await backups.make(house.request())
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    right = key.read_text("ascii")
    key.unlink()
    with pytest.raises(SetupError, match="is missing"):
        await house.opened()
    assert any(
        "files.key: is missing" in line for line in await restore.check(backups, "", secrets, house.config())
    )
    key.write_text("00" * 32, "ascii")
    with pytest.raises(SetupError, match="is not the key"):
        await house.opened()
    key.write_text(right, "ascii")
    await (await house.opened()).close()


async def test_a_living_installation_is_not_written_over(house: House, tmp_path: Path) -> None:
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    await backups.make(house.request())
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    before = await house.state()
    with pytest.raises(SetupError, match="not written over"):
        await restore.restore(backups, "", house.target, secrets)
    elsewhere = restore.Target(house.root, tmp_path / "new", house.url)
    with pytest.raises(SetupError, match="not empty"):
        await restore.restore(backups, "", elsewhere, secrets)
    assert await house.state() == before


async def test_a_wrong_passphrase_and_a_damaged_file_are_told(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    await backups.make(house.request())
    with pytest.raises(SetupError, match="passphrase"):
        restore.secrets_of(backups, "", "not the passphrase")
    with pytest.raises(SetupError, match="characters"):
        await backups.make(house.request("short"))
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    kept = next(backups.pool.folder.glob("[0-9a-f][0-9a-f]/*"))
    content = kept.read_bytes()
    kept.write_bytes(content[:-1] + b"?")
    assert any("damaged" in line for line in await restore.check(backups, "", secrets))
    kept.unlink()
    assert any("missing" in line for line in await restore.check(backups, "", secrets))


async def test_old_backups_go_and_what_the_others_name_stays(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    first, _ = await backups.make(house.request())
    gone = house.var / "recordings/20260302/one.wav"
    gone.unlink()
    for path in _files(backups.pool.folder):
        os.utime(path, (1, 1))
    name, _ = await backups.make(house.request(keep=1))
    assert first != name and backups.names() == [name]
    kept = {path.read_bytes() for path in _files(backups.pool.folder)}
    assert b"picture one" in kept and b"recordings/20260302/one.wav" not in kept
    assert await restore.check(backups, "", restore.secrets_of(backups, "", PASSPHRASE)) == []


def gateway(house: House, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GATEWAY_CONFIG": str(house.root / "gateway.toml"), **more}
    environment |= {"GATEWAY_VAR": str(house.var), "GATEWAY_DATABASE_URL": house.url}
    return forked.run(arguments, environment, ROOT)


async def test_by_command_with_its_age_told(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path / 'var' / 'gateway.db'}")
    house.var.mkdir()
    await house.fill("one")
    word = tmp_path / "passphrase"
    folder = str(tmp_path / "backups")
    settings = {"GATEWAY_BACKUP_FOLDER": folder, "GATEWAY_BACKUP_PASSPHRASE_FILE": str(word)}
    check = health_checks.backup(house.var, 48)
    assert "there is no backup" in (await check()).detail
    unread = await asyncio.to_thread(gateway, house, "backup", **settings)
    assert unread.returncode == 2 and str(word) in unread.stderr
    assert str(word) in (await check()).detail  # why the last try failed
    word.write_text(PASSPHRASE + "\n")
    made = await asyncio.to_thread(gateway, house, "backup", **settings)
    assert made.returncode == 0, made.stderr
    tried = await asyncio.to_thread(gateway, house, "backup", "--check", **settings)
    assert tried.returncode == 0 and "is whole" in tried.stdout
    assert (await check()).ok and read_last(house.var).checked_at
    before = await house.state()
    await house.destroy()
    house.root.mkdir()
    given = ("restore", folder, "--passphrase-file", str(word))
    done = await asyncio.to_thread(gateway, house, *given)
    assert done.returncode == 0, done.stderr
    assert "lines = 7" in (house.root / "gateway.toml").read_text()
    after = await house.state()
    assert after[0] == before[0] and after[3:] == before[3:]
    again = await asyncio.to_thread(gateway, house, *given)
    assert again.returncode == 2 and "not written over" in again.stderr


def test_once_a_day_and_an_hour_after_a_failure() -> None:
    now = datetime(2026, 3, 2, 12, 0, tzinfo=ZONE)
    good = LastBackup(made_at=(now - timedelta(hours=9)).timestamp())
    assert is_due(LastBackup(), time_of_day(2, 30), now)
    assert not is_due(good, time_of_day(2, 30), now)
    assert not is_due(good, time_of_day(13, 0), now)  # the moment was yesterday's
    assert is_due(good, time_of_day(11, 0), now)
    failed = replace(good, error="no room", tried_at=(now - timedelta(minutes=59)).timestamp())
    assert not is_due(failed, time_of_day(11, 0), now)
    assert is_due(failed, time_of_day(11, 0), now + timedelta(minutes=2))


def kill_half_way(command: list[str], environment: dict[str, str], pool: Path, files: int) -> None:
    """Kill a backup once the pool has so many files."""
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        until = time.monotonic() + 60
        while len(list(_files(pool))) < files:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)


async def test_a_backup_killed_half_way_leaves_the_earlier_one_whole(house: House, tmp_path: Path) -> None:
    backups = Backups(tmp_path / "backups")
    await house.fill("one")
    first, _ = await backups.make(house.request())
    many = house.var / "recordings" / "20260303"
    many.mkdir()
    for number in range(2000):
        (many / f"{number}.wav").write_bytes(b"%d" % number * 1000)
    word = tmp_path / "passphrase"
    word.write_text(PASSPHRASE)
    environment = {**os.environ, "GATEWAY_CONFIG": str(house.root / "gateway.toml")}
    environment |= {"GATEWAY_VAR": str(house.var), "GATEWAY_DATABASE_URL": house.url}
    command = [sys.executable, "-m", "gateway", "backup", str(backups.folder), "--passphrase-file", str(word)]
    before = len(list(_files(backups.pool.folder)))
    await asyncio.to_thread(kill_half_way, command, environment, backups.pool.folder, before + 20)
    assert backups.names() == [first] and (backups.folder / ".making").exists()
    secrets = restore.secrets_of(backups, "", PASSPHRASE)
    assert await restore.check(backups, "", secrets) == []
    name, made = await backups.make(house.request())
    assert backups.names() == [first, name] and made.files == 7 + 2000 + 1
    assert not (backups.folder / ".making").exists()
    assert await restore.check(backups, "", secrets) == []
