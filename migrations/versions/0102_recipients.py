"""The book of recipients of an account."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0102"
down_revision = "0101"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE recipients (
            id uuid CONSTRAINT pk_recipients PRIMARY KEY,
            account_id uuid NOT NULL
                CONSTRAINT fk_recipients_account_id REFERENCES accounts (id),
            position smallint NOT NULL
                CONSTRAINT ck_recipients_position CHECK (position BETWEEN 1 AND 50),
            content_sealed bytea NOT NULL,
            data_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT uq_recipients_account_id UNIQUE (account_id, position)
        )
        """
    )
    op.execute("ALTER TABLE recipients ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE recipients FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON recipients USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})")
    grant("recipients", "SELECT, INSERT, DELETE, UPDATE (content_sealed)", to=WEB)
    grant("recipients", "SELECT, DELETE", to=WORKER)
