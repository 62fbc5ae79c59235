"""Services that were given, what was charged for them, and receipts without gaps."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, append_only, grant, install, secure

revision = "0053"
down_revision = "0052"

_TABLES = (
    """
    CREATE TABLE cash_ups (
        id uuid CONSTRAINT pk_cash_ups PRIMARY KEY,
        consulate_code text NOT NULL
            CONSTRAINT fk_cash_ups_consulate_code REFERENCES consulates,
        officer_id uuid NOT NULL,
        day date NOT NULL,
        number smallint NOT NULL CONSTRAINT ck_cash_ups_number CHECK (number > 0),
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        CONSTRAINT uq_cash_ups_number UNIQUE (consulate_code, day, officer_id, number)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_cash_ups_open ON cash_ups (consulate_code, day, officer_id)
        WHERE closed_at IS NULL
    """,
    """
    CREATE TABLE receipt_numbers (
        consulate_code text NOT NULL
            CONSTRAINT fk_receipt_numbers_consulate_code REFERENCES consulates,
        day date NOT NULL,
        last integer NOT NULL,
        CONSTRAINT pk_receipt_numbers PRIMARY KEY (consulate_code, day)
    )
    """,
    """
    CREATE TABLE receipts (
        id uuid CONSTRAINT pk_receipts PRIMARY KEY,
        consulate_code text NOT NULL
            CONSTRAINT fk_receipts_consulate_code REFERENCES consulates,
        account_id uuid CONSTRAINT fk_receipts_account_id REFERENCES accounts,
        appointment_id uuid NOT NULL
            CONSTRAINT fk_receipts_appointment_id REFERENCES appointments,
        day date NOT NULL,
        number integer NOT NULL CONSTRAINT ck_receipts_number CHECK (number > 0),
        number_before integer GENERATED ALWAYS AS (NULLIF(number - 1, 0)) STORED,
        total_minor bigint NOT NULL CONSTRAINT ck_receipts_total_minor CHECK (total_minor <> 0),
        currency text NOT NULL CONSTRAINT ck_receipts_currency CHECK (currency IN ('USD', 'MXN')),
        means text NOT NULL CONSTRAINT ck_receipts_means
            CHECK (means IN ('cash', 'card', 'money_order', 'transfer', 'not_told')),
        officer_id uuid,
        cash_up_id uuid NOT NULL CONSTRAINT fk_receipts_cash_up_id REFERENCES cash_ups,
        issued_at timestamptz NOT NULL,
        CONSTRAINT uq_receipts_number UNIQUE (consulate_code, day, number),
        CONSTRAINT fk_receipts_number_before FOREIGN KEY (consulate_code, day, number_before)
            REFERENCES receipts (consulate_code, day, number)
    )
    """,
    "CREATE INDEX ix_receipts_appointment_id ON receipts (appointment_id)",
    "CREATE INDEX ix_receipts_cash_up_id ON receipts (cash_up_id)",
    "CREATE INDEX ix_receipts_number_before ON receipts (consulate_code, day, number_before)",
    """
    CREATE TABLE services_rendered (
        id uuid CONSTRAINT pk_services_rendered PRIMARY KEY,
        appointment_id uuid NOT NULL
            CONSTRAINT fk_services_rendered_appointment_id REFERENCES appointments,
        attendee smallint,
        person_id uuid NOT NULL CONSTRAINT fk_services_rendered_person_id REFERENCES people,
        consulate_code text NOT NULL
            CONSTRAINT fk_services_rendered_consulate_code REFERENCES consulates,
        account_id uuid CONSTRAINT fk_services_rendered_account_id REFERENCES accounts,
        day date NOT NULL,
        service_code text NOT NULL
            CONSTRAINT fk_services_rendered_service_code REFERENCES services,
        act text CONSTRAINT ck_services_rendered_act CHECK (act IN ('first_issue', 'renewal',
            'replacement', 'registration', 'copy', 'advice', 'collection')),
        document_sealed bytea,
        listed_minor bigint,
        charged_minor bigint NOT NULL,
        currency text NOT NULL CONSTRAINT ck_services_rendered_currency
            CHECK (currency IN ('USD', 'MXN')),
        receipt_id uuid CONSTRAINT fk_services_rendered_receipt_id REFERENCES receipts,
        officer_id uuid,
        desk text,
        rendered_at timestamptz NOT NULL,
        reverses_id uuid CONSTRAINT uq_services_rendered_reverses_id UNIQUE
            CONSTRAINT fk_services_rendered_reverses_id REFERENCES services_rendered,
        reason text,
        CONSTRAINT ck_services_rendered_reversal CHECK (
            CASE WHEN reverses_id IS NULL THEN charged_minor >= 0 AND reason IS NULL
            ELSE charged_minor <= 0 AND reason IS NOT NULL END),
        CONSTRAINT ck_services_rendered_receipt CHECK (
            charged_minor = 0 OR receipt_id IS NOT NULL OR officer_id IS NULL)
    )
    """,
    "CREATE INDEX ix_services_rendered_appointment_id ON services_rendered (appointment_id)",
    "CREATE INDEX ix_services_rendered_consulate_code_day"
    " ON services_rendered (consulate_code, day)",
    "CREATE INDEX ix_services_rendered_receipt_id ON services_rendered (receipt_id)",
    "CREATE INDEX ix_services_rendered_person_id ON services_rendered (person_id)",
    """
    CREATE TABLE fee_lines (
        rendered_id uuid NOT NULL
            CONSTRAINT fk_fee_lines_rendered_id REFERENCES services_rendered,
        position smallint NOT NULL,
        kind text NOT NULL CONSTRAINT ck_fee_lines_kind
            CHECK (kind IN ('discount', 'exemption', 'surcharge', 'difference')),
        code text NOT NULL,
        article text,
        minor bigint NOT NULL,
        ground text,
        CONSTRAINT pk_fee_lines PRIMARY KEY (rendered_id, position),
        CONSTRAINT ck_fee_lines_article CHECK ((kind = 'difference') = (article IS NULL))
    )
    """,
)

# What stands of a completed appointment in its outcome. Its document's number stays there, sealed
# for that row.
_BACKFILL = """
    INSERT INTO services_rendered (id, appointment_id, person_id, consulate_code, account_id, day,
        service_code, charged_minor, currency, desk, rendered_at)
    SELECT gen_random_uuid(), a.id, first.person_id, a.consulate_code, a.account_id,
        (a.changed_at AT TIME ZONE c.time_zone)::date,
        coalesce(known.code, a.services[1]),
        coalesce(round((a.outcome #>> '{fee,amount}')::numeric * 100)::bigint, 0),
        coalesce(a.outcome #>> '{fee,currency}', 'USD'), a.desk, a.changed_at
    FROM appointments a
    JOIN consulates c ON c.code = a.consulate_code
    JOIN (SELECT DISTINCT ON (appointment_id) appointment_id, person_id FROM seats
        ORDER BY appointment_id, person_id) first ON first.appointment_id = a.id
    LEFT JOIN services known ON known.code = a.outcome ->> 'service'
    WHERE a.status = 'completed' AND a.outcome #> '{fee}' IS NOT NULL
"""


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    for statement in _TABLES:
        op.execute(statement)
    op.execute(_BACKFILL)
    install("cashier", check_charged_sum="d5cc493a", refuse_counted_cash="a8e2a296")
    _hold()
    for table in ("receipts", "services_rendered"):
        secure(table)
    for table in ("cash_ups", "receipt_numbers"):
        secure(table, account=None)
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM services_rendered r WHERE r.id = rendered_id)"
    )
    op.execute("ALTER TABLE fee_lines ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE fee_lines FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON fee_lines USING ({visible}) WITH CHECK ({visible})")
    _grant()


def _hold() -> None:
    append_only("receipts")
    # What tells of a person goes when they are erased; all else stays as it was written.
    op.execute(
        """
        CREATE TRIGGER append_only BEFORE UPDATE OF id, appointment_id, attendee, person_id,
            consulate_code, account_id, day, service_code, act, listed_minor, charged_minor,
            currency, receipt_id, officer_id, desk, rendered_at, reverses_id
            OR DELETE OR TRUNCATE ON services_rendered
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER append_only BEFORE UPDATE OF rendered_id, position, kind, code,
            article, minor OR DELETE OR TRUNCATE ON fee_lines
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER charged_sum AFTER INSERT ON services_rendered
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.listed_minor IS NOT NULL AND NEW.reverses_id IS NULL)
            EXECUTE FUNCTION check_charged_sum()
        """
    )
    op.execute(
        """
        CREATE TRIGGER cash_up_open BEFORE INSERT ON receipts
            FOR EACH ROW EXECUTE FUNCTION refuse_counted_cash()
        """
    )


def _grant() -> None:
    for table in ("cash_ups", "receipt_numbers", "receipts", "services_rendered", "fee_lines"):
        grant(table, "SELECT")
        grant(table, "INSERT", to=WEB)
    grant("cash_ups", "UPDATE (opened_at, closed_at)", to=WEB)
    grant("receipt_numbers", "UPDATE (last)", to=WEB)
    grant("services_rendered", "UPDATE (document_sealed, reason)", to=WORKER)
    grant("fee_lines", "UPDATE (ground)", to=WORKER)
