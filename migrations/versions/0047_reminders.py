"""Which appointments their people were reminded of: once for each time that one has."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE appointment_reminders (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_appointment_reminders_appointment_id REFERENCES appointments,
            days_before smallint NOT NULL,
            starts_at timestamptz NOT NULL,
            reminded_at timestamptz NOT NULL,
            CONSTRAINT pk_appointment_reminders
                PRIMARY KEY (appointment_id, days_before, starts_at)
        )
        """
    )
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE appointment_reminders ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE appointment_reminders FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON appointment_reminders USING ({visible}) WITH CHECK ({visible})"
    )
    grant("appointment_reminders", "SELECT, INSERT, DELETE", to=WORKER)
