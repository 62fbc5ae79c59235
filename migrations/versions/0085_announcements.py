"""Announcements that every page shows, or those of an office."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE announcements (
            id uuid CONSTRAINT pk_announcements PRIMARY KEY,
            kind text NOT NULL
                CONSTRAINT ck_announcements_kind CHECK (kind IN ('outage', 'closure', 'fraud')),
            text_es text NOT NULL,
            text_en text NOT NULL,
            consulate_code text
                CONSTRAINT fk_announcements_consulate_code REFERENCES consulates,
            begins_at timestamptz NOT NULL,
            ends_at timestamptz,
            posted_at timestamptz NOT NULL,
            posted_by uuid NOT NULL,
            withdrawn_at timestamptz,
            withdrawn_by uuid,
            CONSTRAINT ck_announcements_both_languages CHECK (text_es <> '' AND text_en <> ''),
            CONSTRAINT ck_announcements_ends CHECK (ends_at > begins_at),
            CONSTRAINT ck_announcements_withdrawn
                CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_announcements_posted ON announcements (posted_at)"
        " WHERE withdrawn_at IS NULL"
    )
    secure("announcements", account=None)
    grant("announcements", "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by)", to=WEB)
    grant("announcements", "SELECT", to=WORKER)
