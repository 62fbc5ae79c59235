"""Read services that were given, with what was charged for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.cashier.models import FeeLine, Receipt, ServiceRendered
from services.cashier.rules import DOCUMENT_PLACE
from services.citizens.models import Person
from services.citizens.people import find_key
from services.kernel.crypto import Vault
from services.kernel.money import Money


@dataclass(frozen=True)
class Given:
    """A service that was given, the parts of its price, and its receipt when it was charged."""

    row: ServiceRendered
    lines: Sequence[FeeLine]
    receipt: Receipt | None

    @property
    def charged(self) -> Money:
        """What was charged; negative when it was taken back."""
        return Money(self.row.charged_minor, self.row.currency)


def list_given(session: Session, appointments: Sequence[UUID]) -> dict[UUID, list[Given]]:
    """What was given in each of the appointments, oldest first, corrections too."""
    if not appointments:
        return {}
    rows = session.scalars(
        select(ServiceRendered)
        .where(ServiceRendered.appointment_id.in_(appointments))
        .order_by(ServiceRendered.rendered_at, ServiceRendered.id)
    ).all()
    given: dict[UUID, list[Given]] = {}
    for each in with_parts(session, rows):
        given.setdefault(each.row.appointment_id, []).append(each)
    return given


def with_parts(session: Session, rows: Sequence[ServiceRendered]) -> list[Given]:
    """The rows with their lines and receipts, in two queries."""
    lines: dict[UUID, list[FeeLine]] = {row.id: [] for row in rows}
    for line in session.scalars(
        select(FeeLine)
        .where(FeeLine.rendered_id.in_(lines))
        .order_by(FeeLine.rendered_id, FeeLine.position)
    ):
        lines[line.rendered_id].append(line)
    wanted = {row.receipt_id for row in rows if row.receipt_id}
    found = session.scalars(select(Receipt).where(Receipt.id.in_(wanted))) if wanted else ()
    receipts = {receipt.id: receipt for receipt in found}
    return [
        Given(row, lines[row.id], receipts.get(row.receipt_id) if row.receipt_id else None)
        for row in rows
    ]


def find_document(session: Session, appointment: UUID, vault: Vault) -> str | None:
    """The number of the last document that was given in an appointment, in the clear."""
    row = session.execute(
        select(ServiceRendered, Person)
        .join(Person, Person.id == ServiceRendered.person_id)
        .where(
            ServiceRendered.appointment_id == appointment,
            ServiceRendered.document_sealed.is_not(None),
        )
        .order_by(ServiceRendered.rendered_at.desc(), ServiceRendered.id.desc())
        .limit(1)
    ).first()
    key = find_key(row[1], vault) if row else None
    if row is None or key is None or row[0].document_sealed is None:
        return None
    return key.open(row[0].document_sealed, place=DOCUMENT_PLACE, row=row[0].id)


def sum_charged(given: Sequence[Given]) -> Money | None:
    """What is left charged of all of them; None without any. An appointment has one currency."""
    if not given:
        return None
    first = given[0].row.currency
    return Money(sum(each.row.charged_minor for each in given if each.row.currency == first), first)
