"""What follows a booking or a cancellation, away from whoever waits for the answer."""

from __future__ import annotations

from uuid import UUID

from services.appointments import calling_off, freeing, holding, recurring, releasing, resembling
from services.appointments.errors import DeskTaken
from services.kernel.errors import DomainError
from services.outbox.delivery import Lease, enqueue
from workers.runtime import JobContext

HOLDS_AT_ONCE = 500
CALLED_OFF_TOGETHER = 100


def free_places(job: JobContext, lease: Lease) -> None:
    """The places of a cancelled appointment can be booked again, by anybody."""
    with job.settle(lease, "freed") as session:
        freeing.free_places(session, lease.ref)


def free_attendee(job: JobContext, lease: Lease) -> None:
    """The places of one who left a party can be booked again, by anybody."""
    with job.settle(lease, "freed") as session:
        freeing.free_attendee(session, lease.ref)


def free_vacated(job: JobContext, lease: Lease) -> None:
    """The places that an appointment left by moving can be booked again, by anybody."""
    with job.settle(lease, "freed") as session:
        freeing.free_vacated(session, lease.ref)


def free_holds(job: JobContext, lease: Lease) -> None:
    """Places that were held and not booked can be booked again, each hold in its transaction."""
    with job.transaction() as session:
        due = holding.list_due(session, now=job.now(session), most=HOLDS_AT_ONCE)
    for hold in due:
        with job.transaction() as session:
            holding.free_hold(session, hold)
    with job.settle(lease, "freed"):
        return


def compare_people(job: JobContext, lease: Lease) -> None:
    """Flag for the desk whoever looks like somebody of another live appointment."""
    with job.transaction() as session:
        resembling.write_keys(session, lease.ref, job.vault)
    with job.settle(lease, "compared") as session:
        resembling.flag(session, lease.ref)


def call_off(job: JobContext, lease: Lease) -> None:
    """The office cancels the bookings of a closure or a session, each in its own transaction.

    No more of them than a lease allows: those beyond are the next item's, which others may come
    between.
    """
    with job.transaction() as session:
        left = calling_off.list_left(session, lease.ref)
    for appointment in left[:CALLED_OFF_TOGETHER]:
        try:
            with job.transaction() as session:
                now = job.now(session)
                calling_off.cancel_called_off(session, lease.ref, appointment, now=now)
        except DomainError as refused:
            with job.transaction() as session:
                calling_off.note_failure(session, lease.ref, appointment, refused.code)
    with job.settle(lease, "called_off") as session:
        if len(left) > CALLED_OFF_TOGETHER:
            enqueue(session, "appointments.call_off", lease.ref)


def extend_series(job: JobContext, lease: Lease) -> None:
    """Each series gets the sessions of the days that are near enough now."""
    with job.transaction() as session:
        behind = recurring.list_behind(session, now=job.now(session))
    for series in behind:
        _extend(job, series)
    with job.settle(lease, "extended"):
        return


def release_places(job: JobContext, lease: Lease) -> None:
    """Places that were kept for some are everybody's where their moment has come."""
    with job.transaction() as session:
        due = releasing.list_due(session, now=job.now(session))
    for opening in due:
        with job.transaction() as session:
            releasing.release(session, opening, now=job.now(session))
    with job.settle(lease, "released"):
        return


def _extend(job: JobContext, series: UUID) -> None:
    with job.transaction() as session:
        missing = recurring.list_missing(session, series, now=job.now(session))
    for day in missing:
        try:
            with job.transaction() as session:
                recurring.make_day(session, series, day, now=job.now(session))
        except DeskTaken as taken:
            desk = str(taken.params["desk"])
            with job.transaction() as session:
                recurring.leave_out(session, series, day, desk, now=job.now(session))
    with job.transaction() as session:
        recurring.note_made(session, series, now=job.now(session))
