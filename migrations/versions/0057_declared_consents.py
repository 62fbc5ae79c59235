"""Staff who ask by another system declare the person's consent.

The constraints let everything be that they let be before.
"""

from __future__ import annotations

from alembic import op

from migrations.support import replace_constraint, validate

revision = "0057"
down_revision = "0056"

_BEFORE = ("consent", "in_person")
_CHECKS = {
    "consent": "consent IN ('identity_shown', 'code', 'spoken', 'declared')",
    "in_person": "consent = 'declared' OR (channel = 'in_person') = (consent = 'identity_shown')",
    "document": "(consent = 'identity_shown') = (document IS NOT NULL)",
}


def upgrade() -> None:
    for name, condition in _CHECKS.items():
        constraint = f"ck_assisted_requests_{name}"
        if name in _BEFORE:
            replace_constraint("assisted_requests", constraint)
        op.execute(
            f"ALTER TABLE assisted_requests ADD CONSTRAINT {constraint}"
            f" CHECK ({condition}) NOT VALID"
        )
        validate("assisted_requests", constraint)
