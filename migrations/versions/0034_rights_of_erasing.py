"""Take back what 0031 gave beyond 0030: the web changes no more of people than it has to.

A code that signs somebody in keeps the account; from an account that is erased the workers take its
ways to sign in.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WORKER, grant

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute(f"REVOKE UPDATE ({_PERSON}) ON people FROM {APPLICATION}")
    grant("login_codes", "UPDATE (account_id)")
    grant("identities", "DELETE", to=WORKER)


_PERSON = (
    "id, account_id, consulate_code, holder, given_names, first_surname, second_surname,"
    " birth_date, birth_place, name_index, data_key, curp_sealed, curp_index, email_sealed,"
    " phone_sealed, identity_bound_at, created_at"
)
