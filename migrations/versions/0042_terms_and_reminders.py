"""Last days of terms, and what somebody was reminded of.

Incidents about an agency's term, and about what it says against the law or too late.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, replace_constraint, validate

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.execute("ALTER TABLE enrollments ADD COLUMN pay_by date, ADD COLUMN covered_to date")
    _reminders()
    replace_constraint("incidents", "ck_incidents_kind")
    op.execute(
        "ALTER TABLE incidents ADD CONSTRAINT ck_incidents_kind CHECK (kind IN ("
        "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
        " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
        " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency', 'process_dead',"
        " 'agency_unavailable', 'term_ending', 'asked_twice', 'given_after_end')) NOT VALID"
    )
    validate("incidents", "ck_incidents_kind")
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_enrollments_covered_to")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_enrollments_covered_to"
            " ON enrollments (covered_to) WHERE status = 'active'"
        )


def _reminders() -> None:
    op.execute(
        """
        CREATE TABLE enrollment_reminders (
            enrollment_id uuid NOT NULL
                CONSTRAINT fk_enrollment_reminders_enrollment_id REFERENCES enrollments (id),
            kind text NOT NULL,
            last_day date NOT NULL,
            CONSTRAINT pk_enrollment_reminders PRIMARY KEY (enrollment_id, kind, last_day)
        )
        """
    )
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM enrollments e WHERE e.id = enrollment_id)"
    )
    op.execute("ALTER TABLE enrollment_reminders ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE enrollment_reminders FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON enrollment_reminders USING ({visible}) WITH CHECK ({visible})"
    )
    grant("enrollment_reminders", "SELECT, INSERT", to=WORKER)
