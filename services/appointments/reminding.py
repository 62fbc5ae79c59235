"""Remind people of their appointments: some days before, in the morning at the office.

Nobody is reminded of the time that an appointment had before it moved, nor twice of the same one:
the row that says so is unique.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, AppointmentReminder
from services.appointments.rules import REMIND_DAYS, REMIND_FROM_HOUR
from services.outbox.delivery import enqueue

# Of one that was just booked or moved, the message about that says it all.
_REMIND = text(
    """
    WITH offices AS (
        SELECT code, (CAST(:now AS timestamptz) AT TIME ZONE time_zone)::date AS today
        FROM consulates
        WHERE extract(hour FROM CAST(:now AS timestamptz) AT TIME ZONE time_zone) >= :hour
    )
    INSERT INTO appointment_reminders (appointment_id, days_before, starts_at, reminded_at)
    SELECT a.id, d.days, a.starts_at, :now
    FROM unnest(CAST(:days AS integer[])) d (days), offices o
    JOIN appointments a ON a.consulate_code = o.code
    WHERE a.day = o.today + d.days AND a.status = 'booked'
      AND a.changed_at < CAST(:now AS timestamptz) - interval '12 hours'
      AND NOT EXISTS (
          SELECT FROM appointment_reminders r WHERE r.appointment_id = a.id
            AND r.days_before = d.days AND r.starts_at = a.starts_at)
    ORDER BY a.starts_at, a.id LIMIT :most
    ON CONFLICT DO NOTHING RETURNING appointment_id
    """
)


def remind(session: Session, *, now: datetime, most: int) -> int:
    """Ask for the messages that are due now, at most so many; returns how many.

    All offices': in a transaction that sees everything.
    """
    values = {"now": now, "hour": REMIND_FROM_HOUR, "days": list(REMIND_DAYS), "most": most}
    due = session.scalars(_REMIND, values).all()
    for appointment in due:
        enqueue(session, "appointments.reminder", appointment)
    return len(due)


def is_still_due(session: Session, appointment: Appointment) -> bool:
    """Whether a reminder was asked for about the time that the appointment has now."""
    request = exists().where(
        AppointmentReminder.appointment_id == appointment.id,
        AppointmentReminder.starts_at == appointment.starts_at,
    )
    return bool(session.scalar(select(request)))
