"""Read services that were given, with what was charged for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.cashier.models import CashCount, CashUp, Correction, FeeLine, Receipt, ServiceRendered
from services.cashier.rules import DOCUMENT_PLACE, Kind
from services.citizens.models import Person
from services.citizens.people import find_key
from services.kernel.crypto import Vault
from services.kernel.money import Money
from services.kernel.tables import get_row


@dataclass(frozen=True)
class RenderedService:
    """A service that was rendered, the parts of its price, and its receipt when it was charged."""

    row: ServiceRendered
    lines: Sequence[FeeLine]
    receipt: Receipt | None

    @property
    def charged(self) -> Money:
        """What was charged; negative when it was taken back."""
        return Money(self.row.charged_minor, self.row.currency)


def list_rendered(
    session: Session, appointments: Sequence[UUID]
) -> dict[UUID, list[RenderedService]]:
    """The services rendered in each of the appointments, oldest first, corrections too."""
    if not appointments:
        return {}
    rows = session.scalars(
        select(ServiceRendered)
        .where(ServiceRendered.appointment_id.in_(appointments))
        .order_by(ServiceRendered.rendered_at, ServiceRendered.id)
    ).all()
    rendered: dict[UUID, list[RenderedService]] = {}
    for each in with_parts(session, rows):
        rendered.setdefault(each.row.appointment_id, []).append(each)
    return rendered


def with_parts(session: Session, rows: Sequence[ServiceRendered]) -> list[RenderedService]:
    """The rows with their lines and receipts, in two queries."""
    lines: dict[UUID, list[FeeLine]] = {row.id: [] for row in rows}
    for line in session.scalars(
        select(FeeLine)
        .where(FeeLine.rendered_id.in_(lines))
        .order_by(FeeLine.rendered_id, FeeLine.position)
    ):
        lines[line.rendered_id].append(line)
    wanted = {row.receipt_id for row in rows if row.receipt_id}
    rows_of_receipts = (
        session.scalars(select(Receipt).where(Receipt.id.in_(wanted))) if wanted else ()
    )
    receipts = {receipt.id: receipt for receipt in rows_of_receipts}
    return [
        RenderedService(
            row, lines[row.id], receipts.get(row.receipt_id) if row.receipt_id else None
        )
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


def sum_charged(rendered: Sequence[RenderedService]) -> Money | None:
    """What is left charged of all of them; None without any. An appointment has one currency."""
    if not rendered:
        return None
    first = rendered[0].row.currency
    return Money(
        sum(each.row.charged_minor for each in rendered if each.row.currency == first), first
    )


def get_receipt(session: Session, receipt: UUID) -> Receipt:
    """A receipt. Raises NotFound."""
    return get_row(session, Receipt, receipt)


def get_rendered(session: Session, rendered: UUID) -> ServiceRendered:
    """A service that was given. Raises NotFound."""
    return get_row(session, ServiceRendered, rendered)


def list_of_receipt(session: Session, receipt: UUID) -> list[RenderedService]:
    """The services that a receipt is for."""
    rows = session.scalars(
        select(ServiceRendered)
        .where(ServiceRendered.receipt_id == receipt)
        .order_by(ServiceRendered.rendered_at, ServiceRendered.id)
    ).all()
    return with_parts(session, rows)


def list_corrections(session: Session, rendered: Iterable[UUID]) -> dict[UUID, Correction]:
    """Of each service, the correction that waits or was made."""
    rows = session.scalars(
        select(Correction).where(
            Correction.rendered_id.in_(list(rendered)), Correction.approved.is_not(False)
        )
    )
    return {row.rendered_id: row for row in rows}


def list_waiting_corrections(
    session: Session, consulate: str
) -> list[tuple[Correction, ServiceRendered]]:
    """Those of an office that nobody has decided, with the service, oldest first."""
    rows = session.execute(
        select(Correction, ServiceRendered)
        .join(ServiceRendered, ServiceRendered.id == Correction.rendered_id)
        .where(Correction.consulate_code == consulate, Correction.approved.is_(None))
        .order_by(Correction.requested_at)
    )
    return [(correction, row) for correction, row in rows]


def list_cash_ups(
    session: Session, *, consulate: str, day: date, officer: UUID | None = None
) -> Sequence[CashUp]:
    """The cash-ups of an office's day, of one officer or of all."""
    query = select(CashUp).where(CashUp.consulate_code == consulate, CashUp.day == day)
    if officer is not None:
        query = query.where(CashUp.officer_id == officer)
    return session.scalars(query.order_by(CashUp.opened_at, CashUp.id)).all()


def get_cash_up(session: Session, cash_up: UUID) -> CashUp:
    """A cash-up. Raises NotFound."""
    return get_row(session, CashUp, cash_up)


def list_counts(session: Session, cash_up: UUID) -> Sequence[CashCount]:
    """What was counted, by means of payment."""
    return session.scalars(
        select(CashCount)
        .where(CashCount.cash_up_id == cash_up)
        .order_by(CashCount.means, CashCount.currency)
    ).all()


def list_receipts(session: Session, cash_up: UUID) -> Sequence[Receipt]:
    """The receipts of a cash-up, by their numbers."""
    return session.scalars(
        select(Receipt).where(Receipt.cash_up_id == cash_up).order_by(Receipt.number)
    ).all()


def list_differences(
    session: Session, *, consulate: str, day: date, officer: UUID
) -> list[tuple[ServiceRendered, FeeLine]]:
    """What an officer charged on a day otherwise than list and law say, with the reason if any."""
    rows = session.execute(
        select(ServiceRendered, FeeLine)
        .join(FeeLine, FeeLine.rendered_id == ServiceRendered.id)
        .where(
            ServiceRendered.consulate_code == consulate,
            ServiceRendered.day == day,
            ServiceRendered.officer_id == officer,
            FeeLine.kind == Kind.DIFFERENCE,
        )
        .order_by(ServiceRendered.rendered_at)
    )
    return [(row, line) for row, line in rows]
