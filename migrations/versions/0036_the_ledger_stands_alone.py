"""The ledger knows no remittance: an entry is about a subject, whatever that is.

``remittance_id`` holds the same for the version before, without its foreign key; a later migration
drops it with ``post_entry``.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, install, replace_constraint, validate

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute("ALTER TABLE journal_entries ADD COLUMN subject_id uuid")
    op.execute("ALTER TABLE journal_entries DISABLE TRIGGER append_only")
    op.execute("UPDATE journal_entries SET subject_id = remittance_id")
    op.execute("ALTER TABLE journal_entries ENABLE TRIGGER append_only")
    op.execute(
        "ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_subject_id"
        " CHECK (subject_id IS NOT NULL) NOT VALID"
    )
    validate("journal_entries", "ck_journal_entries_subject_id")
    op.execute("ALTER TABLE journal_entries ALTER COLUMN subject_id SET NOT NULL")
    replace_constraint("journal_entries", "ck_journal_entries_subject_id")
    # The table is locked already: its rows have just been rewritten.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_journal_entries_subject_id ON journal_entries (subject_id)"
    )
    # The version before goes on writing it, and finds it written by this one.
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE journal_entries ALTER COLUMN remittance_id DROP NOT NULL"
    )
    replace_constraint("journal_entries", "fk_journal_entries_remittance_id")
    install("ledger", post_entry_v2="04b4d446", post_entry="51c251e2")
    op.execute(
        "REVOKE ALL ON FUNCTION post_entry_v2(uuid, text, text, uuid, timestamptz, jsonb)"
        " FROM PUBLIC"
    )
    op.execute(
        "GRANT EXECUTE ON FUNCTION post_entry_v2(uuid, text, text, uuid, timestamptz, jsonb)"
        f" TO {APPLICATION}"
    )
