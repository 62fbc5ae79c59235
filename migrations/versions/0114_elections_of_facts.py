"""A fact of a vote says of which election it is: numbers of two elections are no sum of anything.

The lines that are there are those of the counts, some thousands, found by their index whatever else
the table holds. Sums by election are new ones, which the workers build.
"""

from __future__ import annotations

from alembic import op

from migrations.support import install, validate

revision = "0114"
down_revision = "0113"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute("ALTER TABLE facts ADD COLUMN election text")
    op.execute("ALTER TABLE facts DISABLE TRIGGER append_only")
    op.execute(
        """
        UPDATE facts SET election = vote_counts.election FROM vote_counts
        WHERE vote_counts.id = facts.subject_id AND vote_counts.election IS NOT NULL
        """
    )
    op.execute("ALTER TABLE facts ENABLE TRIGGER append_only")
    op.execute(
        r"""
        ALTER TABLE facts ADD CONSTRAINT ck_facts_election CHECK (
            CASE WHEN kind LIKE 'vote\_count.%' THEN coalesce(election ~ '^[0-9]{4}$', false)
                ELSE election IS NULL END) NOT VALID
        """
    )
    validate("facts", "ck_facts_election")
    install("facts", name_election="cd490348")
    op.execute(
        r"""
        CREATE TRIGGER name_election BEFORE INSERT ON facts FOR EACH ROW
        WHEN (NEW.election IS NULL AND NEW.kind LIKE 'vote\_count.%')
        EXECUTE FUNCTION name_election()
        """
    )
