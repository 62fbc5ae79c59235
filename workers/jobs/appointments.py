"""What follows a booking or a cancellation, away from whoever waits for the answer."""

from __future__ import annotations

from services.appointments import freeing, resembling
from services.outbox.delivery import Lease
from workers.runtime import JobContext


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


def compare_people(job: JobContext, lease: Lease) -> None:
    """Flag for the desk whoever looks like somebody of another live appointment."""
    with job.transaction() as session:
        resembling.write_keys(session, lease.ref, job.vault)
    with job.settle(lease, "compared") as session:
        resembling.flag(session, lease.ref)
