"""Appointments: what the API answers."""

from __future__ import annotations

from marshmallow import (
    Schema,
    fields,
)

from consular.api.answer_fields import CalendarDay, Id, Instant, Word
from consular.finding import PAST
from services.appointments.rules import Status


class AttendeeAnswer(Schema):
    """As bound to the appointment."""

    given_names = fields.String(required=True)
    first_surname = fields.String(required=True)
    second_surname = fields.String(allow_none=True, required=True)
    birth_date = CalendarDay(required=True)


class ReturnPassAnswer(Schema):
    """To come back with the same folio and no other booking."""

    folio = fields.String(required=True)
    valid_until = CalendarDay(
        required=True, metadata={"description": "The last day, at the office"}
    )
    bring = fields.List(fields.String(), required=True)


class AppointmentAnswer(Schema):
    """``start`` and ``end`` carry the office's offset."""

    id = Id(required=True)
    folio = fields.String(required=True)
    status = Word(Status, required=True)
    consulate = fields.String(required=True)
    service = fields.String(required=True)
    services = fields.List(fields.String(), required=True)
    start = Instant(required=True)
    end = Instant(required=True)
    desk = fields.String(allow_none=True, required=True)
    outcome = fields.Dict(
        allow_none=True,
        required=True,
        metadata={
            "description": "What the desk noted: service, fee, reason, what to bring, return pass"
        },
    )
    return_pass = fields.Nested(ReturnPassAnswer, allow_none=True, required=True)
    attendees = fields.List(fields.Nested(AttendeeAnswer), required=True)


class AppointmentList(Schema):
    """A page."""

    items = fields.List(fields.Nested(AppointmentAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class FindAnswer(Schema):
    """No names: whoever asks knows them. ``past``: the time went by and nothing was noted yet."""

    folio = fields.String(required=True)
    status = Word([*Status, PAST], required=True)
    consulate = fields.String(required=True)
    service = fields.String(required=True)
    services = fields.List(fields.String(), required=True)
    start = Instant(required=True)
    end = Instant(required=True)
    message = fields.String(
        required=True, metadata={"description": "How it stands and what to do, in words"}
    )
    book_url = fields.String(
        allow_none=True,
        required=True,
        metadata={"description": "Where to book another one, where this one is over"},
    )
