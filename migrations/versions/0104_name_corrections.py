"""Corrections of a recipient's name."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, validate

revision = "0104"
down_revision = "0103"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR EXISTS (SELECT FROM remittances r WHERE r.id = remittance_id)"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE name_corrections (
            remittance_id uuid NOT NULL
                CONSTRAINT fk_name_corrections_remittance_id REFERENCES remittances (id),
            position smallint NOT NULL
                CONSTRAINT ck_name_corrections_position CHECK (position BETWEEN 1 AND 5),
            person_id uuid NOT NULL
                CONSTRAINT fk_name_corrections_person_id REFERENCES people (id),
            state text NOT NULL CONSTRAINT ck_name_corrections_state
                CHECK (state IN ('asked', 'done', 'refused')),
            reason_code text,
            asked_at timestamptz NOT NULL,
            settled_at timestamptz,
            CONSTRAINT pk_name_corrections PRIMARY KEY (remittance_id, position),
            CONSTRAINT ck_name_corrections_settled
                CHECK ((state = 'asked') = (settled_at IS NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_name_corrections_asked ON name_corrections (remittance_id)"
        " WHERE state = 'asked'"
    )
    op.execute("ALTER TABLE name_corrections ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE name_corrections FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON name_corrections USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})"
    )
    grant("name_corrections", "SELECT, INSERT")
    grant("name_corrections", "UPDATE (state, reason_code, settled_at)", to=WORKER)
    op.execute(
        "ALTER TABLE remittances ADD COLUMN corrected_id uuid,"
        " ADD CONSTRAINT fk_remittances_corrected_id FOREIGN KEY (corrected_id)"
        " REFERENCES people (id) NOT VALID"
    )
    validate("remittances", "fk_remittances_corrected_id")
