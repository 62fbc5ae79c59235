"""Statuses of an appointment and of an unknown outcome; no step that the rules don't have.

What an agency says besides, its terms and who took each step are kept. More information is asked
for once.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, replace_constraint, validate

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    _statuses()
    _columns()
    install("enrollments", enrollment_step_allowed="81a2cdf8", refuse_enrollment_step="30d27c9f")
    op.execute(
        "CREATE TRIGGER step BEFORE INSERT OR UPDATE OF status ON enrollments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_enrollment_step()"
    )
    _indexes()


def _statuses() -> None:
    replace_constraint("enrollments", "ck_enrollments_status")
    op.execute(
        "ALTER TABLE enrollments ADD CONSTRAINT ck_enrollments_status CHECK (status IN ("
        "'received', 'in_review', 'more_information_requested', 'appointment_scheduled',"
        " 'sent_to_agency', 'unknown', 'payment_pending', 'active', 'rejected', 'withdrawn',"
        " 'ended')) NOT VALID"
    )
    validate("enrollments", "ck_enrollments_status")


def _columns() -> None:
    op.execute(
        """
        ALTER TABLE enrollments
            ADD COLUMN details_sealed bytea,
            ADD COLUMN agency_changed_at timestamptz,
            ADD COLUMN answer_by date,
            ADD COLUMN resolve_by date
        """
    )
    grant("enrollments", "UPDATE (answer_by, resolve_by)", to=WEB)
    op.execute("ALTER TABLE enrollment_events ADD COLUMN actor text")
    op.execute(
        "ALTER TABLE enrollment_events ADD CONSTRAINT ck_enrollment_events_actor CHECK"
        " (actor IN ('applicant', 'staff', 'agency', 'system')) NOT VALID"
    )
    validate("enrollment_events", "ck_enrollment_events_actor")


def _indexes() -> None:
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_enrollments_to_ask")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_enrollments_to_ask"
            " ON enrollments (changed_at)"
            " WHERE status IN ('received', 'in_review', 'more_information_requested',"
            " 'appointment_scheduled', 'sent_to_agency', 'unknown', 'payment_pending')"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_enrollments_undecided")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_enrollment_events_asked_once")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_enrollment_events_asked_once"
            " ON enrollment_events (enrollment_id)"
            " WHERE status = 'more_information_requested'"
        )
