"""A moment's own day is read once for all accounts, in place of once for each."""

from __future__ import annotations

from alembic import op

from migrations.support import install

revision = "0120"
down_revision = "0119"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_journal_lines_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_journal_lines_at ON journal_lines"
            " USING brin (at) WITH (pages_per_range = 32, autosummarize = on)"
        )
    install("ledger", ledger_balances_v1="7cc0d79e", ledger_lines_v1="371cf84c")
