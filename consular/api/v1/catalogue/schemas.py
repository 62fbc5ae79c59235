"""Offices, services, fees and free times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consular.api.answer_fields import CalendarDay, Instant
from consular.api.fields import Code, Day, MoneyPair, NumberInQuery, Pattern
from consular.api.paging import PeriodQuery, SliceQuery
from consular.auth import now

MOST_DAYS = 92


class ConsulateAnswer(Schema):
    """An office."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_es = fields.String(required=True)
    name_en = fields.String(required=True)
    kind = fields.String(required=True)
    city = fields.String(required=True)
    region = fields.String(allow_none=True, required=True)
    country = fields.String(required=True)
    time_zone = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)


class ConsulateList(Schema):
    """All offices; there are some 150, so one page holds them."""

    items = fields.List(fields.Nested(ConsulateAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class ServiceQuery(SliceQuery):
    """``date``: the fees in force on that day; today when it is missing."""

    date = Day(load_default=None)


class FeeAnswer(MoneyPair):
    """A fee and the year it was published for."""

    year = fields.Integer(required=True)
    latest_known = fields.Boolean(
        required=True,
        metadata={"description": "True where that year has none and an older one is shown"},
    )


class ServiceAnswer(Schema):
    """A service of the catalogue."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_es = fields.String(required=True)
    name_en = fields.String(required=True)
    category = fields.String(required=True)
    legal_reference = fields.String(allow_none=True, required=True)
    minutes = fields.Integer(required=True)
    bookable = fields.Boolean(required=True)
    free = fields.Boolean(required=True)
    curp_required = fields.Boolean(required=True)
    requirements = fields.List(fields.String(), required=True)
    fees = fields.List(fields.Nested(FeeAnswer), required=True)


class ServiceList(Schema):
    """The catalogue."""

    items = fields.List(fields.Nested(ServiceAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class AvailabilityQuery(PeriodQuery):
    """Days at the office, both included: at most 92; thirty when ``to`` is missing."""

    service = Code(required=True)
    party = NumberInQuery(
        load_default=1, validate=validate.Range(1, 10, error=_("De 1 a 10 personas."))
    )

    @validates_schema
    def _not_too_long(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first = data.get("from_") or now().date()
        if data.get("to") and data["to"] > first + timedelta(days=MOST_DAYS):
            raise ValidationError([_("Pide un periodo de hasta 92 días.")], "to")


class SlotAnswer(Schema):
    """A start with places."""

    start = Instant(required=True)
    end = Instant(required=True)
    free = fields.Integer(required=True)


class AvailabilityAnswer(Schema):
    """Times carry the office's offset on that day; ``from`` and ``to`` are the days looked at."""

    time_zone = fields.String(required=True)
    from_ = CalendarDay(data_key="from", required=True)
    to = CalendarDay(required=True)
    slots = fields.List(fields.Nested(SlotAnswer), required=True)


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


class NetworkSlot(SlotAnswer):
    """A start and where; ``km`` when a place was given."""

    consulate = fields.String(required=True)
    km = fields.Float(allow_none=True, required=True)


class NetworkAnswer(Schema):
    """The three earliest times of every office that has any from ``from`` to ``to``."""

    from_ = CalendarDay(data_key="from", required=True)
    to = CalendarDay(required=True)
    slots = fields.List(fields.Nested(NetworkSlot), required=True)
