"""Sessions: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from consular.input.sessions import BOOKINGS, RELEASES
from services.appointments.reserves import Share
from services.appointments.rules import ClosureSource, Status


class DeskAnswer(fields.Answer):
    """A window and what it can give."""

    name = fields.Text()
    services = fields.Texts()
    languages = fields.Texts()
    interpreters = fields.Texts()
    accessible = fields.Flag()


class BreakAnswer(fields.Answer):
    """Hours in which nobody is served."""

    begins = fields.Text()
    ends = fields.Text()


class PlaceAnswer(fields.Answer):
    """Where a mobile consulate is."""

    name = fields.Text()
    address = fields.Text()
    time_zone = fields.Text()


class ReserveAnswer(fields.Answer):
    """Places that are kept at each time for some."""

    share = fields.Word(Share)
    places = fields.Number()
    release_hours = fields.Number(
        allow_none=True, says="Everybody's so many hours before it opens; null: never"
    )


class ImpactAnswer(fields.Answer):
    """Whom it concerns: bookings that lose their place, and those that have one again."""

    appointments = fields.Number(says="Bookings that lose their place")
    people = fields.Number()
    by_service = fields.Table(says="Service -> people")
    without_contact = fields.Texts(fields.Id(), says="Bookings that nobody can be told about")
    supported = fields.Number(says="Bookings that have their place again")


class BookingOfSession(fields.Answer):
    """Somebody who is still to be served; without names, which are on the appointment."""

    id = fields.Id()
    folio = fields.Text()
    start = fields.Instant()
    status = fields.Word(Status)


class SessionAnswer(fields.Answer):
    """A session as opened. ``bookings``, of one session: who is still to be served in it."""

    id = fields.Id()
    consulate = fields.Text(attribute="consulate_code")
    date = fields.CalendarDay(attribute="day")
    opens = fields.WallClock()
    closes = fields.WallClock()
    slot_minutes = fields.Number()
    release = fields.Word(RELEASES)
    status = fields.Word(("open", "closed", "cancelled"))
    desks = fields.Many(DeskAnswer)
    breaks = fields.Many(BreakAnswer)
    place = fields.One(PlaceAnswer, allow_none=True)
    reserves = fields.Many(ReserveAnswer)
    daily_maximums = fields.Table(says="Service -> most people on its day")
    series = fields.Id(attribute="series_id", allow_none=True)
    edited_apart = fields.Flag(says="Changes of its series leave it alone")
    impact = fields.One(ImpactAnswer, required=False)
    bookings = fields.Many(BookingOfSession, required=False)


class DurationAnswer(fields.Answer):
    """How long a service takes at the office from a day on; without minutes it takes a slot."""

    service = fields.Text(attribute="service_code")
    minutes = fields.Number(allow_none=True)
    valid_from = fields.CalendarDay(data_key="from")


class DurationList(fields.ListAnswer):
    """Durations, the earliest first."""

    items = fields.Many(DurationAnswer)


class MaximumAnswer(fields.Answer):
    """How many people a day takes of a service at the office from a day on; null: no maximum."""

    service = fields.Text(attribute="service_code")
    most = fields.Number(allow_none=True)
    valid_from = fields.CalendarDay(data_key="from")


class MaximumList(fields.ListAnswer):
    """Maximums, the earliest first."""

    items = fields.Many(MaximumAnswer)


class SessionList(fields.ListAnswer):
    """Sessions by day."""

    items = fields.Many(SessionAnswer)


class HistoryEntry(fields.Answer):
    """Who changed opening hours, when and why."""

    at = fields.Instant()
    action = fields.Text()
    reason = fields.Text(allow_none=True)
    by = fields.Id(attribute="actor_id", allow_none=True)
    before = fields.Table(allow_none=True)
    after = fields.Table(allow_none=True)


class HistoryAnswer(fields.Answer):
    """The latest first."""

    items = fields.Many(HistoryEntry)


class LeftOut(fields.Answer):
    """A day of the rule on which the office is closed."""

    date = fields.CalendarDay()
    reason = fields.Text()


class SeriesAnswer(fields.Answer):
    """A series. ``days``: of its sessions to come; ``left_out``: holidays that it would fall on."""

    id = fields.Id()
    consulate = fields.Text(attribute="consulate_code")
    rrule = fields.Text()
    first_day = fields.CalendarDay()
    exdates = fields.Texts(fields.CalendarDay())
    opens = fields.WallClock()
    closes = fields.WallClock()
    slot_minutes = fields.Number()
    breaks = fields.Many(BreakAnswer)
    desks = fields.Many(DeskAnswer)
    place = fields.One(PlaceAnswer, allow_none=True)
    reserves = fields.Many(ReserveAnswer)
    daily_maximums = fields.Table(says="Service -> most people a day")
    days = fields.Texts(fields.CalendarDay(), required=False)
    left_out = fields.Many(LeftOut, required=False)
    impact = fields.One(ImpactAnswer, required=False)


class SeriesList(fields.ListAnswer):
    """Series of an office."""

    items = fields.Many(SeriesAnswer)


class ProgressAnswer(fields.Answer):
    """Of bookings that are called off: how far it is."""

    listed = fields.Number()
    cancelled = fields.Number()
    left = fields.Texts(fields.Id(), says="Still to be canceled")
    failed = fields.Table(says="Appointment -> code of why it couldn't be canceled")
    without_contact = fields.Texts(fields.Id(), says="Nobody can be told about these")


class ClosureAnswer(fields.Answer):
    """A closure; ``impact`` when it was just made, ``progress`` where it cancels."""

    id = fields.Id()
    consulate = fields.Text(attribute="consulate_code", allow_none=True)
    first_day = fields.CalendarDay()
    last_day = fields.CalendarDay()
    begins = fields.WallClock(allow_none=True)
    ends = fields.WallClock(allow_none=True)
    reason = fields.Text()
    source = fields.Word(ClosureSource)
    bookings = fields.Word(BOOKINGS)
    status = fields.Word(("in_force", "lifted"))
    impact = fields.One(ImpactAnswer, required=False)
    progress = fields.One(ProgressAnswer, required=False)


class ClosureList(fields.ListAnswer):
    """Closures, by their first day."""

    items = fields.Many(ClosureAnswer)
