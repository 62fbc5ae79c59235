"""What was posted is settled in batches: sums of whole days, and a seal of every row.

The workers settle what is there once they run; until then balances are added up line by line.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, append_only, grant, install, replace_constraint, validate

revision = "0093"
down_revision = "0092"

_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
    " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
    " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency', 'process_dead',"
    " 'agency_unavailable', 'term_ending', 'asked_twice', 'given_after_end',"
    " 'results_contradict', 'sums_differ', 'books_differ'"
)
_SUBJECTS = (
    "'remittance', 'enrollment', 'agency_message', 'job', 'agency_field', 'process',"
    " 'agency', 'sums'"
)


def upgrade() -> None:
    _cells()
    _seals()
    install("ledger", check_postings="94e7cf5d", post_transfers_v1="26765026")
    op.execute("ALTER TABLE ledger_accounts ADD COLUMN xid xid8 NOT NULL DEFAULT '0'")
    op.execute("ALTER TABLE ledger_accounts ALTER COLUMN xid SET DEFAULT pg_current_xact_id()")
    # A dozen rows so far.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_ledger_accounts_xid ON ledger_accounts (xid)"
    )
    for name, column, values in (
        ("ck_incidents_kind", "kind", _KINDS),
        ("ck_incidents_subject_kind", "subject_kind", _SUBJECTS),
    ):
        replace_constraint("incidents", name)
        op.execute(
            f"ALTER TABLE incidents ADD CONSTRAINT {name} CHECK ({column} IN ({values})) NOT VALID"
        )
        validate("incidents", name)
    _keys()


def _cells() -> None:
    op.execute(
        """
        CREATE TABLE ledger_cells (
            account_code text NOT NULL,
            layer text NOT NULL CONSTRAINT ck_ledger_cells_layer
                CHECK (layer IN ('posted', 'debit_pending', 'credit_pending')),
            day date NOT NULL,
            amount bigint NOT NULL,
            CONSTRAINT pk_ledger_cells PRIMARY KEY (account_code, layer, day)
        ) WITH (fillfactor = 70)
        """
    )
    grant("ledger_cells", "SELECT, INSERT, UPDATE (amount)", to=WORKER)


def _seals() -> None:
    op.execute(
        """
        CREATE TABLE ledger_batches (
            number bigint CONSTRAINT pk_ledger_batches PRIMARY KEY,
            upto xid8 NOT NULL,
            last_seal bigint NOT NULL,
            digest bytea NOT NULL,
            settled_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """
    )
    op.execute(
        """
        CREATE TABLE ledger_seals (
            number bigint CONSTRAINT pk_ledger_seals PRIMARY KEY,
            entry_id uuid CONSTRAINT uq_ledger_seals_entry_id UNIQUE,
            account_code text CONSTRAINT uq_ledger_seals_account_code UNIQUE,
            digests bytea NOT NULL,
            CONSTRAINT ck_ledger_seals_of CHECK (num_nonnulls(entry_id, account_code) = 1)
        )
        """
    )
    for table in ("ledger_batches", "ledger_seals"):
        append_only(table)
        grant(table, "SELECT, INSERT", to=WORKER)


def _keys() -> None:
    """Entries that have no key are none of its index's."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_journal_entries_key_given")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_journal_entries_key_given"
            " ON journal_entries (key) WHERE key IS NOT NULL"
        )
    replace_constraint("journal_entries", "uq_journal_entries_key")
    op.execute(
        "-- squawk-ignore renaming-object\n"
        "ALTER INDEX IF EXISTS uq_journal_entries_key_given RENAME TO uq_journal_entries_key"
    )
