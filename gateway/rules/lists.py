"""The lists of rules/: categories, claims, divisions, stations, channels, retention."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.core.item.catalogue import (
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
from gateway.core.yaml_tree import Faults, Node, nearest
from gateway.errors import Problem
from gateway.rules.fields import Fields, read_root, tables

_DIVISION = re.compile(r"\d{6}", re.ASCII)
_AREA = re.compile(r"0\d{2,3}", re.ASCII)
_COLUMNS = ("code", "name", "phone", "county", "area")
_KEPT = (*(kind.value for kind in Kind), "call_without_item", "network_log")
_CHANNEL_NAMES = ("zh", "en", "platform")
DEEPEST = 3  # levels of a category tree


def load_claims(path: Path, found: list[Problem]) -> tuple[Claim, ...]:
    return tuple(
        Claim(key, fields.text("zh"), fields.text("en"))
        for key, fields in _entries(path, "the claim", ("zh", "en"), found)
    )


def load_channels(path: Path, channels: ChannelRegistry, found: list[Problem]) -> ChannelRegistry:
    """The channels with the names that this centre gives them; there need not be such a file."""
    if not path.is_file():
        return channels
    names: dict[str, dict[str, Any]] = {}
    for key, fields in _entries(path, "the channel", _CHANNEL_NAMES, found):
        if key in channels:
            names[key] = {name: fields.text(name) for name in _CHANNEL_NAMES if fields.has(name)}
        else:
            fields.faults.at(fields.line, f"the channel `{key}` is not known{nearest(key, channels.ids)}")
    return ChannelRegistry(replace(entry, **names.get(entry.channel, {})) for entry in channels)


def load_retention(path: Path, found: list[Problem]) -> tuple[Retention, ...]:
    """How long each kind is kept; every kind must stand there."""
    keys = ("zh", "en", "months", "verified", "note")
    return tuple(
        Retention(
            key, f.text("zh"), f.text("en"), f.whole("months", 1, 1200), f.flag("verified"), f.text("note")
        )
        for key, f in _named(path, "the retention", keys, _KEPT, found)
    )


def load_divisions(path: Path, found: list[Problem]) -> tuple[Division, ...]:
    return tuple(
        Division(key, f.text("zh"), f.text("en"), f.flag("official") if f.has("official") else True)
        for key, f in _entries(path, "the division", ("zh", "en", "official"), found, _DIVISION)
    )


def load_areas(path: Path, found: list[Problem]) -> tuple[Area, ...]:
    return tuple(
        Area(key, fields.text("zh"), fields.text("en"))
        for key, fields in _entries(path, "the area", ("zh", "en"), found, _AREA)
    )


def load_categories(path: Path, found: list[Problem]) -> Categories:
    node, faults = read_root(path)
    if node is None:
        found.extend(faults.found)
        return Categories((), (), ())
    trees = Fields(node, "the categories", ("problems", "goods", "services"), faults)
    problems, goods, services = (_tree(trees, key) for key in ("problems", "goods", "services"))
    found.extend(faults.found)
    return Categories(problems, goods, services)


def load_stations(path: Path, divisions: tuple[Division, ...], found: list[Problem]) -> tuple[Station, ...]:
    """The stations of a CSV file with a head line; each must belong to a known division."""
    faults = Faults(str(path))
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.at(0, f"cannot be read as UTF-8 text: {error}")
        lines = []
    counties = [division.code for division in divisions]
    stations: tuple[Station, ...] = ()
    if not faults.found:
        try:
            stations = tuple(_stations(lines, counties, faults))
        except csv.Error as error:
            faults.at(0, f"is no CSV file: {error}")
    found.extend(faults.found)
    return stations


def _stations(lines: list[str], counties: list[str], faults: Faults) -> Iterator[Station]:
    head = [cell.strip() for cell in lines[0].split(",")] if lines else []
    if tuple(head) != _COLUMNS:
        faults.at(1, f"the head line must be {','.join(_COLUMNS)}")
        return
    seen: dict[str, int] = {}
    reader = csv.reader(lines)
    for row in reader:
        line, cells = reader.line_num, [cell.strip() for cell in row]
        if line == 1 or not any(cells):
            continue
        if len(cells) != len(_COLUMNS):
            faults.at(line, f"{len(cells)} cells instead of {len(_COLUMNS)}")
            continue
        station = Station(*cells)
        _check_station(station, line, counties, faults)
        if station.code in seen:
            faults.at(line, f"the code {station.code} stands in line {seen[station.code]} already")
        seen.setdefault(station.code, line)
        yield station


def _check_station(station: Station, line: int, counties: list[str], faults: Faults) -> None:
    if not station.name:
        faults.at(line, "a station needs a name")
    if station.county not in counties:
        hint = nearest(station.county, counties)
        faults.at(line, f"`{station.county}` is no division of divisions.yaml{hint}")
    elif not re.fullmatch(rf"{station.county}\d{{2}}", station.code, re.ASCII):
        faults.at(line, f"the code `{station.code}` must be {station.county} and two digits")


def _tree(trees: Fields, key: str) -> tuple[Category, ...]:
    seen: set[str] = set()
    return tuple(_categories(trees.tables(key), seen, 1, trees.faults))


def _categories(
    nodes: Iterator[tuple[str, Node]], seen: set[str], depth: int, faults: Faults
) -> Iterator[Category]:
    for key, node in nodes:
        fields = Fields(node, f"the category `{key}`", ("zh", "en", "parts"), faults)
        if key in seen:
            faults.at(node.line, f"the category `{key}` stands in this tree twice")
        seen.add(key)
        parts: tuple[Category, ...] = ()
        if fields.has("parts"):
            if depth == DEEPEST:
                faults.at(fields.line_of("parts"), f"a tree has at most {DEEPEST} levels")
            else:
                parts = tuple(_categories(fields.tables("parts"), seen, depth + 1, faults))
        yield Category(key, fields.text("zh"), fields.text("en"), parts)


def _entries(
    path: Path,
    what: str,
    known: tuple[str, ...],
    found: list[Problem],
    id_form: re.Pattern[str] | None = None,
) -> Iterator[tuple[str, Fields]]:
    """The tables of a file, each by its id; the file's faults are added when all have been read."""
    node, faults = read_root(path)
    if node is not None:
        forms = (id_form,) if id_form else ()
        for key, table in tables(node, path.stem, faults, *forms):
            yield key, Fields(table, f"{what} `{key}`", known, faults)
    found.extend(faults.found)


def _named(
    path: Path,
    what: str,
    keys: tuple[str, ...],
    wanted: Collection[str],
    found: list[Problem],
) -> Iterator[tuple[str, Fields]]:
    """As `_entries`, when exactly the `wanted` ids must stand in the file."""
    seen: set[str] = set()
    for key, fields in _entries(path, what, keys, found):
        if key in wanted:
            seen.add(key)
            yield key, fields
        else:
            fields.faults.at(fields.line, f"{what} `{key}` is not known{nearest(key, wanted)}")
    if path.is_file():
        found.extend(Problem(str(path), 0, f"{what} `{key}` is missing") for key in wanted if key not in seen)
