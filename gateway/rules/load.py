"""rules/ on disk -> the core's Rules: orders with their clocks and grounds, the calendar, the lists.

Everything is read before anything is used: one RuleError carries every fault of every file, with
its line. docs/operating/rules.md says what stands where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from gateway.core.item.catalogue import Ground, Grounds
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Clock, Milestone, Rules, RuleSet, Unit
from gateway.core.yaml_tree import Faults, Node, nearest
from gateway.errors import Problem, RuleError
from gateway.rules.calendars import load_calendar
from gateway.rules.fields import NO_DAY, Fields, read_root
from gateway.rules.lists import (
    load_areas,
    load_categories,
    load_channels,
    load_claims,
    load_divisions,
    load_retention,
    load_stations,
)

_SET_KEYS = ("in_force_from", "in_force_until", "name", "clocks", "non_acceptance", "ending_mediation")
_CLOCK_KEYS = (
    *("name", "kinds", "count", "unit", "starts_from", "met_by", "extends"),
    *("basis", "verified", "source"),
)
_FILES = (
    "categories.yaml",
    "claims.yaml",
    "divisions.yaml",
    "channels.yaml",
    "retention.yaml",
    "area_codes.yaml",
)
_FOLDERS = ("clocks", "calendars")
_NUMBER = re.compile(r"[1-9]\d?", re.ASCII)


def load_rules(folder: Path, channels: ChannelRegistry) -> Rules:
    """The rules of a folder, with these channels. Raises RuleError with file and line of every fault."""
    found: list[Problem] = []
    _no_strangers(folder, found)
    divisions = load_divisions(folder / "divisions.yaml", found)
    sets = _load_sets(folder / "clocks", found)
    rules = Rules(
        sets=sets,
        calendar=load_calendar(folder / "calendars", found),
        categories=load_categories(folder / "categories.yaml", found),
        claims=load_claims(folder / "claims.yaml", found),
        divisions=divisions,
        stations=load_stations(folder / "stations.csv", divisions, found),
        channels=load_channels(folder / "channels.yaml", channels, found),
        retention=load_retention(folder / "retention.yaml", found),
        areas=load_areas(folder / "area_codes.yaml", found),
    )
    if found:
        raise RuleError(*found)
    return rules


def _no_strangers(folder: Path, found: list[Problem]) -> None:
    """A file by another name would be read by nobody: a fault."""
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in _FILES:
            found.append(Problem(str(path), 0, f"no such rule file{nearest(path.name, _FILES)}"))
    for name in _FOLDERS:
        for path in sorted((folder / name).glob("*")):
            if path.suffix != ".yaml" and not path.name.startswith("."):
                found.append(Problem(str(path), 0, "only .yaml files are read here"))


def _load_sets(folder: Path, found: list[Problem]) -> tuple[RuleSet, ...]:
    """The orders by their days; each must end the day before the next begins, if it says when."""
    sets: list[tuple[RuleSet, date | None, str]] = []
    for path in sorted(folder.glob("*.yaml")):
        node, faults = read_root(path)
        if node is not None:
            sets.append((*_set(node, path, faults), str(path)))
        found.extend(faults.found)
    if not sets and not found:
        found.append(Problem(str(folder), 0, "no order is here (*.yaml)"))
    sets = sorted((s for s in sets if s[0].in_force_from != NO_DAY), key=lambda s: s[0].in_force_from)
    for (before, until, file), (after, _, other) in pairwise(sets):
        if before.in_force_from == after.in_force_from or (until and until >= after.in_force_from):
            found.append(Problem(other, 0, f"overlaps {file}: both are in force on {after.in_force_from}"))
        elif until and until + timedelta(days=1) < after.in_force_from:
            found.append(Problem(file, 0, f"ends on {until}, but {other} begins on {after.in_force_from}"))
    if sets and sets[-1][1]:
        found.append(Problem(sets[-1][2], 0, f"ends on {sets[-1][1]}, and no order follows"))
    return tuple(s[0] for s in sets)


def _set(node: Node, path: Path, faults: Faults) -> tuple[RuleSet, date | None]:
    fields = Fields(node, "the order", _SET_KEYS, faults)
    begins = fields.day("in_force_from")
    until = fields.day("in_force_until") if fields.has("in_force_until") else None
    if begins != NO_DAY and not path.name.startswith(str(begins)):
        faults.at(fields.line_of("in_force_from"), f"the file's name must begin with {begins}")
    if until and until < begins:
        faults.at(fields.line_of("in_force_until"), f"it ends on {until}, before it begins")
    zh, en = fields.names()
    clocks = tuple(_clocks(fields.tables("clocks"), faults))
    return (
        RuleSet(
            id=path.stem,
            zh=zh,
            en=en,
            in_force_from=begins,
            clocks=clocks,
            non_acceptance=_grounds(fields, "non_acceptance"),
            ending_mediation=_grounds(fields, "ending_mediation"),
        ),
        until,
    )


def _clocks(nodes: Iterator[tuple[str, Node]], faults: Faults) -> Iterator[Clock]:
    before: dict[str, Clock] = {}
    for name, node in nodes:
        fields = Fields(node, f"the clock `{name}`", _CLOCK_KEYS, faults)
        clock = _clock(name, fields)
        if clock.extends and clock.extends not in before:
            hint = nearest(clock.extends, before)
            faults.at(fields.line_of("extends"), f"{fields.what}: no clock above is `{clock.extends}`{hint}")
        elif clock.extends and not clock.kinds <= before[clock.extends].kinds:
            faults.at(fields.line_of("extends"), f"{fields.what}: `{clock.extends}` is for other kinds")
        before[name] = clock
        yield clock


def _clock(name: str, fields: Fields) -> Clock:
    zh, en = fields.names()
    kinds = fields.words("kinds", Kind)
    if not kinds and fields.has("kinds"):
        fields.faults.at(fields.line_of("kinds"), f"{fields.what}: it is for no kind")
    return Clock(
        name=name,
        zh=zh,
        en=en,
        kinds=kinds,
        count=fields.whole("count", 1, 366),
        unit=fields.word("unit", Unit),
        starts_from=fields.word("starts_from", Milestone),
        basis=fields.text("basis"),
        verified=fields.flag("verified"),
        source=fields.text("source"),
        met_by=fields.words("met_by", Milestone) if fields.has("met_by") else frozenset(),
        extends=fields.text("extends") if fields.has("extends") else "",
    )


def _grounds(order: Fields, key: str) -> Grounds:
    """The grounds of one decision; they are numbered from 1 without a gap."""
    node = order.node(key)
    if node is None:
        return Grounds("", False, "", ())
    fields = Fields(node, f"the order: `{key}`", ("basis", "verified", "source", "grounds"), order.faults)
    entries = []
    for number, table in fields.tables("grounds", _NUMBER):
        ground = Fields(table, f"the ground {number}", ("zh", "en"), order.faults)
        entries.append(Ground(int(number), ground.text("zh"), ground.text("en")))
        if int(number) != len(entries):
            order.faults.at(ground.line, f"the ground {number}: grounds are numbered 1, 2, 3 …")
    return Grounds(fields.text("basis"), fields.flag("verified"), fields.text("source"), tuple(entries))
