"""What the settings are made of: the base of every section, and types whose limits stand on the field.

A validator's message is the end of the sentence that the operator reads: `centre.number 'x' must be digits`.
Messages that begin with "must be" are followed by the value, see check.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, ip_network
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.core.call import dialling
from gateway.field_rules import Form, fault

CROSS_FIELD = "cross_field"  # error type of a rule that holds between fields

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class CrossFault:
    """A rule between fields that is broken: the path of the key to change, and the end of the sentence."""

    path: tuple[str | int, ...]
    text: str


class Section(BaseModel):
    """One table of gateway.toml. Strict: no value is converted, but a list is taken as a tuple."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def cross_faults(self) -> Iterator[CrossFault]:
        """Broken rules between fields. It must not fail on values that the fields refuse."""
        yield from ()

    @model_validator(mode="before")
    @classmethod
    def _take_lists_as_tuples(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}

    @model_validator(mode="after")
    def _keeps_cross_field_rules(self) -> Self:
        faults = [f"{'.'.join(map(str, fault.path))} {fault.text}" for fault in self.cross_faults()]
        if faults:
            raise PydanticCustomError(CROSS_FIELD, "{faults}", {"faults": "; ".join(faults)})
        return self


def is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _network(value: str) -> str:
    if not is_network(value):
        raise fault("is no address or network")
    return value


def _network_or_name(value: str) -> str:
    """A trunk's peer: a name, an address, or a network, which has a slash."""
    return _network(value) if "/" in value else value


def _ipv4(value: str) -> str:
    """Asterisk takes no names where it binds and in SDP."""
    if not is_ipv4(value):
        raise fault("must be an IPv4 address such as 127.0.0.1")
    return value


def _ipv4_or_empty(value: str) -> str:
    return _ipv4(value) if value else value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise fault("is not known") from error
    return value


def _day_or_empty(value: str) -> str:
    try:
        date.fromisoformat(value or "2026-01-01")
    except ValueError as error:
        raise fault("is no day like 2026-05-01") from error
    return value


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise fault(f"is no regular expression: {error}") from error
    return value


def _dial_pattern(value: str) -> str:
    if not dialling.is_pattern(value):
        raise fault("is no dial pattern")
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Network = Annotated[str, AfterValidator(_network)]
NetworkOrName = Annotated[str, AfterValidator(_network_or_name)]
IPv4 = Annotated[str, AfterValidator(_ipv4)]
IPv4OrEmpty = Annotated[str, AfterValidator(_ipv4_or_empty)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
DayOrEmpty = Annotated[str, AfterValidator(_day_or_empty)]
RegularExpression = Annotated[str, AfterValidator(_regular_expression)]
DialPattern = Annotated[str, AfterValidator(_dial_pattern)]
Digits = Annotated[str, Form(r"\d{1,8}", "must be digits")]
_HOST = r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"
Host = Annotated[str, Form(_HOST, "must be host:port")]
HostOrEmpty = Annotated[str, Form(rf"({_HOST})?", "must be host:port")]
SipUser = Annotated[str, Form(r"[A-Za-z0-9_.+*@~-]{0,80}", "must be a SIP user")]
