"""The parts of one order: what goes to a person, and what pays the dues of an enrollment.

The sender pays for them at once. Until then they are paid for, stopped or given up together; from
then on each is paid out, refused or given back by itself. Whoever changes more than one holds all,
in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, aliased, joinedload

from services.kernel.errors import NotFound
from services.remittances.models import Charge, Remittance
from services.remittances.rules import TO_PERSON

_one = aliased(Remittance)
# Built once: to build a statement takes as long as to send it.
_PARTS = (
    select(Remittance)
    .where(
        Remittance.quote_id
        == select(_one.quote_id).where(_one.id == bindparam("id")).scalar_subquery()
    )
    .order_by(Remittance.part)
)
_LOCKED = _PARTS.with_for_update(key_share=True, of=Remittance).execution_options(
    populate_existing=True
)

_CHARGED = (
    _PARTS.join(Charge, Charge.remittance_id == Remittance.id)
    .add_columns(Charge)
    # Who is compared with lists when it is paid.
    .options(joinedload(Remittance.sender, innerjoin=True))
    .with_for_update(key_share=True, of=(Remittance, Charge))
    .execution_options(populate_existing=True)
)


def lock_parts(session: Session, remittance: UUID) -> dict[UUID, Remittance]:
    """All parts of the order that this one belongs to, by id, held until the transaction ends.
    Raises NotFound."""
    parts = session.scalars(_LOCKED, {"id": remittance}).all()
    if not parts:
        raise NotFound()
    return {part.id: part for part in parts}


def lock_charged(session: Session, remittance: UUID) -> list[tuple[Remittance, Charge]]:
    """`lock_parts` with their charges, which are held as well. Raises NotFound."""
    parts = session.execute(_CHARGED, {"id": remittance}).all()
    if not parts:
        raise NotFound()
    return [(part, charge) for part, charge in parts]


def list_parts(session: Session, remittance: UUID) -> Sequence[Remittance]:
    """All parts of the order that this one belongs to, as they are."""
    return session.scalars(_PARTS, {"id": remittance}).all()


def list_orders(session: Session, remittances: Iterable[Remittance]) -> dict[UUID, str]:
    """Of each that is the second part of an order: the folio of the first, under which the
    provider took the payment."""
    quotes = [row.quote_id for row in remittances if row.part != TO_PERSON]
    query = (
        select(Remittance.id, _one.folio)
        .join(_one, and_(_one.quote_id == Remittance.quote_id, _one.part == TO_PERSON))
        .where(Remittance.quote_id.in_(quotes), Remittance.part != TO_PERSON)
    )
    return {id: folio for id, folio in session.execute(query)} if quotes else {}
