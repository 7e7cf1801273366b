"""What a crash leaves among the attachments: found when it is old, never while it may be wanted."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.core.item.item import Attachment
from gateway.storage import Storage
from gateway.storage.files import YOUNG, Files, Swept

NOW = 1_800_000_000.0


def aged(path: Path, seconds: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def test_files_that_no_item_names_and_half_written_ones_are_found(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    (tmp_path / "named").write_bytes(b"named")
    (tmp_path / "orphan").write_bytes(b"orphan")
    named, orphan = files.put(tmp_path / "named"), files.put(tmp_path / "orphan")
    for stored in (named, orphan):
        aged(files.path(stored.sha256), 2 * YOUNG)
    half = aged(files.folder / "incoming" / "0123456789abcdef", 2 * YOUNG)
    found = set(files.sweep(frozenset({named.sha256}), NOW))
    assert found == {files.path(orphan.sha256), half}


def test_what_is_younger_than_a_day_is_left_alone(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    aged(files.folder / "incoming" / "half", YOUNG - 1)
    aged(files.folder / "ab" / "cdef", YOUNG - 1)
    assert list(files.sweep(frozenset(), NOW)) == []


def test_a_file_that_comes_again_is_young_again(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    (tmp_path / "one").write_bytes(b"one")
    home = files.path(files.put(tmp_path / "one").sha256)
    os.utime(home, (1, 1))
    assert list(files.sweep(frozenset())) == [home]
    files.put(tmp_path / "one")
    assert list(files.sweep(frozenset())) == []


def test_nothing_was_ever_kept(tmp_path: Path) -> None:
    assert list(Files(tmp_path / "files").sweep(frozenset(), NOW)) == []


async def test_what_no_item_names_goes_on_command_and_what_one_names_stays(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path)
    try:
        source = tmp_path / "file"
        homes = []
        for content in (b"named", b"of a crash"):
            source.write_bytes(content)
            stored = storage.files.put(source)
            homes.append(storage.files.path(stored.sha256))
            os.utime(homes[-1], (1_700_000_000, 1_700_000_000))
        kept = Attachment(homes[0].parent.name + homes[0].name, "a.txt", "text/plain", "evidence", 5)
        await storage.database.write(lambda t: storage.items.attach(t, "261124000010", [kept]))
        assert (await storage.sweep()).held_back == 1  # half of all: something else may be wrong
        assert [home.exists() for home in homes] == [True, True]
        assert (await storage.sweep(all_of_them=True)).moved == 1
        assert [home.exists() for home in homes] == [True, False]
    finally:
        await storage.close()


def kept(files: Files, content: bytes, age: float = 2 * YOUNG) -> str:
    source = files.folder.parent / "source"
    source.write_bytes(content)
    sha256 = files.put(source).sha256
    aged(files.path(sha256), age)
    return sha256


def test_one_per_cent_goes_to_waste_and_comes_back_when_it_is_named(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    names = [kept(files, str(n).encode()) for n in range(200)]
    named, lost = frozenset(names[2:]), names[:2]
    assert files.clean(named, now=NOW) == Swept(moved=2)
    assert not any(files.path(name).exists() for name in lost)
    assert files.clean(named | {lost[0]}, now=NOW + 29 * 86400) == Swept(restored=1)
    assert files.path(lost[0]).read_bytes() == b"0"
    assert files.clean(named | {lost[0]}, now=NOW + 31 * 86400) == Swept(deleted=1)


def test_more_than_one_per_cent_stays_without_a_command(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    names = [kept(files, str(n).encode()) for n in range(200)]
    half = aged(files.folder / "incoming" / "half", 2 * YOUNG)
    assert files.clean(frozenset(names[3:]), now=NOW) == Swept(moved=1, held_back=3)
    assert all(files.path(name).exists() for name in names) and not half.exists()
    assert files.clean(frozenset(names[3:]), all_of_them=True, now=NOW).moved == 3
