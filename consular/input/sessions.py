"""Sessions: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates,
    validates_schema,
)

from consular.input.fields import (
    MISSING,
    Choice,
    ClockTime,
    Code,
    Day,
    Flag,
    Text,
    WholeNumber,
    Zone,
)
from consular.input.paging import PageQuery, PeriodQuery
from services.appointments.closing_days import CloseDays
from services.appointments.durations import SetDuration
from services.appointments.editing import Changes
from services.appointments.hours import Place, Span
from services.appointments.maximums import SetMaximum
from services.appointments.planning import DeskPlan, OpenSession
from services.appointments.recurring import CreateSeries
from services.appointments.reserves import Reserve, Share
from services.appointments.rules import ClosureSource, skills_of

MOST_DAYS_CLOSED = 366

RELEASES = ("open", "draw")
BOOKINGS = ("keep", "cancel")
SCOPES = ("day", "following", "all")


def _up_to(most: int) -> validate.Range:
    return validate.Range(0, most, error=_("De {min} a {max}."))


_MINUTES = validate.Range(5, 240, error=_("De {min} a {max} minutos."))


class DeskSchema(Schema):
    """A window and what it can give. ``languages`` are spoken there, ``interpreters`` come there
    (``maya``, ``mixteco``, ``zapoteco``, ``lsm`` for Mexican sign language)."""

    name = Text(most=20, required=True)
    services = fields.List(Code(), required=True, validate=validate.Length(1, 40))
    languages = fields.List(Code(), load_default=list, validate=validate.Length(0, 20))
    interpreters = fields.List(Code(), load_default=list, validate=validate.Length(0, 20))
    accessible = Flag(load_default=False)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> DeskPlan:
        skills = skills_of(data["languages"], data["interpreters"], accessible=data["accessible"])
        return DeskPlan(data["name"], tuple(dict.fromkeys(data["services"])), skills)


class BreakSchema(Schema):
    """Hours within a session in which nobody is served."""

    begins = ClockTime(required=True)
    ends = ClockTime(required=True)

    @post_load
    def _span(self, data: dict[str, Any], **_kwargs: Any) -> Span:
        return data["begins"], data["ends"]


class PlaceSchema(Schema):
    """Where a mobile consulate is; its times are by the clock of that IANA zone."""

    name = Text(most=120, required=True)
    address = Text(most=300, required=True)
    time_zone = Zone(required=True)

    @post_load
    def _place(self, data: dict[str, Any], **_kwargs: Any) -> Place:
        return Place(**data)


class ReserveSchema(Schema):
    """Places that are kept at each time for some, until so many hours before the session opens, or
    to its end."""

    share = Choice(tuple(Share), required=True)
    places = WholeNumber(required=True, validate=_up_to(60))
    release_hours = WholeNumber(load_default=None, allow_none=True, validate=_up_to(24 * 60))

    @post_load
    def _reserve(self, data: dict[str, Any], **_kwargs: Any) -> Reserve:
        return Reserve(Share(data["share"]), data["places"], data["release_hours"])


def _reserves(**kwargs: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(ReserveSchema), validate=_each_once, **kwargs)


def _each_once(value: list[Reserve]) -> None:
    shares = [reserve.share for reserve in value]
    if len(set(shares)) != len(shares):
        raise ValidationError([_("Di una sola vez cuántos lugares se apartan para cada quien.")])


def _maximums(**kwargs: Any) -> fields.Dict:
    most = WholeNumber(validate=_up_to(1000))
    return fields.Dict(keys=Code(), values=most, **kwargs)


def _breaks(**kwargs: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(BreakSchema), validate=validate.Length(0, 10), **kwargs)


def _place() -> fields.Nested:
    return fields.Nested(PlaceSchema, load_default=None, allow_none=True)


def _desks(**kwargs: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(DeskSchema), validate=validate.Length(1, 60), **kwargs)


def refuse_same_names(value: list[DeskPlan] | None) -> None:
    """Raise ValidationError where two windows have one name."""
    # Desks that failed their own checks are here too, still as they were sent.
    names = [desk.name.lower() for desk in value or () if isinstance(desk, DeskPlan)]
    if len(set(names)) != len(names):
        raise ValidationError([_("Dos ventanillas no pueden llamarse igual.")])


class _HoursSchema(Schema):
    """Hours and windows of an office, of one session or of those that recur."""

    consulate = Code(required=True)
    opens = ClockTime(required=True)
    closes = ClockTime(required=True)
    slot_minutes = WholeNumber(required=True, validate=_MINUTES)
    desks = _desks(required=True)
    breaks = _breaks(load_default=list)
    place = _place()
    reserves = _reserves(load_default=list)
    daily_maximums = _maximums(load_default=dict)

    @validates("desks")
    def _names_differ(self, value: list[DeskPlan], **_kwargs: Any) -> None:
        refuse_same_names(value)


class SessionSchema(_HoursSchema):
    """``opens`` and ``closes`` are the office's wall clock, or that of a ``place`` of its own."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "date": "2026-12-07",
        "opens": "09:00",
        "closes": "13:00",
        "slot_minutes": 15,
        "desks": [{"name": "A", "services": ["PAS10", "MAT"]}],
        "release": "open",
    }

    date = Day(required=True)
    service_minutes = fields.Dict(
        keys=Code(), values=WholeNumber(validate=_MINUTES), load_default=dict
    )
    release = Choice(RELEASES, load_default="open")
    reason = Text(most=300, load_default=None)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> OpenSession:
        lists = {name: tuple(data[name]) for name in ("desks", "breaks", "reserves")}
        return OpenSession(**{**data, **lists})


