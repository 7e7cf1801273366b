"""What the pydantic models of all borders share: texts of a form, faults in our words, limits of a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from annotated_types import Ge, Le
from pydantic import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True, slots=True)
class Form:
    """For a text: the regular expression that the whole of it fits, and what is said where it does not."""

    pattern: str
    text: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "pattern": f"^(?:{self.pattern})$"}

    def checked(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise fault(self.text)
        return value


def fault(text: str) -> PydanticCustomError:
    """The error of a validator. The text goes in as a value: it may hold braces."""
    return PydanticCustomError("form", "{text}", {"text": text})


def limits(field: FieldInfo) -> str:
    """Least and greatest value of a whole number; empty where it has none."""
    least = next((mark.ge for mark in field.metadata if isinstance(mark, Ge)), None)
    most = next((mark.le for mark in field.metadata if isinstance(mark, Le)), None)
    if least is None or most is None:
        return ""
    return f"{'a port, ' if most == 65535 else ''}{least} to {most}"
