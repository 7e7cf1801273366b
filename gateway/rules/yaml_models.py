"""Tables of YAML files as pydantic models, from a tree that knows the line of every part.

A table is a model derived from `Table`; small tables inside it derive from `Part`. Each `Table` writes down
its own faults, with their lines, and gives None in its place, so that one reading tells all faults of a file.
What was read is used only when no fault was found. Limits stand on the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    Strict,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row, nearest
from gateway.errors import Problem
from gateway.field_rules import fault, limits
from gateway.rules.yaml_with_lines import read_file as read_tree

T = TypeVar("T")
Loc = tuple[int | str, ...]
_QUOTED = re.compile("'([^']*)'")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


# ------------------------------------------------------------------ a tree as pydantic takes it


class Word(str):
    """A value as it was written; `leaf` knows its meaning and line."""

    leaf: Leaf
    key: str

    @property
    def line(self) -> int:
        return self.leaf.line


class Items(list[Any]):
    """A list, with its line."""

    line: int
    key: str


class Pairs(dict[str, Any]):
    """`key: value` pairs. `what` names the table in faults: the model that reads it sets it."""

    line: int
    key: str
    key_lines: Mapping[str, int]
    above: Pairs | None = None
    what: str = ""

    def line_at(self, loc: Loc) -> int:
        """The line of what stands at a place below this table; of the nearest table where nothing does."""
        part: Any = self
        for step in loc:
            try:
                part = part[step]
            except (KeyError, IndexError, TypeError):
                break
        return int(part.line)


def data_of(node: Node, key: str = "", above: Pairs | None = None) -> Word | Items | Pairs:
    """A tree as words, lists and dicts that keep their lines. `key` is under which it stands."""
    data: Word | Items | Pairs
    match node:
        case Leaf():
            data = Word(node.text)
            data.leaf = node
        case Row():
            data = Items(data_of(item, key, above) for item in node.items)
            data.line = node.line
        case Branch():
            data = Pairs()
            data.line, data.key_lines, data.above = node.line, node.key_lines, above
            data |= {name: data_of(part, name, data) for name, part in node.pairs.items()}
    data.key = key
    return data


# ------------------------------------------------------------------ types of fields


def sentence(text: str) -> PydanticCustomError:
    """The error of a validator whose text says by itself what is wrong."""
    return PydanticCustomError("sentence", "{text}", {"text": text})


def _text(data: Any) -> str:
    if isinstance(data, Word) and data.leaf.value is not None and data.strip():
        return data.strip()
    raise fault("must be text")


def _meaning(data: Any) -> Any:
    return data.leaf.value if isinstance(data, Word) else data


def _day(data: Any) -> date:
    text = str(data) if isinstance(data, Word) else ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise fault(f": `{text}` is no day (2026-04-15)" if text else "must be a day")


def _sound_rows(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(row for row in rows if row is not None)


def _entries(data: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo[Faults]) -> Any:
    """Tables by their ids; a wrong id costs its own entry alone."""
    faults = info.context
    if faults is None or not isinstance(data, Pairs):
        return handler(data)
    if not data:
        raise fault("is empty")
    try:
        return handler(data)
    except ValidationError as error:
        wrong = {str(e["loc"][0]): e for e in error.errors() if e["loc"][-1] == "[key]"}
        what = data.what or (f"{data.above.what}: `{data.key}`" if data.above else data.key)
        for key, e in wrong.items():
            form = "small letters, digits and _" if "a-z" in str(e["ctx"]["pattern"]) else "a number"
            faults.at(data.key_lines[key], f"{what}: `{key}` is no id ({form})")
        return handler({key: value for key, value in data.items() if key not in wrong})


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Whole = Annotated[int, BeforeValidator(_meaning), Strict()]
Flag = Annotated[bool, BeforeValidator(_meaning), Strict()]
Day = Annotated[date, BeforeValidator(_day)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Tables = Annotated[tuple[T, ...], AfterValidator(_sound_rows)]
"""A list of tables; those with a fault are left out."""
_Key = TypeVar("_Key", bound=str)
Entries = Annotated[dict[_Key, T], WrapValidator(_entries)]
"""Tables by id. An entry with a fault is None: iterate over `sound`; its keys are all that stand there."""


def sound(entries: Mapping[str, T]) -> dict[str, T]:
    """The entries without a fault."""
    return {key: entry for key, entry in entries.items() if entry is not None}


# ------------------------------------------------------------------ tables


class Part(BaseModel):
    """A small table inside another; its faults are told as that one's."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Part):
    """A name in both languages."""

    zh: Text
    en: Text


