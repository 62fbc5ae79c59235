"""The public catalogue: what may be sent and asked for, by API and pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from consular.auth import now
from consular.input.fields import (
    CODE,
    Choice,
    ClockTime,
    Code,
    Day,
    Identifier,
    NumberInQuery,
    SearchText,
)
from consular.input.paging import PeriodQuery, SliceQuery
from services.appointments.reserves import Share
from services.appointments.searching import Part, Sort
from services.consulates.places import Place, find_place

MOST_DAYS = 92
MOST_OFFICES = 50
NO_SUCH_PLACE = _(
    "No conocemos ese lugar. Escribe una ciudad, un estado o un código postal (ZIP) de Estados"
    " Unidos o Canadá."
)
_POINT = re.compile(
    r"-?([0-8]?[0-9](\.[0-9]{1,8})?|90(\.0{1,8})?)"
    r",-?((1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,8})?|180(\.0{1,8})?)",
    re.ASCII,
)


def party_size() -> NumberInQuery:
    """How many people come: one, unless more are named."""
    size = validate.Range(1, 10, error=_("De {min} a {max} personas."))
    return NumberInQuery(load_default=1, validate=size)


def _kilometers() -> NumberInQuery:
    reach = validate.Range(1, 20_000, error=_("De {min} a {max} km."))
    return NumberInQuery(load_default=None, validate=reach)


def _part() -> Choice:
    return Choice(tuple(Part), load_default=Part.ANY.value)


class ServiceQuery(SliceQuery):
    """``date``: the fees in force on that day; today when it is missing."""

    date = Day(load_default=None)


class Codes(fields.String):
    """Codes of ours, with commas between them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs)
        codes = tuple(dict.fromkeys(code.strip() for code in written.split(",")))
        if not all(re.fullmatch(CODE, code) for code in codes) or len(codes) > MOST_OFFICES:
            raise ValidationError([_("Escribe las claves con comas, sin espacios.")])
        return codes


class AvailabilityQuery(PeriodQuery):
    """Days at the office, both included: at most 92; thirty when ``to`` is missing.

    ``further`` services follow in the same visit; of the windows only those count that have the
    ``language``, the ``interpreter`` or are ``accessible``, where that is asked for. ``share``:
    with the places that are kept for these. ``place``: at that mobile consulate only.
    """

    service = Code(required=True)
    party = NumberInQuery(
        load_default=1, validate=validate.Range(1, 10, error=_("De {min} a {max} personas."))
    )
    further = Codes(load_default=tuple)
    language = Code(load_default=None)
    interpreter = Code(load_default=None)
    accessible = Choice(("true", "false"), load_default=None)
    share = Choice(tuple(Share), load_default=None)
    place = Identifier(load_default=None)

    @validates_schema
    def _not_too_long(self, data: dict[str, Any], **_kwargs: Any) -> None:
        _refuse_long_period(data)


class Weekdays(fields.String):
    """Days of the week, with commas: 1 is Monday, 7 is Sunday."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(r"[1-7](,[1-7]){0,6}", written):
            raise ValidationError(
                [_("Escribe los días de la semana como números con comas; el lunes va primero.")]
            )
        return tuple(sorted({int(day) for day in written.split(",")}))


class Point(fields.String):
    """Latitude and longitude in degrees."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs)
        if not written:
            return None
        if not _POINT.fullmatch(written):
            raise ValidationError([_("Escribe latitud,longitud.")])
        latitude, longitude = written.split(",")
        return float(latitude), float(longitude)


class NetworkQuery(PeriodQuery):
    """Which offices: those named, those within some kilometers, or all. ``near``
    (``34.05,-118.24``) or ``place`` (a city, a state or a ZIP code) says from where.

    Days are those at each office, both included: at most 92; thirty when ``to`` is missing.
    Offices come by distance where it is known, unless ``sort`` says ``time``.
    """

    service = Code(required=True)
    consulates = Codes(load_default=tuple)
    near = Point(load_default=None)
    place = SearchText(most=80, load_default=None)
    within_km = _kilometers()
    party = party_size()
    part = _part()
    weekdays = Weekdays(load_default=tuple)
    around = ClockTime(load_default=None)
    sort = Choice(tuple(Sort), load_default=None)
    further = Codes(load_default=tuple)
    language = Code(load_default=None)
    interpreter = Code(load_default=None)
    accessible = Choice(("true", "false"), load_default=None)
    share = Choice(tuple(Share), load_default=None)

    @validates_schema
    def _whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        _refuse_long_period(data)
        if data.get("near") and data.get("place"):
            raise ValidationError([_("Di el lugar de una sola manera.")], "place")
        if data.get("within_km") and not (data.get("near") or data.get("place")):
            raise ValidationError([_("Di también desde dónde.")], "within_km")

    @post_load
    def _located(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        place = _place(data.pop("place"))
        return {**data, "near": place.point} if place else data


class ServiceSearch(Schema):
    """Words by which somebody looks for a service."""

    q = SearchText(most=80, load_default="")


class WatchSchema(Schema):
    """What somebody waits for: a service at some offices, for so many people."""

    service = Code(required=True)
    consulates = Codes(required=True)
    party = party_size()


class EarlierSchema(Schema):
    """Where an earlier place may be: at the appointment's office, or also at those near it."""

    where = Choice(("here", "near"), required=True)


class OfficeQuery(Schema):
    """On the page: an office that is near, or the first ones anywhere; ``weekday`` is ISO's."""

    place = SearchText(most=80, load_default=None)
    within_km = _kilometers()
    party = party_size()
    part = _part()
    weekday = NumberInQuery(load_default=None, validate=validate.Range(1, 7))
    around = ClockTime(load_default=None)

    @post_load
    def _located(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        place = _place(data.pop("place"))
        within = data["within_km"] if place else None
        return {**data, "located": place, "near": place and place.point, "within_km": within}


def _place(written: str | None) -> Place | None:
    place = find_place(written) if written else None
    if written and place is None:
        raise ValidationError([NO_SUCH_PLACE], "place")
    return place


def _refuse_long_period(data: dict[str, Any]) -> None:
    first = data.get("from_") or now().date()
    if data.get("to") and data["to"] > first + timedelta(days=MOST_DAYS):
        raise ValidationError([_("Pide un periodo de hasta %(days)s días.", days=MOST_DAYS)], "to")
