"""Appointments: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Id,
    Instant,
    ListAnswer,
    Many,
    One,
    Table,
    Text,
    Texts,
    Word,
)
from services.appointments.rules import PAST, Status


class AttendeeAnswer(Answer):
    """As bound to the appointment."""

    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay()


class ReturnPassAnswer(Answer):
    """To come back with the same folio and no other booking."""

    folio = Text()
    valid_until = CalendarDay(says="The last day, at the office")
    bring = Texts()


class AppointmentAnswer(Answer):
    """``start`` and ``end`` carry the office's offset."""

    id = Id()
    folio = Text()
    status = Word(Status)
    consulate = Text(attribute="consulate_code")
    service = Text()
    services = Texts()
    start = Instant()
    end = Instant()
    desk = Text(allow_none=True)
    outcome = Table(
        allow_none=True,
        says="What the desk noted: service, fee, reason, what to bring, return pass",
    )
    return_pass = One(ReturnPassAnswer, allow_none=True)
    attendees = Many(AttendeeAnswer)


class AppointmentList(ListAnswer):
    """A page."""

    items = Many(AppointmentAnswer)


class FindAnswer(Answer):
    """No names: whoever asks knows them. ``past``: the time went by and nothing was noted yet."""

    folio = Text()
    status = Word([*Status, PAST])
    consulate = Text(attribute="consulate_code")
    service = Text()
    services = Texts()
    start = Instant()
    end = Instant()
    message = Text(says="How it stands and what to do, in words")
    book_url = Text(allow_none=True, says="Where to book another one, where this one is over")
