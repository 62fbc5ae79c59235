"""The queue at the desk: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.appointments.rules import AT_THE_OFFICE


class InQueueAnswer(fields.Answer):
    """Somebody who waits or is at a window: who it is, the folio says. No names."""

    appointment = fields.Id(attribute="appointment_id")
    n = fields.Number(says="Which person of the appointment")
    folio = fields.Text()
    status = fields.Word(sorted(AT_THE_OFFICE))
    place = fields.Number(allow_none=True, says="Among those who wait, from 1; null for others")
    desk = fields.Text(allow_none=True, says="The window that called them")
    services = fields.Texts(says="What they wait for")
    for_desk = fields.Text(allow_none=True, says="The only window that calls them")
    priority = fields.Flag()
    walk_in = fields.Flag(says="Without an appointment")
    due_at = fields.Instant(says="The time of the appointment, or when a ticket was given")
    arrived_at = fields.Instant()
    parked_at = fields.Instant(allow_none=True, says="Since when they wait without being called")
    called_at = fields.Instant(allow_none=True)


class QueueAnswer(fields.ListAnswer):
    """Everybody at the office, in the order in which they are called."""

    items = fields.Many(InQueueAnswer)
