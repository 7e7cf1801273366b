"""A partner file in ivr_flows/partners/: its fields, their limits and help, declared once.

Checks, the table in the docs and the JSON Schema come from the model; it builds the core's Partner.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from gateway.core.flow.hours import ALWAYS, Hours, Week, parse_hours
from gateway.core.flow.partner import SEES, Partner
from gateway.core.item.referral import FIELD_NAMES
from gateway.core.yaml_tree import Faults, Node
from gateway.field_rules import Form, fault
from gateway.rules.yaml_models import Flag, Items, Part, Table, Whole, Word, read_table, sentence


def _line(data: Any) -> str:
    if not isinstance(data, Word):
        raise fault("must be a text")
    return " ".join(data.split())


def _hours(data: Any) -> Hours:
    if isinstance(data, Hours):
        return data
    if not isinstance(data, Word):
        raise fault("must be hours such as 08:30-18:00")
    try:
        return parse_hours(data)
    except ValueError as error:
        raise fault(f": {error}") from error


def _week(data: Any) -> Any:
    """Hours without a table around them hold on all days."""
    if not isinstance(data, Word | Items):
        return data
    hours = _hours(data)
    return {"workdays": hours, "restdays": hours}


def _slip_fields(data: Any) -> Items:
    if not isinstance(data, Items):
        raise fault("must be a list such as [kind, content]")
    return data


def _slip_field(data: Any) -> str:
    name = str(data) if isinstance(data, Word) else ""
    if name not in FIELD_NAMES:
        raise sentence(f"`{name}` is no field of a slip: {', '.join(FIELD_NAMES)}")
    return name


class TextForm(Form):
    """A form whose sentence begins with the text that does not fit, `{}`."""

    def checked(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise sentence(self.text.format(value))
        return value


Line = Annotated[str, BeforeValidator(_line)]
_ID = TextForm(r"[a-z0-9_]{1,32}", "`{}` is no id: use a-z, 0-9 and _")
_DIAL = TextForm(
    r"[0-9]{3,15}|sip:[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?",
    "`{}` can not be dialled: give a number or sip:user@host:port",
)
_MAIL = Form(r"([^@\s<>,;]+@[^@\s<>,;]+)?", "must be an address such as desk@example.cn")
_HOOK = Form(r"([a-z][a-z0-9_-]{0,30})?", "must be the id of a webhook in gateway.toml, not its address")
_FAX = Form(r"([0-9]{3,15})?", "must be a number")
_Hours = Annotated[
    Hours,
    BeforeValidator(_hours, json_schema_input_type=str),
    PlainSerializer(str, return_type=str),
]
_SlipField = Annotated[str, BeforeValidator(_slip_field), WithJsonSchema({"enum": list(FIELD_NAMES)})]


class PartnerNames(Part):
    zh: Annotated[Line, Field(min_length=1)] = Field(description="the partner's name on screens")
    en: Line = ""


class PartnerHours(Part):
    workdays: _Hours = ALWAYS
    restdays: _Hours = ALWAYS


class PartnerFile(Table):
    WHAT = "the partner"

    id: Annotated[Line, _ID] = Field(description="Id in flows and API; also the file's name.")
    name: PartnerNames = Field(description="`{zh: …, en: …}`: its name on screens.")
    dial: Annotated[Line, _DIAL] = Field(
        description="A number for the trunk, or a SIP address such as sip:12345@10.0.0.8:5060."
    )
    hours: Annotated[PartnerHours, BeforeValidator(_week, json_schema_input_type=str | PartnerHours)] = Field(
        PartnerHours(),
        description="`always`, hours, or `{workdays: …, restdays: …}`; outside them nobody dials.",
    )
    ring_seconds: Whole = Field(20, ge=5, le=120, description="How long it rings, 5 to 120; 20 if not given.")
    asks: Flag = Field(
        False,
        description="true: it hears what the call is about and presses 1 to take it, 2 to refuse it.",
    )
    mail: Annotated[Line, _MAIL] = Field("", description="Where slips are mailed to.")
    webhook: Annotated[Line, _HOOK] = Field(
        "", description="Id of the webhook in gateway.toml that slips are posted to."
    )
    fax: Annotated[Line, _FAX] = Field("", description="Where slips are faxed to: a number.")
    sees: Annotated[tuple[_SlipField, ...], BeforeValidator(_slip_fields)] = Field(
        SEES,
        description=f"Fields of a slip: {', '.join(FIELD_NAMES)}. "
        "Of a reporter never name, phone or address.",
    )
    reply_days: Whole = Field(
        5, ge=1, le=60, description="Workdays after which a reply is due; 5 if not given."
    )
    told_before_joining: Line = Field(
        "", description="What the agent tells the partner before all three are joined."
    )
    paper: Line = Field("", description="How the paper follows the call: link, fax, e-mail, and by when.")
    decides: Line = Field("", description="Who takes the matter when both sides think it is the other's.")
    source: Line = Field(
        "", description="Where these terms come from, and whether somebody has checked them."
    )

    @classmethod
    def place(cls, what: str, names: list[str]) -> str:
        return ".".join(names) or what

    @classmethod
    def missing(cls, what: str, names: list[str]) -> str:
        place = f"`{names[0]}`" if len(names) == 1 else cls.place(what, names)
        return f"{place} is missing: {cls.field(names).description}"

    def built(self) -> Partner:
        fields: dict[str, Any] = dict(self)
        names, hours = fields.pop("name"), fields.pop("hours")
        return Partner(
            zh=names.zh,
            en=names.en or names.zh,
            hours=Week(hours.workdays, hours.restdays),
            ring=fields.pop("ring_seconds"),
            **fields,
        )


def parse_partner(tree: Node | None, faults: Faults, stem: str) -> Partner | None:
    """A partner from its file's tree; `stem` is the file's name. None after a fault."""
    before = len(faults.found)
    file = read_table(PartnerFile, tree, faults) if tree else None
    if file is not None and file.id != stem:
        faults.at(file.line_of("id"), f"the id is `{file.id}`, but the file is called {stem}")
    return file.built() if file is not None and len(faults.found) == before else None