class _ChangesSchema(Schema):
    """What changes of a session or a series; what isn't sent stays. ``desks``, ``breaks``,
    ``reserves`` and ``daily_maximums`` are all that there are then. ``dry_run``: say what would
    happen, and do nothing."""

    opens = ClockTime(load_default=None)
    closes = ClockTime(load_default=None)
    breaks = _breaks(load_default=None)
    desks = _desks(load_default=None)
    reserves = _reserves(load_default=None)
    daily_maximums = _maximums(load_default=None)
    reason = Text(most=300, load_default=None)
    dry_run = Flag(load_default=False)

    @validates("desks")
    def _names_differ(self, value: list[DeskPlan] | None, **_kwargs: Any) -> None:
        refuse_same_names(value)


CHANGES = ("opens", "closes", "breaks", "desks", "reserves", "daily_maximums")


def changes_of(data: dict[str, Any]) -> Changes:
    """The hours, windows, kept places and maximums that change."""
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value := data.get(name), list) else value
        for name in CHANGES
    }
    return Changes(**said)


class ChangeSessionSchema(_ChangesSchema):
    """``status``: a closed session takes no more bookings and keeps those it has; one that is
    canceled isn't held, and its bookings are kept without a place or canceled too."""

    example: ClassVar[dict[str, Any]] = {"closes": "14:00", "reason": "Más demanda"}

    status = Choice(("closed", "cancelled"), load_default=None)
    bookings = Choice(BOOKINGS, load_default="keep")

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        edits = [name for name in CHANGES if data.get(name) is not None]
        if not edits and not data.get("status"):
            raise ValidationError([_("Di qué cambia.")], "status")
        if edits and data.get("status"):
            raise ValidationError([_("Cambia el horario o el estado, pero no a la vez.")], "status")
        if data.get("status") == "cancelled" and not data.get("reason"):
            raise ValidationError([MISSING], "reason")


