"""Appointments that were taken over from another system, by that system's key."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, secure

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE imported_appointments (
            consulate_code text NOT NULL
                CONSTRAINT fk_imported_appointments_consulate_code REFERENCES consulates (code),
            source_key text NOT NULL,
            appointment_id uuid NOT NULL
                CONSTRAINT fk_imported_appointments_appointment_id REFERENCES appointments (id)
                CONSTRAINT uq_imported_appointments_appointment_id UNIQUE,
            imported_by uuid,
            imported_at timestamptz NOT NULL,
            CONSTRAINT pk_imported_appointments PRIMARY KEY (consulate_code, source_key)
        )
        """
    )
    secure("imported_appointments", account=None)
    grant("imported_appointments", "SELECT, INSERT")
    grant("imported_appointments", "DELETE", to=WORKER)
