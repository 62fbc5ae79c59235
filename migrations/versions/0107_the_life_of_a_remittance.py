"""The life of a remittance: registered, paid for, screened, held, refunded step by step.

The version before goes on with its own statuses and steps.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, install, replace_constraint, validate

revision = "0107"
down_revision = "0106"

_STATUSES = (
    "'registered', 'funded', 'screening', 'held', 'submitted', 'unknown', 'available', 'paid',"
    " 'cancelling', 'cancelled', 'refunding', 'refunded', 'failed', 'sending', 'accepted'"
)
_OPEN = (
    "'registered', 'funded', 'screening', 'held', 'submitted', 'unknown', 'available',"
    " 'cancelling', 'refunding', 'sending', 'accepted'"
)
_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
    " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
    " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency', 'process_dead',"
    " 'agency_unavailable', 'term_ending', 'asked_twice', 'given_after_end',"
    " 'results_contradict', 'sums_differ', 'books_differ', 'funding_returned',"
    " 'funding_contradicts', 'refund_due', 'name_listed'"
)
_ACCOUNTS = (
    ("funding_returned", "asset", "Payments that the sender''s bank took back, until settled"),
    ("losses_usd", "expense", "Dollars that the house has lost"),
)


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    _columns()
    _statuses()
    _amounts()
    _charges()
    _screening()
    _accounts()
    _incidents()
    _web()
    _index()


def _columns() -> None:
    op.execute(
        "-- squawk-ignore adding-not-nullable-field\n"
        "ALTER TABLE remittances ADD COLUMN registered_at timestamptz NOT NULL DEFAULT now(),"
        " ADD COLUMN cancelled_at timestamptz,"
        " ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN returned_minor bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN lost_minor bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN screened_at timestamptz"
    )
    op.execute(
        "UPDATE remittances SET registered_at = funded_at, refunded_minor ="
        " CASE WHEN status IN ('cancelled', 'refunded') THEN total_minor ELSE 0 END"
    )
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE remittances ALTER COLUMN funded_at DROP NOT NULL"
    )


def _statuses() -> None:
    replace_constraint("remittances", "ck_remittances_status")
    _check("ck_remittances_status", f"status IN ({_STATUSES})")
    install(
        "remittances",
        remittance_step_allowed="c9424de1",
        refuse_remittance_step="27aa3a0c",
    )
    op.execute(
        "CREATE TRIGGER within_steps BEFORE INSERT OR UPDATE OF status ON remittances"
        " FOR EACH ROW EXECUTE FUNCTION refuse_remittance_step()"
    )
    op.execute("DROP TRIGGER terms ON remittances")
    op.execute(
        """
        CREATE TRIGGER terms BEFORE UPDATE ON remittances FOR EACH ROW
        WHEN ((OLD.id, OLD.folio, OLD.account_id, OLD.quote_id, OLD.sender_id, OLD.recipient_id,
               OLD.funding, OLD.payout, OLD.purpose, OLD.send_minor, OLD.fee_minor, OLD.tax_minor,
               OLD.total_minor, OLD.receive_minor, OLD.rate, OLD.day, OLD.registered_at)
            IS DISTINCT FROM
              (NEW.id, NEW.folio, NEW.account_id, NEW.quote_id, NEW.sender_id, NEW.recipient_id,
               NEW.funding, NEW.payout, NEW.purpose, NEW.send_minor, NEW.fee_minor, NEW.tax_minor,
               NEW.total_minor, NEW.receive_minor, NEW.rate, NEW.day, NEW.registered_at)
            OR (OLD.funded_at IS NOT NULL AND NEW.funded_at IS DISTINCT FROM OLD.funded_at)
            OR (NEW.erased_at IS NULL AND (OLD.sender_name, OLD.account_sealed, OLD.account_hint)
                IS DISTINCT FROM (NEW.sender_name, NEW.account_sealed, NEW.account_hint))
            OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at))
        EXECUTE FUNCTION refuse_other_terms()
        """
    )


def _amounts() -> None:
    _check(
        "ck_remittances_funded_at",
        "funded_at IS NOT NULL OR status IN ('registered', 'cancelling', 'cancelled', 'failed')",
    )
    replace_constraint("remittances", "ck_remittances_no_more_than_paid")
    _check(
        "ck_remittances_no_more_than_paid",
        "refunded_minor >= 0 AND remedied_minor >= 0 AND returned_minor >= 0"
        " AND refunded_minor + remedied_minor + returned_minor"
        " <= CASE WHEN funded_at IS NULL THEN 0 ELSE total_minor END",
    )
    _check("ck_remittances_lost", "lost_minor BETWEEN 0 AND total_minor")


def _charges() -> None:
    op.execute(
        """
        CREATE TABLE charges (
            remittance_id uuid CONSTRAINT pk_charges PRIMARY KEY
                CONSTRAINT fk_charges_remittance_id REFERENCES remittances,
            state text NOT NULL CONSTRAINT ck_charges_state CHECK (
                state IN ('due', 'pending', 'paid', 'failed', 'refunded', 'returned')),
            expires_at timestamptz NOT NULL,
            asked_at timestamptz,
            pay_address text,
            pay_reference text,
            provider_reference text,
            reason_code text,
            refund_asked_at timestamptz,
            refunded_at timestamptz,
            returned_at timestamptz,
            CONSTRAINT ck_charges_refunded_at CHECK (
                (state = 'refunded') <= (refunded_at IS NOT NULL)),
            CONSTRAINT ck_charges_returned_at CHECK (
                (state = 'returned') <= (returned_at IS NOT NULL))
        )
        """
    )
    _follow_remittances("charges")
    grant("charges", "SELECT, INSERT")
    grant("charges", "UPDATE", to=WORKER)


def _screening() -> None:
    op.execute(
        """
        CREATE TABLE screening_lists (
            id uuid CONSTRAINT pk_screening_lists PRIMARY KEY,
            name text NOT NULL,
            published_on date NOT NULL,
            source text NOT NULL,
            entries integer NOT NULL,
            loaded_at timestamptz NOT NULL,
            replaced_at timestamptz
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_screening_lists_name ON screening_lists (name)"
        " WHERE replaced_at IS NULL"
    )
    op.execute(
        """
        CREATE TABLE screening_entries (
            list_id uuid NOT NULL CONSTRAINT fk_screening_entries_list_id
                REFERENCES screening_lists,
            reference text NOT NULL,
            name text NOT NULL,
            words text[] NOT NULL CONSTRAINT ck_screening_entries_words
                CHECK (cardinality(words) > 1),
            birth_date date,
            CONSTRAINT pk_screening_entries PRIMARY KEY (list_id, reference)
        )
        """
    )
    op.execute("CREATE INDEX ix_screening_entries_words ON screening_entries USING gin (words)")
    op.execute(
        """
        CREATE TABLE screening_hits (
            id uuid CONSTRAINT pk_screening_hits PRIMARY KEY,
            remittance_id uuid NOT NULL CONSTRAINT fk_screening_hits_remittance_id
                REFERENCES remittances,
            party text NOT NULL CONSTRAINT ck_screening_hits_party
                CHECK (party IN ('sender', 'recipient')),
            list_name text NOT NULL,
            reference text NOT NULL,
            name text NOT NULL,
            found_at timestamptz NOT NULL,
            decision text CONSTRAINT ck_screening_hits_decision
                CHECK (decision IN ('released', 'refused')),
            reason text,
            decided_by uuid,
            decided_at timestamptz,
            CONSTRAINT uq_screening_hits_remittance_id_party_list_name_reference
                UNIQUE (remittance_id, party, list_name, reference),
            CONSTRAINT ck_screening_hits_decided
                CHECK ((decision IS NULL) = (decided_at IS NULL))
        )
        """
    )
    _follow_remittances("screening_hits")
    grant("screening_lists", "SELECT, INSERT, UPDATE (replaced_at)", to=WORKER)
    grant("screening_entries", "SELECT, INSERT, DELETE", to=WORKER)
    grant("screening_hits", "SELECT")
    grant("screening_hits", "INSERT", to=WORKER)
    for group in (WEB, WORKER):
        columns = "decision, reason, decided_by, decided_at"
        grant("screening_hits", f"UPDATE ({columns})", to=group)


