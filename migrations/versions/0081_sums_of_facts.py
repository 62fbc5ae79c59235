"""Sums of facts are kept; each cube of them says up to which moment of recording it has them.

The workers build them once they run; until then figures are counted line by line.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, replace_constraint, validate

revision = "0081"
down_revision = "0080"

_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
    " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
    " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency', 'process_dead',"
    " 'agency_unavailable', 'term_ending', 'asked_twice', 'given_after_end',"
    " 'results_contradict', 'sums_differ'"
)
_SUBJECTS = (
    "'remittance', 'enrollment', 'agency_message', 'job', 'agency_field', 'process', 'agency',"
    " 'sums'"
)


def upgrade() -> None:
    _cells()
    _incidents()
    # Apart from the rest: nothing waits for it.
    with op.get_context().autocommit_block():
        # One that was interrupted before would be there without being usable.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_facts_recorded_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_facts_recorded_at ON facts (recorded_at)"
        )


def _cells() -> None:
    op.execute(
        """
        CREATE TABLE fact_cubes (
            id smallint CONSTRAINT pk_fact_cubes PRIMARY KEY,
            name text NOT NULL CONSTRAINT uq_fact_cubes_name UNIQUE,
            at timestamptz,
            damaged_at timestamptz,
            CONSTRAINT ck_fact_cubes_damaged CHECK (at IS NULL OR damaged_at IS NULL)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE fact_cells (
            cube smallint NOT NULL,
            kind text NOT NULL,
            level text NOT NULL
                CONSTRAINT ck_fact_cells_level CHECK (level IN ('year', 'month', 'day')),
            period date NOT NULL,
            value_1 text NOT NULL,
            value_2 text NOT NULL,
            value_3 text NOT NULL,
            status text NOT NULL,
            quantity bigint NOT NULL,
            people bigint NOT NULL,
            services bigint NOT NULL,
            CONSTRAINT pk_fact_cells PRIMARY KEY (
                cube, kind, level, period, value_1, value_2, value_3, status),
            CONSTRAINT ck_fact_cells_counts CHECK (
                quantity <> 0 OR people <> 0 OR services <> 0)
        ) WITH (fillfactor = 90)
        """
    )
    grant("fact_cubes", "SELECT")
    grant("fact_cubes", "INSERT, UPDATE (at, damaged_at)", to=WORKER)
    grant("fact_cells", "SELECT")
    grant("fact_cells", "INSERT, DELETE, UPDATE (quantity, people, services)", to=WORKER)


def _incidents() -> None:
    for name, column, values in (
        ("ck_incidents_kind", "kind", _KINDS),
        ("ck_incidents_subject_kind", "subject_kind", _SUBJECTS),
    ):
        replace_constraint("incidents", name)
        op.execute(
            f"ALTER TABLE incidents ADD CONSTRAINT {name} CHECK ({column} IN ({values})) NOT VALID"
        )
        validate("incidents", name)
