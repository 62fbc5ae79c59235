"""How API and pages run commands: once for each request, and those of several transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from consular.auth import account, actor, now, vault
from consular.callers import booking_hand, enrollment_budgets, guess_budgets, hold_budgets
from consular.db import database_now, raw_connection, transaction
from consular.health import SEARCHES_GIVEN_UP
from services.appointments import booking, desk, holding, rescheduling
from services.appointments.errors import ClaimTaken, SearchGivenUp
from services.appointments.models import Appointment, BookingHold
from services.appointments.rescheduling import RescheduleAppointment
from services.citizens.errors import IdentityBound
from services.citizens.limits import refuse_spent, spend
from services.citizens.people import PersonData
from services.consulates.queries import get_consulate
from services.enrollments import requesting
from services.identity.correcting import ask_for_correction
from services.identity.errors import IdentityCheckPending
from services.kernel import idempotency
from services.kernel.audit import OFFICE_ROLES
from services.kernel.db import NETWORK_SCOPE, Scope
from services.kernel.errors import NotFound
from services.kernel.idempotency import RequestKey
from services.processes import dues
from services.remittances import ordering
from services.remittances.confirming import refuse_unconfirmed


def run_idempotent(
    key: RequestKey | None,
    do: Callable[[Session], dict[str, Any]],
    *,
    status: int = 200,
    scope: Scope | None = None,
) -> dict[str, Any]:
    """In one transaction: run the command, or give the answer that the same key got before.

    The key is the API's Idempotency-Key or the sending of a page's form; without one the command
    runs each time. ``scope`` when it isn't the actor's own. Raises Invalid
    ``idempotency_key_reused``.
    """
    with transaction(scope) as session:
        if key is None:
            return do(session)
        stored = idempotency.begin(session, key, account_id=account(), now=now())
        if stored is not None:
            return stored.response
        response = do(session)
        idempotency.finish(session, key, account_id=account(), status=status, response=response)
        return response


def run_or_try(
    key: RequestKey | None,
    do: Callable[[Session], dict[str, Any]],
    dry_run: bool,
    *,
    status: int = 200,
) -> dict[str, Any]:
    """`run_idempotent`; in a dry run everything is undone but the answer."""
    if not dry_run:
        return run_idempotent(key, do, status=status)
    with transaction() as session:
        answer = do(session)
        session.rollback()
    return answer


def book(key: RequestKey | None, command: booking.BookAppointment) -> booking.Booked:
    """Book in one statement; when a person is claimed already, find out what may be said.

    With a key as `run_idempotent`: the statement keeps it with the appointment's id. Raises
    NotFound for the desk of another office.
    """
    _refuse_elsewhere(command.consulate)
    if key is not None:
        command = replace(command, idempotency_key=key.text, request_hash=key.request_hash)
    hand = booking_hand()
    try:
        with _counting_given_up("book"), raw_connection() as connection:
            return booking.book(
                connection, command, now=now(), actor=actor(), vault=vault(), hand=hand
            )
    except ClaimTaken:
        with transaction(NETWORK_SCOPE) as session:
            refusal = booking.explain_claim(
                session, command, now=now(), actor=actor(), vault=vault(), hand=hand
            )
        raise refusal from None


def hold(
    key: RequestKey | None,
    command: holding.HoldPlaces,
    show: Callable[[Session, BookingHold], dict[str, Any]],
) -> dict[str, Any]:
    """Hold places, of which each citizen has few: they are kept from others. Raises NotFound for
    the desk of another office."""
    _refuse_elsewhere(command.consulate)
    with transaction(NETWORK_SCOPE) as session:
        spend(session, hold_budgets(), now=now())

    def take(session: Session) -> dict[str, Any]:
        get_consulate(session, command.consulate)
        taken = holding.hold_places(session, command, now=now(), actor=actor(), hand=booking_hand())
        return show(session, taken)

    with _counting_given_up("hold"):
        return run_idempotent(key, take, status=201)


def _refuse_elsewhere(consulate: str) -> None:
    """The desk books at its own office; the database function is for the whole network."""
    if actor().role in OFFICE_ROLES and actor().consulate != consulate:
        raise NotFound()


def extend_hold(session: Session, hold: UUID) -> BookingHold:
    """Keep the caller's hold longer, once."""
    limits = current_app.config["BOOKING_LIMITS"]
    return holding.extend_hold(session, hold, now=now(), actor=actor(), limits=limits)


def release_hold(session: Session, hold: UUID) -> BookingHold:
    """End the caller's hold."""
    limits = current_app.config["BOOKING_LIMITS"]
    return holding.release_hold(session, hold, now=now(), actor=actor(), limits=limits)


def cancel(session: Session, appointment: UUID, *, only: int | None = None) -> Appointment:
    """Cancel it, or ``only`` one person of it; the places are free for others after the delay that
    is in force here."""
    limits = current_app.config["BOOKING_LIMITS"]
    return desk.cancel(session, appointment, now=now(), actor=actor(), limits=limits, only=only)


def reschedule(session: Session, command: RescheduleAppointment) -> Appointment:
    """Move it; the places that it leaves are free for others after the delay in force here."""
    limits = current_app.config["BOOKING_LIMITS"]
    with _counting_given_up("reschedule"):
        return rescheduling.reschedule(session, command, now=now(), actor=actor(), limits=limits)


def order_remittance(session: Session, command: ordering.OrderRemittance) -> ordering.Order:
    """Order it as of the database's clock, where somebody takes payments and the sender is sure."""
    ordered = dues.order(
        session,
        command,
        now=database_now(session),
        actor=actor(),
        vault=vault(),
        takes_payments=current_app.config["TAKES_PAYMENTS"],
        house_accounts=current_app.config["HOUSE_ACCOUNTS"],
    )
    refuse_unconfirmed(session, ordered, command, vault=vault())
    return ordered


@contextmanager
def _counting_given_up(command: str) -> Iterator[None]:
    """A refusal for want of time to search is one that an operator should know of."""
    try:
        yield
    except SearchGivenUp:
        SEARCHES_GIVEN_UP.labels(command).inc()
        raise


@contextmanager
def notify_existing_holder(command: requesting.RequestEnrollment) -> Iterator[None]:
    """Around the transaction of a request: somebody else's attempt is told to who is enrolled,
    and counts as a guess at people, of which each caller has few. So are the requests themselves:
    one that is taken in answers a guess too."""
    budgets = guess_budgets()
    with transaction(NETWORK_SCOPE) as session:
        refuse_spent(session, budgets, now=now())
        spend(session, enrollment_budgets(), now=now())
    try:
        yield
    except IdentityCheckPending:
        with transaction(NETWORK_SCOPE) as session:
            spend(session, budgets, now=now())
            refusal = requesting.notify_holders(
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
        with transaction(NETWORK_SCOPE) as session:
            folio = ask_for_correction(session, account(), wanted, now=now(), vault=vault())
        raise IdentityBound(folio=folio) from None
