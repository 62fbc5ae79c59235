"""A transfer from one account of the house to another is its entry alone, without lines.

What was posted before keeps its lines, in the table that is ``journal_lines`` now; the view
``postings`` shows the lines of both, also to the version before, which reads by that name.
"""

from __future__ import annotations

from alembic import op

from migrations.support import (
    APPLICATION,
    WORKER,
    drop_function,
    grant,
    install,
    replace_constraint,
    validate,
)

revision = "0119"
down_revision = "0118"

_POST = (
    "post_transfer_v1(timestamptz, uuid, text, uuid, uuid, boolean, timestamptz, text, text, text,"
    " bigint)"
)


def upgrade() -> None:
    _entries()
    _lines()
    _functions()
    _index()


def _entries() -> None:
    op.execute(
        "ALTER TABLE journal_entries ADD COLUMN debit_code text, ADD COLUMN credit_code text,"
        " ADD COLUMN amount_currency text, ADD COLUMN amount_minor bigint"
    )
    op.execute(
        "ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_pair"
        " CHECK (amount_minor > 0 AND debit_code <> credit_code) NOT VALID"
    )
    validate("journal_entries", "ck_journal_entries_pair")
    install("ledger", check_hold="2cbb687f")
    op.execute(
        "CREATE TRIGGER check_hold BEFORE INSERT ON journal_entries FOR EACH ROW WHEN ("
        "NEW.state <> 'posted' OR num_nonnulls(NEW.hold_id, NEW.expires_at) > 0)"
        " EXECUTE FUNCTION check_hold()"
    )
    for constraint in (
        "ck_journal_entries_state",
        "ck_journal_entries_hold",
        "fk_journal_entries_hold_id",
    ):
        replace_constraint("journal_entries", constraint)


def _lines() -> None:
    for statement in (
        "ALTER TABLE postings RENAME TO journal_lines",
        "ALTER TABLE journal_lines RENAME CONSTRAINT pk_postings TO pk_journal_lines",
        "ALTER TABLE journal_lines RENAME CONSTRAINT ck_postings_amount TO ck_journal_lines_amount",
        "ALTER TABLE journal_lines RENAME CONSTRAINT ck_postings_layer TO ck_journal_lines_layer",
        "ALTER INDEX ix_postings_account_code_at RENAME TO ix_journal_lines_account_code_at",
    ):
        # The view takes the name in this transaction.
        op.execute(f"-- squawk-ignore renaming-table, renaming-object\n{statement}")
    op.execute(
        """
        CREATE VIEW postings WITH (security_invoker = true) AS
        SELECT entry_id, line, account_code, currency, amount, at, layer FROM journal_lines
        UNION ALL
        SELECT e.id,
            (l.n - CASE WHEN e.state = 'posted' AND e.hold_id IS NULL THEN 2 ELSE 0 END)::smallint,
            l.account_code, e.amount_currency,
            CASE WHEN l.n <= 2 AND e.hold_id IS NOT NULL THEN -l.amount ELSE l.amount END,
            e.at, l.layer
        FROM journal_entries e CROSS JOIN LATERAL (VALUES
            (1, e.debit_code, e.amount_minor, 'debit_pending'),
            (2, e.credit_code, -e.amount_minor, 'credit_pending'),
            (3, e.debit_code, e.amount_minor, 'posted'),
            (4, e.credit_code, -e.amount_minor, 'posted')) AS l (n, account_code, amount, layer)
        WHERE e.amount_minor IS NOT NULL AND CASE WHEN l.layer = 'posted' THEN e.state = 'posted'
            ELSE e.state = 'pending' OR e.hold_id IS NOT NULL END
        """
    )
    grant("postings", "SELECT", to=WORKER)


def _functions() -> None:
    install(
        "ledger",
        check_postings="70ed7ca5",
        is_for_web="3478ee89",
        house_accounts="73bd5da7",
        is_web_login="dd3c2e0d",
        refuse_posting_by_web="7f2d7ef6",
        post_transfer_v1="5d33d0e9",
        post_transfers_v1="42e3e441",
        end_hold_v1="b667ea8b",
        refuse_ledger_reader="6447135d",
        post_entry_v2="75944ab1",
    )
    op.execute(f"REVOKE ALL ON FUNCTION {_POST} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_POST} TO {APPLICATION}")
    # Those who post say so themselves.
    op.execute("DROP TRIGGER web_books_no_payout ON journal_entries")
    drop_function("refuse_entry_by_web()")


def _index() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_journal_entries_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_journal_entries_at ON journal_entries"
            " USING brin (at) WITH (pages_per_range = 32, autosummarize = on)"
        )
