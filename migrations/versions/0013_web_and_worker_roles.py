"""Web and workers get logins of their own kind: the web can't touch what a remittance pays.

Logins that were made before this release served both; they are put into both groups, so that a
version that still runs goes on. A new version refuses such a login in production.
"""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, WEB, WORKER, grant, withdraw

revision = "0013"
down_revision = "0012"

# Loaded by `consular seed`, which runs as the owner.
_REFERENCE = (
    "consulates",
    "services",
    "service_requirements",
    "fees",
    "states",
    "non_working_days",
    "published_series",
    "remittance_rules",
    "exchange_rates",
)
# What the web writes when somebody cancels.
_CANCELLING = "status, changed_at, refunded_at, reason_code, answer_due_at"


def upgrade() -> None:
    op.execute(_ROLES)
    op.execute(_EARLIER_LOGINS)
    _reference()
    _remittances()
    _sweeping()
    for statement in (_TERMS, _TERMS_TRIGGER, _CANCELS, _CANCELS_TRIGGER):
        op.execute(statement)
    for statement in (_ENTRIES, _ENTRIES_TRIGGER, _NAMED_ONCE, _NAMED_ONCE_TRIGGER):
        op.execute(statement)


def _reference() -> None:
    for table in _REFERENCE:
        withdraw(table, "INSERT, UPDATE, DELETE")
        grant(table, "INSERT, UPDATE, DELETE", to=WORKER)


def _remittances() -> None:
    withdraw("remittances", "UPDATE")
    grant("remittances", f"UPDATE ({_CANCELLING})", to=WEB)
    grant("remittances", "UPDATE", to=WORKER)
    withdraw("payout_attempts", "INSERT, UPDATE")
    grant("payout_attempts", "INSERT, UPDATE", to=WORKER)
    for table in ("journal_entries", "postings"):
        withdraw(table, "SELECT")
        grant(table, "SELECT", to=WORKER)


def _sweeping() -> None:
    """Leases and ends of outbox items, the schedule, and what is deleted by age: workers' alone."""
    withdraw("outbox", "UPDATE, DELETE")
    grant("outbox", "UPDATE, DELETE", to=WORKER)
    withdraw("scheduled_runs", "SELECT, INSERT, DELETE")
    grant("scheduled_runs", "SELECT, INSERT, DELETE", to=WORKER)
    for table in ("login_codes", "web_sessions", "attempts", "idempotency_keys"):
        withdraw(table, "DELETE")
        grant(table, "DELETE", to=WORKER)


_ROLES = f"""
DO $$
DECLARE v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['{WEB}', '{WORKER}'] LOOP
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', v_role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        IF NOT pg_has_role(v_role, '{APPLICATION}', 'MEMBER') THEN
            EXECUTE format('GRANT {APPLICATION} TO %I', v_role);
        END IF;
    END LOOP;
END $$
"""

_EARLIER_LOGINS = """
DO $$
DECLARE v_login text;
BEGIN
    FOR v_login IN
        SELECT login.rolname FROM pg_auth_members m
        JOIN pg_roles login ON login.oid = m.member AND login.rolcanlogin
        WHERE m.roleid = 'consular_application'::regrole
          AND NOT login.rolsuper AND NOT login.rolcreaterole
          AND NOT pg_has_role(login.oid, 'consular_web', 'MEMBER')
          AND NOT pg_has_role(login.oid, 'consular_worker', 'MEMBER')
    LOOP
        EXECUTE format('GRANT consular_web, consular_worker TO %I', v_login);
    END LOOP;
END $$
"""

_TERMS = """
CREATE FUNCTION refuse_other_terms() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what was ordered is never changed' USING ERRCODE = 'check_violation',
        SCHEMA = 'public', TABLE = 'remittances', CONSTRAINT = 'ck_remittances_terms';
END $$
"""

# Whoever may update the row: amounts, rate, payer and payee stay as they were ordered.
_TERMS_TRIGGER = """
CREATE TRIGGER terms BEFORE UPDATE ON remittances FOR EACH ROW
WHEN ((OLD.id, OLD.folio, OLD.account_id, OLD.quote_id, OLD.sender_id, OLD.recipient_id,
       OLD.sender_name, OLD.account_sealed, OLD.account_hint, OLD.funding, OLD.payout, OLD.purpose,
       OLD.send_minor, OLD.fee_minor, OLD.tax_minor, OLD.total_minor, OLD.receive_minor, OLD.rate,
       OLD.day, OLD.funded_at)
    IS DISTINCT FROM
      (NEW.id, NEW.folio, NEW.account_id, NEW.quote_id, NEW.sender_id, NEW.recipient_id,
       NEW.sender_name, NEW.account_sealed, NEW.account_hint, NEW.funding, NEW.payout, NEW.purpose,
       NEW.send_minor, NEW.fee_minor, NEW.tax_minor, NEW.total_minor, NEW.receive_minor, NEW.rate,
       NEW.day, NEW.funded_at))
EXECUTE FUNCTION refuse_other_terms()
"""

_CANCELS = f"""
CREATE FUNCTION refuse_payout_by_web() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(session_user, '{WEB}', 'MEMBER')
       AND NOT pg_has_role(session_user, '{WORKER}', 'MEMBER') THEN
        RAISE EXCEPTION 'the web cancels and does nothing else' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'remittances', CONSTRAINT = 'ck_remittances_web_cancels';
    END IF;
    RETURN NEW;
END $$
"""

_CANCELS_TRIGGER = """
CREATE TRIGGER web_cancels BEFORE UPDATE OF status ON remittances FOR EACH ROW
WHEN (NEW.status NOT IN ('cancelling', 'cancelled') AND NEW.status <> OLD.status)
EXECUTE FUNCTION refuse_payout_by_web()
"""

# `post_entry` runs as the owner: whose login it is stays in session_user.
_ENTRIES = f"""
CREATE FUNCTION refuse_entry_by_web() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(session_user, '{WEB}', 'MEMBER')
       AND NOT pg_has_role(session_user, '{WORKER}', 'MEMBER') THEN
        RAISE EXCEPTION 'the web books no payout' USING ERRCODE = 'check_violation',
            SCHEMA = 'public', TABLE = 'journal_entries',
            CONSTRAINT = 'ck_journal_entries_web_books_no_payout';
    END IF;
    RETURN NEW;
END $$
"""

_ENTRIES_TRIGGER = """
CREATE TRIGGER web_books_no_payout BEFORE INSERT ON journal_entries FOR EACH ROW
WHEN (NEW.kind NOT IN ('funded', 'reversed', 'refunded'))
EXECUTE FUNCTION refuse_entry_by_web()
"""

# A holder may correct their own name. Whoever was named for one deed, a recipient above all, stays
# who they were.
_NAMED_ONCE = """
CREATE FUNCTION refuse_other_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'who was named is never changed' USING ERRCODE = 'check_violation',
        SCHEMA = 'public', TABLE = 'people', CONSTRAINT = 'ck_people_named_once';
END $$
"""

_NAMED_ONCE_TRIGGER = """
CREATE TRIGGER named_once BEFORE UPDATE ON people FOR EACH ROW
WHEN (NOT OLD.holder AND
      (OLD.id, OLD.account_id, OLD.holder, OLD.given_names, OLD.first_surname, OLD.second_surname,
       OLD.birth_date)
    IS DISTINCT FROM
      (NEW.id, NEW.account_id, NEW.holder, NEW.given_names, NEW.first_surname, NEW.second_surname,
       NEW.birth_date))
EXECUTE FUNCTION refuse_other_person()
"""
