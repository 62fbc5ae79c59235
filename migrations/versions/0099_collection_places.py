"""Where cash is collected, as the agency lists it, and what a sender chose of it."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, validate

revision = "0099"
down_revision = "0098"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE collection_places (
            code text CONSTRAINT pk_collection_places PRIMARY KEY,
            municipality text NOT NULL,
            name text NOT NULL,
            address text NOT NULL,
            hours text NOT NULL,
            latitude double precision NOT NULL,
            longitude double precision NOT NULL,
            seen_at timestamptz NOT NULL,
            closed_at timestamptz
        )
        """
    )
    grant("collection_places", "SELECT")
    grant("collection_places", "INSERT, UPDATE", to=WORKER)
    op.execute("ALTER TABLE remittances ADD COLUMN place_code text")
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT fk_remittances_place_code"
        " FOREIGN KEY (place_code) REFERENCES collection_places NOT VALID"
    )
    op.execute(
        "ALTER TABLE remittances ADD CONSTRAINT ck_remittances_place"
        " CHECK (place_code IS NULL OR payout = 'branch') NOT VALID"
    )
    for constraint in ("fk_remittances_place_code", "ck_remittances_place"):
        validate("remittances", constraint)
