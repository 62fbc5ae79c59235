"""Counts of the vote abroad, and figures that others published."""

from __future__ import annotations

from alembic import op

from migrations.support import grant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _vote_counts()
    _visibility()
    _published_series()


def _vote_counts() -> None:
    op.execute(
        """
        CREATE TABLE vote_counts (
            id uuid CONSTRAINT pk_vote_counts PRIMARY KEY,
            election text CONSTRAINT ck_vote_counts_election CHECK (election ~ '^[0-9]{4}$'),
            metric text NOT NULL,
            mode text CONSTRAINT ck_vote_counts_mode CHECK (
                mode IN ('electronic', 'postal', 'in_person')
            ),
            dimension text NOT NULL CONSTRAINT ck_vote_counts_dimension CHECK (
                dimension IN ('total', 'country', 'consulate', 'state', 'mode')
            ),
            key text NOT NULL,
            consulate_code text
                CONSTRAINT fk_vote_counts_consulate_code REFERENCES consulates (code),
            period text,
            day date,
            value numeric(14, 3) NOT NULL CONSTRAINT ck_vote_counts_value CHECK (value >= 0),
            unit text NOT NULL
                CONSTRAINT ck_vote_counts_unit CHECK (unit IN ('count', 'percent')),
            status text NOT NULL CONSTRAINT ck_vote_counts_status CHECK (
                status IN ('published', 'reported', 'approved', 'superseded')
            ),
            note text,
            source text NOT NULL,
            reported_by uuid,
            approved_by uuid,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            approved_at timestamptz,
            CONSTRAINT ck_vote_counts_self_approval CHECK (approved_by <> reported_by),
            CONSTRAINT ck_vote_counts_report CHECK (
                status = 'published'
                OR num_nulls(election, consulate_code, day, reported_by) = 0
            ),
            CONSTRAINT ck_vote_counts_approval CHECK (
                num_nulls(approved_by, approved_at)
                = CASE WHEN status IN ('approved', 'superseded') THEN 0 ELSE 2 END
            )
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_vote_counts_approved"
        " ON vote_counts (election, metric, mode, consulate_code, day)"
        " NULLS NOT DISTINCT WHERE status = 'approved'"
    )
    op.execute("CREATE INDEX ix_vote_counts_election_status ON vote_counts (election, status)")
    grant("vote_counts", "SELECT, INSERT, UPDATE")


def _visibility() -> None:
    """Anyone reads what was published or approved; an office also its own other reports, and it
    writes no others."""
    network = "current_setting('app.consulate', true) = '*'"
    office = "consulate_code = current_setting('app.consulate', true)"
    own = f"{network} OR ({office} AND status <> 'published')"
    op.execute("ALTER TABLE vote_counts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE vote_counts FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY published ON vote_counts FOR SELECT"
        " USING (status IN ('published', 'approved'))"
    )
    op.execute(f"CREATE POLICY visible ON vote_counts USING ({own}) WITH CHECK ({own})")


def _published_series() -> None:
    op.execute(
        """
        CREATE TABLE published_series (
            id uuid CONSTRAINT pk_published_series PRIMARY KEY,
            programme text NOT NULL,
            period text NOT NULL,
            day date,
            metric text NOT NULL,
            label_es text NOT NULL,
            label_en text NOT NULL,
            value numeric(18, 3) NOT NULL,
            unit text NOT NULL,
            note text,
            source text NOT NULL
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_published_series_programme_metric ON published_series (programme, metric)"
    )
    grant("published_series", "SELECT, INSERT, UPDATE")