class Table(Part):
    """A table that tells its own faults. `WHAT` names it in them, with `{}` for the key it stands under."""

    WHAT: ClassVar[str]
    _source: Pairs = PrivateAttr()

    def check(self, faults: Faults) -> None:
        """Tell what is wrong between the fields; called when each alone is right."""

    def line_of(self, *loc: int | str) -> int:
        return self._source.line_at(loc)

    def key_lines(self, name: str) -> Mapping[str, int]:
        """The lines of the keys of a table inside this one."""
        pairs: Pairs = self._source[name]
        return pairs.key_lines

    @property
    def what(self) -> str:
        return self._source.what

    @model_validator(mode="wrap")  # type: ignore[arg-type]  # None stands for a faulty table
    @classmethod
    def _told(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo[Faults]
    ) -> Self | None:
        faults = info.context
        assert faults is not None
        what = cls.WHAT.format(data.key)
        if not isinstance(data, Pairs):
            faults.at(data.line, f"{what} must be a table of `key: value`")
            return None
        data.what = what
        try:
            table = handler(data)
        except ValidationError as error:
            for detail in error.errors():
                faults.at(*cls._fault(data, detail))
            return None
        if table is None or getattr(table, "_source", None) is data:
            return table  # pydantic calls this twice for a model that holds itself
        table._source = data
        table.check(faults)
        return table

    @classmethod
    def _fault(cls, data: Pairs, error: ErrorDetails) -> tuple[int, str]:
        """Line and sentence of one error of this table."""
        loc = error["loc"]
        names = [str(step) for step in loc if isinstance(step, str)]
        match error["type"]:
            case "missing" | "string_too_short":
                return data.line_at(loc), cls.missing(data.what, names)
            case "extra_forbidden":
                above: Any = data
                for step in loc[:-1]:
                    above = above[step]
                hint = nearest(names[-1], _keys(cls, names[:-1]))
                where = cls.place(data.what, names[:-1])
                return above.key_lines[names[-1]], f"{where}: unknown key `{names[-1]}`{hint}"
            case "sentence":
                return data.line_at(loc), error["msg"]
        return data.line_at(loc), joined(cls.place(data.what, names), _end(error, cls, names))

    @classmethod
    def place(cls, what: str, names: list[str]) -> str:
        """How a fault names the place of a field: the table, then the keys."""
        return ": ".join((what, *(f"`{name}`" for name in names)))

    @classmethod
    def field(cls, names: list[str]) -> FieldInfo:
        """The field at a place, which may be in a small table."""
        model: type[BaseModel] = cls
        for name in names[:-1]:
            model = _part(model, name)
        return next(f for key, f in model.model_fields.items() if names[-1] in (key, f.alias))

    @classmethod
    def missing(cls, what: str, names: list[str]) -> str:
        return f"{cls.place(what, names)} is missing"


def joined(place: str, end: str) -> str:
    """A sentence from the place of a fault and what is wrong there, which may begin with a colon."""
    return f"{place}{end}" if end.startswith(":") else f"{place} {end}"


_NO_TABLE = ("model_type", "model_attributes_type", "dict_type")
_NO_LIST = ("tuple_type", "frozen_set_type", "list_type")


def _end(error: ErrorDetails, model: type[Table], names: list[str]) -> str:
    """What is wrong with a value, as the end of a sentence that begins with its place."""
    kind = error["type"]
    if kind in _NO_TABLE:
        return "must be a table of `key: value`"
    if kind in _NO_LIST:
        return "must be a list"
    if kind == "bool_type":
        return "must be true or false"
    if kind == "enum":
        text = str(error["input"]) if isinstance(error["input"], Word) else ""
        return f"cannot be `{text}`{nearest(text, _QUOTED.findall(error['ctx']['expected']))}"
    if kind in ("int_type", "greater_than_equal", "less_than_equal"):
        return f"must be a whole number from {limits(model.field(names))}"
    return error["msg"]


def _part(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The model of a small table inside another."""
    annotation = model.model_fields[name].annotation
    assert isinstance(annotation, type)
    return annotation


def _keys(model: type[BaseModel], names: list[str]) -> Iterator[str]:
    for name in names:
        model = _part(model, name)
    for key, field in model.model_fields.items():
        yield field.alias or key


# ------------------------------------------------------------------ files


def read_table(model: type[T], node: Node, faults: Faults) -> T | None:
    """A table of this model; None after a fault of its own."""
    table: T | None = TypeAdapter(model).validate_python(data_of(node), context=faults)
    return table


def read_entries(kind: Any, node: Node, what: str, faults: Faults) -> dict[str, Any]:
    """A whole file of tables by id; `kind` is an `Entries`, `what` names the file in faults."""
    data = data_of(node, what)
    if not isinstance(data, Pairs):
        faults.at(data.line, f"{what} must be a table of `key: value`")
        return {}
    try:
        entries: dict[str, Any] = TypeAdapter(kind).validate_python(data, context=faults)
    except ValidationError as error:
        for detail in error.errors():
            faults.at(data.line_at(detail["loc"]), joined(what, detail["msg"]))
        return {}
    return entries


def read_file(model: type[T], path: Path, problems: list[Problem]) -> T | None:
    """A whole file as a table of this model; its faults are added to `problems`."""
    node, faults = read_root(path)
    table = read_table(model, node, faults) if node else None
    problems.extend(faults.found)
    return table


def read_root(path: Path) -> tuple[Node | None, Faults]:
    """The tree of a rule file, or None, and where its faults go."""
    faults = Faults(str(path))
    if path.is_file():
        return read_tree(path, faults), faults
    faults.at(0, "is missing")
    return None, faults
