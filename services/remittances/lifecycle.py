"""How a remittance moves from one status to the next, and what each step means in money."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.facts import recording
from services.kernel.transitions import Lifecycle, Moved, history
from services.kernel.writes import Write
from services.outbox.delivery import enqueue_at
from services.remittances import entries
from services.remittances.entries import EntryKind
from services.remittances.models import Remittance, RemittanceEvent
from services.remittances.rules import GIVEN_BACK, IN_PAYOUT, READY, TRANSITIONS, UNPAID, Status
from services.remittances.telling import tell_recipient


def entries_of(before: str | None, after: str) -> list[EntryKind]:
    """What a step moves: the sender pays, pesos are ordered, paid, or everything is owed back."""
    undone = [EntryKind.REVERSED] if before in IN_PAYOUT else []
    match Status(after):
        case Status.FUNDED:
            return [EntryKind.FUNDED]
        case Status.SUBMITTED:
            return [EntryKind.CONVERTED] if before in READY else []
        case Status.PAID:
            return [EntryKind.PAID]
        case Status.REFUNDING:
            return [*undone, EntryKind.REFUNDED]
        case Status.FAILED:
            return [] if before in UNPAID else [*undone, EntryKind.UNFUNDED]
    return []


def _post(session: Session, moved: Moved) -> None:
    for kind in entries_of(moved.before, moved.after):
        entries.post(session, kind, moved.thing, now=moved.now)


_DUES_PAID = enqueue_at("remittances.dues_paid", Status.PAID)


def _tell_enrollment(session: Session, moved: Moved) -> Write | None:
    """Dues that were paid: have the enrollment's agency asked, which decides."""
    return _DUES_PAID(session, moved) if moved.thing.enrollment_id else None


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
        _tell_enrollment,
        enqueue_at("remittances.payout", Status.REGISTERED),
        enqueue_at("remittances.cancel", Status.CANCELLING),
        enqueue_at("remittances.funded", Status.FUNDED),
        enqueue_at("remittances.available", Status.AVAILABLE),
        enqueue_at("remittances.refund", Status.REFUNDING),
        enqueue_at("remittances.paid", Status.PAID),
        enqueue_at("remittances.refunded", Status.REFUNDING),
        enqueue_at("remittances.not_paid", Status.FAILED),
    ),
    stamps={**dict.fromkeys(GIVEN_BACK, "refunded_at"), Status.FUNDED: "funded_at"},
)
