"""Transfers by their callers' ids, in batches; holds that end once; customers that can't overdraw.

The version before goes on posting by ``key`` through its own functions, which write the same rows.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WORKER, grant, install, replace_constraint, validate

revision = "0090"
down_revision = "0089"

_KINDS = "'asset', 'liability', 'income', 'position', 'expense', 'customer'"
_FUNCTIONS = (
    "post_transfers_v1(timestamptz, uuid[], text[], uuid[], uuid[], boolean[], timestamptz[],"
    " integer[], smallint[], text[], text[], bigint[])",
    "end_hold_v1(timestamptz, uuid, uuid, text, text)",
    "open_customer_account_v1(text, text)",
)


def upgrade() -> None:
    _accounts()
    _entries()
    _lines()
    _functions()
    _web()
    _indexes()


def _accounts() -> None:
    _allow("ledger_accounts", "ck_ledger_accounts_kind", f"kind IN ({_KINDS})")
    op.execute(
        """
        CREATE TABLE ledger_balances (
            account_code text CONSTRAINT pk_ledger_balances PRIMARY KEY
                CONSTRAINT fk_ledger_balances_account_code REFERENCES ledger_accounts (code),
            posted bigint NOT NULL DEFAULT 0,
            held bigint NOT NULL DEFAULT 0 CONSTRAINT ck_ledger_balances_held CHECK (held >= 0),
            CONSTRAINT ck_ledger_balances_available CHECK (posted - held >= 0)
        ) WITH (fillfactor = 70)
        """
    )
    grant("ledger_balances", "SELECT", to=WORKER)
    op.execute(
        "INSERT INTO ledger_accounts (code, currency, kind, name)"
        " VALUES ('fx_spread_mxn', 'MXN', 'income', 'Pesos left over where an amount is rounded')"
    )


def _entries() -> None:
    op.execute(
        "ALTER TABLE journal_entries ADD COLUMN state text NOT NULL DEFAULT 'posted',"
        " ADD COLUMN linked_id uuid, ADD COLUMN hold_id uuid, ADD COLUMN expires_at timestamptz,"
        " ADD COLUMN xid xid8 NOT NULL DEFAULT '0'"
    )
    # What was there before has 0, and was written before whatever comes.
    op.execute("ALTER TABLE journal_entries ALTER COLUMN xid SET DEFAULT pg_current_xact_id()")
    # The version before goes on writing it, and looks for none.
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE journal_entries ALTER COLUMN key DROP NOT NULL"
    )
    for name, condition in (
        ("ck_journal_entries_state", "state IN ('posted', 'pending', 'voided', 'expired')"),
        (
            "ck_journal_entries_hold",
            "CASE state WHEN 'pending' THEN hold_id IS NULL WHEN 'posted' THEN expires_at IS NULL"
            " ELSE hold_id IS NOT NULL AND expires_at IS NULL END",
        ),
    ):
        _check("journal_entries", name, condition)
    op.execute(
        "ALTER TABLE journal_entries ADD CONSTRAINT fk_journal_entries_hold_id"
        " FOREIGN KEY (hold_id) REFERENCES journal_entries (id) NOT VALID"
    )
    validate("journal_entries", "fk_journal_entries_hold_id")


def _lines() -> None:
    op.execute("ALTER TABLE postings ADD COLUMN layer text NOT NULL DEFAULT 'posted'")
    layers = "layer IN ('posted', 'debit_pending', 'credit_pending')"
    _check("postings", "ck_postings_layer", layers)
    # The trigger wants more: an entry of the same transaction.
    replace_constraint("postings", "fk_postings_entry_id")


def _functions() -> None:
    install(
        "ledger",
        check_postings="00733a5b",
        post_transfers_v1="b33f8370",
        end_hold_v1="f643dafd",
        open_customer_account_v1="c919e1a1",
        post_entry_v2="51f05e11",
    )
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APPLICATION}")


def _web() -> None:
    """The web posts no hold, by whatever name."""
    op.execute("DROP TRIGGER web_books_no_payout ON journal_entries")
    op.execute(
        "CREATE TRIGGER web_books_no_payout BEFORE INSERT ON journal_entries FOR EACH ROW"
        " WHEN (NEW.kind NOT IN ('funded', 'reversed', 'refunded')"
        " OR (NEW.hold_id IS NOT NULL AND NEW.state = 'posted'))"
        " EXECUTE FUNCTION refuse_entry_by_web()"
    )


def _indexes() -> None:
    """Apart from the rest, so that nothing waits for them."""
    with op.get_context().autocommit_block():
        for name, unique, table, on in (
            ("uq_journal_entries_hold_id", "UNIQUE", "journal_entries",
             "(hold_id) WHERE hold_id IS NOT NULL"),
            ("ix_journal_entries_expires_at", "", "journal_entries",
             "(expires_at) WHERE expires_at IS NOT NULL"),
            ("ix_journal_entries_linked_id", "", "journal_entries",
             "(linked_id) WHERE linked_id IS NOT NULL"),
            ("ix_journal_entries_xid", "", "journal_entries", "(xid)"),
            ("ix_postings_account_code_at_layer", "", "postings",
             "(account_code, at) INCLUDE (amount, layer)"),
        ):  # fmt: skip
            # One that was interrupted before would be there without being usable.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {unique} INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} {on}")
        # Nothing reads by it.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_journal_entries_remittance_id")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_postings_account_code_at")
    op.execute(
        "-- squawk-ignore renaming-object\n"
        "ALTER INDEX IF EXISTS ix_postings_account_code_at_layer"
        " RENAME TO ix_postings_account_code_at"
    )


def _allow(table: str, name: str, condition: str) -> None:
    replace_constraint(table, name)
    _check(table, name, condition)


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    validate(table, name)
