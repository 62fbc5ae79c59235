"""Enrolments with their history and live claims; what agencies told us, kept for ever."""

from __future__ import annotations

from alembic import op

from migrations.support import append_only, grant, secure

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _enrollments()
    _history()
    _inbox()


def _enrollments() -> None:
    op.execute(
        """
        CREATE TABLE enrollments (
            id uuid CONSTRAINT pk_enrollments PRIMARY KEY,
            folio text NOT NULL CONSTRAINT uq_enrollments_folio UNIQUE,
            program text NOT NULL,
            consulate_code text
                CONSTRAINT fk_enrollments_consulate_code REFERENCES consulates (code),
            account_id uuid CONSTRAINT fk_enrollments_account_id REFERENCES accounts (id),
            person_id uuid NOT NULL CONSTRAINT fk_enrollments_person_id REFERENCES people (id),
            status text NOT NULL CONSTRAINT ck_enrollments_status CHECK (status IN (
                'received', 'in_review', 'more_information_requested', 'sent_to_agency',
                'payment_pending', 'active', 'rejected', 'withdrawn', 'ended')),
            reason_code text,
            data_sealed bytea NOT NULL,
            result_sealed bytea,
            consents text[] NOT NULL CONSTRAINT ck_enrollments_consents
                CHECK ('transfer_to_agency' = ANY (consents)),
            consented_at timestamptz NOT NULL,
            language text NOT NULL,
            day date NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_enrollments_account_id ON enrollments (account_id)")
    op.execute(
        "CREATE INDEX ix_enrollments_consulate_code_created_at"
        " ON enrollments (consulate_code, created_at)"
    )
    op.execute(
        "CREATE INDEX ix_enrollments_undecided ON enrollments (changed_at)"
        " WHERE status IN ('received', 'sent_to_agency', 'in_review')"
    )
    grant("enrollments", "SELECT, INSERT, UPDATE")
    secure("enrollments")
    op.execute(
        """
        CREATE TABLE enrollment_claims (
            person_key bytea NOT NULL,
            program text NOT NULL,
            account_id uuid,
            enrollment_id uuid NOT NULL
                CONSTRAINT fk_enrollment_claims_enrollment_id REFERENCES enrollments (id),
            CONSTRAINT pk_enrollment_claims PRIMARY KEY (person_key, program)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_enrollment_claims_enrollment_id ON enrollment_claims (enrollment_id)"
    )
    grant("enrollment_claims", "SELECT, INSERT, DELETE")


def _history() -> None:
    op.execute(
        """
        CREATE TABLE enrollment_events (
            enrollment_id uuid NOT NULL
                CONSTRAINT fk_enrollment_events_enrollment_id REFERENCES enrollments (id),
            position smallint NOT NULL,
            status text NOT NULL,
            at timestamptz NOT NULL,
            reason_code text,
            CONSTRAINT pk_enrollment_events PRIMARY KEY (enrollment_id, position)
        )
        """
    )
    append_only("enrollment_events")
    grant("enrollment_events", "SELECT, INSERT")


def _inbox() -> None:
    op.execute(
        """
        CREATE TABLE agency_messages (
            agency text NOT NULL,
            message_id text NOT NULL,
            id uuid NOT NULL CONSTRAINT uq_agency_messages_id UNIQUE,
            folio text NOT NULL,
            received_at timestamptz NOT NULL,
            CONSTRAINT pk_agency_messages PRIMARY KEY (agency, message_id)
        )
        """
    )
    append_only("agency_messages")
    grant("agency_messages", "SELECT, INSERT")
    # Done items are swept away after a while.
    grant("outbox", "DELETE")
