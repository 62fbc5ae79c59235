"""People whom an account's holder saves, to book for them."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0075"
down_revision = "0074"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE dependants (
            id uuid CONSTRAINT pk_dependants PRIMARY KEY,
            account_id uuid NOT NULL
                CONSTRAINT fk_dependants_account_id REFERENCES accounts (id),
            position smallint NOT NULL
                CONSTRAINT ck_dependants_position CHECK (position BETWEEN 1 AND 10),
            content_sealed bytea NOT NULL,
            data_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT uq_dependants_account_id UNIQUE (account_id, position)
        )
        """
    )
    op.execute("ALTER TABLE dependants ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE dependants FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON dependants USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})")
    grant("dependants", "SELECT, INSERT, DELETE, UPDATE (content_sealed)", to=WEB)
    grant("dependants", "SELECT, DELETE", to=WORKER)
