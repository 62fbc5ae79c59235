"""How an appointment moves from one status to the next, and what each step writes.

Its history is that of its facts.
"""

from __future__ import annotations

from services.appointments.models import Appointment
from services.appointments.rules import TRANSITIONS, Status
from services.facts import recording
from services.kernel.transitions import Lifecycle
from services.outbox.delivery import enqueue_at

LIFECYCLE = Lifecycle(
    Appointment,
    "appointment",
    TRANSITIONS,
    effects=(recording.move, enqueue_at("appointments.cancelled", Status.CANCELLED)),
)
