"""A fact names by what it is counted: a column each for service, programme, payout and mode.

``program`` held all four. Every line keeps both ways while a version that knows only ``program``
may run: the trigger fills in what isn't given. A later migration drops ``program``, the trigger and
``record_fact``.
"""

from __future__ import annotations

from alembic import op

from migrations.support import install

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE facts
            ADD COLUMN service_code text,
            ADD COLUMN program_code text,
            ADD COLUMN payout text,
            ADD COLUMN vote_mode text
        """
    )
    op.execute("ALTER TABLE facts DISABLE TRIGGER append_only")
    op.execute(
        """
        UPDATE facts SET
            service_code = CASE WHEN kind = 'appointment' THEN program END,
            program_code = CASE WHEN kind = 'enrollment' THEN program END,
            payout = CASE WHEN kind = 'remittance' THEN program END,
            vote_mode = CASE WHEN kind LIKE 'vote\\_count.%' THEN program END
        """
    )
    op.execute("ALTER TABLE facts ENABLE TRIGGER append_only")
    install("facts", record_fact_v2="07b5b3af", record_fact="e0829bbb", name_dimensions="ea9f7c6a")
    install("appointments", book_appointment_v2="bcd916bf")
    op.execute(
        "CREATE TRIGGER name_dimensions BEFORE INSERT ON facts"
        " FOR EACH ROW EXECUTE FUNCTION name_dimensions()"
    )
