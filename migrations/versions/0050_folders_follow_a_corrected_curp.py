"""A folder is known by its person's CURP, also once an agency had that corrected."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    grant("folders", "UPDATE (person_key)", to=WEB)
