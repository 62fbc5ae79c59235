"""How a dispute moves, and what each step tells the sender."""

from __future__ import annotations

from services.disputes.models import Dispute
from services.disputes.rules import DECIDED, TRANSITIONS, Status
from services.kernel.transitions import Lifecycle
from services.outbox.delivery import enqueue_at

LIFECYCLE = Lifecycle(
    Dispute,
    "dispute",
    TRANSITIONS,
    effects=(
        enqueue_at("disputes.received", Status.RECEIVED),
        enqueue_at("disputes.decided", *DECIDED),
    ),
    stamps=dict.fromkeys(DECIDED, "decided_at"),
)
