"""Move a remittance from one status to the next, with its history, figures and money."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from services.facts.recording import record as record_fact
from services.kernel.errors import NotFound
from services.outbox.delivery import put
from services.remittances import ledger
from services.remittances.errors import WrongState
from services.remittances.ledger import EntryKind
from services.remittances.models import Remittance, RemittanceEvent
from services.remittances.rules import GIVEN_BACK, IN_PAYOUT, TRANSITIONS, Status


def lock(session: Session, remittance: UUID) -> Remittance:
    """The row as it is now, held until the transaction ends. Raises NotFound."""
    found = session.execute(
        select(Remittance)
        .where(Remittance.id == remittance)
        .with_for_update(key_share=True, of=Remittance)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return found


def move(
    session: Session, found: Remittance, after: Status, *, now: datetime, **changes: Any
) -> None:
    """Compare and swap on the status, then post what the step means in money.

    ``changes`` are other columns. Raises `WrongState` when the step isn't in the table or
    somebody else moved it meanwhile.
    """
    before = Status(found.status)
    if after not in TRANSITIONS[before]:
        raise WrongState(state=before)
    if after in GIVEN_BACK:
        changes["refunded_at"] = now
    swapped = session.execute(
        update(Remittance)
        .where(Remittance.id == found.id, Remittance.status == before)
        .values(status=after, changed_at=now, **changes)
        .returning(Remittance.id)
        .execution_options(synchronize_session=False)
    ).first()
    if swapped is None:
        raise WrongState(state=before)
    session.refresh(found)
    for kind in entries_of(before, after):
        ledger.post(session, kind, found, now=now)
    note(session, found, before, now=now)
    if after is Status.PAID:
        put(session, "remittances.paid", found.id)
    elif after in GIVEN_BACK:
        put(session, "remittances.refunded", found.id)


def entries_of(before: Status, after: Status) -> list[EntryKind]:
    """What a step moves: pesos are ordered, paid, or everything goes back."""
    if after in GIVEN_BACK:
        reversal = [EntryKind.REVERSED] if before in IN_PAYOUT else []
        return [*reversal, EntryKind.REFUNDED]
    if after is Status.PAID:
        return [EntryKind.PAID]
    if before is Status.FUNDED and after is Status.SENDING:
        return [EntryKind.CONVERTED]
    return []


def note(session: Session, found: Remittance, before: Status | None, *, now: datetime) -> None:
    """History and figures of the status that ``found`` has now; ``before`` is None at first."""
    position = select(func.coalesce(func.max(RemittanceEvent.position), 0) + 1).where(
        RemittanceEvent.remittance_id == found.id
    )
    session.execute(
        insert(RemittanceEvent).values(
            remittance_id=found.id,
            position=position.scalar_subquery(),
            account_id=found.account_id,
            status=found.status,
            at=now,
            reason_code=found.reason_code,
        )
    )
    record_fact(
        session,
        kind="remittance",
        subject_id=found.id,
        consulate=None,
        program=found.payout,
        day=found.day,
        before=before,
        after=found.status,
        now=now,
    )
