"""Receipts of remittances as they were given out, and signing keys that were withdrawn."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, append_only, grant

revision = "0106"
down_revision = "0105"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE withdrawn_keys (
            key text CONSTRAINT pk_withdrawn_keys PRIMARY KEY
                CONSTRAINT fk_withdrawn_keys_key REFERENCES signing_keys,
            withdrawn_at timestamptz NOT NULL,
            reason text NOT NULL
        )
        """
    )
    append_only("withdrawn_keys")
    grant("withdrawn_keys", "SELECT", to=APPLICATION)
    op.execute(
        """
        CREATE TABLE remittance_receipts (
            id uuid CONSTRAINT pk_remittance_receipts PRIMARY KEY,
            remittance_id uuid NOT NULL
                CONSTRAINT fk_remittance_receipts_remittance_id REFERENCES remittances,
            account_id uuid NOT NULL
                CONSTRAINT fk_remittance_receipts_account_id REFERENCES accounts,
            kind text NOT NULL CONSTRAINT ck_remittance_receipts_kind
                CHECK (kind IN ('payment', 'delivery', 'refund')),
            version smallint NOT NULL
                CONSTRAINT ck_remittance_receipts_version CHECK (version > 0),
            code text NOT NULL,
            signature bytea NOT NULL
                CONSTRAINT ck_remittance_receipts_signature CHECK (octet_length(signature) = 64),
            key text NOT NULL CONSTRAINT fk_remittance_receipts_key REFERENCES signing_keys,
            sealed_for uuid NOT NULL
                CONSTRAINT fk_remittance_receipts_sealed_for REFERENCES people,
            content_sealed bytea NOT NULL,
            issued_at timestamptz NOT NULL,
            CONSTRAINT uq_remittance_receipts_version UNIQUE (remittance_id, kind, version)
        )
        """
    )
    op.execute("CREATE INDEX ix_remittance_receipts_key ON remittance_receipts (key)")
    op.execute("CREATE INDEX ix_remittance_receipts_sealed_for ON remittance_receipts (sealed_for)")
    append_only("remittance_receipts")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
    )
    op.execute("ALTER TABLE remittance_receipts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE remittance_receipts FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON remittance_receipts USING ({visible}) WITH CHECK ({visible})"
    )
    grant("remittance_receipts", "SELECT, INSERT", to=WEB)
    grant("remittance_receipts", "SELECT", to=WORKER)
