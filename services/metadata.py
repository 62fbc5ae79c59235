"""Every slice's tables in one collection, for migrations and tests."""

from __future__ import annotations

from importlib import import_module

from services.kernel.db import Base

SLICES = (
    "kernel.adoption",
    "kernel.audit",
    "kernel.idempotency",
    "outbox.models",
    "facts.models",
    "incidents.models",
    "forms.models",
    "citizens.models",
    "staff.models",
    "consulates.models",
    "appointments.models",
    "enrollments.models",
    "remittances.models",
    "voting.models",
    "monitoring.models",
)

for _name in SLICES:
    import_module(f"services.{_name}")

metadata = Base.metadata
