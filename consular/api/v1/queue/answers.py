"""The queue at the desk: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Text,
    Texts,
    Word,
)
from services.appointments.rules import AT_THE_OFFICE


class InQueueAnswer(Answer):
    """Somebody who waits or is at a window: who it is, the folio says. No names."""

    appointment = Id(attribute="appointment_id")
    n = Number(says="Which person of the appointment")
    folio = Text()
    status = Word(sorted(AT_THE_OFFICE))
    place = Number(allow_none=True, says="Among those who wait, from 1; null for others")
    desk = Text(allow_none=True, says="The window that called them")
    services = Texts(says="What they wait for")
    for_desk = Text(allow_none=True, says="The only window that calls them")
    priority = Flag()
    walk_in = Flag(says="Without an appointment")
    due_at = Instant(says="The time of the appointment, or when a ticket was given")
    arrived_at = Instant()
    parked_at = Instant(allow_none=True, says="Since when they wait without being called")
    called_at = Instant(allow_none=True)


class QueueAnswer(ListAnswer):
    """Everybody at the office, in the order in which they are called."""

    items = Many(InQueueAnswer)
