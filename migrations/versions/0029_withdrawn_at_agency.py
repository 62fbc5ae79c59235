"""An incident for a request that an agency has, withdrawn after a check of identity.

``holders_key`` now stands with the checks.
"""

from __future__ import annotations

from alembic import op

from migrations.support import install, replace_constraint, validate

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    replace_constraint("incidents", "ck_incidents_kind")
    op.execute(
        "ALTER TABLE incidents ADD CONSTRAINT ck_incidents_kind CHECK (kind IN ("
        "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
        " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
        " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency')) NOT VALID"
    )
    validate("incidents", "ck_incidents_kind")
    install("identity", holders_key="72159dfb")