class SeriesSchema(_HoursSchema):
    """Sessions that recur by ``rrule`` (RFC 5545, days only, UNTIL for the end), from
    ``first_day`` on. ``dry_run``: say what would be opened, and do nothing."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "rrule": "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20271231",
        "first_day": "2026-12-07",
        "opens": "09:00",
        "closes": "13:00",
        "slot_minutes": 15,
        "desks": [{"name": "A", "services": ["PAS10", "MAT"]}],
    }

    rrule = Text(most=200, required=True)
    first_day = Day(required=True)
    exdates = fields.List(Day(), load_default=list, validate=validate.Length(0, 366))
    reason = Text(most=300, load_default=None)
    dry_run = Flag(load_default=False)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        dry_run = data.pop("dry_run")
        lists = {name: tuple(data[name]) for name in ("desks", "breaks", "exdates", "reserves")}
        return {"dry_run": dry_run, "command": CreateSeries(**{**data, **lists})}


class ChangeSeriesSchema(_ChangesSchema):
    """Sessions of the series from ``from`` on change, those edited apart excepted; ``exdates``
    have none anymore, nor has a day after ``until``."""

    example: ClassVar[dict[str, Any]] = {"from": "2027-01-11", "closes": "14:00"}

    from_ = Day(data_key="from", load_default=None)
    exdates = fields.List(Day(), load_default=list, validate=validate.Length(0, 366))
    until = Day(load_default=None)


class SeriesForm(SeriesSchema):
    """A series as the pages' form sends it; ``until`` is in its rule already."""

    until = Day(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first, until = data.get("first_day"), data.get("until")
        if first and until and until < first:
            raise ValidationError([_("El final no puede ser antes del principio.")], "until")

    @post_load
    def _command(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        data.pop("until")
        series: dict[str, Any] = super()._command(data, **kwargs)
        return series


class ChangeHoursForm(ChangeSeriesSchema):
    """What changes of a session or of its series; ``scope``: of that day, of it and those that
    follow, or of all that are to come."""

    scope = Choice(SCOPES, load_default="day")


class ClosureSchema(Schema):
    """Days, or hours of each, on which an office is closed; the network without ``consulate``.

    ``bookings``: kept without a place, or canceled. ``dry_run``: whom it would concern.
    """

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "first_day": "2026-12-24",
        "last_day": "2026-12-24",
        "reason": "Tormenta",
    }

    consulate = Code(load_default=None, allow_none=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    begins = ClockTime(load_default=None, allow_none=True)
    ends = ClockTime(load_default=None, allow_none=True)
    reason = Text(most=300, required=True)
    source = Choice(tuple(ClosureSource), load_default=ClosureSource.BY_HAND.value)
    bookings = Choice(BOOKINGS, load_default="keep")
    dry_run = Flag(load_default=False)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            raise ValidationError([_("El final no puede ser antes del principio.")], "last_day")
        if first and last and (last - first).days > MOST_DAYS_CLOSED:
            raise ValidationError(
                [_("Cierra a lo más %(days)s días cada vez.", days=MOST_DAYS_CLOSED)], "last_day"
            )
        begins, ends = data.get("begins"), data.get("ends")
        if (begins is None) != (ends is None) or (begins and ends and ends <= begins):
            raise ValidationError([_("Di desde qué hora y hasta qué hora.")], "ends")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        dry_run = data.pop("dry_run")
        cancels = data.pop("bookings") == "cancel"
        source = ClosureSource(data.pop("source"))
        return {"dry_run": dry_run, "command": CloseDays(**data, source=source, cancels=cancels)}


class ClosureRow(ClosureSchema):
    """The same as a line of a file: without its last day it is one day."""

    last_day = Day(load_default=None)

    @post_load
    def _command(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        whole = {**data, "last_day": data["last_day"] or data["first_day"]}
        closure: dict[str, Any] = super()._command(whole, **kwargs)
        return closure


class ClosureForm(ClosureRow):
    """The same as the pages' form sends it, which chooses nothing for its reader."""

    bookings = Choice(BOOKINGS, required=True)


class ChangeClosureSchema(Schema):
    """A closure can be lifted."""

    example: ClassVar[dict[str, Any]] = {"status": "lifted", "reason": "Pasó la tormenta"}

    status = Choice(("lifted",), required=True)
    reason = Text(most=300, load_default=None)


class DurationSchema(Schema):
    """``minutes`` null: the service takes a slot again. Bookings that are there keep their time."""

    example: ClassVar[dict[str, Any]] = {"service": "PAS10", "minutes": 30, "from": "2027-01-04"}

    service = Code(required=True)
    minutes = WholeNumber(required=True, allow_none=True, validate=_MINUTES)
    valid_from = Day(data_key="from", required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> SetDuration:
        return SetDuration(**data)


class MaximumSchema(Schema):
    """``most`` null: as many as there are places again. Who is booked stays."""

    example: ClassVar[dict[str, Any]] = {"service": "MAT", "most": 4, "from": "2027-01-04"}

    service = Code(required=True)
    most = WholeNumber(required=True, allow_none=True, validate=_up_to(1000))
    valid_from = Day(data_key="from", required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> SetMaximum:
        return SetMaximum(**data)


class SessionQuery(PageQuery, PeriodQuery):
    """Days at the office, both included; sixty from ``from`` on when ``to`` is missing."""

    consulate = Code(load_default=None)
