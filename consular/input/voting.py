"""Vote counts: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, post_load, validate

from consular.input.fields import (
    Choice,
    Code,
    Day,
    Flag,
    Identifier,
    NumberInQuery,
    Pattern,
    Text,
    WholeNumber,
)
from services.voting.reporting import ReportCount
from services.voting.rules import Metric, Mode, Status

MODES = tuple(m.value for m in Mode)
METRICS = tuple(m.value for m in Metric)
_WHOLE = _("Escribe un número entero desde cero.")
YEAR = Pattern("(19|20|21)[0-9]{2}", error=_("Escribe el año de la elección."))


class CountSchema(Schema):
    """What an office counted on a day, and where the number comes from."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "election": "2027",
        "metric": "votes",
        "mode": "electronic",
        "date": "2026-06-07",
        "value": 12,
        "source": "Acta 12, mesa 1",
    }

    consulate = Code(required=True)
    election = fields.String(required=True, validate=YEAR)
    metric = Choice(METRICS, required=True)
    mode = Choice(MODES, load_default=None, allow_none=True)
    date = Day(required=True)
    value = WholeNumber(
        required=True,
        validate=validate.Range(0, 10**9, error=_WHOLE),
    )
    source = Text(most=300, required=True)
    note = Text(most=300, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ReportCount:
        day = data.pop("date")
        metric, mode = Metric(data.pop("metric")), data.pop("mode")
        return ReportCount(day=day, metric=metric, mode=Mode(mode) if mode else None, **data)


class FigureSchema(Schema):
    """The number as read from the source. ``reason``: of whoever typed another one before.
    ``explained``: false asks to read first what is odd about the number and why."""

    example: ClassVar[dict[str, Any]] = {"value": 12}

    value = WholeNumber(required=True, validate=validate.Range(0, 10**9, error=_WHOLE))
    reason = Text(most=300, load_default=None, allow_none=True)
    explained = Flag(load_default=None, allow_none=True)


class CorrectionSchema(FigureSchema):
    """One's own number corrected, and why. ``note`` explains what is odd about it then."""

    example: ClassVar[dict[str, Any]] = {"value": 21, "reason": "Leí mal el acta"}

    reason = Text(most=300, required=True)
    note = Text(most=300, load_default=None, allow_none=True)


class RejectionSchema(Schema):
    """Why a report can't stand."""

    example: ClassVar[dict[str, Any]] = {"reason": "El acta es de otra oficina"}

    reason = Text(most=300, required=True)


class CountQuery(Schema):
    """Filters of a list of counts."""

    election = fields.String(load_default=None, validate=YEAR)
    metric = Choice(METRICS, load_default=None)
    consulate = Code(load_default=None)
    status = Choice(tuple(s.value for s in Status), load_default=None)
    limit = NumberInQuery(
        load_default=50,
        validate=validate.Range(1, 100, error=_("Pide de {min} a {max} por página.")),
    )
    next = Identifier(load_default=None)


class VersionQuery(Schema):
    """After how many published numbers of the election; all of them when it is missing."""

    version = NumberInQuery(load_default=None, validate=validate.Range(0, 10**9, error=_WHOLE))
