"""Rules that watch figures: what may be sent, by API and pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, post_load, validate

from consular.i18n import current_language
from consular.input.fields import Choice, Code, Email, Text, WholeNumber
from consular.input.reported import ReportedValue, numbers_of
from services.alerts.making import MakeAlert
from services.alerts.rules import Condition, Covers, Every, Level, Span, Watch
from services.alerts.scheduling import BY, ScheduleReport
from services.monitoring.indicators import INDICATORS

MOST_READERS = 20
WATCHED = (*INDICATORS, *(level.value for level in Level))
STATUSES = tuple(
    dict.fromkeys(status.value for each in INDICATORS.values() for status in each.statuses)
)
NARROWED = ("consulate", "country", "program", "status")
REPORT = ("indicator", "by", *NARROWED, "covers", "every", "hour", "readers")
FIELDS = ("indicator", *NARROWED, "span", "condition", "amount", "why", "readers")


class ReadersSchema(Schema):
    """Whom to tell, by the addresses that their accounts have."""

    readers = fields.List(
        Email(),
        required=True,
        validate=validate.Length(1, MOST_READERS, error=_("Escribe de {min} a {max} correos.")),
    )


class NarrowedSchema(ReadersSchema):
    """About which part of a figure they are told; each may be left out."""

    consulate = Code(load_default=None, allow_none=True)
    country = Code(load_default=None, allow_none=True)
    program = Code(load_default=None, allow_none=True)
    status = Choice(STATUSES, load_default=None, allow_none=True)


class AlertSchema(NarrowedSchema):
    """A question, the condition for which it is asked, whom to tell, and why.

    ``amount`` is a number, or a percentage where the condition compares; a rule about a target has
    none. Messages are in the language of this request.
    """

    example: ClassVar[dict[str, Any]] = {
        "indicator": "appointments",
        "consulate": "losangeles",
        "status": "no_show",
        "span": "week",
        "condition": "above",
        "amount": 200,
        "why": "El año pasado llegó a 300 antes de que alguien lo viera.",
        "readers": ["demo-analyst@demo.invalid"],
    }

    indicator = Choice(WATCHED, required=True)
    span = Choice(tuple(Span), required=True)
    condition = Choice(tuple(Condition), required=True)
    amount = ReportedValue(load_default=None, allow_none=True)
    why = Text(most=300, required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> MakeAlert:
        condition = Condition(data["condition"])
        about_target = condition is Condition.BELOW_TARGET
        watch = Watch(
            indicator=data["indicator"],
            span=Span(data["span"]),
            condition=condition,
            limit=None if about_target else data["amount"],
            **{name: data[name] for name in NARROWED},
        )
        return MakeAlert(watch, data["why"], data["readers"], current_language())


class ScheduledReportSchema(NarrowedSchema):
    """A question, its days, and when it is answered by mail to whom. Messages are in the language
    of this request."""

    example: ClassVar[dict[str, Any]] = {
        "indicator": "appointments",
        "by": "consulate",
        "covers": "week",
        "every": "week",
        "hour": 8,
        "readers": ["demo-analyst@demo.invalid"],
    }

    indicator = Choice(tuple(INDICATORS), required=True)
    by = Choice(tuple(each.value for each in BY), required=True)
    covers = Choice(tuple(Covers), required=True)
    every = Choice(tuple(Every), required=True)
    hour = WholeNumber(
        required=True, validate=validate.Range(0, 23, error=_("La hora va de {min} a {max}."))
    )

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ScheduleReport:
        covers, every = Covers(data.pop("covers")), Every(data.pop("every"))
        return ScheduleReport(covers=covers, every=every, language=current_language(), **data)


def report_of(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as the API takes it."""
    values: dict[str, Any] = {name: form[name] for name in REPORT if form.get(name, "").strip()}
    if re.fullmatch("[0-9]{1,2}", values.get("hour", ""), re.ASCII):
        values["hour"] = int(values["hour"])
    if "readers" in values:
        values["readers"] = readers_of(values["readers"])
    return values


def alert_of(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as the API takes it: addresses with commas or on lines of their own."""
    values: dict[str, Any] = {name: form[name] for name in FIELDS if form.get(name, "").strip()}
    if "amount" in values:
        values["amount"] = numbers_of({"value": values["amount"]})["value"]
    if "readers" in values:
        values["readers"] = readers_of(values["readers"])
    return values


def readers_of(text: str) -> list[str]:
    """Each address once."""
    return list(dict.fromkeys(part for part in re.split(r"[\s,;]+", text) if part))
