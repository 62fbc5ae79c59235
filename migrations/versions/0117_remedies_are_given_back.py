"""What goes back to a sender for an error is given by the provider, under a key of its own.

What was owed before stays with the person who was told to see to it.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, grant, replace_constraint, validate

revision = "0117"
down_revision = "0116"

_KINDS = (
    "'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',"
    " 'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying', 'job_parked',"
    " 'callback_unmatched', 'field_unusable', 'withdrawn_at_agency', 'process_dead',"
    " 'agency_unavailable', 'term_ending', 'asked_twice', 'given_after_end',"
    " 'results_contradict', 'sums_differ', 'books_differ', 'funding_returned',"
    " 'funding_contradicts', 'refund_due', 'name_listed', 'dispute_overdue', 'remedy_due'"
)
_SUBJECTS = (
    "'remittance', 'enrollment', 'agency_message', 'job', 'agency_field', 'process', 'agency',"
    " 'sums', 'dispute'"
)


def upgrade() -> None:
    _remedy_refunds()
    _check("ck_incidents_kind", f"kind IN ({_KINDS})")
    _check("ck_incidents_subject_kind", f"subject_kind IN ({_SUBJECTS})")


def _remedy_refunds() -> None:
    op.execute(
        """
        CREATE TABLE remedy_refunds (
            id uuid CONSTRAINT pk_remedy_refunds PRIMARY KEY,
            remittance_id uuid NOT NULL CONSTRAINT fk_remedy_refunds_remittance_id
                REFERENCES remittances,
            folio text NOT NULL CONSTRAINT uq_remedy_refunds_folio UNIQUE,
            amount_minor bigint NOT NULL CONSTRAINT ck_remedy_refunds_amount_minor
                CHECK (amount_minor > 0),
            state text NOT NULL CONSTRAINT ck_remedy_refunds_state
                CHECK (state IN ('owed', 'given', 'returned')),
            due_on date NOT NULL,
            owed_at timestamptz NOT NULL,
            asked_at timestamptz,
            settled_at timestamptz,
            CONSTRAINT ck_remedy_refunds_settled
                CHECK ((state = 'owed') = (settled_at IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_remedy_refunds_remittance_id ON remedy_refunds (remittance_id)")
    op.execute(
        "CREATE INDEX ix_remedy_refunds_owed ON remedy_refunds (due_on) WHERE state = 'owed'"
    )
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM remittances r WHERE r.id = remittance_id)"
    )
    op.execute("ALTER TABLE remedy_refunds ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE remedy_refunds FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON remedy_refunds USING ({visible}) WITH CHECK ({visible})")
    grant("remedy_refunds", "SELECT, INSERT")
    grant("remedy_refunds", "UPDATE (asked_at, settled_at, state)", to=WORKER)


def _check(name: str, condition: str) -> None:
    replace_constraint("incidents", name)
    op.execute(f"ALTER TABLE incidents ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    validate("incidents", name)
