"""The public catalogue: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import CalendarDay, Instant
from consular.input.fields import MoneyPair


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


class NetworkSlot(SlotAnswer):
    """A start and where; ``km`` when a place was given."""

    consulate = fields.String(required=True)
    km = fields.Float(allow_none=True, required=True)


class NetworkAnswer(Schema):
    """The three earliest times of every office that has any from ``from`` to ``to``."""

    from_ = CalendarDay(data_key="from", required=True)
    to = CalendarDay(required=True)
    slots = fields.List(fields.Nested(NetworkSlot), required=True)
