"""Corrections that a second person approves, the count of an officer's cash, prints of receipts."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, append_only, grant, secure, validate

revision = "0056"
down_revision = "0055"

_TABLES = (
    """
    CREATE TABLE corrections (
        id uuid CONSTRAINT pk_corrections PRIMARY KEY,
        rendered_id uuid NOT NULL
            CONSTRAINT fk_corrections_rendered_id REFERENCES services_rendered,
        consulate_code text NOT NULL
            CONSTRAINT fk_corrections_consulate_code REFERENCES consulates,
        reason text NOT NULL,
        requested_by uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        approved boolean,
        decided_by uuid,
        decided_at timestamptz,
        CONSTRAINT ck_corrections_second_person CHECK (decided_by <> requested_by),
        CONSTRAINT ck_corrections_decided CHECK ((approved IS NULL) = (decided_at IS NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX uq_corrections_rendered_id ON corrections (rendered_id)
        WHERE approved IS NOT FALSE
    """,
    "CREATE INDEX ix_corrections_rendered_id ON corrections (rendered_id)",
    """
    CREATE INDEX ix_corrections_consulate_code ON corrections (consulate_code)
        WHERE approved IS NULL
    """,
    """
    CREATE TABLE cash_counts (
        cash_up_id uuid NOT NULL CONSTRAINT fk_cash_counts_cash_up_id REFERENCES cash_ups,
        means text NOT NULL CONSTRAINT ck_cash_counts_means
            CHECK (means IN ('cash', 'card', 'money_order', 'transfer', 'not_told')),
        currency text NOT NULL CONSTRAINT ck_cash_counts_currency
            CHECK (currency IN ('USD', 'MXN')),
        expected_minor bigint NOT NULL,
        counted_minor bigint NOT NULL,
        reason text,
        CONSTRAINT pk_cash_counts PRIMARY KEY (cash_up_id, means, currency),
        CONSTRAINT ck_cash_counts_reason
            CHECK (counted_minor = expected_minor OR reason IS NOT NULL)
    )
    """,
    """
    CREATE TABLE receipt_prints (
        receipt_id uuid NOT NULL CONSTRAINT fk_receipt_prints_receipt_id REFERENCES receipts,
        number smallint NOT NULL,
        printed_by uuid,
        printed_at timestamptz NOT NULL,
        CONSTRAINT pk_receipt_prints PRIMARY KEY (receipt_id, number)
    )
    """,
)
_PARTS = {"cash_counts": ("cash_ups", "cash_up_id"), "receipt_prints": ("receipts", "receipt_id")}


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute("ALTER TABLE cash_ups ADD COLUMN closed_by uuid")
    op.execute("ALTER TABLE cash_ups ADD COLUMN signed_by uuid")
    op.execute("ALTER TABLE cash_ups ADD COLUMN signed_at timestamptz")
    op.execute(
        "ALTER TABLE cash_ups ADD CONSTRAINT ck_cash_ups_second_person"
        " CHECK (signed_by <> officer_id) NOT VALID"
    )
    op.execute(
        "ALTER TABLE cash_ups ADD CONSTRAINT ck_cash_ups_signed"
        " CHECK (signed_at IS NULL OR closed_at IS NOT NULL) NOT VALID"
    )
    validate("cash_ups", "ck_cash_ups_second_person")
    validate("cash_ups", "ck_cash_ups_signed")
    for statement in _TABLES:
        op.execute(statement)
    secure("corrections", account=None)
    for table, (whole, column) in _PARTS.items():
        visible = (
            "current_setting('app.consulate', true) = '*'"
            f" OR EXISTS (SELECT FROM {whole} w WHERE w.id = {column})"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")
        append_only(table)
    for table in ("corrections", *_PARTS):
        grant(table, "SELECT")
        grant(table, "INSERT", to=WEB)
    grant("corrections", "UPDATE (approved, decided_by, decided_at)", to=WEB)
    grant("corrections", "UPDATE (reason)", to=WORKER)
    grant("cash_ups", "UPDATE (closed_by, signed_by, signed_at)", to=WEB)
