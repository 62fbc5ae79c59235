"""Appointments can be moved: the places that they leave are given back later, as a cancelled one's.

Web and workers may change when and where an appointment is, and its people's office with it.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE vacated_places (
            move_id uuid NOT NULL,
            slot_id uuid NOT NULL CONSTRAINT fk_vacated_places_slot_id REFERENCES slots,
            service_code text NOT NULL
                CONSTRAINT fk_vacated_places_service_code REFERENCES services,
            appointment_id uuid NOT NULL
                CONSTRAINT fk_vacated_places_appointment_id REFERENCES appointments,
            places smallint NOT NULL CONSTRAINT ck_vacated_places_places CHECK (places > 0),
            vacated_at timestamptz NOT NULL,
            CONSTRAINT pk_vacated_places PRIMARY KEY (move_id, slot_id, service_code)
        )
        """
    )
    op.execute("CREATE INDEX ix_vacated_places_appointment_id ON vacated_places (appointment_id)")
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE vacated_places ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE vacated_places FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON vacated_places USING ({visible}) WITH CHECK ({visible})")
    grant("vacated_places", "SELECT, INSERT")
    grant("vacated_places", "DELETE", to=WORKER)
    grant("appointments", "UPDATE (consulate_code, day, starts_at)", to=WEB)
    grant("seats", "UPDATE (slot_id, starts_at, ends_at)")
    grant("people", "UPDATE (consulate_code)", to=WEB)
