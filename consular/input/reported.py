"""What working groups report and targets: what may be sent, by API, pages and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate

from consular.input.fields import (
    MISSING,
    Choice,
    Code,
    Day,
    FileText,
    Flag,
    Moment,
    NumberInQuery,
    Pattern,
    Text,
    WholeNumber,
)
from consular.input.paging import SliceQuery
from services.monitoring.entering import AddGroupIndicator, EnterFigure, Figure
from services.monitoring.periods import PERIOD
from services.monitoring.rules import GROUPS, LARGEST, ReportedUnit
from services.monitoring.targets import SetTarget

MOST_SESSIONS = 999
MOST_OF_FILE = 60_000
_DECIMALS = 3
_WRITTEN = re.compile(r"([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,3})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_GROUP_RANGE = validate.Range(GROUPS[0], GROUPS[-1], error=_("Los grupos van del {min} al {max}."))
_SESSION_RANGE = validate.Range(1, MOST_SESSIONS, error=_("Escribe el número de la sesión."))
_PERIOD = Pattern(
    PERIOD, error=_("Escribe el año, el trimestre o el mes, como 2026, 2026-Q3 o 2026-09.")
)
_CODE = Pattern(
    "[a-z][A-Za-z0-9_]{1,59}",
    error=_("Usa letras sin acento, números y guiones bajos; empieza con una minúscula."),
)


def numbers_of(values: Mapping[str, str]) -> dict[str, Any]:
    """What a form or a file says, with its numbers as JSON has them; what is none is refused in
    words by the schema."""
    read: dict[str, Any] = dict(values)
    for name in ("group", "session"):
        if _WHOLE.fullmatch(values.get(name, "")):
            read[name] = int(values[name])
    if _WRITTEN.fullmatch(values.get("value", "").strip()):
        value = Decimal(values["value"].strip().replace(",", ""))
        read["value"] = int(value) if value == value.to_integral_value() else value
    return read


class ReportedValue(fields.Decimal):
    """A number from zero with up to three decimals; JSON's own, or a form's."""

    def __init__(self, **kwargs: Any) -> None:
        shape = {"type": "number", "minimum": 0, "maximum": int(LARGEST)}
        messages = {"required": MISSING, "null": MISSING}
        super().__init__(metadata=shape, error_messages=messages, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Decimal:
        wrong = ValidationError(
            [_("Escribe un número desde cero, con hasta %(most)s decimales.", most=_DECIMALS)]
        )
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            raise wrong
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise wrong from None
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > _DECIMALS or not 0 <= number <= LARGEST:
            raise wrong
        return number


class FigureSchema(Schema):
    """A figure as its source gives it; ``unit`` is held against the indicator's."""

    value = ReportedValue(required=True)
    unit = Choice(tuple(ReportedUnit), load_default=None, allow_none=True)
    cut_off = Day(load_default=None, allow_none=True)
    source = Text(most=300, required=True)
    note = Text(most=500, load_default=None, allow_none=True)


class EntrySchema(FigureSchema):
    """A figure of a group's indicator for a session of the Commission, a period, or both."""

    example: ClassVar[dict[str, Any]] = {
        "indicator": "companies",
        "session": 12,
        "value": 402,
        "unit": "companies",
        "cut_off": "2026-09-30",
        "source": "Oficio STPS 118/2026",
    }

    indicator = fields.String(required=True, validate=_CODE)
    session = WholeNumber(load_default=None, allow_none=True, validate=_SESSION_RANGE)
    period = fields.String(load_default=None, allow_none=True, validate=_PERIOD)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> EnterFigure:
        code = data.pop("indicator")
        when = {"session_number": data.pop("session"), "period": data.pop("period")}
        return EnterFigure(code=code, figure=Figure(**data), **when)


class EntryRowSchema(EntrySchema):
    """A line of a file; ``reason`` where it changes the figure in force."""

    reason = Text(most=300, load_default=None)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        reason = data.pop("reason")
        return {"command": super()._command(data), "reason": reason}


class EntriesFileSchema(Schema):
    """A file of figures, with the names of its columns in the first line; ``dry_run``: what it
    would do."""

    example: ClassVar[dict[str, Any]] = {
        "csv": "indicator,session,value,source\ncompanies,12,402,Oficio STPS 118/2026\n",
        "dry_run": True,
    }

    csv = FileText(most=MOST_OF_FILE, required=True)
    dry_run = Flag(load_default=False)


class EntryCorrectionSchema(FigureSchema):
    """Another figure in the place of one, and why."""

    example: ClassVar[dict[str, Any]] = {
        "value": 412,
        "source": "Oficio STPS 131/2026",
        "reason": "La STPS corrigió su oficio",
    }

    reason = Text(most=300, required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {"reason": data.pop("reason"), "figure": Figure(**data)}


class GroupIndicatorSchema(Schema):
    """Something new that a group reports."""

    example: ClassVar[dict[str, Any]] = {
        "group": 2,
        "indicator": "shelters",
        "name_es": "Albergues atendidos",
        "name_en": "Shelters supported",
        "unit": "centres",
        "source": "Secretaría de Bienestar",
    }

    group = WholeNumber(required=True, validate=_GROUP_RANGE)
    indicator = fields.String(required=True, validate=_CODE)
    name_es = Text(most=120, required=True)
    name_en = Text(most=120, required=True)
    unit = Choice(tuple(ReportedUnit), required=True)
    source = Text(most=300, required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> AddGroupIndicator:
        return AddGroupIndicator(code=data.pop("indicator"), **data)


class GroupQuery(SliceQuery):
    """Of one group."""

    group = NumberInQuery(load_default=None, validate=_GROUP_RANGE)


class EntryQuery(GroupQuery):
    """Of a group, a session of the Commission or a period; as of an earlier moment."""

    session = NumberInQuery(load_default=None, validate=_SESSION_RANGE)
    period = fields.String(load_default=None, validate=_PERIOD)
    as_of = Moment(load_default=None)


class TargetSchema(Schema):
    """What an indicator is to reach in a period, at one office or in the whole network; ``reason``
    where that has a target."""

    example: ClassVar[dict[str, Any]] = {
        "period": "2027",
        "value": 20000,
        "source": "Programa de trabajo 2027 del Grupo 4",
    }

    period = fields.String(required=True, validate=_PERIOD)
    program = Code(load_default=None, allow_none=True)
    consulate = Code(load_default=None, allow_none=True)
    value = WholeNumber(
        required=True,
        validate=validate.Range(0, int(LARGEST), error=_("Escribe un número entero desde cero.")),
    )
    source = Text(most=300, required=True)
    reason = Text(most=300, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> SetTarget:
        return SetTarget(indicator="", **data)
