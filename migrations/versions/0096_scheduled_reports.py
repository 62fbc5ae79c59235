"""Reports by schedule, and reminders of the Commission's agreements."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant, secure

revision = "0096"
down_revision = "0095"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE scheduled_reports (
            id uuid CONSTRAINT pk_scheduled_reports PRIMARY KEY,
            staff_id uuid NOT NULL
                CONSTRAINT fk_scheduled_reports_staff_id REFERENCES staff_accounts,
            indicator text NOT NULL,
            by text NOT NULL,
            consulate_code text
                CONSTRAINT fk_scheduled_reports_consulate_code REFERENCES consulates,
            country text,
            program text,
            status text,
            covers text NOT NULL CONSTRAINT ck_scheduled_reports_covers
                CHECK (covers IN ('day', 'week', 'month', 'year')),
            every text NOT NULL CONSTRAINT ck_scheduled_reports_every
                CHECK (every IN ('day', 'week', 'month')),
            hour smallint NOT NULL CONSTRAINT ck_scheduled_reports_hour
                CHECK (hour BETWEEN 0 AND 23),
            language text NOT NULL CONSTRAINT ck_scheduled_reports_language
                CHECK (language IN ('es', 'en')),
            made_at timestamptz NOT NULL,
            made_by uuid NOT NULL,
            stopped_at timestamptz,
            stopped_by uuid,
            CONSTRAINT ck_scheduled_reports_stopped
                CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
        )
        """
    )
    op.execute(
        """
        CREATE TABLE report_runs (
            id uuid CONSTRAINT pk_report_runs PRIMARY KEY,
            report_id uuid NOT NULL
                CONSTRAINT fk_report_runs_report_id REFERENCES scheduled_reports,
            due_on date NOT NULL,
            first date NOT NULL,
            last date NOT NULL,
            as_of timestamptz NOT NULL,
            CONSTRAINT uq_report_runs_due UNIQUE (report_id, due_on),
            CONSTRAINT ck_report_runs_days CHECK (first <= last)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE agreement_reminders (
            agreement_id uuid NOT NULL CONSTRAINT fk_agreement_reminders_agreement_id
                REFERENCES commission_agreements ON DELETE CASCADE,
            due_on date NOT NULL,
            kind text NOT NULL CONSTRAINT ck_agreement_reminders_kind
                CHECK (kind IN ('soon', 'overdue')),
            staff_id uuid NOT NULL
                CONSTRAINT fk_agreement_reminders_staff_id REFERENCES staff_accounts,
            mail uuid NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_agreement_reminders PRIMARY KEY (agreement_id, due_on, kind, staff_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_agreement_reminders_mail ON agreement_reminders (mail)")
    secure("scheduled_reports", account=None)
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR EXISTS (SELECT FROM scheduled_reports r WHERE r.id = report_id)"
    )
    op.execute("ALTER TABLE report_runs ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE report_runs FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON report_runs USING ({visible}) WITH CHECK ({visible})")
    grant("scheduled_reports", "SELECT, INSERT, UPDATE (stopped_at, stopped_by)", to=WEB)
    grant("scheduled_reports", "SELECT", to=WORKER)
    grant("report_runs", "SELECT", to=WEB)
    grant("report_runs", "SELECT, INSERT", to=WORKER)
    grant("agreement_reminders", "SELECT, INSERT", to=WORKER)
    for table in ("commission_agreements", "commission_follow_ups", "commission_sessions"):
        grant(table, "SELECT", to=WORKER)
