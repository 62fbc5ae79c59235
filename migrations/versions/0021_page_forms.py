"""Answers of forms under way, and forms that were sent: both belong to one browser or account."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0021"
down_revision = "0020"

_VISIBLE = (
    "current_setting('app.consulate', true) = '*'"
    " OR owner = ANY (string_to_array(current_setting('app.form_owners', true), ','))"
)


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE drafts (
            id uuid CONSTRAINT pk_drafts PRIMARY KEY,
            owner text NOT NULL,
            content_sealed bytea NOT NULL,
            data_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_drafts_owner_created_at ON drafts (owner, created_at)")
    op.execute("CREATE INDEX ix_drafts_expires_at ON drafts (expires_at)")
    op.execute(
        """
        CREATE TABLE form_submissions (
            digest bytea CONSTRAINT pk_form_submissions PRIMARY KEY,
            owner text NOT NULL,
            begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            finished_at timestamptz,
            location text,
            session_sealed bytea,
            data_key bytea,
            CONSTRAINT ck_form_submissions_finished
                CHECK ((finished_at IS NULL) = (location IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_form_submissions_begun_at ON form_submissions (begun_at)")
    for table, age in (("drafts", "expires_at"), ("form_submissions", "begun_at")):
        grant(table, "SELECT, INSERT, UPDATE, DELETE", to=WEB)
        # The sweep, which reads nothing of what is in them.
        grant(table, f"DELETE, SELECT ({age})", to=WORKER)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})")
