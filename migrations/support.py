"""What every migration says in the same way: grants, row security and database functions."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from alembic import op

from services.enrollments import rules as enrollments
from services.remittances import rules as remittances

# Groups without login: what web and workers share is granted to the first, which the other two are
# members of; what only one of them may do is granted to that one.
APPLICATION = "consular_application"
WEB = "consular_web"
WORKER = "consular_worker"


def grant(table: str, rights: str, *, to: str = APPLICATION) -> None:
    """Give the application (or only ``WEB``, ``WORKER``) what it needs on a table, nothing more."""
    op.execute(f"GRANT {rights} ON {table} TO {to}")


def withdraw(table: str, rights: str) -> None:
    """Take rights from the group that web and workers share."""
    op.execute(f"REVOKE {rights} ON {table} FROM {APPLICATION}")


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


def validate(table: str, constraint: str) -> None:
    """Hold the rows that are there to a constraint that was added as not valid.

    In the migration's own transaction, whose lock readers wait for: a second for ten million rows.
    Apart from it, a failure would leave half a migration.
    """
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"
    )


def replace_constraint(table: str, constraint: str) -> None:
    """Drop a constraint for which this migration puts another that allows no less."""
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {constraint}"
    )


def _steps(*tables: Mapping[Any, Collection[str]]) -> str:
    """As JSON, each status with those that may follow it by any of the tables; "" stands before
    the first."""
    following: defaultdict[str, set[str]] = defaultdict(set)
    for before, after in (item for table in tables for item in table.items()):
        following[before].update(after)
    return json.dumps({before: sorted(following[before]) for before in sorted(following)})


# What stands for "{steps}" in the file of a slice.
_STEPS = {
    "enrollments": _steps({"": enrollments.FIRST}, enrollments.TRANSITIONS),
    "remittances": _steps(
        {"": remittances.FIRST}, remittances.TRANSITIONS, remittances.FORMER_STEPS
    ),
}
# What stands for "{ended_unpaid}".
_ENDED_UNPAID = ", ".join(f"'{status}'" for status in sorted(remittances.ENDED_UNPAID))
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(.*?\$\$;$", re.DOTALL | re.MULTILINE)


def definitions(slice_name: str) -> list[tuple[str, str]]:
    """(name, text) of each function in ``services/<slice>/functions.sql``; steps from one status to
    another, and statuses that are named, are those of the slice's rules."""
    text = files(f"services.{slice_name}").joinpath("functions.sql").read_text(encoding="utf-8")
    text = text.replace("{steps}", _STEPS.get(slice_name, "{steps}"))
    text = text.replace("{ended_unpaid}", _ENDED_UNPAID)
    return [(match[1], match[0].removesuffix(";")) for match in _FUNCTION.finditer(text)]


def digest(definition: str) -> str:
    """What a migration names the text by that it was written to install."""
    return sha256(definition.encode()).hexdigest()[:8]


def install(slice_name: str, **functions: str) -> None:
    """Create or replace functions of a slice from its file, as the file is now.

    ``functions`` are their names, each with the `digest` of the text that this migration is for. An
    earlier migration installs the present text too, so that nothing stands twice; one that has left
    the file since is passed over, for a later migration drops it (`drop_function`).
    """
    # The present text may speak of tables and columns that later migrations add.
    op.execute("SET LOCAL check_function_bodies = off")
    for name, definition in definitions(slice_name):
        if name in functions:
            # A colon before a word would be a parameter's name.
            op.execute(definition.replace(":", r"\:"))
    op.execute("SET LOCAL check_function_bodies = on")


def drop_function(signature: str) -> None:
    """Drop a function that no version that may still run calls."""
    op.execute(f"-- squawk-ignore ban-drop-function\nDROP FUNCTION IF EXISTS {signature}")
