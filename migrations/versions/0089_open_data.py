"""Versions of published data sets, and their files."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, append_only, grant

revision = "0089"
down_revision = "0088"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE dataset_versions (
            id uuid CONSTRAINT pk_dataset_versions PRIMARY KEY,
            dataset text NOT NULL,
            number integer NOT NULL CONSTRAINT ck_dataset_versions_number CHECK (number > 0),
            as_of timestamptz NOT NULL,
            threshold smallint NOT NULL,
            row_count integer NOT NULL,
            suppressed_count integer NOT NULL,
            changes_es text NOT NULL,
            changes_en text NOT NULL,
            published_at timestamptz NOT NULL,
            published_by uuid NOT NULL,
            CONSTRAINT uq_dataset_versions_dataset_number UNIQUE (dataset, number),
            CONSTRAINT ck_dataset_versions_both_languages
                CHECK (changes_es <> '' AND changes_en <> '')
        )
        """
    )
    op.execute(
        """
        CREATE TABLE dataset_files (
            version_id uuid NOT NULL
                CONSTRAINT fk_dataset_files_version_id REFERENCES dataset_versions,
            name text NOT NULL,
            media_type text NOT NULL,
            content bytea NOT NULL,
            sha256 text NOT NULL
                CONSTRAINT ck_dataset_files_sha256
                CHECK (sha256 = encode(sha256(content), 'hex')),
            CONSTRAINT pk_dataset_files PRIMARY KEY (version_id, name)
        )
        """
    )
    for table in ("dataset_versions", "dataset_files"):
        append_only(table)
        grant(table, "SELECT, INSERT", to=WEB)
