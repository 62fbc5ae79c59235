"""What the desk noted while the network was away, each thing once."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE noted_offline (
            consulate_code text NOT NULL
                CONSTRAINT fk_noted_offline_consulate_code REFERENCES consulates,
            id uuid NOT NULL,
            step text NOT NULL CONSTRAINT ck_noted_offline_step CHECK (step IN (
                'check_in', 'call', 'back_to_waiting', 'no_show', 'park', 'unpark', 'ticket')),
            appointment_id uuid NOT NULL,
            n smallint NOT NULL,
            made_at timestamptz NOT NULL,
            made_by uuid NOT NULL,
            received_at timestamptz NOT NULL,
            received_by uuid NOT NULL,
            refusal text,
            params jsonb,
            read_at timestamptz,
            read_by uuid,
            CONSTRAINT pk_noted_offline PRIMARY KEY (consulate_code, id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_noted_offline_unread ON noted_offline (consulate_code)"
        " WHERE refusal IS NOT NULL AND read_at IS NULL"
    )
    op.execute("CREATE INDEX ix_noted_offline_received_at ON noted_offline (received_at)")
    secure("noted_offline", account=None)
    grant("noted_offline", "SELECT, INSERT, UPDATE (refusal, params, read_at, read_by)", to=WEB)
    grant("noted_offline", "SELECT, DELETE", to=WORKER)
