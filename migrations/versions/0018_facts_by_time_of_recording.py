"""Figures as of a moment go by when each line was recorded; asking for one writes nothing.

Lines of before get the first moment at which they were counted, so that those moments answer as
they did. ``facts.xid`` and ``counted_at`` serve the version that still runs; a later migration
drops them.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, replace_constraint, validate

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE facts ADD COLUMN recorded_at timestamptz")
    op.execute("ALTER TABLE facts ALTER COLUMN recorded_at SET DEFAULT clock_timestamp()")
    op.execute("ALTER TABLE facts DISABLE TRIGGER append_only")
    op.execute(_BACKFILL)
    op.execute("ALTER TABLE facts ENABLE TRIGGER append_only")
    op.execute(
        "ALTER TABLE facts ADD CONSTRAINT ck_facts_recorded_at"
        " CHECK (recorded_at IS NOT NULL) NOT VALID"
    )
    validate("facts", "ck_facts_recorded_at")
    op.execute("ALTER TABLE facts ALTER COLUMN recorded_at SET NOT NULL")
    replace_constraint("facts", "ck_facts_recorded_at")
    op.execute(
        """
        CREATE TABLE facts_settled (
            single boolean CONSTRAINT pk_facts_settled PRIMARY KEY DEFAULT true
                CONSTRAINT ck_facts_settled_single CHECK (single),
            at timestamptz NOT NULL
        ) WITH (fillfactor = 10)
        """
    )
    # Nobody else writes facts until this transaction ends: the table is locked.
    op.execute("INSERT INTO facts_settled (at) VALUES (clock_timestamp())")
    grant("facts_settled", "SELECT")
    grant("facts_settled", "UPDATE (at)", to=WORKER)
    op.execute(SETTLE_FACTS)


# Between the moment before, which didn't count the line, and the first that did.
_BACKFILL = """
UPDATE facts SET recorded_at = greatest(
    least(facts.occurred_at, coalesce(seen.first, clock_timestamp())),
    (SELECT max(at) + interval '1 microsecond' FROM counted_at
     WHERE seen.first IS NULL OR at < seen.first))
FROM (
    SELECT xid, (
        SELECT min(at) FROM counted_at WHERE pg_visible_in_snapshot(x.xid, snapshot)) AS first
    FROM (SELECT DISTINCT xid FROM facts) x
) seen
WHERE seen.xid = facts.xid
"""

SETTLE_FACTS = """
CREATE FUNCTION settle_facts(p_seconds double precision) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_at timestamptz := clock_timestamp();
    v_writers text[];
BEGIN
    -- A replica can't see who writes at the primary.
    IF pg_is_in_recovery() THEN RETURN NULL; END IF;
    -- Whoever writes a fact holds this lock from before its recorded_at until after its commit.
    SELECT array_agg(virtualtransaction) INTO v_writers FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'public.facts'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid();
    WHILE v_writers IS NOT NULL AND EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'public.facts'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND mode = 'RowExclusiveLock' AND granted AND virtualtransaction = ANY (v_writers)
    ) LOOP
        IF clock_timestamp() > v_at + make_interval(secs => p_seconds) THEN RETURN NULL; END IF;
        PERFORM pg_sleep(0.002);
    END LOOP;
    RETURN v_at;
END $$
"""
