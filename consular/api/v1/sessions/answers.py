"""Sessions: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    One,
    Table,
    Text,
    Texts,
    WallClock,
    Word,
)
from consular.input.sessions import BOOKINGS, RELEASES
from services.appointments.reserves import Share
from services.appointments.rules import ClosureSource, Status


class DeskAnswer(Answer):
    """A window and what it can give."""

    name = Text()
    services = Texts()
    languages = Texts()
    interpreters = Texts()
    accessible = Flag()


class BreakAnswer(Answer):
    """Hours in which nobody is served."""

    begins = Text()
    ends = Text()


class PlaceAnswer(Answer):
    """Where a mobile consulate is."""

    name = Text()
    address = Text()
    time_zone = Text()


class ReserveAnswer(Answer):
    """Places that are kept at each time for some."""

    share = Word(Share)
    places = Number()
    release_hours = Number(
        allow_none=True, says="Everybody's so many hours before it opens; null: never"
    )


class ImpactAnswer(Answer):
    """Whom it concerns: bookings that lose their place, and those that have one again."""

    appointments = Number(says="Bookings that lose their place")
    people = Number()
    by_service = Table(says="Service -> people")
    without_contact = Texts(Id(), says="Bookings that nobody can be told about")
    supported = Number(says="Bookings that have their place again")


class BookingOfSession(Answer):
    """Somebody who is still to be served; without names, which are on the appointment."""

    id = Id()
    folio = Text()
    start = Instant()
    status = Word(Status)


class SessionAnswer(Answer):
    """A session as opened. ``bookings``, of one session: who is still to be served in it."""

    id = Id()
    consulate = Text(attribute="consulate_code")
    date = CalendarDay(attribute="day")
    opens = WallClock()
    closes = WallClock()
    slot_minutes = Number()
    release = Word(RELEASES)
    status = Word(("open", "closed", "cancelled"))
    desks = Many(DeskAnswer)
    breaks = Many(BreakAnswer)
    place = One(PlaceAnswer, allow_none=True)
    reserves = Many(ReserveAnswer)
    daily_maximums = Table(says="Service -> most people on its day")
    series = Id(attribute="series_id", allow_none=True)
    edited_apart = Flag(says="Changes of its series leave it alone")
    impact = One(ImpactAnswer, required=False)
    bookings = Many(BookingOfSession, required=False)


class DurationAnswer(Answer):
    """How long a service takes at the office from a day on; without minutes it takes a slot."""

    service = Text(attribute="service_code")
    minutes = Number(allow_none=True)
    valid_from = CalendarDay(data_key="from")


class DurationList(ListAnswer):
    """Durations, the earliest first."""

    items = Many(DurationAnswer)


class MaximumAnswer(Answer):
    """How many people a day takes of a service at the office from a day on; null: no maximum."""

    service = Text(attribute="service_code")
    most = Number(allow_none=True)
    valid_from = CalendarDay(data_key="from")


class MaximumList(ListAnswer):
    """Maximums, the earliest first."""

    items = Many(MaximumAnswer)


class SessionList(ListAnswer):
    """Sessions by day."""

    items = Many(SessionAnswer)


class HistoryEntry(Answer):
    """Who changed opening hours, when and why."""

    at = Instant()
    action = Text()
    reason = Text(allow_none=True)
    by = Id(attribute="actor_id", allow_none=True)
    before = Table(allow_none=True)
    after = Table(allow_none=True)


class HistoryAnswer(Answer):
    """The latest first."""

    items = Many(HistoryEntry)


class LeftOut(Answer):
    """A day of the rule on which the office is closed."""

    date = CalendarDay()
    reason = Text()


class SeriesAnswer(Answer):
    """A series. ``days``: of its sessions to come; ``left_out``: holidays that it would fall on."""

    id = Id()
    consulate = Text(attribute="consulate_code")
    rrule = Text()
    first_day = CalendarDay()
    exdates = Texts(CalendarDay())
    opens = WallClock()
    closes = WallClock()
    slot_minutes = Number()
    breaks = Many(BreakAnswer)
    desks = Many(DeskAnswer)
    place = One(PlaceAnswer, allow_none=True)
    reserves = Many(ReserveAnswer)
    daily_maximums = Table(says="Service -> most people a day")
    days = Texts(CalendarDay(), required=False)
    left_out = Many(LeftOut, required=False)
    impact = One(ImpactAnswer, required=False)


class SeriesList(ListAnswer):
    """Series of an office."""

    items = Many(SeriesAnswer)


class ProgressAnswer(Answer):
    """Of bookings that are called off: how far it is."""

    listed = Number()
    cancelled = Number()
    left = Texts(Id(), says="Still to be canceled")
    failed = Table(says="Appointment -> code of why it couldn't be canceled")
    without_contact = Texts(Id(), says="Nobody can be told about these")


class ClosureAnswer(Answer):
    """A closure; ``impact`` when it was just made, ``progress`` where it cancels."""

    id = Id()
    consulate = Text(attribute="consulate_code", allow_none=True)
    first_day = CalendarDay()
    last_day = CalendarDay()
    begins = WallClock(allow_none=True)
    ends = WallClock(allow_none=True)
    reason = Text()
    source = Word(ClosureSource)
    bookings = Word(BOOKINGS)
    status = Word(("in_force", "lifted"))
    impact = One(ImpactAnswer, required=False)
    progress = One(ProgressAnswer, required=False)


class ClosureList(ListAnswer):
    """Closures, by their first day."""

    items = Many(ClosureAnswer)
