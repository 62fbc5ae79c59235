"""Requests that travel by file, and what the population register says of a CURP."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, replace_constraint, validate

revision = "0049"
down_revision = "0048"

_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused', 'cancel_refused',"
    " 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked', 'callback_unmatched',"
    " 'field_unusable', 'withdrawn_at_agency', 'process_dead', 'agency_unavailable',"
    " 'term_ending', 'asked_twice', 'given_after_end', 'results_contradict'"
)


def upgrade() -> None:
    _checks()
    _batches()
    _rows()
    replace_constraint("incidents", "ck_incidents_kind")
    op.execute(
        f"ALTER TABLE incidents ADD CONSTRAINT ck_incidents_kind CHECK (kind IN ({_KINDS}))"
        " NOT VALID"
    )
    validate("incidents", "ck_incidents_kind")


def _checks() -> None:
    op.execute("ALTER TABLE enrollments ADD COLUMN curp_check text, ADD COLUMN curp_differs text[]")
    op.execute(
        "ALTER TABLE enrollments ADD CONSTRAINT ck_enrollments_curp_check CHECK (curp_check IN ("
        "'agrees', 'differs', 'unchecked', 'unknown', 'replaced', 'cancelled')) NOT VALID"
    )
    validate("enrollments", "ck_enrollments_curp_check")


def _batches() -> None:
    op.execute(
        """
        CREATE TABLE enrollment_batches (
            id uuid CONSTRAINT pk_enrollment_batches PRIMARY KEY,
            key text NOT NULL CONSTRAINT uq_enrollment_batches_key UNIQUE,
            agency text NOT NULL,
            day date NOT NULL,
            status text NOT NULL CONSTRAINT ck_enrollment_batches_status CHECK (
                status IN ('open', 'sending', 'unknown', 'sent', 'answered')),
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_enrollment_batches_open ON enrollment_batches (changed_at)"
        " WHERE status <> 'answered'"
    )
    grant("enrollment_batches", "SELECT, INSERT, UPDATE (status, changed_at)", to=WORKER)


def _rows() -> None:
    # Only the workers come here, who see every row: row security would hide nothing.
    op.execute(
        """
        CREATE TABLE enrollment_batch_rows (
            id uuid CONSTRAINT pk_enrollment_batch_rows PRIMARY KEY,
            agency text NOT NULL,
            enrollment_id uuid NOT NULL
                CONSTRAINT fk_enrollment_batch_rows_enrollment_id
                REFERENCES enrollments (id),
            batch_id uuid
                CONSTRAINT fk_enrollment_batch_rows_batch_id
                REFERENCES enrollment_batches (id),
            queued_at timestamptz NOT NULL,
            settled_at timestamptz,
            outcome text CONSTRAINT ck_enrollment_batch_rows_outcome CHECK (
                outcome IN ('taken', 'lost', 'withdrawn', 'forgotten')),
            CONSTRAINT ck_enrollment_batch_rows_settled CHECK (
                (outcome IS NULL) = (settled_at IS NULL)),
            CONSTRAINT ck_enrollment_batch_rows_in_batch CHECK (
                batch_id IS NOT NULL OR settled_at IS NULL)
        )
        """
    )
    for index in (
        "UNIQUE INDEX uq_enrollment_batch_rows_open ON enrollment_batch_rows (enrollment_id)"
        " WHERE settled_at IS NULL",
        "INDEX ix_enrollment_batch_rows_enrollment_id ON enrollment_batch_rows (enrollment_id)",
        "INDEX ix_enrollment_batch_rows_batch_id ON enrollment_batch_rows (batch_id)",
        "INDEX ix_enrollment_batch_rows_waiting ON enrollment_batch_rows (agency, id)"
        " WHERE batch_id IS NULL AND settled_at IS NULL",
    ):
        op.execute(f"CREATE {index}")
    grant(
        "enrollment_batch_rows",
        "SELECT, INSERT, UPDATE (batch_id, settled_at, outcome)",
        to=WORKER,
    )
