"""The header block with which Asterisk opens a FastAGI connection, read into a typed value.

Pure. Whatever a caller can put into his own name or number (line ends, GBK, nothing at all)
must neither end the header early nor overrule what Asterisk itself says. Called by agi_link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.pbx.agi_reply import text_of

END = b"\n\n"
MOST_ARGUMENTS = 100  # behind the ? of an address
_LAST_FIELD = b"\nagi_threadid: "
_FIELD = re.compile(r"^(agi_\w+): (.*)$", re.ASCII | re.MULTILINE)
# Asterisk writes these before anything a caller can choose: their first value is the true one.
# Of every other field the last value is the true one.
_BEFORE_CALLER = frozenset(
    {
        "agi_network",
        "agi_network_script",
        "agi_request",
        "agi_channel",
        "agi_language",
        "agi_type",
        "agi_uniqueid",
        "agi_version",
    }
)


@dataclass(frozen=True, slots=True)
class AgiHeader:
    """Who is on the line and what the dialplan asks for. Fields Asterisk did not know are "".

    `script` is the path of the agi:// address without slashes around it, `query` its arguments,
    `arguments` what followed the address after commas. `raw` has every field as it came, decoded.
    """

    script: str
    query: Mapping[str, str]
    arguments: tuple[str, ...]
    uniqueid: str
    channel: str
    callerid: str
    caller_name: str
    dialled: str
    context: str
    extension: str
    language: str
    raw: Mapping[str, str]


def end_of_header(data: bytes | bytearray, start: int = 0) -> int:
    """Where the header ends (the index after its blank line), -1 when it is not complete.

    Asterisk's last own field is agi_threadid: a blank line before it stands in a caller's name.
    """
    last = data.find(_LAST_FIELD)
    if last < 0:
        return -1
    end = data.find(END, max(last, start))
    return -1 if end < 0 else end + len(END)


def read_header(block: bytes) -> AgiHeader:
    """Read a complete header block. Anything is accepted; unknown lines continue the field above them."""
    fields = _fields(block)
    script, _, query = fields.get("agi_network_script", "").partition("?")
    return AgiHeader(
        script=script.strip("/"),
        query=_query(query),
        arguments=_arguments(fields),
        uniqueid=_known(fields, "agi_uniqueid"),
        channel=_known(fields, "agi_channel"),
        callerid=_known(fields, "agi_callerid"),
        caller_name=_known(fields, "agi_calleridname"),
        dialled=_known(fields, "agi_dnid"),
        context=_known(fields, "agi_context"),
        extension=_known(fields, "agi_extension"),
        language=_known(fields, "agi_language"),
        raw=fields,
    )


def _fields(block: bytes) -> dict[str, str]:
    """What Asterisk writes itself is a field in each line; with a caller's own line ends it is not."""
    try:
        pairs = _FIELD.findall(block.decode())
    except UnicodeDecodeError:
        return _fields_by_line(block)
    fields = dict(pairs)
    whole = len(fields) == len(pairs) == block.count(b"\n") - 1
    return fields if whole else _fields_by_line(block)


def _fields_by_line(block: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    above = ""
    for line in _lines(block):
        name, colon, value = line.partition(": ")
        if not colon and name.endswith(":"):
            name, colon = name[:-1], ":"
        if colon and name.startswith("agi_"):
            above = "" if name in fields and name in _BEFORE_CALLER else name
            if above:
                fields[name] = value
        elif above and line.strip():
            fields[above] += "\n" + line
    return fields


def _lines(block: bytes) -> list[str]:
    """Each line by itself where they are not all of one coding."""
    try:
        return block.decode().split("\n")
    except UnicodeDecodeError:
        return [text_of(line) for line in block.split(b"\n")]


def _known(fields: Mapping[str, str], name: str) -> str:
    """The field on one line without control characters; "" for Asterisk's word "unknown"."""
    value = fields.get(name, "")
    if not value.isprintable():
        value = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return "" if value == "unknown" else value


def _query(text: str) -> dict[str, str]:
    if text.isascii() and "%" not in text and "+" not in text and text.count("&") < MOST_ARGUMENTS:
        return {name: value for name, _, value in (pair.partition("=") for pair in text.split("&") if pair)}
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_ARGUMENTS))
    except ValueError:  # more arguments than any dialplan of ours gives
        return {}


def _arguments(fields: Mapping[str, str]) -> tuple[str, ...]:
    arguments: list[str] = []
    while (value := fields.get(f"agi_arg_{len(arguments) + 1}")) is not None:
        arguments.append(value)
    return tuple(arguments)
