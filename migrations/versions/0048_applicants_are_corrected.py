"""The web may correct an applicant: a request then names another row of people."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    grant("enrollments", "UPDATE (details_sealed, person_id)", to=WEB)
