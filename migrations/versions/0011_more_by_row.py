"""The audit and the stored answers are held by row too, for the query that forgets to ask whose."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

_OFFICE = "current_setting('app.consulate', true)"
_ACCOUNT = "nullif(current_setting('app.account', true), '')::uuid"


def upgrade() -> None:
    for table in ("audit_entries", "idempotency_keys"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # Whoever does something writes it down, whatever they may see.
    op.execute("CREATE POLICY written ON audit_entries FOR INSERT WITH CHECK (true)")
    op.execute(
        "CREATE POLICY visible ON audit_entries FOR SELECT USING ("
        f"{_OFFICE} = '*' OR consulate_code = {_OFFICE} OR person_account_id = {_ACCOUNT})"
    )
    # A key belongs to an account, and staff's accounts to no scope: an office's may use any, by its
    # account and key together; a citizen's only their own; without a scope there is none.
    visible = f"{_OFFICE} <> '' OR account_id = {_ACCOUNT}"
    op.execute(
        f"CREATE POLICY visible ON idempotency_keys USING ({visible}) WITH CHECK ({visible})"
    )
