"""Links by which somebody's helper books one appointment for them."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0061"
down_revision = "0060"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE helper_links (
            id uuid CONSTRAINT pk_helper_links PRIMARY KEY,
            account_id uuid NOT NULL
                CONSTRAINT fk_helper_links_account_id REFERENCES accounts (id),
            secret_hash bytea NOT NULL CONSTRAINT uq_helper_links_secret_hash UNIQUE,
            consented_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            used_at timestamptz,
            appointment_id uuid,
            CONSTRAINT ck_helper_links_used CHECK (
                appointment_id IS NULL OR used_at IS NOT NULL)
        )
        """
    )
    op.execute("CREATE INDEX ix_helper_links_account_id ON helper_links (account_id)")
    op.execute("ALTER TABLE helper_links ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE helper_links FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON helper_links USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})")
    grant("helper_links", "SELECT, INSERT, UPDATE (revoked_at, used_at, appointment_id)", to=WEB)
    grant("helper_links", "SELECT, DELETE", to=WORKER)
