"""manager.conf's event filters for an Asterisk that cannot filter by an event's name.

Such an Asterisk passes over `eventfilter(name(...))` without a word and sends every event. The gateway works
with that, but both have to make and read dozens of events for each call. So the same filters are written for
it as regular expressions over the whole event, which every version knows. Pure.
"""

from __future__ import annotations

import re

SINCE = {20: 11, 21: 6, 22: 1}  # the first release of each series that filters by name; later series all do
_VERSION = re.compile(r"(?:Asterisk )?(?:certified[-/])?(\d+)\.(\d+)")
_BY_NAME = re.compile(
    r"^eventfilter\(name\((?P<name>\w+)\)(?:,header\((?P<header>\w+)\),method\(regex\))?\) =(?P<value>.*)$",
    re.M,
)


def filters_by_name(version: str) -> bool:
    """Does an Asterisk of this version (as `asterisk -V` tells it) know filters by name?"""
    match = _VERSION.match(version)
    return match is None or int(match[2]) >= SINCE.get(int(match[1]), 0)


def as_regexes(manager_conf: str) -> str:
    """The same file with its filters as POSIX regular expressions over whole events."""
    return _BY_NAME.sub(_regex, manager_conf)


def _regex(by_name: re.Match[str]) -> str:
    line = f"eventfilter = ^Event: {by_name['name']}[^A-Za-z]"
    if not by_name["header"]:
        return line
    value = by_name["value"].strip()
    anywhere = "" if value.startswith("^") else ".*"
    return f"{line}(.*[^A-Za-z])?{by_name['header']}: {anywhere}{value.removeprefix('^')}"
