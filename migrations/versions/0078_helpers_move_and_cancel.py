"""A helper's link may move an appointment or cancel it, each once."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant, validate

revision = "0078"
down_revision = "0077"

_RULES = {
    "ck_helper_links_may": "may_book OR (appointment_id IS NOT NULL AND (may_move OR may_cancel))",
    "ck_helper_links_moved": "moved_at IS NULL OR (may_move AND appointment_id IS NOT NULL)",
    "ck_helper_links_cancelled": (
        "cancelled_at IS NULL OR (may_cancel AND appointment_id IS NOT NULL)"
    ),
}


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE helper_links
            ADD COLUMN may_book boolean NOT NULL DEFAULT true,
            ADD COLUMN may_move boolean NOT NULL DEFAULT false,
            ADD COLUMN may_cancel boolean NOT NULL DEFAULT false,
            ADD COLUMN moved_at timestamptz,
            ADD COLUMN cancelled_at timestamptz
        """
    )
    for name, rule in _RULES.items():
        op.execute(f"ALTER TABLE helper_links ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    for name in _RULES:
        validate("helper_links", name)
    grant("helper_links", "UPDATE (moved_at, cancelled_at)", to=WEB)
