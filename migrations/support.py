"""What every migration says in the same way: grants and row security."""

from __future__ import annotations

from alembic import op

APPLICATION = "consular_application"


def grant(table: str, rights: str) -> None:
    """Give the application what it needs on a table, and nothing more."""
    op.execute(f"GRANT {rights} ON {table} TO {APPLICATION}")


def secure(table: str, *, account: str | None = "account_id") -> None:
    """Row security by office and, where the table has it, by the citizen's account.

    The owner is held to it as well (FORCE); a migration that must touch all rows says so with
    ``SELECT set_config('app.consulate', '*', true)``.
    """
    visible = (
        "current_setting('app.consulate', true) = '*'"
        " OR consulate_code = current_setting('app.consulate', true)"
    )
    if account:
        visible += f" OR {account} = nullif(current_setting('app.account', true), '')::uuid"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")


def append_only(table: str) -> None:
    """Rows of this table can't be changed or deleted, not even by the owner."""
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
