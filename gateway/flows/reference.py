"""What is made from the steps' declarations: the JSON Schema of flow files, and tables for the docs.

The schema lies beside the flows for editors; docs/reference/flow-language.md holds the tables. Tests say when
either is older than the code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.core.flow.hours import Hours
from gateway.core.flow.step import REQUIRED, Setting, Step
from gateway.core.flow.steps import STEPS
from gateway.errors import FlowError, Problem
from gateway.flows.case_files import CaseEntry, ConditionsPart
from gateway.flows.partner_files import PartnerFile
from gateway.flows.store import shown

_WORD = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
SCHEMA_FILE = "flow.schema.json"
PARTNER_SCHEMA_FILE = "partners/partner.schema.json"


def schema(kinds: Mapping[str, Step] = STEPS) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a flow file with these kinds of steps."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A call flow of the 12315 intake gateway",
        "type": "object",
        "required": ["flow", "start", "steps"],
        "additionalProperties": False,
        "properties": {
            "flow": _WORD | {"description": "The flow's name; also the file's."},
            "title": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
            },
            "start": _WORD | {"description": "The step a call begins with."},
            "steps": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _WORD,
                "additionalProperties": {"$ref": "#/$defs/step"},
            },
        },
        "$defs": {
            "prompt": {"type": "string", "description": "An id of prompts.yaml."},
            "step": {
                "type": "object",
                "required": ["step"],
                "properties": {"step": {"enum": list(kinds)}},
                "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
            },
            **{name: _step_schema(step) for name, step in kinds.items()},
        },
    }


def _step_schema(step: Step) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "step": {"const": step.name},
        "label": {"type": "string", "description": "Its word in drawings."},
        **{f.name: {**f.type.schema, "description": f.help} for f in step.fields},
    }
    if step.exits:
        exits = {e.name: _WORD | {"description": e.help} for e in step.exits}
        everything = {"otherwise": _WORD | {"description": "Every exit that is not named."}}
        table = {"type": "object", "additionalProperties": False, "properties": exits | everything}
        properties["next"] = {"oneOf": [_WORD, table], "description": "Where it goes on."}
    required = ["step", *(f.name for f in step.fields if f.required), *(["next"] if step.exits else [])]
    return {
        "description": step.help,
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def schema_text() -> str:
    """The schema as it is written to flow.schema.json."""
    return _text(schema())


def partner_schema_text() -> str:
    """The JSON Schema of a partner file, as it is written to partners/partner.schema.json."""
    return _text(PartnerFile.model_json_schema() | {"title": "A partner of the 12315 intake gateway"})


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def renew_schema(folder: Path, write: bool) -> str:
    """The flows' schema; with `write`, both schemas are put beside the files. Raises FlowError."""
    if not write:
        return schema_text().rstrip("\n")
    texts = {folder / SCHEMA_FILE: schema_text(), folder / PARTNER_SCHEMA_FILE: partner_schema_text()}
    for file, text in texts.items():
        try:
            file.write_text(text, "utf-8")
        except OSError as error:
            raise FlowError(Problem(shown(file), 0, f"cannot be written: {error.strerror}")) from error
    return "\n".join(f"{shown(file)} is renewed" for file in texts)


# ------------------------------------------------------------------ tables for the docs


def steps_table(kinds: Mapping[str, Step] = STEPS) -> str:
    """Every kind of step: what it does, its settings, its exits."""
    return "\n\n".join(_step_part(step) for step in kinds.values())


def _step_part(step: Step) -> str:
    lines = [f"### `{step.name}` {step.zh}", "", step.help, ""]
    lines += ["| setting | takes | default | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{f.name}` | {f.type.name} | {_default(f)} | {f.help} |" for f in step.fields]
    if step.exits:
        lines += ["", "| exit | taken when |", "| --- | --- |"]
        lines += [f"| `{e.name}` | {e.help}{_terms(e.needs, e.or_else)} |" for e in step.exits]
    return "\n".join(lines)


def _terms(needs: str, or_else: str) -> str:
    words = f" Only with `{needs}`." if needs else ""
    return words + (f" If not named: where `{or_else}` leads." if or_else else "")


def _default(setting: Setting) -> str:
    value = setting.default
    if value is REQUIRED:
        return "must be given"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(value)}]`"
    if isinstance(value, Mapping):
        return "none"
    if isinstance(value, str | Hours):
        return f'`"{value}"`'
    return f"`{value:g}`"


def cases_table() -> str:
    """The fields of a flow test case, and its conditions."""
    return "\n".join(
        [
            "| field | meaning |",
            "| --- | --- |",
            *_field_rows(CaseEntry),
            "",
            "| condition | meaning |",
            "| --- | --- |",
            *_field_rows(ConditionsPart),
        ]
    )


def _field_rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {field.description} |"


def partners_table() -> str:
    """The fields of a partner file."""
    lines = ["| field | must be given | meaning |", "| --- | --- | --- |"]
    for name, field in PartnerFile.model_fields.items():
        lines.append(f"| `{name}` | {'yes' if field.is_required() else 'no'} | {field.description} |")
    return "\n".join(lines)


PAGE = "docs/reference/flow-language.md"
TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "flow-steps": (PAGE, steps_table),
    "flow-cases": (PAGE, cases_table),
    "flow-partners": (PAGE, partners_table),
}
"""Page and table by the name of the marks, as gateway.reference has them."""
