"""People who were written twice: pointers from one row to another, which can be taken back."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant, secure

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE person_merges (
            id uuid NOT NULL,
            merged_id uuid NOT NULL CONSTRAINT fk_person_merges_merged_id REFERENCES people,
            person_id uuid NOT NULL CONSTRAINT fk_person_merges_person_id REFERENCES people,
            consulate_code text NOT NULL
                CONSTRAINT fk_person_merges_consulate_code REFERENCES consulates,
            document text NOT NULL,
            merged_by uuid NOT NULL,
            merged_at timestamptz NOT NULL,
            unmerged_by uuid,
            unmerged_at timestamptz,
            CONSTRAINT pk_person_merges PRIMARY KEY (id, merged_id),
            CONSTRAINT ck_person_merges_two_rows CHECK (merged_id <> person_id),
            CONSTRAINT ck_person_merges_unmerged
                CHECK ((unmerged_at IS NULL) = (unmerged_by IS NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_person_merges_merged_id ON person_merges (merged_id)"
        " WHERE unmerged_at IS NULL"
    )
    op.execute("CREATE INDEX ix_person_merges_merged_id ON person_merges (merged_id)")
    op.execute("CREATE INDEX ix_person_merges_person_id ON person_merges (person_id)")
    secure("person_merges", account=None)
    grant("person_merges", "SELECT", to=APPLICATION)
    grant("person_merges", "INSERT, UPDATE (unmerged_by, unmerged_at)", to=WEB)
    grant("person_merges", "UPDATE (document)", to=WORKER)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_people_birth_date")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_people_birth_date"
            " ON people (birth_date, consulate_code)"
        )
