"""A quote keeps the FIX that its rate was made from, what cash would be taxed, and the rebate."""

from __future__ import annotations

from alembic import op

from migrations.support import validate

revision = "0100"
down_revision = "0099"

_RULES = {
    "receive": "receive_minor <= floor(send_minor * rate)",
    "rate": "rate <= fix",
    "rebate": "rebate_minor BETWEEN 0 AND tax_minor",
}


def upgrade() -> None:
    op.execute("ALTER TABLE quotes ADD COLUMN fix numeric(18, 8)")
    op.execute("ALTER TABLE quotes ADD COLUMN cash_tax_minor bigint")
    op.execute("ALTER TABLE quotes ADD COLUMN rebate_minor bigint")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    for name, rule in _RULES.items():
        op.execute(f"ALTER TABLE quotes ADD CONSTRAINT ck_quotes_{name} CHECK ({rule}) NOT VALID")
        validate("quotes", f"ck_quotes_{name}")
