"""What is published of an election's counts is numbered; what was published stays to be read; what
was odd about a number is kept.

The database numbers, so that a version that still runs publishes with a number too.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, install, validate

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        CREATE TABLE election_versions (
            election text CONSTRAINT pk_election_versions PRIMARY KEY,
            version integer NOT NULL,
            at timestamptz NOT NULL
        )
        """
    )
    grant("election_versions", "SELECT, INSERT, UPDATE (version, at)")
    op.execute(
        "ALTER TABLE vote_counts ADD COLUMN warnings text[] NOT NULL DEFAULT '{}',"
        " ADD COLUMN published_version integer, ADD COLUMN published_at timestamptz"
    )
    grant("vote_counts", "UPDATE (warnings)", to=WEB)
    install("voting", number_publication="4d6d58df")
    op.execute(
        "CREATE TRIGGER number_publication BEFORE UPDATE ON vote_counts FOR EACH ROW"
        " WHEN (NEW.status = 'approved' AND OLD.status <> 'approved')"
        " EXECUTE FUNCTION number_publication()"
    )
    _number_what_is_there()
    op.execute(
        "ALTER TABLE vote_counts ADD CONSTRAINT ck_vote_counts_publication CHECK ("
        "num_nulls(published_version, published_at)"
        " = CASE WHEN status IN ('approved', 'superseded') THEN 0 ELSE 2 END) NOT VALID"
    )
    validate("vote_counts", "ck_vote_counts_publication")
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE UNIQUE INDEX uq_vote_counts_published_version"
        " ON vote_counts (election, published_version) WHERE published_version IS NOT NULL"
    )
    op.execute(
        "ALTER POLICY published ON vote_counts"
        " USING (status IN ('published', 'approved', 'superseded'))"
    )


def _number_what_is_there() -> None:
    op.execute(
        """
        UPDATE vote_counts SET published_version = n, published_at = approved_at FROM (
            SELECT id, row_number() OVER (PARTITION BY election ORDER BY approved_at, id) n
            FROM vote_counts WHERE status IN ('approved', 'superseded')) numbered
        WHERE numbered.id = vote_counts.id
        """
    )
    op.execute(
        """
        INSERT INTO election_versions (election, version, at)
        SELECT election, max(published_version), max(published_at)
        FROM vote_counts WHERE published_version IS NOT NULL GROUP BY election
        """
    )
