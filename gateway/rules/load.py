"""rules/ on disk -> the core's Rules: orders with their clocks and grounds, the calendar, the lists.

Everything is read before anything is used: one RuleError carries every fault of every file, with
its line. docs/operating/rules.md says what stands where.
"""

from __future__ import annotations

from pathlib import Path

from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.deadlines import Rules
from gateway.core.yaml_tree import nearest
from gateway.errors import Problem, RuleError
from gateway.rules.answers import load_answers
from gateway.rules.calendars import load_calendar
from gateway.rules.dispatch import Known, load_dispatch
from gateway.rules.followups import load_follow_ups
from gateway.rules.handling import load_handling
from gateway.rules.lists import (
    load_areas,
    load_categories,
    load_channels,
    load_claims,
    load_divisions,
    load_retention,
    load_stations,
)
from gateway.rules.notices import load_notices, load_privacy_notice, load_report_results, load_ways_left
from gateway.rules.orders import load_orders
from gateway.rules.supervision import load_supervision

_FILES = (
    "categories.yaml",
    "claims.yaml",
    "divisions.yaml",
    "channels.yaml",
    "retention.yaml",
    "area_codes.yaml",
    "notices.yaml",
    "report_results.yaml",
    "answers.yaml",
    "ways_left.yaml",
    "privacy_notice.yaml",
    "dispatch.yaml",
    "supervision.yaml",
    "followups.yaml",
    "handling.yaml",
)
_FOLDERS = ("clocks", "calendars")


def load_rules(folder: Path, channels: ChannelRegistry) -> Rules:
    """The rules of a folder, with these channels. Raises RuleError with file and line of every fault."""
    problems: list[Problem] = []
    _no_strangers(folder, problems)
    before = len(problems)
    divisions = load_divisions(folder / "divisions.yaml", problems)
    # An entry with a fault is left out: its stations would be reported as unknown for no reason.
    counties = [division.code for division in divisions] if len(problems) == before else None
    sets = load_orders(folder / "clocks", problems)
    categories = load_categories(folder / "categories.yaml", problems)
    stations = load_stations(folder / "stations.csv", counties, problems)
    # Rows that name what stands in a faulty file would be reported for no reason.
    names = Known(categories, divisions, stations) if len(problems) == before else None
    rules = Rules(
        sets=sets,
        calendar=load_calendar(folder / "calendars", problems),
        categories=categories,
        claims=load_claims(folder / "claims.yaml", problems),
        divisions=divisions,
        stations=stations,
        channels=load_channels(folder / "channels.yaml", channels, problems),
        retention=load_retention(folder / "retention.yaml", problems),
        areas=load_areas(folder / "area_codes.yaml", problems),
        notices=load_notices(folder / "notices.yaml", problems),
        report_results=load_report_results(folder / "report_results.yaml", problems),
        answers=load_answers(folder / "answers.yaml", problems),
        privacy_notice=load_privacy_notice(folder / "privacy_notice.yaml", problems),
        ways_left=load_ways_left(folder / "ways_left.yaml", problems),
        supervision=load_supervision(folder / "supervision.yaml", problems),
        dispatch=load_dispatch(folder / "dispatch.yaml", names, problems),
        follow_ups=load_follow_ups(folder / "followups.yaml", problems),
        handling=load_handling(folder / "handling.yaml", problems),
    )
    if problems:
        raise RuleError(*problems)
    return rules


def _no_strangers(folder: Path, problems: list[Problem]) -> None:
    """A file with an unknown name is never read: a fault."""
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in _FILES:
            problems.append(Problem(str(path), 0, f"no such rule file{nearest(path.name, _FILES)}"))
    for name in _FOLDERS:
        for path in sorted((folder / name).glob("*")):
            if path.suffix != ".yaml" and not path.name.startswith("."):
                problems.append(Problem(str(path), 0, "only .yaml files are read here"))
