"""Rules that watch figures, whom they tell, and what was told."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0094"
down_revision = "0093"

_PARTS = ("alert_readers", "alert_notices", "alert_mails")


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE alert_rules (
            id uuid CONSTRAINT pk_alert_rules PRIMARY KEY,
            indicator text NOT NULL,
            consulate_code text CONSTRAINT fk_alert_rules_consulate_code REFERENCES consulates,
            country text,
            program text,
            status text,
            span text NOT NULL CONSTRAINT ck_alert_rules_span
                CHECK (span IN ('day', 'week', 'month', 'now')),
            condition text NOT NULL CONSTRAINT ck_alert_rules_condition
                CHECK (condition IN
                    ('above', 'below', 'changed', 'changed_from_year', 'below_target')),
            amount numeric(18, 3) CONSTRAINT ck_alert_rules_not_negative CHECK (amount >= 0),
            why text NOT NULL CONSTRAINT ck_alert_rules_why
                CHECK (length(why) BETWEEN 1 AND 300),
            language text NOT NULL CONSTRAINT ck_alert_rules_language
                CHECK (language IN ('es', 'en')),
            made_at timestamptz NOT NULL,
            made_by uuid NOT NULL,
            paused_at timestamptz,
            paused_by uuid,
            looked_at timestamptz,
            CONSTRAINT ck_alert_rules_amount
                CHECK ((condition = 'below_target') = (amount IS NULL)),
            CONSTRAINT ck_alert_rules_compares
                CHECK (condition NOT IN ('changed', 'changed_from_year') OR span <> 'now'),
            CONSTRAINT ck_alert_rules_paused
                CHECK ((paused_at IS NULL) = (paused_by IS NULL))
        )
        """
    )
    op.execute(
        """
        CREATE TABLE alert_readers (
            rule_id uuid NOT NULL CONSTRAINT fk_alert_readers_rule_id REFERENCES alert_rules,
            staff_id uuid NOT NULL CONSTRAINT fk_alert_readers_staff_id REFERENCES staff_accounts,
            stopped_at timestamptz,
            CONSTRAINT pk_alert_readers PRIMARY KEY (rule_id, staff_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_alert_readers_staff_id ON alert_readers (staff_id)")
    op.execute(
        """
        CREATE TABLE alert_notices (
            id uuid CONSTRAINT pk_alert_notices PRIMARY KEY,
            rule_id uuid NOT NULL CONSTRAINT fk_alert_notices_rule_id REFERENCES alert_rules,
            state text NOT NULL CONSTRAINT ck_alert_notices_state
                CHECK (state IN ('raised', 'cleared')),
            day date NOT NULL,
            last_day date NOT NULL,
            value bigint NOT NULL,
            against numeric(18, 3) NOT NULL,
            as_of timestamptz NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT uq_alert_notices_period_state UNIQUE (rule_id, day, state),
            CONSTRAINT ck_alert_notices_days CHECK (day <= last_day)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE alert_mails (
            id uuid CONSTRAINT pk_alert_mails PRIMARY KEY,
            rule_id uuid NOT NULL CONSTRAINT fk_alert_mails_rule_id REFERENCES alert_rules,
            notice_id uuid NOT NULL CONSTRAINT fk_alert_mails_notice_id REFERENCES alert_notices,
            staff_id uuid NOT NULL CONSTRAINT fk_alert_mails_staff_id REFERENCES staff_accounts,
            CONSTRAINT uq_alert_mails_notice_id UNIQUE (notice_id, staff_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_alert_mails_rule_id ON alert_mails (rule_id)")
    secure("alert_rules", account=None)
    for table in _PARTS:
        _secure_part(table)
    grant("alert_rules", "SELECT, INSERT, UPDATE (paused_at, paused_by)", to=WEB)
    grant("alert_rules", "SELECT, UPDATE (looked_at)", to=WORKER)
    grant("alert_readers", "SELECT, INSERT, UPDATE (stopped_at)", to=WEB)
    grant("alert_readers", "SELECT", to=WORKER)
    for table in ("alert_notices", "alert_mails"):
        grant(table, "SELECT", to=WEB)
        grant(table, "SELECT, INSERT", to=WORKER)


def _secure_part(table: str) -> None:
    """Whoever sees the rule sees its parts."""
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM alert_rules r WHERE r.id = rule_id)"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")
