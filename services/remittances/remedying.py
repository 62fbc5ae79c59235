"""Give money back to a sender for an error, after the recipient was paid: never above what was
paid, together with what went back before (`ck_remittances_no_more_than_paid`).

It is owed in the transaction that decides so. A worker has the provider give that part of the
charge back, under a key of its own: an answer that was lost is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.db import savepoint, violated_constraint
from services.kernel.errors import WrongState
from services.kernel.money import format_minor
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue
from services.outbox.models import OutboxItem
from services.remittances.entries import post_remedy, post_remedy_settled
from services.remittances.errors import RemedyExceedsPaid
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Charge, RemedyRefund, Remittance
from services.remittances.rules import RemedyState, Status

TOPIC = "remittances.give_remedy"


@dataclass(frozen=True)
class Remedied:
    """What something is given back for: the id and folio of a ``thing``, of which nothing else is
    given back, and the last day to have it done."""

    thing: str
    id: UUID
    folio: str
    due_on: date


@dataclass(frozen=True)
class RemedyTask:
    """The part of the charge ``charge`` that the provider is to give back under ``key``, in cents.
    ``asked``: it may have been told before."""

    id: UUID
    remittance: UUID
    charge: str
    key: str
    amount_minor: int
    asked: bool


@dataclass(frozen=True)
class RemedyAnswer:
    """The provider's word on a part."""

    state: RemedyState
    amount_minor: int | None = None
    currency: str | None = None


def lock_remittance(session: Session, remittance: UUID) -> Remittance:
    """The remittance as it is now, held until the transaction ends. Raises NotFound."""
    return LIFECYCLE.lock(session, remittance)


def give_remedy(
    session: Session,
    remittance: Remittance,
    minor: int,
    *,
    fees: bool,
    why: Remedied,
    now: datetime,
) -> None:
    """Owe the sender ``minor`` cents more, and have the workers see to it. For the same thing again
    it is refused as posted before. ``fees``: fee and tax are part of it; the rest is the house's
    expense.

    Raises `WrongState` for one that wasn't paid out, `RemedyExceedsPaid`, `AlreadyPosted`.
    """
    if remittance.status != Status.PAID:
        raise WrongState(state=remittance.status)
    try:
        with savepoint(session):
            remittance.remedied_minor += minor
            session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "ck_remittances_no_more_than_paid":
            session.expire(remittance, ["remedied_minor"])
            raise RemedyExceedsPaid(field="amount") from error
        raise
    post_remedy(session, remittance, minor, key=f"{why.thing}:{why.id}", fees=fees, now=now)
    session.add(
        RemedyRefund(
            id=why.id,
            remittance_id=remittance.id,
            folio=why.folio,
            amount_minor=minor,
            state=RemedyState.OWED,
            due_on=why.due_on,
            owed_at=now,
        )
    )
    enqueue(session, TOPIC, why.id)


def claim_remedy(session: Session, remedy: UUID, *, now: datetime) -> RemedyTask | None:
    """What the provider is to give back, written down: to be committed before the call.

    None when it is settled, or when no provider took the money, so that a person has to see to it.
    Raises NotFound.
    """
    owed = get_row(session, RemedyRefund, remedy, lock=True)
    charge = session.get(Charge, owed.remittance_id)
    if owed.state != RemedyState.OWED or charge is None:
        return None
    remittance = session.get_one(Remittance, owed.remittance_id)
    asked, owed.asked_at = owed.asked_at is not None, owed.asked_at or now
    session.flush()
    return RemedyTask(
        owed.id,
        remittance.id,
        charge.folio or remittance.folio,
        owed.folio,
        owed.amount_minor,
        asked,
    )


def settle_remedy(session: Session, remedy: UUID, answer: RemedyAnswer, *, now: datetime) -> None:
    """Take the provider's word and post what it means. Old news changes nothing; another amount
    than was asked for becomes an incident, and settles nothing."""
    owed = get_row(session, RemedyRefund, remedy, lock=True)
    if owed.state != RemedyState.OWED:
        return
    if answer.amount_minor not in (None, owed.amount_minor) or answer.currency not in (None, "USD"):
        detail = {"answer": answer.state, "amount": format_minor(answer.amount_minor or 0)}
        about = Report(Kind.FUNDING_CONTRADICTS, Subject.REMITTANCE, owed.remittance_id, detail)
        report(session, about, now=now)
        return
    owed.state, owed.settled_at = answer.state, now
    returned = answer.state is RemedyState.RETURNED
    post_remedy_settled(session, owed, returned=returned, now=now)
    session.flush()


def find_remedy(session: Session, remedy: UUID) -> RemedyRefund | None:
    """What goes back for the thing with that id; None where nothing does, or what the version
    before left to a person."""
    return session.get(RemedyRefund, remedy)


def list_unattended_remedies(session: Session, *, before: datetime, limit: int) -> Sequence[UUID]:
    """Owed since before ``before``, with nothing about them on its way."""
    waiting = exists().where(and_(OutboxItem.ref == RemedyRefund.id, OutboxItem.done_at.is_(None)))
    return session.scalars(
        select(RemedyRefund.id)
        .join(Charge, Charge.remittance_id == RemedyRefund.remittance_id)
        .where(
            RemedyRefund.state == RemedyState.OWED,
            # One whose answer contradicts waits for a person.
            RemedyRefund.owed_at < before,
            ~waiting,
        )
        .order_by(RemedyRefund.owed_at)
        .limit(limit)
    ).all()
