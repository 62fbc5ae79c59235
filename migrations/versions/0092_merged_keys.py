"""Whoever was merged with another spelling of their names claims places under every spelling."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant, install

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE merged_keys (
            person_key bytea NOT NULL,
            merge_id uuid NOT NULL,
            CONSTRAINT pk_merged_keys PRIMARY KEY (person_key, merge_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_merged_keys_merge_id ON merged_keys (merge_id)")
    # Keys of their names; of a CURP only the application knows the hash.
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        INSERT INTO merged_keys (person_key, merge_id)
        SELECT DISTINCT p.name_index, m.id FROM person_merges m
        JOIN people p ON p.id IN (m.merged_id, m.person_id)
        WHERE m.unmerged_at IS NULL AND p.erased_at IS NULL
        """
    )
    op.execute("ALTER TABLE merged_keys ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE merged_keys FORCE ROW LEVEL SECURITY")
    visible = "coalesce(current_setting('app.consulate', true), '') <> ''"
    op.execute(f"CREATE POLICY visible ON merged_keys USING ({visible}) WITH CHECK ({visible})")
    grant("merged_keys", "SELECT", to=APPLICATION)
    grant("merged_keys", "INSERT, DELETE", to=WEB)
    grant("merged_keys", "DELETE", to=WORKER)
    install("identity", holders_keys="0939ffae")
    install(
        "appointments",
        booking_refusal="085617fa",
        book_appointment_v4="c9d726b4",
    )
