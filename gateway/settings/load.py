"""Reading gateway.toml and its overrides: `GATEWAY_` + section + field, e.g. GATEWAY_WEB_PORT=9000."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from gateway.errors import Problem, SettingError
from gateway.settings import check
from gateway.settings.schema import Config

PLACES = ("GATEWAY_CONFIG", "GATEWAY_VAR")  # names that are no setting


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read gateway.toml (or GATEWAY_CONFIG) and the overrides. Raises SettingError with every fault."""
    file = path or Path(environ.get("GATEWAY_CONFIG", "gateway.toml"))
    text, data, problems = _parse(file)
    overrides = _Overrides(environ, boxes_in_file="mailboxes" in data)
    lines = key_lines(text)
    settings, faults = check.check(overrides.put_into(data))
    problems += overrides.problems(file.name)
    problems += [_problem(fault, file, lines, overrides.names) for fault in faults]
    if problems or settings is None:
        raise SettingError(*problems)
    root = file.resolve().parent
    var = Path(environ.get("GATEWAY_VAR", root / "var")).resolve()
    return Config(root=root, var=var, **dict(settings))


def _parse(file: Path) -> tuple[str, dict[str, Any], list[Problem]]:
    """Text and tables of the file; both empty, and the reason, where it cannot be read."""
    text = ""
    try:
        text = file.read_text("utf-8")
        return text, tomllib.loads(text), []
    except FileNotFoundError:
        why, line = f"no such file; make one or name it in GATEWAY_CONFIG (here: {Path.cwd()})", 0
    except UnicodeDecodeError as error:
        why, line = f"not UTF-8 at byte {error.start}", 0
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        why, line = str(error), int(place[1]) if place else 0
    return text, {}, [Problem(str(file), line, why)]


def key_lines(text: str) -> dict[check.Path, int]:
    """The line of each key and table of a TOML text by its path, rows of [[tables]] counted from 0."""
    lines: dict[check.Path, int] = {}
    rows: Counter[str] = Counter()
    table: check.Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]", line)
        key = re.match(r"\s*([\w.-]+)\s*=", line)
        if header:
            name = header[2]
            table = (name, rows[name]) if header[1] == "[[" else (name,)
            rows[name] += 1
            lines.setdefault((name,), number)
            lines.setdefault(table, number)
        elif key:
            lines.setdefault((*table, *key[1].split(".")), number)
    return lines


def _problem(
    fault: check.Fault, file: Path, lines: Mapping[check.Path, int], overridden: Mapping[check.Path, str]
) -> Problem:
    name = overridden.get(fault.path)
    if name:
        return Problem("environment", 0, f"{name}: {fault.text}")
    return Problem(str(file), _line(lines, fault.path), fault.text)


def _line(lines: Mapping[check.Path, int], path: check.Path) -> int:
    """The line of the key, or of its table, or 0."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


class _Overrides:
    """The settings in the environment. [[tables]] come from the file, but where it has no mailbox one may be
    described by overrides alone."""

    def __init__(self, environ: Mapping[str, str], boxes_in_file: bool) -> None:
        self.names: dict[check.Path, str] = {}
        self._environ = {name: text for name, text in environ.items() if name.startswith("GATEWAY_")}
        self._known = {name: (*path, key) for path in _paths(boxes_in_file) for name, key in _names(path)}
        self._unfit: list[Problem] = []

    def put_into(self, data: dict[str, Any]) -> dict[str, Any]:
        """The tables of the file, with the overrides put in."""
        for name, path in self._known.items():
            if name in self._environ:
                self._put(_table(data, path), name, path)
        return data

    def _put(self, table: dict[str, Any], name: str, path: check.Path) -> None:
        section, key = str(path[0]), str(path[-1])
        table.pop(key, None)
        value = from_text(check.keys(check.kind_of(section))[key], self._environ[name])
        if value is None:
            text = f"{name}={self._environ[name]!r} does not fit {section}.{key}"
            self._unfit.append(Problem("environment", 0, text))
        else:
            table[key] = value
            self.names[path] = name

    def problems(self, file: str) -> list[Problem]:
        """Overrides that do not fit, and unknown ones, which would otherwise be ignored in silence."""
        unknown = sorted(set(self._environ) - set(self._known) - set(PLACES))
        return self._unfit + [Problem("environment", 0, self._unknown(name, file)) for name in unknown]

    def _unknown(self, name: str, file: str) -> str:
        table = next((table for table in check.tables() if name.startswith(f"GATEWAY_{table}_".upper())), "")
        near = difflib.get_close_matches(name, [*PLACES, *self._known], 1, 0.7)
        hint = f"did you mean {near[0]}?" if near else "names are GATEWAY_ + section + field"
        if table:
            hint = f"[[{table}]] stands in {file} and has no overrides"
        return f"unknown name {name}; {hint}"


def _table(data: dict[str, Any], path: check.Path) -> dict[str, Any]:
    """The table of the file that an override goes into; it is made where it is missing."""
    section = str(path[0])
    if len(path) == 3:
        return data.setdefault(section, [{}])[0]  # type: ignore[no-any-return]
    table = data.setdefault(section, {})
    return table if isinstance(table, dict) else {}  # what is no table is a fault of the file


def _paths(boxes_in_file: bool) -> list[check.Path]:
    """The tables that may be set by the environment."""
    return [*((name,) for name in check.sections()), *(() if boxes_in_file else (("mailboxes", 0),))]


def _names(path: check.Path) -> list[tuple[str, str]]:
    """The environment's name of each key of a table."""
    section = str(path[0])
    return [(f"GATEWAY_{section}_{key}".upper(), key) for key in check.keys(check.kind_of(section))]


def from_text(field: FieldInfo, text: str) -> Any:
    """The value of an override; None when the text does not fit. Lists are written with commas."""
    item = check.item_type(field)
    if item is not None:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if item is not int:
            return parts
        return [int(part) for part in parts] if all(re.fullmatch(r"\d+", part) for part in parts) else None
    if field.annotation is int:
        return int(text) if re.fullmatch(r"-?\d+", text) else None
    if field.annotation is bool:
        return _BOOLS.get(text.lower())
    return text


_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
