"""Notes of analysts on charts: a storm, a mobile consulate."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE chart_notes (
            id uuid CONSTRAINT pk_chart_notes PRIMARY KEY,
            text text NOT NULL,
            consulate_code text CONSTRAINT fk_chart_notes_consulate_code REFERENCES consulates,
            first_day date NOT NULL,
            last_day date NOT NULL,
            added_at timestamptz NOT NULL,
            added_by uuid NOT NULL,
            removed_at timestamptz,
            removed_by uuid,
            CONSTRAINT ck_chart_notes_days CHECK (first_day <= last_day),
            CONSTRAINT ck_chart_notes_text CHECK (length(text) BETWEEN 1 AND 160),
            CONSTRAINT ck_chart_notes_removed
                CHECK ((removed_at IS NULL) = (removed_by IS NULL))
        )
        """
    )
    secure("chart_notes", account=None)
    grant("chart_notes", "SELECT, INSERT, UPDATE (removed_at, removed_by)", to=WEB)
    grant("chart_notes", "SELECT", to=WORKER)
