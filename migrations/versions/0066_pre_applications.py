"""What people write down before coming, sealed, for an officer to verify."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE pre_applications (
            appointment_id uuid NOT NULL
                CONSTRAINT fk_pre_applications_appointment_id REFERENCES appointments (id),
            person_id uuid NOT NULL
                CONSTRAINT fk_pre_applications_person_id REFERENCES people (id),
            answers_sealed bytea NOT NULL,
            changed_at timestamptz NOT NULL,
            verified_at timestamptz,
            verified_by uuid,
            CONSTRAINT pk_pre_applications PRIMARY KEY (appointment_id, person_id),
            CONSTRAINT ck_pre_applications_verified
                CHECK ((verified_at IS NULL) = (verified_by IS NULL))
        )
        """
    )
    visible = "current_setting('app.consulate', true) = '*' OR sees_appointment(appointment_id)"
    op.execute("ALTER TABLE pre_applications ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE pre_applications FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON pre_applications USING ({visible}) WITH CHECK ({visible})"
    )
    grant("pre_applications", "SELECT", to=APPLICATION)
    changed = "answers_sealed, changed_at, verified_at, verified_by"
    grant("pre_applications", f"INSERT, UPDATE ({changed})", to=WEB)
    grant("pre_applications", "DELETE", to=WORKER)
