"""The settings as text: those in force as TOML, all of them as tables for the docs, and as a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from gateway.field_rules import limits
from gateway.settings.check import choices, keys, sections, tables
from gateway.settings.fields import Section
from gateway.settings.schema import Config, Settings

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting."""

    section: str
    name: str
    default: Any
    help: str
    values: str  # limits or choices; empty where the type alone says it


def _settings() -> Iterator[Setting]:
    for section, kind in {**sections(), **tables()}.items():
        for name, field in keys(kind).items():
            values = limits(field) or ", ".join(f"`{choice}`" for choice in choices(field))
            yield Setting(section, name, field.default, field.description or "", values)


SETTINGS: tuple[Setting, ...] = tuple(_settings())


def as_toml(config: Config) -> str:
    """The settings in force, as `gateway check` prints them."""
    out = [f"# var = {config.var}"]
    for name in sections():
        out += [f"\n[{name}]", *_lines(getattr(config, name))]
    for name in tables():
        for row in getattr(config, name):
            out += [f"\n[[{name}]]", *_lines(row)]
    return "\n".join(out) + "\n"


def _lines(section: Section) -> Iterator[str]:
    for name, value in section.model_dump(by_alias=True).items():
        yield f"{name} = {shown(value)}"


def shown(value: Any) -> str:
    """A value as TOML writes it; the password of a database's URL is left out."""
    return _toml(_PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


def as_json_schema() -> str:
    """The JSON Schema of gateway.toml, for editors."""
    return json.dumps(Settings.model_json_schema(by_alias=True), ensure_ascii=False, indent=1)


def settings_table() -> str:
    """One table per section; the environment name of a setting follows from its row."""
    parts = []
    for section, rows in groupby(SETTINGS, key=lambda s: s.section):
        lines = [
            f"### [{section}]",
            "",
            "| setting | default | values | meaning |",
            "| --- | --- | --- | --- |",
        ]
        lines += [f"| `{s.name}` | {_default(s)} | {s.values} | {s.help} |" for s in rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _default(setting: Setting) -> str:
    value = setting.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`".replace("'", '"')
    return f"`{value}`" if value != "" else "empty"
