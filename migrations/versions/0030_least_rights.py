"""No table of somebody's rows is open by row, and the web changes no column but those it has to.

Accounts, staff accounts, claims and events of enrolments, people told apart, resemblances, counters
and agencies' messages are secured by row. Sessions, windows and times stay public to read; an
office writes its own.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant, install, withdraw

revision = "0030"
down_revision = "0029"

_NETWORK = "current_setting('app.consulate', true) = '*'"
_OFFICE = "coalesce(current_setting('app.consulate', true), '')"
_ACCOUNT = "nullif(current_setting('app.account', true), '')::uuid"
_ACTOR = "nullif(current_setting('app.actor', true), '')::uuid"
_OWN_OFFICE = f"{_NETWORK} OR consulate_code = current_setting('app.consulate', true)"

# What the web changes of a row that is there; the workers' rights stay.
WEB_UPDATES = {
    "appointments": "status, desk, outcome, document_sealed, changed_at, ends_at, address_index,"
    " people",
    "enrollments": "status, reason_code, data_sealed, result_sealed, changed_at",
    "identity_checks": "account_id, person_id, person_keys, consulate_code, document, checked_by,"
    " checked_at",
    "people": "given_names, first_surname, second_surname, birth_date, name_index, curp_sealed,"
    " curp_index, email_sealed, phone_sealed, identity_bound_at",
    "return_passes": "valid_until, person_keys, returned_on",
    "slot_sets": "taken, capacity",
    "vote_counts": "value, status, second_value, second_by, approved_by, approved_at, rejected_by,"
    " rejected_at, reason",
}
# Of these neither changes more.
UPDATES = {
    "accounts": "language",
    "attempts": "count",
    "desks": "held",
    "idempotency_keys": "status, response",
    "login_codes": "attempts, used_at",
    "sessions": "closed_at, closed_by",
    "slots": "open",
    "staff_accounts": "role, consulate_code, changed_by, ended_at, ended_by",
    "web_sessions": "last_seen_at, ended_at",
}
FORMS = {
    "drafts": "owner, content_sealed, data_key, expires_at",
    "form_submissions": "begun_at, location, finished_at, session_sealed, data_key",
}


def upgrade() -> None:
    install("staff", staff_in_service="56b09098")
    install("voting", name_count_subjects="f0c9ae4d")
    _rows()
    _offices()
    _columns()
    _workers_only()


def _rows() -> None:
    """Each with whom it belongs to; what follows another row is seen with it."""
    _secure("accounts", f"{_NETWORK} OR id = {_ACCOUNT}")
    enrollment = "EXISTS (SELECT FROM enrollments e WHERE e.id = enrollment_id)"
    _secure("enrollment_claims", f"{_NETWORK} OR account_id = {_ACCOUNT} OR {enrollment}")
    _secure("enrollment_events", f"{_NETWORK} OR {enrollment}")
    # An office books for people who were told apart in whatever account.
    _secure("homonyms", f"{_OFFICE} <> '' OR account_id = {_ACCOUNT}")
    for table in ("resemblances", "resemblance_keys"):
        _secure(table, f"{_NETWORK} OR sees_appointment(appointment_id)")
    for table in ("attempts", "agency_messages"):
        _secure(table, _NETWORK)
    _secure("staff_accounts", _NETWORK)
    seen = f"{_OWN_OFFICE} OR id = {_ACTOR}"
    op.execute(f"CREATE POLICY seen ON staff_accounts FOR SELECT USING ({seen})")
    # The version before looks its staff up before it says for whom; a later migration drops this.
    nobody = f"{_OFFICE} = '' AND {_ACCOUNT} IS NULL AND {_ACTOR} IS NULL"
    op.execute(f"CREATE POLICY version_before ON staff_accounts FOR SELECT USING ({nobody})")


def _offices() -> None:
    """Opening hours are anybody's to read and an office's to write."""
    for table in ("sessions", "desks", "slots"):
        _secure(table, _OWN_OFFICE)
        op.execute(f"CREATE POLICY public ON {table} FOR SELECT USING (true)")


def _columns() -> None:
    for table, columns in WEB_UPDATES.items():
        withdraw(table, "UPDATE")
        grant(table, f"UPDATE ({columns})", to=WEB)
        grant(table, "UPDATE", to=WORKER)
    for table, columns in UPDATES.items():
        withdraw(table, "UPDATE")
        grant(table, f"UPDATE ({columns})")
    for table, columns in FORMS.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM {WEB}")
        grant(table, f"UPDATE ({columns})", to=WEB)


def _workers_only() -> None:
    for table, rights in (
        ("identity_checks", "DELETE"),
        ("resemblances", "INSERT"),
        ("resemblance_keys", "INSERT"),
        ("payout_attempts", "SELECT"),
        ("ledger_accounts", "SELECT"),
    ):
        withdraw(table, rights)
        grant(table, rights, to=WORKER)
    # Nobody takes a way to sign in from an account.
    withdraw("identities", "DELETE")
    op.execute("REVOKE EXECUTE ON FUNCTION staff_in_service(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION staff_in_service(uuid) TO {APPLICATION}")


def _secure(table: str, visible: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {table} USING ({visible}) WITH CHECK ({visible})")
