"""A stored answer is given again only once the commit that it speaks of is safe.

A lock on its row makes the repeat's own commit wait for the standby, and with it for all before.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(REMEMBERED)


REMEMBERED = """
CREATE OR REPLACE FUNCTION remembered(p_account uuid, p_key text, p_hash bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE v_hash bytea; v_answer jsonb;
BEGIN
    SELECT request_hash, response INTO v_hash, v_answer FROM idempotency_keys
        WHERE account_id = p_account AND key = p_key FOR UPDATE;
    IF v_hash <> p_hash THEN PERFORM domain_error('idempotency_key_reused'); END IF;
    RETURN v_answer;
END $$
"""
