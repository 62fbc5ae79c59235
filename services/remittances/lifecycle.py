"""How a remittance moves from one status to the next, and what each step means in money."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.facts import recording
from services.kernel.transitions import Lifecycle, Moved, history
from services.outbox.delivery import enqueue_at
from services.remittances import entries
from services.remittances.entries import EntryKind
from services.remittances.models import Remittance, RemittanceEvent
from services.remittances.rules import GIVEN_BACK, IN_PAYOUT, TRANSITIONS, Status
from services.remittances.telling import tell_recipient


def entries_of(before: str | None, after: str) -> list[EntryKind]:
    """What a step moves: the sender pays, pesos are ordered, paid, or everything goes back."""
    if after in GIVEN_BACK:
        return [*([EntryKind.REVERSED] if before in IN_PAYOUT else []), EntryKind.REFUNDED]
    kinds = {
        Status.FUNDED: EntryKind.FUNDED,
        Status.SENDING: EntryKind.CONVERTED,
        Status.PAID: EntryKind.PAID,
    }
    return [kinds[Status(after)]] if after in kinds else []


def _post(session: Session, moved: Moved) -> None:
    for kind in entries_of(moved.before, moved.after):
        entries.post(session, kind, moved.thing, now=moved.now)


LIFECYCLE = Lifecycle(
    Remittance,
    "remittance",
    TRANSITIONS,
    effects=(
        _post,
        history(
            RemittanceEvent,
            remittance_id="id",
            account_id="account_id",
            reason_code="reason_code",
        ),
        recording.move,
        tell_recipient,
        enqueue_at("remittances.payout", Status.FUNDED),
        enqueue_at("remittances.cancel", Status.CANCELLING),
        enqueue_at("remittances.funded", Status.FUNDED),
        enqueue_at("remittances.available", Status.AVAILABLE),
        enqueue_at("remittances.paid", Status.PAID),
        enqueue_at("remittances.refunded", *GIVEN_BACK),
    ),
    stamps=dict.fromkeys(GIVEN_BACK, "refunded_at"),
)
