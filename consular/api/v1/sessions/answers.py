"""Sessions: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import CalendarDay, Id, Instant, WallClock, Word
from consular.input.sessions import RELEASES
from services.appointments.rules import Status


class DeskAnswer(Schema):
    """A window and what it can give."""

    name = fields.String(required=True)
    services = fields.List(fields.String(), required=True)


class BookingOfSession(Schema):
    """Somebody who is still to be served; without names, which are on the appointment."""

    id = Id(required=True)
    folio = fields.String(required=True)
    start = Instant(required=True)
    status = Word(Status, required=True)


class SessionAnswer(Schema):
    """A session as opened. ``bookings``, of one session: who is still to be served in it."""

    id = Id(required=True)
    consulate = fields.String(required=True)
    date = CalendarDay(required=True)
    opens = WallClock(required=True)
    closes = WallClock(required=True)
    slot_minutes = fields.Integer(required=True)
    release = Word(RELEASES, required=True)
    status = Word(("open", "closed"), required=True)
    desks = fields.List(fields.Nested(DeskAnswer), required=True)
    bookings = fields.List(fields.Nested(BookingOfSession))


class SessionList(Schema):
    """Sessions by day."""

    items = fields.List(fields.Nested(SessionAnswer), required=True)
    next = fields.String(allow_none=True, required=True)
