"""Published series say their period, reservations and source in Spanish as well."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE published_series ADD COLUMN period_es text, ADD COLUMN note_es text,"
        " ADD COLUMN source_es text"
    )
