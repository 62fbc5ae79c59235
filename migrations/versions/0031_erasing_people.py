"""Requests to erase somebody, what an erased row looks like, and records that a law has kept.

Rows of people and remittances lose their names only as a whole and for good (constraints
``ck_people_erased``, ``ck_remittances_erased``), and only the workers do it.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, secure, validate, withdraw

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    _requests()
    _people()
    _remittances()
    _blocked()
    _notes()
    # Whom a code signed in: their codes go with them.
    op.execute("ALTER TABLE login_codes ADD COLUMN account_id uuid")
    grant("homonyms", "DELETE", to=WORKER)
    grant("drafts", "SELECT (owner)", to=WORKER)


def _requests() -> None:
    op.execute(
        """
        CREATE TABLE erasure_requests (
            id uuid CONSTRAINT pk_erasure_requests PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_erasure_requests_folio UNIQUE,
            account_id uuid CONSTRAINT fk_erasure_requests_account_id REFERENCES accounts,
            identity_check_id uuid CONSTRAINT fk_erasure_requests_identity_check_id
                REFERENCES identity_checks,
            consulate_code text CONSTRAINT fk_erasure_requests_consulate_code
                REFERENCES consulates,
            status text NOT NULL CONSTRAINT ck_erasure_requests_status CHECK (
                status IN ('requested', 'approved', 'done', 'refused')),
            refusal text CONSTRAINT ck_erasure_requests_refusal CHECK (
                refusal IN ('identity_not_proven', 'duty_to_keep', 'withdrawn')),
            requested_by uuid NOT NULL,
            requested_at timestamptz NOT NULL,
            decided_by uuid,
            decided_at timestamptz,
            done_at timestamptz,
            CONSTRAINT ck_erasure_requests_subject CHECK (
                account_id IS NOT NULL OR identity_check_id IS NOT NULL),
            CONSTRAINT ck_erasure_requests_four_eyes CHECK (decided_by <> requested_by),
            CONSTRAINT ck_erasure_requests_decided CHECK (
                status = 'requested' OR decided_by IS NOT NULL OR requested_by = account_id),
            CONSTRAINT ck_erasure_requests_refused CHECK (
                (status = 'refused') = (refusal IS NOT NULL)),
            CONSTRAINT ck_erasure_requests_done CHECK ((status = 'done') = (done_at IS NOT NULL))
        )
        """
    )
    for column in ("account_id", "identity_check_id"):
        op.execute(
            f"CREATE UNIQUE INDEX uq_erasure_requests_{column} ON erasure_requests ({column})"
            f" WHERE status IN ('requested', 'approved') AND {column} IS NOT NULL"
        )
    secure("erasure_requests")
    grant("erasure_requests", "SELECT, INSERT")
    grant("erasure_requests", "UPDATE (status, refusal, requested_by, decided_by, decided_at)")
    grant("erasure_requests", "UPDATE (done_at)", to=WORKER)


_PERSON = (
    "id, account_id, consulate_code, holder, given_names, first_surname, second_surname,"
    " birth_date, birth_place, name_index, data_key, curp_sealed, curp_index, email_sealed,"
    " phone_sealed, identity_bound_at, created_at"
)


def _people() -> None:
    op.execute("ALTER TABLE people ADD COLUMN erased_at timestamptz")
    op.execute(
        """
        ALTER TABLE people ADD CONSTRAINT ck_people_erased CHECK (
            erased_at IS NULL OR (given_names = '' AND first_surname = '' AND name_index = ''
            AND num_nonnulls(second_surname, birth_date, birth_place, data_key, curp_index,
                curp_sealed, email_sealed, phone_sealed) = 0)) NOT VALID
        """
    )
    validate("people", "ck_people_erased")
    withdraw("people", "UPDATE")
    grant("people", f"UPDATE ({_PERSON})")
    grant("people", "UPDATE (erased_at)", to=WORKER)
    op.execute("DROP TRIGGER named_once ON people")
    op.execute(
        """
        CREATE TRIGGER named_once BEFORE UPDATE ON people FOR EACH ROW
        WHEN ((NEW.erased_at IS NULL AND NOT OLD.holder AND
               (OLD.given_names, OLD.first_surname, OLD.second_surname, OLD.birth_date)
               IS DISTINCT FROM
               (NEW.given_names, NEW.first_surname, NEW.second_surname, NEW.birth_date))
            OR (NOT OLD.holder AND (OLD.id, OLD.account_id, OLD.holder)
                IS DISTINCT FROM (NEW.id, NEW.account_id, NEW.holder))
            OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at))
        EXECUTE FUNCTION refuse_other_person()
        """
    )


def _remittances() -> None:
    op.execute("ALTER TABLE remittances ADD COLUMN erased_at timestamptz")
    op.execute(
        """
        ALTER TABLE remittances ADD CONSTRAINT ck_remittances_erased CHECK (
            erased_at IS NULL OR (sender_name = '' AND account_hint IS NULL
            AND coalesce(account_sealed, '') = ''
            AND status IN ('paid', 'cancelled', 'refunded', 'failed'))) NOT VALID
        """
    )
    validate("remittances", "ck_remittances_erased")
    op.execute("DROP TRIGGER terms ON remittances")
    op.execute(
        """
        CREATE TRIGGER terms BEFORE UPDATE ON remittances FOR EACH ROW
        WHEN ((OLD.id, OLD.folio, OLD.account_id, OLD.quote_id, OLD.sender_id, OLD.recipient_id,
               OLD.funding, OLD.payout, OLD.purpose, OLD.send_minor, OLD.fee_minor, OLD.tax_minor,
               OLD.total_minor, OLD.receive_minor, OLD.rate, OLD.day, OLD.funded_at)
            IS DISTINCT FROM
              (NEW.id, NEW.folio, NEW.account_id, NEW.quote_id, NEW.sender_id, NEW.recipient_id,
               NEW.funding, NEW.payout, NEW.purpose, NEW.send_minor, NEW.fee_minor, NEW.tax_minor,
               NEW.total_minor, NEW.receive_minor, NEW.rate, NEW.day, NEW.funded_at)
            OR (NEW.erased_at IS NULL AND (OLD.sender_name, OLD.account_sealed, OLD.account_hint)
                IS DISTINCT FROM (NEW.sender_name, NEW.account_sealed, NEW.account_hint))
            OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at))
        EXECUTE FUNCTION refuse_other_terms()
        """
    )


def _blocked() -> None:
    op.execute(
        """
        CREATE TABLE blocked_records (
            id uuid CONSTRAINT pk_blocked_records PRIMARY KEY,
            remittance_id uuid NOT NULL CONSTRAINT uq_blocked_records_remittance_id UNIQUE
                CONSTRAINT fk_blocked_records_remittance_id REFERENCES remittances,
            data_key bytea NOT NULL,
            content_sealed bytea NOT NULL,
            blocked_until date NOT NULL,
            created_at timestamptz NOT NULL
        )
        """
    )
    visible = "current_setting('app.consulate', true) = '*'"
    op.execute("ALTER TABLE blocked_records ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE blocked_records FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON blocked_records USING ({visible}) WITH CHECK ({visible})")
    grant("blocked_records", "SELECT, INSERT, DELETE", to=WORKER)


def _notes() -> None:
    """Who did what about an incident stays; what was written may go, and only go."""
    op.execute("DROP TRIGGER append_only ON incident_steps")
    op.execute(
        "CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON incident_steps"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        """
        CREATE TRIGGER notes_only_go BEFORE UPDATE ON incident_steps FOR EACH ROW
        WHEN (NEW.note IS NOT NULL OR
              (OLD.incident_id, OLD.position, OLD.step, OLD.at, OLD.actor_role, OLD.actor_id)
              IS DISTINCT FROM
              (NEW.incident_id, NEW.position, NEW.step, NEW.at, NEW.actor_role, NEW.actor_id))
        EXECUTE FUNCTION refuse_change()
        """
    )
    grant("incident_steps", "UPDATE (note)", to=WORKER)
