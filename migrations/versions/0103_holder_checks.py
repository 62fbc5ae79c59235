"""Whose an account is, asked before a transfer is paid for."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0103"
down_revision = "0102"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE holder_checks (
            id uuid CONSTRAINT pk_holder_checks PRIMARY KEY,
            account_id uuid NOT NULL
                CONSTRAINT fk_holder_checks_account_id REFERENCES accounts (id),
            subject bytea NOT NULL,
            data_key bytea,
            content_sealed bytea,
            match text CONSTRAINT ck_holder_checks_match
                CHECK (match IN ('yes', 'close', 'no', 'not_offered')),
            asked_at timestamptz NOT NULL,
            answered_at timestamptz,
            CONSTRAINT uq_holder_checks_account_id UNIQUE (account_id, subject),
            CONSTRAINT ck_holder_checks_answered
                CHECK ((match IS NULL) = (answered_at IS NULL)),
            CONSTRAINT ck_holder_checks_sealed_until_answered
                CHECK (num_nonnulls(data_key, content_sealed)
                    = CASE WHEN match IS NULL THEN 2 ELSE 0 END)
        )
        """
    )
    op.execute("ALTER TABLE holder_checks ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE holder_checks FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON holder_checks USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})")
    grant("holder_checks", "SELECT, INSERT", to=WEB)
    grant(
        "holder_checks",
        "SELECT, DELETE, UPDATE (data_key, content_sealed, match, answered_at)",
        to=WORKER,
    )
