"""The public catalogue: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consular.auth import now
from consular.input.fields import Code, Day, NumberInQuery, Pattern
from consular.input.paging import PeriodQuery, SliceQuery

MOST_DAYS = 92


class ServiceQuery(SliceQuery):
    """``date``: the fees in force on that day; today when it is missing."""

    date = Day(load_default=None)


class AvailabilityQuery(PeriodQuery):
    """Days at the office, both included: at most 92; thirty when ``to`` is missing."""

    service = Code(required=True)
    party = NumberInQuery(
        load_default=1, validate=validate.Range(1, 10, error=_("De {min} a {max} personas."))
    )

    @validates_schema
    def _not_too_long(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first = data.get("from_") or now().date()
        if data.get("to") and data["to"] > first + timedelta(days=MOST_DAYS):
            raise ValidationError(
                [_("Pide un periodo de hasta %(days)s días.", days=MOST_DAYS)], "to"
            )


class NetworkQuery(Schema):
    """``near`` sorts offices by distance: ``34.05,-118.24``."""

    service = Code(required=True)
    from_ = Day(data_key="from", load_default=None)
    near = fields.String(
        load_default=None,
        validate=Pattern(
            r"-?([0-8]?[0-9](\.[0-9]{1,8})?|90(\.0{1,8})?)"
            r",-?((1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,8})?|180(\.0{1,8})?)",
            error=_("Escribe latitud,longitud."),
        ),
    )
