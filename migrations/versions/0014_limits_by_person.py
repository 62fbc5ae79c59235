"""Limits by person, in whatever accounts; a sender's identity is bound by the first order."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN identity_bound_at timestamptz")
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        """
        UPDATE people SET identity_bound_at = clock_timestamp()
        WHERE holder AND id IN (SELECT sender_id FROM remittances)
        """
    )
    op.execute(SENT_BY_PERSON)
    op.execute(f"REVOKE ALL ON FUNCTION {SENT_BY_PERSON_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SENT_BY_PERSON_NAME} TO {APPLICATION}")
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_people_curp_index")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_people_curp_index ON people (curp_index)"
            " WHERE curp_index IS NOT NULL"
        )


SENT_BY_PERSON_NAME = "sent_by_person(uuid, date, date, text[])"

# Runs with its owner's rights and sees every account: it gives sums, and nobody's rows.
SENT_BY_PERSON = """
CREATE FUNCTION sent_by_person(
    p_account uuid, p_month date, p_day date, p_not_counted text[],
    OUT own_month bigint, OUT own_day bigint, OUT person_month bigint, OUT person_day bigint
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_scope text := coalesce(current_setting('app.consulate', true), '');
    v_name bytea; v_curp bytea; v_accounts uuid[];
BEGIN
    PERFORM set_config('app.consulate', '*', true);
    SELECT name_index, curp_index INTO v_name, v_curp
        FROM people WHERE account_id = p_account AND holder;
    -- Orders of one person follow one another, in whatever accounts: they lock the same rows.
    SELECT array_agg(account_id) INTO v_accounts FROM (
        SELECT account_id FROM people
        WHERE holder AND (name_index = v_name OR curp_index = v_curp)
        ORDER BY id FOR NO KEY UPDATE
    ) same_person;
    SELECT coalesce(sum(send_minor) FILTER (WHERE account_id = p_account), 0),
           coalesce(sum(send_minor) FILTER (WHERE account_id = p_account AND day = p_day), 0),
           coalesce(sum(send_minor), 0),
           coalesce(sum(send_minor) FILTER (WHERE day = p_day), 0)
        INTO own_month, own_day, person_month, person_day
        FROM remittances
        WHERE account_id = ANY (v_accounts) AND day BETWEEN p_month AND p_day
          AND status <> ALL (p_not_counted);
    PERFORM set_config('app.consulate', v_scope, true);
END $$
"""
