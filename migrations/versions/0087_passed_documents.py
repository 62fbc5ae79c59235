"""Which documents an agency has of which request."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE passed_documents (
            enrollment_id uuid NOT NULL
                CONSTRAINT fk_passed_documents_enrollment_id REFERENCES enrollments (id),
            document_id uuid NOT NULL
                CONSTRAINT fk_passed_documents_document_id
                REFERENCES documents (id) ON DELETE CASCADE,
            passed_at timestamptz NOT NULL,
            CONSTRAINT pk_passed_documents PRIMARY KEY (enrollment_id, document_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_passed_documents_document_id ON passed_documents (document_id)")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM enrollments e WHERE e.id = enrollment_id)"
    )
    op.execute("ALTER TABLE passed_documents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE passed_documents FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON passed_documents USING ({visible}) WITH CHECK ({visible})"
    )
    grant("passed_documents", "SELECT, INSERT", to=WORKER)
