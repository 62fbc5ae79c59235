"""Sessions: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Text,
    Texts,
    WallClock,
    Word,
)
from consular.input.sessions import RELEASES
from services.appointments.rules import Status


class DeskAnswer(Answer):
    """A window and what it can give."""

    name = Text()
    services = Texts()


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
    status = Word(("open", "closed"))
    desks = Many(DeskAnswer)
    bookings = Many(BookingOfSession, required=False)


class SessionList(ListAnswer):
    """Sessions by day."""

    items = Many(SessionAnswer)
