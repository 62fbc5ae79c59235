"""Incidents for a person to look at, suspense in the ledger, and waits that end."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, append_only, grant, replace_constraint, validate

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    _incidents()
    _steps()
    _suspense()
    _waits()


def _network_only(table: str) -> None:
    """Row security: for work on behalf of the network; no office and no citizen sees any."""
    visible = "current_setting('app.consulate', true) = '*'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")


def _incidents() -> None:
    op.execute(
        """
        CREATE TABLE incidents (
            id uuid CONSTRAINT pk_incidents PRIMARY KEY,
            kind text NOT NULL CONSTRAINT ck_incidents_kind CHECK (kind IN (
                'paid_after_refund', 'refused_after_paid', 'amount_differs', 'key_reused',
                'cancel_refused', 'answer_overdue', 'agency_silent', 'job_retrying',
                'job_parked', 'callback_unmatched', 'field_unusable')),
            subject_kind text NOT NULL CONSTRAINT ck_incidents_subject_kind CHECK (
                subject_kind IN ('remittance', 'enrollment', 'agency_message', 'job',
                'agency_field')),
            subject_id uuid NOT NULL,
            detail jsonb NOT NULL DEFAULT '{}',
            suspense_minor bigint NOT NULL DEFAULT 0,
            suspense_cleared_at timestamptz,
            times integer NOT NULL DEFAULT 1,
            opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            taken_by uuid,
            taken_at timestamptz,
            resolved_by uuid,
            resolved_at timestamptz,
            resolution text CONSTRAINT ck_incidents_resolution CHECK (
                resolution IN ('explained', 'corrected', 'written_off', 'recovered')),
            CONSTRAINT ck_incidents_resolved CHECK (
                (resolved_at IS NULL) = (resolution IS NULL)),
            CONSTRAINT ck_incidents_resolved_by CHECK (
                resolution IS NULL OR (resolution = 'recovered') = (resolved_by IS NULL)),
            CONSTRAINT ck_incidents_taken CHECK ((taken_at IS NULL) = (taken_by IS NULL)),
            CONSTRAINT ck_incidents_suspense CHECK (
                resolution IS NULL OR (suspense_minor <> 0) = (resolution IN (
                'corrected', 'written_off'))),
            CONSTRAINT ck_incidents_suspense_cleared CHECK (
                suspense_cleared_at IS NULL
                OR (suspense_minor <> 0 AND resolution IS NOT NULL))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_incidents_open ON incidents (kind, subject_id)"
        " WHERE resolved_at IS NULL"
    )
    op.execute("CREATE INDEX ix_incidents_opened_at ON incidents (opened_at, id)")
    op.execute("CREATE INDEX ix_incidents_subject_id ON incidents (subject_id)")
    grant("incidents", "SELECT")
    grant("incidents", "INSERT, UPDATE", to=WORKER)
    # The web says who looks after one and how it ended; what it is about is the workers' to say.
    ours = "taken_by, taken_at, resolved_by, resolved_at, resolution"
    grant("incidents", f"UPDATE ({ours})", to=WEB)
    _network_only("incidents")


def _steps() -> None:
    op.execute(
        """
        CREATE TABLE incident_steps (
            incident_id uuid NOT NULL
                CONSTRAINT fk_incident_steps_incident_id REFERENCES incidents (id),
            position smallint NOT NULL,
            step text NOT NULL CONSTRAINT ck_incident_steps_step CHECK (step IN (
                'opened', 'taken', 'noted', 'resolved', 'cleared')),
            at timestamptz NOT NULL,
            actor_role text NOT NULL,
            actor_id uuid,
            note text,
            CONSTRAINT pk_incident_steps PRIMARY KEY (incident_id, position)
        )
        """
    )
    append_only("incident_steps")
    grant("incident_steps", "SELECT, INSERT")
    _network_only("incident_steps")


def _suspense() -> None:
    replace_constraint("ledger_accounts", "ck_ledger_accounts_kind")
    op.execute(
        "ALTER TABLE ledger_accounts ADD CONSTRAINT ck_ledger_accounts_kind CHECK (kind IN"
        " ('asset', 'liability', 'income', 'position', 'expense')) NOT VALID"
    )
    validate("ledger_accounts", "ck_ledger_accounts_kind")
    op.execute(
        """
        INSERT INTO ledger_accounts (code, currency, kind, name) VALUES
            ('suspense_mxn', 'MXN', 'position', 'Contradictions, until a person has settled them'),
            ('losses_mxn', 'MXN', 'expense', 'Contradictions that the house bears')
        """
    )


def _waits() -> None:
    op.execute("ALTER TABLE outbox ADD COLUMN due_at timestamptz")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        UPDATE remittances SET answer_due_at = funded_at + interval '48 hours'
        WHERE answer_due_at IS NULL
          AND status IN ('sending', 'unknown', 'accepted', 'available', 'cancelling')
        """
    )
