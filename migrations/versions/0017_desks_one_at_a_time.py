"""One desk serves one session at a time; sessions can be closed.

Desks that overlapped before this migration stay as they are: all of them belong to one group, and
the constraint holds between desks of different groups only. So what is opened from now on, each
session a group of its own, overlaps neither what there was nor what else is opened.

A trigger copies office and hours from the session, so that a version that still runs meanwhile
opens sessions under the same constraint.
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

BEFORE = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    # Comes with PostgreSQL and is trusted: the database's owner may install it.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("ALTER TABLE sessions ADD COLUMN closed_at timestamptz, ADD COLUMN closed_by uuid")
    op.execute(
        "ALTER TABLE desks ADD COLUMN consulate_code text, ADD COLUMN held tsrange,"
        f" ADD COLUMN overlap_group uuid NOT NULL DEFAULT '{BEFORE}'"
    )
    op.execute(
        """
        UPDATE desks SET consulate_code = s.consulate_code,
            held = tsrange(s.day + s.opens, s.day + s.closes)
        FROM sessions s WHERE s.id = desks.session_id
        """
    )
    op.execute(HOLD_DESK)
    op.execute(
        "CREATE TRIGGER hold_desk BEFORE INSERT ON desks FOR EACH ROW EXECUTE FUNCTION hold_desk()"
    )
    op.execute(
        """
        -- squawk-ignore constraint-missing-not-valid
        ALTER TABLE desks ADD CONSTRAINT ex_desks_held EXCLUDE USING gist (
            consulate_code WITH =, lower(name) WITH =, held WITH &&, overlap_group WITH <>)
        """
    )


HOLD_DESK = """
CREATE FUNCTION hold_desk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT consulate_code, tsrange(day + opens, day + closes), id
        INTO NEW.consulate_code, NEW.held, NEW.overlap_group
        FROM sessions WHERE id = NEW.session_id;
    RETURN NEW;
END $$
"""
