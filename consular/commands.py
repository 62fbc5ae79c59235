"""Use cases that take more than one transaction, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from consular.auth import account, actor, now, vault
from consular.callers import booking_hand, enrollment_budgets, guess_budgets
from consular.db import one_call, transaction
from services.appointments import booking, desk
from services.appointments.errors import ClaimTaken
from services.appointments.models import Appointment
from services.citizens.errors import IdentityBound
from services.citizens.limits import refuse_spent, spend
from services.citizens.people import PersonData
from services.enrollments import requesting
from services.identity.correcting import ask_for_correction
from services.identity.errors import IdentityCheckPending
from services.kernel.db import EVERYTHING


def book(command: booking.BookAppointment) -> booking.Booked:
    """Book in one statement; when a person is claimed already, find out what may be said."""
    hand = booking_hand()
    try:
        with one_call() as connection:
            return booking.book(
                connection, command, now=now(), actor=actor(), vault=vault(), hand=hand
            )
    except ClaimTaken:
        with transaction(EVERYTHING) as session:
            refusal = booking.explain_claim(
                session, command, now=now(), actor=actor(), vault=vault(), hand=hand
            )
        raise refusal from None


def cancel(session: Session, appointment: UUID) -> Appointment:
    """Cancel it; its places are free for others after the delay that is in force here."""
    limits = current_app.config["BOOKING_LIMITS"]
    return desk.cancel(session, appointment, now=now(), actor=actor(), limits=limits)


@contextmanager
def telling_holders(command: requesting.RequestEnrollment) -> Iterator[None]:
    """Around the transaction of a request: somebody else's attempt is told to who is enrolled,
    and counts as a guess at people, of which each caller has few. So are the requests themselves:
    one that is taken in answers a guess too."""
    budgets = guess_budgets()
    with transaction(EVERYTHING) as session:
        refuse_spent(session, budgets, now=now())
        spend(session, enrollment_budgets(), now=now())
    try:
        yield
    except IdentityCheckPending:
        with transaction(EVERYTHING) as session:
            spend(session, budgets, now=now())
            refusal = requesting.tell_holders(
                session, command, now=now(), actor=actor(), vault=vault()
            )
        raise refusal from None


@contextmanager
def offering_correction(wanted: PersonData) -> Iterator[None]:
    """Around a change of the account holder's data: where they stay as they are because money was
    sent, the account gets a folio to have them corrected at a window."""
    try:
        yield
    except IdentityBound:
        with transaction(EVERYTHING) as session:
            folio = ask_for_correction(session, account(), wanted, now=now(), vault=vault())
        raise IdentityBound(folio=folio) from None
