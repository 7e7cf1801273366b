"""The models of the API: `RequestModel` for bodies and queries, `AnswerModel` for answers.

The types of their fields are in fields.py. The description of a field has both languages: "类别 / kind".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, model_validator
from pydantic.fields import FieldInfo

from gateway.web.http.fields import Texts

_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class RequestModel(BaseModel):
    """A body or a query. A member that is null counts as not given; one that is not known is refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any, info: ValidationInfo[Texts]) -> Any:
        """What is given. Of unknown members no more than may be told, so that a flood costs little."""
        if not isinstance(data, dict):
            return data
        fields = members(cls)
        given = {name: value for name, value in data.items() if value is not None and name in fields}
        if len(given) < len(data) and info.context:
            unknown = [*islice((name for name in data if name not in fields), info.context.unknown)]
            info.context.unknown -= len(unknown)
            given |= dict.fromkeys(map(shown, unknown))
        return given


class AnswerModel(BaseModel):
    """An answer. Every member stands in it, null where nothing is to be said. What has members of the same
    names may stand for one: `PersonShown.model_validate(person)`."""

    model_config = ConfigDict(
        frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )


@dataclass(frozen=True, slots=True)
class Member:
    """One member, with its type taken apart: `kind` is the type without None, of each entry where `listed`.
    `marks` are what the type is annotated with, `field` is the name in Python."""

    name: str
    field: str
    kind: Any
    listed: bool
    required: bool
    default: Any
    marks: tuple[Any, ...]
    zh: str
    en: str

    @property
    def model(self) -> type[BaseModel] | None:
        """The model that its value or its entries are."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, BaseModel) else None


@cache
def members(model: type[BaseModel]) -> Mapping[str, Member]:
    """The members of a model by name, in their order."""
    return {m.name: m for m in (_member(name, f) for name, f in model.model_fields.items())}


def _member(name: str, info: FieldInfo) -> Member:
    kind, marks = _bare(info.annotation)
    listed = get_origin(kind) is tuple
    if listed:
        kind, _ = _bare(get_args(kind)[0])
    zh, _, en = (info.description or "").partition(" / ")
    return Member(
        name=info.alias or name,
        field=name,
        kind=kind,
        listed=listed,
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        marks=(*marks, *info.metadata),
        zh=zh,
        en=en,
    )


def _bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without None and annotations, and those."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (kind for kind in get_args(annotation) if kind is not NoneType)
    if get_origin(annotation) is Annotated:
        return annotation.__origin__, annotation.__metadata__
    return annotation, ()


@cache
def lenient(model: type[BaseModel]) -> type[BaseModel]:
    """The model with texts that may be left out, for what is right in a body that has faults."""
    texts: dict[str, Any] = {
        m.field: (model.model_fields[m.field].rebuild_annotation(), Field(default="", alias=m.name))
        for m in members(model).values()
        if m.required and m.kind is str and not m.listed
    }
    return create_model(model.__name__, __base__=model, **texts) if texts else model


def shown(name: str) -> str:
    """A name that somebody else chose, fit to be shown."""
    return short(_UNSEEN.sub("?", name[:81]))


def short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
