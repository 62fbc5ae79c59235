"""What the rate is below the FIX is income with an account of its own.

Old entries stay as they are: a remittance without ``fix`` has no margin in the books.
"""

from __future__ import annotations

from alembic import op

from migrations.support import validate

revision = "0110"
down_revision = "0109"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute("ALTER TABLE remittances ADD COLUMN fix numeric(18, 8)")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT ck_remittances_rate CHECK (rate <= fix) NOT VALID"
    )
    validate("remittances", "ck_remittances_rate")
    op.execute(
        """
        CREATE TRIGGER fix_stays BEFORE UPDATE OF fix ON remittances FOR EACH ROW
        WHEN (OLD.fix IS DISTINCT FROM NEW.fix) EXECUTE FUNCTION refuse_other_terms()
        """
    )
    op.execute(
        "INSERT INTO ledger_accounts (code, currency, kind, name) VALUES"
        " ('fx_margin_mxn', 'MXN', 'income', 'Pesos that the customers'' rate is below the FIX')"
    )
