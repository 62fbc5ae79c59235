"""How the agency shows that the money arrived."""

from __future__ import annotations

from alembic import op

from migrations.support import validate

revision = "0097"
down_revision = "0096"


def upgrade() -> None:
    op.execute("ALTER TABLE remittances ADD COLUMN credit_proof jsonb")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT ck_remittances_credit_proof"
        " CHECK (credit_proof IS NULL OR status = 'paid') NOT VALID"
    )
    validate("remittances", "ck_remittances_credit_proof")
