"""How a session report goes from draft to prepared to signed, and to its next version."""

from __future__ import annotations

from services.commission.models import CommissionSession
from services.commission.rules import TRANSITIONS, Status
from services.kernel.transitions import Lifecycle

LIFECYCLE: Lifecycle[CommissionSession, Status] = Lifecycle(
    CommissionSession, "commission_session", TRANSITIONS, stamps={Status.PREPARED: "prepared_at"}
)
