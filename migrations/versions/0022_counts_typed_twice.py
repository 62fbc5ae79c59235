"""A count is typed by two people, told apart by subject; it can be rejected and has a revision.

Figures of counts that wait are taken out of the indicators: they are nobody's to see yet.
"""

from __future__ import annotations

from alembic import op

from migrations.support import append_only, grant, replace_constraint, secure, validate

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    _columns()
    _subjects()
    _figures()
    _own_role()


def _columns() -> None:
    op.execute(
        "ALTER TABLE vote_counts ADD COLUMN revision integer,"
        " ADD COLUMN reported_subject text, ADD COLUMN approved_subject text,"
        " ADD COLUMN second_value numeric(14, 3), ADD COLUMN second_by uuid,"
        " ADD COLUMN second_subject text,"
        " ADD COLUMN rejected_by uuid, ADD COLUMN rejected_at timestamptz, ADD COLUMN reason text"
    )
    replace_constraint("vote_counts", "ck_vote_counts_status")
    op.execute(
        "ALTER TABLE vote_counts ADD CONSTRAINT ck_vote_counts_status CHECK (status IN"
        " ('published', 'reported', 'approved', 'superseded', 'rejected')) NOT VALID"
    )
    validate("vote_counts", "ck_vote_counts_status")
    op.execute(
        """
        UPDATE vote_counts SET revision = n FROM (
            SELECT id, row_number() OVER (
                PARTITION BY election, metric, mode, consulate_code, day ORDER BY created_at, id) n
            FROM vote_counts WHERE status <> 'published') numbered
        WHERE numbered.id = vote_counts.id
        """
    )
    # Of the reports of one cell, one waits at a time: the next one's number is that of the settled
    # ones plus one, so that a second one takes the number of the first.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE UNIQUE INDEX uq_vote_counts_revision"
        " ON vote_counts (election, metric, mode, consulate_code, day, revision)"
        " NULLS NOT DISTINCT WHERE revision IS NOT NULL"
    )
    op.execute(
        """
        INSERT INTO facts (
            kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
        SELECT kind, subject_id, consulate_code, program, 'reported', day, -sum(quantity),
            clock_timestamp()
        FROM facts WHERE kind LIKE 'vote\\_count.%' AND status = 'reported'
        GROUP BY kind, subject_id, consulate_code, program, day HAVING sum(quantity) <> 0
        """
    )


def _subjects() -> None:
    op.execute(
        """
        CREATE FUNCTION name_count_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.reported_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.reported_by);
            NEW.second_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.second_by);
            NEW.approved_subject := (SELECT subject FROM staff_accounts WHERE id = NEW.approved_by);
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER name_count_subjects BEFORE INSERT OR UPDATE ON vote_counts"
        " FOR EACH ROW WHEN (NEW.status IN ('reported', 'approved'))"
        " EXECUTE FUNCTION name_count_subjects()"
    )
    for name, other in (("same_person", "approved_subject"), ("second_person", "second_subject")):
        op.execute(
            f"ALTER TABLE vote_counts ADD CONSTRAINT ck_vote_counts_{name}"
            f" CHECK ({other} <> reported_subject) NOT VALID"
        )
        validate("vote_counts", f"ck_vote_counts_{name}")
    op.execute(
        "ALTER TABLE vote_counts ADD CONSTRAINT ck_vote_counts_second"
        " CHECK (second_by <> reported_by AND num_nulls(second_by, second_value) IN (0, 2))"
        " NOT VALID"
    )
    validate("vote_counts", "ck_vote_counts_second")
    op.execute(
        "ALTER TABLE vote_counts ADD CONSTRAINT ck_vote_counts_rejection"
        " CHECK (num_nulls(rejected_by, rejected_at, reason)"
        " = CASE WHEN status = 'rejected' THEN 0 ELSE 3 END) NOT VALID"
    )
    validate("vote_counts", "ck_vote_counts_rejection")
    # Those that wait get the subject of who reported them.
    op.execute("UPDATE vote_counts SET reported_by = reported_by WHERE status = 'reported'")


def _figures() -> None:
    op.execute(
        """
        CREATE TABLE vote_count_figures (
            id uuid CONSTRAINT pk_vote_count_figures PRIMARY KEY,
            count_id uuid NOT NULL
                CONSTRAINT fk_vote_count_figures_count_id REFERENCES vote_counts (id),
            consulate_code text NOT NULL
                CONSTRAINT fk_vote_count_figures_consulate_code REFERENCES consulates (code),
            typed_by uuid,
            value numeric(14, 3) NOT NULL,
            reason text,
            typed_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_vote_count_figures_count_id ON vote_count_figures (count_id)")
    grant("vote_count_figures", "SELECT, INSERT")
    secure("vote_count_figures", account=None)
    append_only("vote_count_figures")


def _own_role() -> None:
    op.execute("ALTER TABLE staff_accounts ADD COLUMN changed_by uuid")
    op.execute(
        """
        CREATE FUNCTION refuse_own_role() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT 1 FROM staff_accounts
                WHERE id = coalesce(NEW.changed_by, NEW.created_by) AND subject = NEW.subject
            ) THEN PERFORM domain_error('own_role'); END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER refuse_own_role"
        " BEFORE INSERT OR UPDATE OF subject, role, consulate_code ON staff_accounts"
        " FOR EACH ROW EXECUTE FUNCTION refuse_own_role()"
    )
