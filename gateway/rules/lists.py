"""The lists of rules/: categories, claims, divisions, stations, channels, retention."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field

from gateway.core.item.catalogue import (
    AUDIT_LOG,
    RAW_MAIL,
    RECORDING,
    Area,
    Categories,
    Category,
    Claim,
    Division,
    Retention,
    Station,
)
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Branch, Faults, nearest
from gateway.errors import Problem
from gateway.rules.yaml_models import (
    Entries,
    Flag,
    Id,
    Table,
    Text,
    Whole,
    read_entries,
    read_file,
    read_root,
    sound,
)

_COLUMNS = ("code", "name", "phone", "county", "area")
_MORE_COLUMNS = ("places", "verified")  # may be left out, from the end
_KEPT = (*(kind.value for kind in Kind), "call_without_item", "network_log")
_OPTIONAL = (AUDIT_LOG, RECORDING, RAW_MAIL)
_Entry = TypeVar("_Entry", bound=Table)
DEEPEST = 3  # levels of a category tree
DivisionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
AreaCode = Annotated[str, Field(pattern=r"^0[0-9]{2,3}$")]


class ClaimEntry(Table):
    WHAT = "the claim `{}`"
    zh: Text
    en: Text


class ChannelEntry(Table):
    """Names of a channel in place of its registry entry's."""

    WHAT = "the channel `{}`"
    zh: Text = ""
    en: Text = ""
    platform: Text = ""


class RetentionEntry(Table):
    WHAT = "the retention `{}`"
    zh: Text
    en: Text
    months: Annotated[Whole, Field(ge=1, le=1200)]
    verified: Flag
    note: Text


class DivisionEntry(Table):
    WHAT = "the division `{}`"
    zh: Text
    en: Text
    official: Flag = True


class AreaEntry(Table):
    WHAT = "the area `{}`"
    zh: Text
    en: Text


class CategoryEntry(Table):
    WHAT = "the category `{}`"
    zh: Text
    en: Text
    parts: Entries[Id, CategoryEntry] = Field(default_factory=dict)


class CategoriesFile(Table):
    WHAT = "the categories"
    problems: Entries[Id, CategoryEntry]
    goods: Entries[Id, CategoryEntry]
    services: Entries[Id, CategoryEntry]

    def check(self, faults: Faults) -> None:
        for name in ("problems", "goods", "services"):
            _check_tree(getattr(self, name), set(), 1, faults)


def load_claims(path: Path, problems: list[Problem]) -> tuple[Claim, ...]:
    entries = read_list(path, Id, ClaimEntry, problems)
    return tuple(Claim(key, entry.zh, entry.en) for key, entry in entries.items())


def load_channels(path: Path, channels: ChannelRegistry, problems: list[Problem]) -> ChannelRegistry:
    """The channels with the names that this centre gives them; there need not be such a file."""
    if not path.is_file():
        return channels
    entries = read_list(path, Id, ChannelEntry, problems, channels.ids)
    names = {key: entry.model_dump(exclude_unset=True) for key, entry in entries.items()}
    return ChannelRegistry(replace(entry, **names.get(entry.channel, {})) for entry in channels)


def load_retention(path: Path, problems: list[Problem]) -> tuple[Retention, ...]:
    """How long each kind is kept; every kind must stand there; parts and the audit log need not."""
    entries = read_list(path, Id, RetentionEntry, problems, (*_KEPT, *_OPTIONAL), _KEPT)
    return tuple(Retention(key, **dict(entry)) for key, entry in entries.items())


def load_divisions(path: Path, problems: list[Problem]) -> tuple[Division, ...]:
    entries = read_list(path, DivisionCode, DivisionEntry, problems)
    return tuple(Division(key, **dict(entry)) for key, entry in entries.items())


def load_areas(path: Path, problems: list[Problem]) -> tuple[Area, ...]:
    entries = read_list(path, AreaCode, AreaEntry, problems)
    return tuple(Area(key, entry.zh, entry.en) for key, entry in entries.items())


def load_categories(path: Path, problems: list[Problem]) -> Categories:
    trees = read_file(CategoriesFile, path, problems)
    if trees is None or problems:
        return Categories((), (), ())
    return Categories(*(_categories(tree) for tree in (trees.problems, trees.goods, trees.services)))


