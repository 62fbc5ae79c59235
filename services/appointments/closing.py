"""What was left open when an office closed for the day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments import returning
from services.appointments.desk import TakeStep, take_step
from services.appointments.models import Appointment, Member
from services.appointments.rules import LIVE, NOTES_AFTER_CLOSING, Status, Step
from services.kernel.audit import SYSTEM

# The reason that is noted then.
NOT_CLOSED = "not_closed_by_the_desk"


def close_days(session: Session, *, now: datetime, most: int = 200) -> int:
    """End what nobody ended of appointments, so that nobody is kept from booking again.

    Who never came didn't show; who came and was never finished wasn't served. Passes to come back
    end when their last day is over in every zone. Returns how many of either, whichever is more:
    as many as ``most`` means that there may be others.
    """
    expired = returning.end_passes(session, before=(now - NOTES_AFTER_CLOSING).date(), most=most)
    left = session.execute(
        select(Appointment.id, Member.n, Member.status)
        .join(Member, Member.appointment_id == Appointment.id)
        .where(
            Appointment.status.in_(sorted(LIVE)),
            Appointment.ends_at < now - NOTES_AFTER_CLOSING,
            # Whoever came back long after the appointment's own time may be in the room.
            Appointment.changed_at < now - NOTES_AFTER_CLOSING,
            Member.status.in_(sorted(LIVE)),
        )
        .order_by(Appointment.ends_at, Appointment.id, Member.n)
        .limit(most)
        .with_for_update(skip_locked=True, of=Appointment)
    ).all()
    for person in left:
        step = Step.NO_SHOW if person.status == Status.BOOKED else Step.NOT_SERVED
        details = {"reason": NOT_CLOSED} if step is Step.NOT_SERVED else {}
        command = TakeStep(person.id, step, details=details, may_return=False, only=person.n)
        take_step(session, command, now=now, actor=SYSTEM)
    return max(len(left), expired)
