"""Identity is proved at a window, by an officer, or with the state's sign-in, by neither.

A version that still runs names an office with every check, which stays allowed.
"""

from __future__ import annotations

from alembic import op

from migrations.support import replace_constraint, validate

revision = "0131"
down_revision = "0130"

_CHECKED = (
    "(checked_at IS NULL) = (person_id IS NULL) AND (checked_at IS NULL) = (document IS NULL)"
    " AND (checked_at IS NOT NULL OR consulate_code IS NULL)"
    " AND (consulate_code IS NOT NULL OR checked_by IS NULL)"
    " AND (consulate_code IS NOT NULL OR checked_at IS NULL OR account_id IS NOT NULL)"
)


def upgrade() -> None:
    replace_constraint("identity_checks", "ck_identity_checks_checked")
    op.execute(
        "ALTER TABLE identity_checks ADD CONSTRAINT ck_identity_checks_checked"
        f" CHECK ({_CHECKED}) NOT VALID"
    )
    validate("identity_checks", "ck_identity_checks_checked")
