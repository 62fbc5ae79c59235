"""One order of two parts: to a person, and for an enrollment's dues. Orders of before have one."""

from __future__ import annotations

from alembic import op

from migrations.support import install, replace_constraint, validate

revision = "0118"
down_revision = "0117"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    _columns()
    _terms()
    _whole()
    _indexes()


def _columns() -> None:
    op.execute(
        "ALTER TABLE quotes ADD COLUMN dues_enrollment_id uuid,"
        " ADD COLUMN dues_minor bigint,"
        " ADD COLUMN dues_due_on date"
    )
    _check(
        "quotes",
        "dues",
        "num_nulls(dues_enrollment_id, dues_minor, dues_due_on) IN (0, 3)"
        " AND dues_minor BETWEEN 1 AND receive_minor - 1",
    )
    op.execute(
        "ALTER TABLE remittances ADD COLUMN part smallint NOT NULL DEFAULT 1,"
        " ADD COLUMN enrollment_id uuid,"
        " ADD COLUMN dues_due_on date"
    )
    _check(
        "remittances",
        "part",
        "part IN (1, 2) AND (part = 2) = (payout = 'dues')"
        " AND num_nulls(enrollment_id, dues_due_on) = CASE part WHEN 2 THEN 0 ELSE 2 END",
    )
    op.execute("ALTER TABLE charges ADD COLUMN folio text, ADD COLUMN amount_minor bigint")
    _check("charges", "whole", "num_nulls(folio, amount_minor) IN (0, 2)")


def _terms() -> None:
    op.execute("DROP TRIGGER terms ON remittances")
    op.execute(
        """
        CREATE TRIGGER terms BEFORE UPDATE ON remittances FOR EACH ROW
        WHEN ((OLD.id, OLD.folio, OLD.account_id, OLD.quote_id, OLD.sender_id, OLD.recipient_id,
               OLD.funding, OLD.payout, OLD.purpose, OLD.send_minor, OLD.fee_minor, OLD.tax_minor,
               OLD.total_minor, OLD.receive_minor, OLD.rate, OLD.day, OLD.registered_at,
               OLD.part, OLD.enrollment_id, OLD.dues_due_on)
            IS DISTINCT FROM
              (NEW.id, NEW.folio, NEW.account_id, NEW.quote_id, NEW.sender_id, NEW.recipient_id,
               NEW.funding, NEW.payout, NEW.purpose, NEW.send_minor, NEW.fee_minor, NEW.tax_minor,
               NEW.total_minor, NEW.receive_minor, NEW.rate, NEW.day, NEW.registered_at,
               NEW.part, NEW.enrollment_id, NEW.dues_due_on)
            OR (OLD.funded_at IS NOT NULL AND NEW.funded_at IS DISTINCT FROM OLD.funded_at)
            OR (NEW.erased_at IS NULL AND (OLD.sender_name, OLD.account_sealed, OLD.account_hint)
                IS DISTINCT FROM (NEW.sender_name, NEW.account_sealed, NEW.account_hint))
            OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at))
        EXECUTE FUNCTION refuse_other_terms()
        """
    )


def _whole() -> None:
    """What was ordered before stands as it was: each has the amounts of its quote."""
    install(
        "remittances",
        refuse_part_of_order="471483a9",
        begin_order_v1="efd3cde5",
        begin_order_v2="eca796c7",
    )
    op.execute("REVOKE EXECUTE ON FUNCTION refuse_part_of_order() FROM PUBLIC")
    op.execute(
        "CREATE CONSTRAINT TRIGGER whole_order AFTER INSERT ON remittances"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_part_of_order()"
    )


def _indexes() -> None:
    """Apart from the rest, so that nothing waits for them."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_remittances_quote_id_part")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_remittances_quote_id_part"
            " ON remittances (quote_id, part)"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_remittances_dues")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_remittances_dues"
            " ON remittances (enrollment_id, dues_due_on) WHERE enrollment_id IS NOT NULL"
            " AND NOT (status IN ('cancelled', 'refunding', 'refunded', 'failed'))"
        )
    replace_constraint("remittances", "uq_remittances_quote_id")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT uq_remittances_quote_id"
        " UNIQUE USING INDEX uq_remittances_quote_id_part"
    )


def _check(table: str, name: str, condition: str) -> None:
    constraint = f"ck_{table}_{name}"
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID")
    validate(table, constraint)
