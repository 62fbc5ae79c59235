"""Documents of folders: sealed files that were made anew, never those that were sent."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE documents (
            id uuid CONSTRAINT pk_documents PRIMARY KEY,
            folder_id uuid NOT NULL CONSTRAINT fk_documents_folder_id REFERENCES folders,
            kind text NOT NULL,
            state text NOT NULL CONSTRAINT ck_documents_state
                CHECK (state IN ('in_use', 'replaced', 'removed')),
            position smallint CONSTRAINT ck_documents_position CHECK (position BETWEEN 1 AND 20),
            replaces uuid CONSTRAINT fk_documents_replaces REFERENCES documents ON DELETE SET NULL,
            stored text NOT NULL CONSTRAINT ck_documents_stored CHECK (stored IN ('pdf', 'jpeg')),
            pages smallint NOT NULL,
            size integer NOT NULL,
            sha256 bytea NOT NULL,
            name_sealed bytea,
            file_sealed bytea,
            preview_sealed bytea,
            uploaded_by_role text NOT NULL,
            uploaded_by uuid,
            uploaded_at timestamptz NOT NULL,
            confirmed_at timestamptz,
            sent_at timestamptz,
            ended_at timestamptz,
            CONSTRAINT ck_documents_in_use CHECK (
                (state = 'in_use') = (position IS NOT NULL)
                AND (state = 'in_use') = (ended_at IS NULL)),
            CONSTRAINT ck_documents_content CHECK (
                (state = 'removed') = (file_sealed IS NULL)
                AND num_nonnulls(file_sealed, preview_sealed, name_sealed) IN (0, 3)),
            CONSTRAINT ck_documents_removed CHECK (state <> 'removed' OR sent_at IS NULL),
            CONSTRAINT uq_documents_position UNIQUE (folder_id, position),
            CONSTRAINT uq_documents_replaces UNIQUE (replaces)
        )
        """
    )
    # What is sealed can't be packed; trying would only take time.
    for column in ("file_sealed", "preview_sealed"):
        op.execute(f"ALTER TABLE documents ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX ix_documents_folder_id ON documents (folder_id)")
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM folders f WHERE f.id = folder_id)"
    )
    op.execute("ALTER TABLE documents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE documents FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON documents USING ({visible}) WITH CHECK ({visible})")
    grant("documents", "SELECT, INSERT")
    grant(
        "documents",
        "UPDATE (state, position, name_sealed, file_sealed, preview_sealed, confirmed_at, sent_at,"
        " ended_at)",
    )
    grant("documents", "DELETE", to=WORKER)
