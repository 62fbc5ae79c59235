"""What is left out of a month of a data set is worked out ahead of its preview, by a job."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0124"
down_revision = "0123"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE dataset_months (
            counted text CONSTRAINT pk_dataset_months PRIMARY KEY,
            left_out jsonb NOT NULL,
            unsafe integer NOT NULL,
            prepared_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """
    )
    grant("dataset_months", "SELECT", to=WEB)
    grant("dataset_months", "SELECT, INSERT, DELETE", to=WORKER)
    # What a job compares the months with.
    grant("dataset_versions", "SELECT", to=WORKER)
    grant("dataset_files", "SELECT", to=WORKER)