def _follow_remittances(table: str) -> None:
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM remittances r WHERE r.id = remittance_id)"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")


def _accounts() -> None:
    for code, kind, name in _ACCOUNTS:
        op.execute(
            "INSERT INTO ledger_accounts (code, currency, kind, name)"  # noqa: S608
            f" VALUES ('{code}', 'USD', '{kind}', '{name}')"
        )


def _incidents() -> None:
    replace_constraint("incidents", "ck_incidents_kind")
    op.execute(
        "ALTER TABLE incidents ADD CONSTRAINT ck_incidents_kind"
        f" CHECK (kind IN ({_KINDS})) NOT VALID"
    )
    validate("incidents", "ck_incidents_kind")


def _web() -> None:
    """It cancels, and lets a person release or refuse what is held; it ends nothing else."""
    grant("remittances", "UPDATE (cancelled_at, refunded_minor)", to=WEB)
    op.execute("DROP TRIGGER web_cancels ON remittances")
    op.execute(
        "CREATE TRIGGER web_cancels BEFORE UPDATE OF status ON remittances FOR EACH ROW"
        " WHEN (NEW.status <> OLD.status AND NEW.status NOT IN ('cancelling', 'refunding')"
        " AND NOT (NEW.status = 'cancelled' AND OLD.status <> 'refunding')"
        " AND NOT (NEW.status = 'screening' AND OLD.status = 'held'))"
        " EXECUTE FUNCTION refuse_payout_by_web()"
    )


def _index() -> None:
    """Apart from the rest, so that nothing waits for it."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_remittances_open_now")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_remittances_open_now"
            " ON remittances (changed_at)"
            f" WHERE status IN ({_OPEN})"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_remittances_open")
    op.execute(
        "-- squawk-ignore renaming-object\n"
        "ALTER INDEX ix_remittances_open_now RENAME TO ix_remittances_open"
    )


def _check(name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE remittances ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    validate("remittances", name)
