"""How a count moves from one status to the next. It is counted from its approval on."""

from __future__ import annotations

from services.facts import recording
from services.kernel.transitions import Lifecycle
from services.voting.models import VoteCount
from services.voting.rules import TRANSITIONS, Status

LIFECYCLE = Lifecycle(
    VoteCount,
    "vote_count",
    TRANSITIONS,
    effects=(recording.move,),
    stamps={Status.APPROVED: "approved_at", Status.REJECTED: "rejected_at"},
)