def load_stations(path: Path, counties: list[str] | None, problems: list[Problem]) -> tuple[Station, ...]:
    """The stations of a CSV file with a head line; each in one of these counties, if they are known."""
    faults = Faults(str(path))
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.at(0, f"cannot be read as UTF-8 text: {error}")
        lines = []
    stations: tuple[Station, ...] = ()
    if not faults.found:
        try:
            stations = tuple(_stations(lines, counties, faults))
        except csv.Error as error:
            faults.at(0, f"is no CSV file: {error}")
    problems.extend(faults.found)
    return stations


def _stations(lines: list[str], counties: list[str] | None, faults: Faults) -> Iterator[Station]:
    head = tuple(cell.strip() for cell in lines[0].split(",")) if lines else ()
    if head[:5] != _COLUMNS or head[5:] != _MORE_COLUMNS[: len(head) - 5]:
        faults.at(1, f"the head line must be {','.join((*_COLUMNS, *_MORE_COLUMNS))}")
        return
    seen: dict[str, int] = {}
    reader = csv.reader(lines)
    for row in reader:
        line, cells = reader.line_num, [cell.strip() for cell in row]
        if line == 1 or not any(cells):
            continue
        if len(cells) != len(head):
            faults.at(line, f"{len(cells)} cells instead of {len(head)}")
            continue
        station = _station(cells, line, faults)
        _check_station(station, line, counties, faults)
        if station.code in seen:
            faults.at(line, f"the code {station.code} stands in line {seen[station.code]} already")
        seen.setdefault(station.code, line)
        yield station


def _station(cells: list[str], line: int, faults: Faults) -> Station:
    """`places` are parted by blanks, commas or 、; `verified` is yes or no, and yes where nothing is said."""
    places, verified = ([*cells[5:], "", ""])[:2]
    if verified not in ("", "yes", "no"):
        faults.at(line, f"`verified` is yes or no, not `{verified}`")
    code, name, phone, county, area = cells[:5]
    names = tuple(re.findall(r"[^\s,，、;；]+", places))
    return Station(code, name, phone, county, area, names, verified != "no")


def _check_station(station: Station, line: int, counties: list[str] | None, faults: Faults) -> None:
    if not station.name:
        faults.at(line, "a station needs a name")
    if counties is not None and station.county not in counties:
        hint = nearest(station.county, counties)
        faults.at(line, f"`{station.county}` is no division of divisions.yaml{hint}")
    elif not re.fullmatch(rf"{station.county}\d{{2}}", station.code, re.ASCII):
        faults.at(line, f"the code `{station.code}` must be {station.county} and two digits")


def _check_tree(entries: dict[str, CategoryEntry], seen: set[str], depth: int, faults: Faults) -> None:
    """An id stands once in its tree, and a tree has few levels."""
    for key, entry in sound(entries).items():
        if key in seen:
            faults.at(entry.line_of(), f"the category `{key}` stands in this tree twice")
        seen.add(key)
        if entry.parts and depth == DEEPEST:
            faults.at(entry.line_of("parts"), f"a tree has at most {DEEPEST} levels")
        else:
            _check_tree(entry.parts, seen, depth + 1, faults)


def _categories(entries: dict[str, CategoryEntry]) -> tuple[Category, ...]:
    return tuple(Category(key, e.zh, e.en, _categories(e.parts)) for key, e in entries.items())


def read_list(
    path: Path,
    ids: Any,
    model: type[_Entry],
    problems: list[Problem],
    allowed: Collection[str] = (),
    needed: Collection[str] = (),
) -> dict[str, _Entry]:
    """The sound tables of a file by id: none but the `allowed` ones, if any are named, and all `needed`."""
    node, faults = read_root(path)
    entries: dict[str, _Entry] = {}
    if node is not None:
        entries = read_entries(Entries[ids, model], node, path.stem, faults)  # type: ignore[valid-type]
    for key in [key for key in entries if allowed and key not in allowed]:
        assert isinstance(node, Branch)
        hint = nearest(key, allowed)
        faults.at(node.pairs[key].line, f"{model.WHAT.format(key)} is not known{hint}")
        del entries[key]
    if path.is_file():
        for key in needed:
            if key not in entries:
                faults.at(0, f"{model.WHAT.format(key)} is missing")
    problems.extend(faults.found)
    return sound(entries)
