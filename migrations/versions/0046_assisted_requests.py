"""How a person consented for whom staff ask for an enrollment."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE assisted_requests (
            enrollment_id uuid CONSTRAINT pk_assisted_requests PRIMARY KEY
                CONSTRAINT fk_assisted_requests_enrollment_id REFERENCES enrollments,
            channel text NOT NULL CONSTRAINT ck_assisted_requests_channel
                CHECK (channel IN ('in_person', 'telephone')),
            consent text NOT NULL CONSTRAINT ck_assisted_requests_consent
                CHECK (consent IN ('identity_shown', 'code', 'spoken')),
            document text,
            asked_by uuid NOT NULL,
            asked_by_role text NOT NULL,
            asked_at timestamptz NOT NULL,
            CONSTRAINT ck_assisted_requests_in_person CHECK (
                (channel = 'in_person') = (consent = 'identity_shown')
                AND (channel = 'in_person') = (document IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_assisted_requests_asked_by ON assisted_requests (asked_by)")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM enrollments e WHERE e.id = enrollment_id)"
    )
    op.execute("ALTER TABLE assisted_requests ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE assisted_requests FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON assisted_requests USING ({visible}) WITH CHECK ({visible})"
    )
    grant("assisted_requests", "SELECT, INSERT")
    grant("assisted_requests", "UPDATE (document)", to=WORKER)
