"""A database and a var/ that do not belong together are refused, and so is a wrong key."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.core.item.contact import Evidence, Kind, Person
from gateway.errors import SetupError
from gateway.storage import Storage
from gateway.storage.database import Database
from gateway.storage.installation import KEYS, Installation
from tests import forked
from tests.storage.databases import ROOT, Clock, Templates, contact, intake_on


async def filled(url: str, var: Path) -> str:
    """The hash of an attachment of an item in this installation; a report is sealed in it as well."""
    storage = await Storage.open(url, var)
    source = var / "evidence.txt"
    source.write_bytes(b"evidence")
    evidence = (Evidence(str(source), "a.txt", "text/plain"),)
    receipt = await intake_on(storage, Clock()).submit(
        contact("web:1", kind=Kind.REPORT, person=Person("李举报", "13935701234"), evidence=evidence)
    )
    files = (await intake_on(storage, Clock()).get(receipt.number)).attachments
    os.utime(storage.files.path(files[0].sha256), (1, 1))
    await storage.close()
    return files[0].sha256


async def unmarked(url: str) -> None:
    """As an older gateway left it: nothing ties it."""
    database = Database(url)
    await database.open()
    await database.write(lambda t: t.execute(text("DELETE FROM installation")).close())
    await database.close()


async def another(url: str, templates: Templates, folder: Path) -> str:
    folder.mkdir()
    return await templates.copied("sqlite" if url.startswith("sqlite") else "postgresql", folder)


async def refusal(url: str, var: Path) -> str:
    with pytest.raises(SetupError) as caught:
        await Storage.open(url, var)
    return str(caught.value)


async def test_an_empty_database_is_refused(url: str, templates: Templates, tmp_path: Path) -> None:
    sha256 = await filled(url, tmp_path)
    wrong = await another(url, templates, tmp_path / "wrong")
    said = await refusal(wrong, tmp_path)
    assert "database.url names a database without items" in said and "installation adopt" in said
    assert (tmp_path / "files" / sha256[:2] / sha256[2:]).exists()
    await (await Storage.open(url, tmp_path)).close()


async def test_an_empty_database_is_refused_by_files_of_an_older_gateway(
    url: str, templates: Templates, tmp_path: Path
) -> None:
    await filled(url, tmp_path)
    await unmarked(url)
    (tmp_path / "installation").unlink()
    wrong = await another(url, templates, tmp_path / "wrong")
    assert "has attachments" in await refusal(wrong, tmp_path)
    await (await Storage.open(url, tmp_path)).close()  # the right one is tied


async def test_another_installations_database_is_refused(
    url: str, templates: Templates, tmp_path: Path
) -> None:
    await filled(url, tmp_path)
    wrong = await another(url, templates, tmp_path / "wrong")
    await filled(wrong, tmp_path / "wrong")
    said = await refusal(wrong, tmp_path)
    assert "belongs to installation" in said and "accept-key" not in said


async def test_a_database_of_an_older_gateway_is_known_by_its_keys(url: str, tmp_path: Path) -> None:
    """A backup of before ids were kept is put back into the var/ that has one."""
    await filled(url, tmp_path)
    await unmarked(url)
    await (await Storage.open(url, tmp_path)).close()


async def test_a_restore_with_secrets_is_known_by_its_keys(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    shutil.copytree(tmp_path / "secrets", tmp_path / "new" / "secrets")
    await (await Storage.open(url, tmp_path / "new")).close()


async def test_a_restore_without_secrets_is_refused(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    assert "is not that of the database" in await refusal(url, tmp_path / "new")
    assert not (tmp_path / "new" / "secrets").exists()  # no key is made that would hide the loss


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
async def test_each_key_is_missed_and_told_from_another(url: str, tmp_path: Path, key: object) -> None:
    file = tmp_path / "secrets" / key.file  # type: ignore[attr-defined]
    await filled(url, tmp_path)
    right = file.read_text("ascii")
    file.unlink()
    assert "is missing" in await refusal(url, tmp_path) and not file.exists()
    file.write_text("00" * 32, "ascii")
    said = await refusal(url, tmp_path)
    assert "is not the key" in said and f"accept-key {key.name}" in said  # type: ignore[attr-defined]
    file.write_text(right, "ascii")
    await (await Storage.open(url, tmp_path)).close()


async def test_identities_without_a_recorded_key_are_tried(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    await unmarked(url)
    (tmp_path / "installation").unlink()
    (tmp_path / "secrets" / "identities.key").unlink()
    assert "identities.key: is missing" in await refusal(url, tmp_path)
    (tmp_path / "secrets" / "identities.key").write_text("00" * 32, "ascii")
    assert "identities.key: is not the key" in await refusal(url, tmp_path)


async def test_a_start_that_ended_between_both_sides_goes_on(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    (tmp_path / "installation").rename(tmp_path / "installation.new")
    shutil.rmtree(tmp_path / "secrets")
    database = Database(url)
    await database.open()
    keys = "DELETE FROM installation WHERE name <> 'id'"
    for statement in (keys, "DELETE FROM identities", "DELETE FROM items"):
        await database.write(lambda t, statement=statement: t.execute(text(statement)).close())  # type: ignore[misc]
    await database.close()
    await (await Storage.open(url, tmp_path)).close()
    assert (tmp_path / "installation").exists() and not (tmp_path / "installation.new").exists()


async def test_adopting_ties_both(url: str, templates: Templates, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    wrong = await another(url, templates, tmp_path / "wrong")
    database = Database(wrong)
    await database.open()
    await Installation(database, tmp_path).adopt()
    await database.close()
    await (await Storage.open(wrong, tmp_path)).close()


def gateway(var: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GATEWAY_VAR": str(var), "GATEWAY_DATABASE_URL": url}
    return forked.run(arguments, environment, ROOT)


async def test_gateway_run_with_a_wrong_database_ends_and_says_what_to_do(
    url: str, templates: Templates, tmp_path: Path
) -> None:
    sha256 = await filled(url, tmp_path)
    wrong = await another(url, templates, tmp_path / "wrong")
    done = await asyncio.to_thread(gateway, tmp_path, wrong, "run")
    assert done.returncode == 2
    assert "database.url" in done.stderr and "gateway installation show" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "files" / sha256[:2] / sha256[2:]).exists()
    shown = await asyncio.to_thread(gateway, tmp_path, wrong, "installation", "show")
    assert shown.returncode == 0 and "no items" in shown.stdout
    unsure = await asyncio.to_thread(gateway, tmp_path, wrong, "installation", "adopt")
    assert unsure.returncode == 2 and "--yes" in unsure.stderr


async def test_gateway_run_without_its_secrets_ends_and_says_what_to_do(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    shutil.rmtree(tmp_path / "secrets")
    done = await asyncio.to_thread(gateway, tmp_path, url, "run")
    assert done.returncode == 2
    assert "identities.key" in done.stderr and "accept-key identities" in done.stderr
    assert not (tmp_path / "secrets").exists()


async def test_gateway_files_sweep_shows_and_moves(url: str, tmp_path: Path) -> None:
    await filled(url, tmp_path)
    orphan = tmp_path / "files" / "ab" / "cd"
    orphan.parent.mkdir()
    orphan.touch()
    os.utime(orphan, (1, 1))
    shown = await asyncio.to_thread(gateway, tmp_path, url, "files", "sweep")
    assert "files/ab/cd" in shown.stdout and orphan.exists()
    moved = await asyncio.to_thread(gateway, tmp_path, url, "files", "sweep", "--all")
    assert moved.returncode == 0 and not orphan.exists() and (tmp_path / "waste" / "ab" / "cd").exists()
