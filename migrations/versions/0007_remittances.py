"""Rates, rules, quotes and remittances; a ledger whose balance the database itself holds."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, append_only, grant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _reference()
    _quotes()
    _remittances()
    _history()
    _ledger()
    op.execute(CHECK_POSTINGS)
    op.execute(
        "CREATE TRIGGER balanced AFTER INSERT ON postings REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION check_postings()"
    )
    op.execute(POST_ENTRY)
    op.execute(f"REVOKE ALL ON FUNCTION {POST_ENTRY_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {POST_ENTRY_NAME} TO {APPLICATION}")
    _accounts()


def _own(table: str) -> None:
    """Row security: the account's own rows, or all for work on behalf of the network.

    Consulates have no part in remittances, so that no office sees any.
    """
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR account_id = nullif(current_setting('app.account', true), '')::uuid"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")


def _reference() -> None:
    op.execute(
        """
        CREATE TABLE exchange_rates (
            series text NOT NULL,
            valid_on date NOT NULL,
            base text NOT NULL,
            quote text NOT NULL,
            value numeric(18, 8) NOT NULL CONSTRAINT ck_exchange_rates_value CHECK (value > 0),
            fetched_at timestamptz NOT NULL,
            CONSTRAINT pk_exchange_rates PRIMARY KEY (series, valid_on)
        )
        """
    )
    grant("exchange_rates", "SELECT, INSERT, UPDATE")
    op.execute(
        """
        CREATE TABLE remittance_rules (
            rule text NOT NULL,
            valid_from date NOT NULL,
            value numeric(18, 4) NOT NULL,
            unit text NOT NULL,
            note text NOT NULL,
            source text NOT NULL,
            CONSTRAINT pk_remittance_rules PRIMARY KEY (rule, valid_from)
        )
        """
    )
    grant("remittance_rules", "SELECT, INSERT, UPDATE")


def _quotes() -> None:
    op.execute(
        """
        CREATE TABLE quotes (
            id uuid CONSTRAINT pk_quotes PRIMARY KEY,
            account_id uuid NOT NULL CONSTRAINT fk_quotes_account_id REFERENCES accounts (id),
            funding text NOT NULL CONSTRAINT ck_quotes_funding
                CHECK (funding IN ('bank_account', 'us_card', 'cash')),
            payout text NOT NULL CONSTRAINT ck_quotes_payout
                CHECK (payout IN ('account', 'card', 'branch')),
            send_minor bigint NOT NULL,
            fee_minor bigint NOT NULL,
            tax_minor bigint NOT NULL,
            total_minor bigint NOT NULL,
            receive_minor bigint NOT NULL,
            rate numeric(18, 8) NOT NULL,
            rate_series text NOT NULL,
            rate_valid_on date NOT NULL,
            date_available date NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT ck_quotes_total CHECK (total_minor = send_minor + fee_minor + tax_minor),
            CONSTRAINT ck_quotes_positive CHECK (
                send_minor > 0 AND receive_minor > 0 AND fee_minor >= 0 AND tax_minor >= 0)
        )
        """
    )
    op.execute("CREATE INDEX ix_quotes_account_id ON quotes (account_id)")
    append_only("quotes")
    grant("quotes", "SELECT, INSERT")
    _own("quotes")


def _remittances() -> None:
    op.execute(
        """
        CREATE TABLE remittances (
            id uuid CONSTRAINT pk_remittances PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_remittances_folio UNIQUE,
            account_id uuid NOT NULL
                CONSTRAINT fk_remittances_account_id REFERENCES accounts (id),
            quote_id uuid NOT NULL CONSTRAINT uq_remittances_quote_id UNIQUE
                CONSTRAINT fk_remittances_quote_id REFERENCES quotes (id),
            sender_id uuid NOT NULL CONSTRAINT fk_remittances_sender_id REFERENCES people (id),
            recipient_id uuid NOT NULL
                CONSTRAINT fk_remittances_recipient_id REFERENCES people (id),
            sender_name text NOT NULL,
            account_sealed bytea,
            account_hint text,
            funding text NOT NULL,
            payout text NOT NULL,
            purpose text NOT NULL,
            send_minor bigint NOT NULL,
            fee_minor bigint NOT NULL,
            tax_minor bigint NOT NULL,
            total_minor bigint NOT NULL,
            receive_minor bigint NOT NULL,
            rate numeric(18, 8) NOT NULL,
            day date NOT NULL,
            status text NOT NULL CONSTRAINT ck_remittances_status CHECK (status IN (
                'funded', 'sending', 'unknown', 'accepted', 'available', 'paid', 'cancelling',
                'cancelled', 'refunded', 'failed')),
            funded_at timestamptz NOT NULL,
            cancel_until timestamptz NOT NULL,
            date_available date NOT NULL,
            answer_due_at timestamptz,
            paid_at timestamptz,
            refunded_at timestamptz,
            collect_until date,
            branch text,
            agency_reference text,
            reason_code text,
            changed_at timestamptz NOT NULL,
            CONSTRAINT ck_remittances_total CHECK (
                total_minor = send_minor + fee_minor + tax_minor),
            CONSTRAINT ck_remittances_positive CHECK (
                send_minor > 0 AND receive_minor > 0 AND fee_minor >= 0 AND tax_minor >= 0),
            CONSTRAINT ck_remittances_account CHECK (
                (payout = 'branch') = (account_sealed IS NULL)),
            CONSTRAINT ck_remittances_paid_at CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
            CONSTRAINT ck_remittances_refunded_at CHECK (
                (status IN ('cancelled', 'refunded')) = (refunded_at IS NOT NULL))
        ) WITH (fillfactor = 80)
        """
    )
    op.execute("CREATE INDEX ix_remittances_account_id_day ON remittances (account_id, day)")
    op.execute(
        "CREATE INDEX ix_remittances_open ON remittances (changed_at) WHERE status IN ("
        "'funded', 'sending', 'unknown', 'accepted', 'available', 'cancelling')"
    )
    grant("remittances", "SELECT, INSERT, UPDATE")
    _own("remittances")


def _history() -> None:
    op.execute(
        """
        CREATE TABLE remittance_events (
            remittance_id uuid NOT NULL
                CONSTRAINT fk_remittance_events_remittance_id REFERENCES remittances (id),
            position smallint NOT NULL,
            account_id uuid NOT NULL,
            status text NOT NULL,
            at timestamptz NOT NULL,
            reason_code text,
            CONSTRAINT pk_remittance_events PRIMARY KEY (remittance_id, position)
        )
        """
    )
    append_only("remittance_events")
    grant("remittance_events", "SELECT, INSERT")
    _own("remittance_events")
    op.execute(
        """
        CREATE TABLE payout_attempts (
            remittance_id uuid NOT NULL
                CONSTRAINT fk_payout_attempts_remittance_id REFERENCES remittances (id),
            number smallint NOT NULL,
            outcome text NOT NULL CONSTRAINT ck_payout_attempts_outcome CHECK (outcome IN (
                'sending', 'unknown', 'never_sent', 'answered', 'refused')),
            sent_at timestamptz NOT NULL,
            settled_at timestamptz,
            CONSTRAINT pk_payout_attempts PRIMARY KEY (remittance_id, number)
        )
        """
    )
    grant("payout_attempts", "SELECT, INSERT, UPDATE")


def _ledger() -> None:
    op.execute(
        """
        CREATE TABLE ledger_accounts (
            code text CONSTRAINT pk_ledger_accounts PRIMARY KEY,
            currency text NOT NULL
                CONSTRAINT ck_ledger_accounts_currency CHECK (currency IN ('USD', 'MXN')),
            kind text NOT NULL CONSTRAINT ck_ledger_accounts_kind
                CHECK (kind IN ('asset', 'liability', 'income', 'position')),
            name text NOT NULL
        )
        """
    )
    grant("ledger_accounts", "SELECT")
    op.execute(
        """
        CREATE TABLE journal_entries (
            id uuid CONSTRAINT pk_journal_entries PRIMARY KEY,
            key text NOT NULL CONSTRAINT uq_journal_entries_key UNIQUE,
            kind text NOT NULL,
            remittance_id uuid NOT NULL
                CONSTRAINT fk_journal_entries_remittance_id REFERENCES remittances (id),
            at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_journal_entries_remittance_id ON journal_entries (remittance_id)")
    append_only("journal_entries")
    grant("journal_entries", "SELECT")
    op.execute(
        """
        CREATE TABLE postings (
            entry_id uuid NOT NULL
                CONSTRAINT fk_postings_entry_id REFERENCES journal_entries (id),
            line smallint NOT NULL,
            account_code text NOT NULL,
            currency text NOT NULL,
            amount bigint NOT NULL CONSTRAINT ck_postings_amount CHECK (amount <> 0),
            at timestamptz NOT NULL,
            CONSTRAINT pk_postings PRIMARY KEY (entry_id, line)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_postings_account_code_at ON postings (account_code, at) INCLUDE (amount)"
    )
    append_only("postings")
    grant("postings", "SELECT")


def _accounts() -> None:
    op.execute(
        """
        INSERT INTO ledger_accounts (code, currency, kind, name) VALUES
            ('funding_clearing', 'USD', 'asset', 'Paid by senders, to come from the provider'),
            ('remittances_payable', 'USD', 'liability', 'Owed to senders until it is sent'),
            ('fee_income', 'USD', 'income', 'Fees of transfers'),
            ('excise_payable', 'USD', 'liability', 'Excise on cash, owed to the US Treasury'),
            ('refunds_payable', 'USD', 'liability', 'To be given back to senders'),
            ('fx_usd', 'USD', 'position', 'Dollars exchanged'),
            ('fx_mxn', 'MXN', 'position', 'Pesos exchanged'),
            ('payouts_pending', 'MXN', 'liability', 'Ordered, outcome not final: suspense'),
            ('finabien_settlement', 'MXN', 'liability', 'Paid out by Finabien, owed to it')
        """
    )
    append_only("ledger_accounts")


CHECK_POSTINGS = """
CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'an entry does not balance' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    -- All lines of an entry come at once: later ones would change what was posted.
    IF EXISTS (
        SELECT 1 FROM postings p WHERE p.entry_id IN (SELECT entry_id FROM added)
            AND NOT EXISTS (
                SELECT 1 FROM added a WHERE a.entry_id = p.entry_id AND a.line = p.line)
    ) THEN
        RAISE EXCEPTION 'an entry is written once' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_written_once';
    END IF;
    -- In place of a foreign key, which would lock the house's few accounts at every posting.
    IF EXISTS (
        SELECT 1 FROM added a WHERE NOT EXISTS (
            SELECT 1 FROM ledger_accounts l
            WHERE l.code = a.account_code AND l.currency = a.currency)
    ) THEN
        RAISE EXCEPTION 'no such account in this currency' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_account';
    END IF;
    RETURN NULL;
END $$
"""

POST_ENTRY_NAME = "post_entry(uuid, text, text, uuid, timestamptz, jsonb)"

# Runs with its owner's rights: the application may post whole entries and nothing else.
POST_ENTRY = """
CREATE FUNCTION post_entry(
    p_id uuid, p_key text, p_kind text, p_remittance uuid, p_at timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF jsonb_array_length(p_lines) < 2 THEN
        RAISE EXCEPTION 'an entry has two lines at least' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'postings', CONSTRAINT = 'ck_postings_balanced';
    END IF;
    INSERT INTO journal_entries (id, key, kind, remittance_id, at)
        VALUES (p_id, p_key, p_kind, p_remittance, p_at);
    INSERT INTO postings (entry_id, line, account_code, currency, amount, at)
        SELECT p_id, n, l->>'account', l->>'currency', (l->>'amount')::bigint, p_at
        FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS t (l, n);
END $$
"""
