"""Use cases that take more than one transaction, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from consular.auth import actor, now, vault
from consular.db import one_call, transaction
from services.appointments import booking
from services.appointments.errors import ClaimTaken
from services.enrollments import requesting
from services.enrollments.errors import IdentityCheckPending
from services.kernel.db import EVERYTHING


def book(command: booking.BookAppointment) -> booking.Booked:
    """Book in one statement; when a person is claimed already, find out what may be said."""
    try:
        with one_call() as connection:
            return booking.book(connection, command, now=now(), actor=actor(), vault=vault())
    except ClaimTaken:
        with transaction(EVERYTHING) as session:
            refusal = booking.explain_claim(
                session, command, now=now(), actor=actor(), vault=vault()
            )
        raise refusal from None


@contextmanager
def telling_holders(command: requesting.RequestEnrollment) -> Iterator[None]:
    """Around the transaction of a request: somebody else's attempt is told to who is enrolled."""
    try:
        yield
    except IdentityCheckPending:
        with transaction(EVERYTHING) as session:
            requesting.tell_holders(session, command, now=now(), actor=actor(), vault=vault())
        raise
