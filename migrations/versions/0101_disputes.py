"""Errors that senders claim; what is given back for them is never above what was paid.

What a process shows of the ledger to treasury goes through functions, for the web reads no line of
it by itself; when the second book was compared is kept.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, append_only, grant, install, validate

revision = "0101"
down_revision = "0100"

_NO_MORE_THAN_PAID = (
    "remedied_minor >= 0 AND remedied_minor + CASE WHEN status IN ('cancelled', 'refunded')"
    " THEN total_minor ELSE 0 END <= total_minor"
)
_OPEN = "status IN ('received')"


def upgrade() -> None:
    _remedies()
    _disputes()
    _books()
    op.execute("ALTER TABLE incidents ADD COLUMN told_at timestamptz")


def _remedies() -> None:
    op.execute("ALTER TABLE remittances ADD COLUMN remedied_minor bigint NOT NULL DEFAULT 0")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT ck_remittances_no_more_than_paid"
        f" CHECK ({_NO_MORE_THAN_PAID}) NOT VALID"
    )
    validate("remittances", "ck_remittances_no_more_than_paid")
    grant("remittances", "UPDATE (remedied_minor)", to=WEB)
    op.execute(
        "INSERT INTO ledger_accounts (code, currency, kind, name) VALUES"
        " ('remedies_usd', 'USD', 'expense', 'Given back to senders for errors')"
    )
    # The web owes a sender something, as when they cancel; it pays nothing.
    op.execute("DROP TRIGGER web_books_no_payout ON journal_entries")
    op.execute(
        "CREATE TRIGGER web_books_no_payout BEFORE INSERT ON journal_entries FOR EACH ROW"
        " WHEN (NEW.kind NOT IN ('funded', 'reversed', 'refunded', 'remedied')"
        " OR (NEW.hold_id IS NOT NULL AND NEW.state = 'posted'))"
        " EXECUTE FUNCTION refuse_entry_by_web()"
    )


def _disputes() -> None:
    op.execute(
        """
        CREATE TABLE disputes (
            id uuid CONSTRAINT pk_disputes PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_disputes_folio UNIQUE,
            remittance_id uuid NOT NULL
                CONSTRAINT fk_disputes_remittance_id REFERENCES remittances (id),
            account_id uuid NOT NULL CONSTRAINT fk_disputes_account_id REFERENCES accounts (id),
            kind text NOT NULL CONSTRAINT ck_disputes_kind CHECK (kind IN ('not_received', 'late',
                'wrong_amount', 'wrong_fee', 'wrong_person', 'information')),
            status text NOT NULL CONSTRAINT ck_disputes_status
                CHECK (status IN ('received', 'corrected', 'explained')),
            language text NOT NULL,
            data_key bytea,
            claim_sealed bytea,
            explanation_sealed bytea,
            claimed_at timestamptz NOT NULL,
            investigate_by date NOT NULL,
            taken_by uuid,
            taken_at timestamptz,
            decided_by uuid,
            decided_at timestamptz,
            remedy text CONSTRAINT ck_disputes_remedy
                CHECK (remedy IN ('everything', 'fees', 'amount', 'given_back')),
            remedy_minor bigint NOT NULL DEFAULT 0,
            documents_asked_at timestamptz,
            documents_given_at timestamptz,
            changed_at timestamptz NOT NULL,
            CONSTRAINT ck_disputes_decided CHECK ((status = 'received') = (decided_at IS NULL)),
            CONSTRAINT ck_disputes_decided_by
                CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
            CONSTRAINT ck_disputes_taken CHECK ((taken_at IS NULL) = (taken_by IS NULL)),
            CONSTRAINT ck_disputes_corrected
                CHECK ((status = 'corrected') = (remedy IS NOT NULL)),
            CONSTRAINT ck_disputes_remedy_minor CHECK (
                (coalesce(remedy, 'given_back') = 'given_back') = (remedy_minor = 0)
                AND remedy_minor >= 0)
        )
        """
    )
    op.execute(
        f"CREATE UNIQUE INDEX uq_disputes_remittance_id ON disputes (remittance_id) WHERE {_OPEN}"
    )
    op.execute("CREATE INDEX ix_disputes_remittance_id ON disputes (remittance_id)")
    op.execute("CREATE INDEX ix_disputes_account_id ON disputes (account_id)")
    op.execute("CREATE INDEX ix_disputes_claimed_at ON disputes (claimed_at, id)")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
    )
    op.execute("ALTER TABLE disputes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE disputes FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON disputes USING ({visible}) WITH CHECK ({visible})")
    grant(
        "disputes",
        "SELECT, INSERT, UPDATE (changed_at, decided_at, decided_by, documents_asked_at,"
        " documents_given_at, explanation_sealed, remedy, remedy_minor, status, taken_at,"
        " taken_by)",
    )
    grant("disputes", "UPDATE (claim_sealed, data_key)", to=WORKER)


def _books() -> None:
    op.execute(
        """
        CREATE TABLE ledger_comparisons (
            id uuid CONSTRAINT pk_ledger_comparisons PRIMARY KEY,
            entries bigint NOT NULL,
            differences bigint NOT NULL,
            at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_ledger_comparisons_at ON ledger_comparisons (at)")
    append_only("ledger_comparisons")
    grant("ledger_comparisons", "SELECT", to=WEB)
    grant("ledger_comparisons", "SELECT, INSERT", to=WORKER)
    install(
        "ledger",
        refuse_ledger_reader="c1d38967",
        ledger_balances_v1="d2378cde",
        ledger_lines_v1="1105183c",
    )
    for function in (
        "ledger_balances_v1(text, text, timestamptz)",
        "ledger_lines_v1(timestamptz, timestamptz)",
    ):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APPLICATION}")
