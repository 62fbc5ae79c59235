"""Rows that belong to another row are seen with it; those of signing in, in no person's scope.

Seats, claims and payout attempts follow their appointment, enrolment or remittance. Browsers'
sessions are seen before anybody is known, one-time codes and the outbox by work for the network.
A stored answer is its account's, whoever else belongs to the office.
"""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER

revision = "0023"
down_revision = "0022"

_NETWORK = "current_setting('app.consulate', true) = '*'"
_OFFICE = "coalesce(current_setting('app.consulate', true), '')"
_ACCOUNT = "nullif(current_setting('app.account', true), '')::uuid"
_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"


def upgrade() -> None:
    op.execute(SEES_APPOINTMENT)
    _secure("seats", f"{_NETWORK} OR sees_appointment(appointment_id)")
    _secure(
        "payout_attempts",
        f"{_NETWORK} OR EXISTS (SELECT FROM remittances r WHERE r.id = remittance_id)",
    )
    # An office books for people whom other accounts hold: it sees all claims, as keyed hashes.
    own = f"account_id = {_ACCOUNT} OR sees_appointment(appointment_id)"
    _secure("claims", f"{_OFFICE} <> '' OR {own}")
    _secure("login_codes", _NETWORK)
    _secure("identities", f"{_NETWORK} OR account_id = {_ACCOUNT}")
    nobody = f"{_OFFICE} = '' AND {_ACCOUNT} IS NULL"
    _secure("web_sessions", f"{_NETWORK} OR ({nobody})")
    _secure("outbox", _NETWORK)
    # Whoever does something may put what others must be told.
    op.execute("CREATE POLICY written ON outbox FOR INSERT WITH CHECK (true)")
    _stored_answers()


# By key always: a plan that was made while the table was small must not read all of it later.
SEES_APPOINTMENT = """
CREATE FUNCTION sees_appointment(p_appointment uuid) RETURNS boolean LANGUAGE plpgsql STABLE
SET enable_seqscan = off AS $$
BEGIN
    RETURN EXISTS (SELECT FROM appointments WHERE id = p_appointment);
END $$
"""


def _secure(table: str, visible: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")


def _stored_answers() -> None:
    """Bound to who acts. The version before doesn't say who: it goes on by office and account."""
    before = f"{_ACTOR} IS NULL AND ({_OFFICE} <> '' OR account_id = {_ACCOUNT})"
    visible = f"account_id = {_ACTOR} OR ({before})"
    op.execute("DROP POLICY visible ON idempotency_keys")
    op.execute(
        f"CREATE POLICY visible ON idempotency_keys USING ({visible}) WITH CHECK ({visible})"
    )
    op.execute(
        f"CREATE POLICY swept ON idempotency_keys TO {WORKER} USING ({_NETWORK})"
        f" WITH CHECK ({_NETWORK})"
    )
