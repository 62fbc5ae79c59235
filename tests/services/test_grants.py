"""What each kind of login may do to each table: this list, to the letter.

``UPDATE`` alone is of any column; in parentheses, of these only. A login that was made before the
web and the workers had their own is a member of both groups.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.servers import DatabaseUrls

READ, ADD, KEEP = "SELECT", "INSERT, SELECT", "DELETE, INSERT, SELECT"
DOCUMENTS = (
    "confirmed_at, ended_at, file_sealed, name_sealed, position, preview_sealed, sent_at, state"
)

BOTH = {
    "accounts": f"{ADD}, UPDATE (language)",
    "agency_messages": ADD,
    "alembic_version": READ,
    "audit_entries": ADD,
    "claims": f"{KEEP}, UPDATE (appointment_id, n)",
    "day_maximums": f"{KEEP}, UPDATE",
    "consents": f"{ADD}, UPDATE (withdrawn_at, withdrawn_by, withdrawn_by_role)",
    "counted_at": ADD,
    "database_identity": READ,
    "closures": f"{ADD}, UPDATE (lifted_at, lifted_by)",
    "held_seats": ADD,
    "desk_holds": f"{KEEP}, UPDATE (desk_id, move_id)",
    "desks": f"{ADD}, UPDATE (held, removed_at, services, skills)",
    "enrollment_claims": KEEP,
    "enrollment_events": ADD,
    "election_versions": f"{ADD}, UPDATE (at, version)",
    "facts": ADD,
    "group_entries": ADD,
    "opening_changes": ADD,
    "quotes": ADD,
    "remittance_events": ADD,
    "withdrawn_keys": READ,
    "session_series": f"{ADD}, UPDATE (breaks, closes, daily_maximums, desks, exdates, made_until,"
    " opens, reserves, rrule)",
    "sessions": f"{ADD}, UPDATE (breaks, by_desk, cancelled_at, closed_at, closed_by, closes,"
    " daily_maximums, edited_apart, opens, release_at, reserves, service_minutes, service_slots)",
    "signing_keys": ADD,
    "slots": f"{ADD}, UPDATE (open)",
    "staff_accounts": f"{ADD}, UPDATE (changed_by, consulate_code, ended_at, ended_by, role)",
    "visits": f"{KEEP}, UPDATE",
    "vote_count_figures": ADD,
}
ONLY_WEB = {
    "alert_mails": READ,
    "alert_notices": READ,
    "alert_readers": f"{ADD}, UPDATE (stopped_at)",
    "alert_rules": f"{ADD}, UPDATE (paused_at, paused_by)",
    "dataset_files": ADD,
    "dataset_months": READ,
    "dataset_versions": ADD,
    "report_runs": READ,
    "scheduled_reports": f"{ADD}, UPDATE (stopped_at, stopped_by)",
    "commission_agenda": KEEP,
    "commission_agreements": KEEP,
    "commission_annexes": KEEP,
    "commission_attendance": KEEP,
    "commission_follow_ups": f"{ADD}, UPDATE (due_on, evidence, status)",
    "commission_reports": ADD,
    "remittance_receipts": ADD,
    "commission_results": KEEP,
    "commission_sessions": f"{ADD}, UPDATE (amends, as_of, changed_at, english, first, held_on,"
    " last, place, prepared_at, prepared_by, status, version)",
    "announcements": f"{ADD}, UPDATE (withdrawn_at, withdrawn_by)",
    "booking_holds": f"{KEEP}, UPDATE (expires_at, extended, frees_at)",
    "attendees": f"{ADD}, UPDATE (age_band, appointment_id, booked_as, changed_at, desk, n,"
    " outcome, person_id, status)",
    "seats": f"{ADD}, UPDATE (appointment_id, counted, ends_at, hold_id, person_id, share, skills,"
    " slot_id, starts_at)",
    "bookings_called_off": ADD,
    "chart_notes": f"{ADD}, UPDATE (removed_at, removed_by)",
    "assisted_requests": ADD,
    "agency_pauses": f"{ADD}, UPDATE (lift_reason, lifted_at, lifted_by)",
    "agency_slots": READ,
    "agency_states": READ,
    "agency_terms": READ,
    "heartbeats": READ,
    "dependants": f"{KEEP}, UPDATE (content_sealed)",
    "holder_checks": ADD,
    "name_corrections": ADD,
    "stopped_phones": KEEP,
    "recipients": f"{KEEP}, UPDATE (content_sealed)",
    "helper_links": f"{ADD}, UPDATE (appointment_id, cancelled_at, moved_at, revoked_at, used_at)",
    "outages": READ,
    "parked_decisions": ADD,
    "erasure_requests": f"{ADD}, UPDATE (decided_at, decided_by, refusal, requested_by, status)",
    "homonyms": ADD,
    "identities": ADD,
    "incident_steps": ADD,
    "appointments": f"{ADD}, UPDATE (address_index, changed_at, consulate_code, day, desk,"
    " document_sealed, ends_at, orphaned_at, outcome, people, sequence, starts_at, status)",
    "attempts": f"{ADD}, UPDATE (count)",
    "board_links": f"{ADD}, UPDATE (revoked_at)",
    "desk_steps": f"{ADD}, UPDATE (undone_at)",
    "collection_places": READ,
    "consulates": READ,
    "documents": f"{ADD}, UPDATE ({DOCUMENTS})",
    "drafts": f"{KEEP}, UPDATE (content_sealed, data_key, expires_at, owner)",
    "enrollments": f"{ADD}, UPDATE (answer_by, changed_at, data_sealed, details_sealed, person_id,"
    " reason_code, resolve_by, result_sealed, status)",
    "exchange_rates": READ,
    "fact_cells": READ,
    "fact_cubes": READ,
    "facts_settled": READ,
    "fees": READ,
    "folders": f"{ADD}, UPDATE (answers_sealed, consulate_code, person_key, starts_next, wanted)",
    "form_submissions": f"{KEEP}, UPDATE (begun_at, data_key, finished_at, location,"
    " session_sealed)",
    "idempotency_keys": f"{ADD}, UPDATE (response, status)",
    "identity_checks": f"{ADD}, UPDATE (account_id, checked_at, checked_by, consulate_code,"
    " document, person_id, person_keys)",
    "incidents": f"{READ}, UPDATE (resolution, resolved_at, resolved_by, taken_at, taken_by)",
    "imported_appointments": ADD,
    "login_codes": f"{ADD}, UPDATE (account_id, attempts, used_at)",
    "messages": f"{READ}, UPDATE (outcome_at, reason, state)",
    "non_working_days": READ,
    "noted_offline": f"{ADD}, UPDATE (params, read_at, read_by, refusal)",
    "group_indicators": ADD,
    "indicator_targets": ADD,
    "office_details": f"{ADD}, UPDATE (address, changed_at, changed_by, directions, hours, payment,"
    " telephone)",
    "outbox": ADD,
    "cash_counts": ADD,
    "charges": ADD,
    "remedy_refunds": ADD,
    "cash_ups": f"{ADD}, UPDATE (closed_at, closed_by, opened_at, signed_at, signed_by)",
    "corrections": f"{ADD}, UPDATE (approved, decided_at, decided_by)",
    "receipt_prints": ADD,
    "fee_lines": ADD,
    "receipt_numbers": f"{ADD}, UPDATE (last)",
    "receipts": ADD,
    "services_rendered": ADD,
    "disputes": f"{ADD}, UPDATE (changed_at, decided_at, decided_by, documents_asked_at,"
    " documents_given_at, explanation_sealed, remedy, remedy_minor, status, taken_at, taken_by)",
    "ledger_comparisons": READ,
    "payout_attempts": READ,
    "screening_lists": READ,
    "screening_hits": "SELECT, UPDATE (decided_at, decided_by, decision, reason)",
    "merged_keys": KEEP,
    "person_merges": f"{ADD}, UPDATE (unmerged_at, unmerged_by)",
    "place_watches": f"{ADD}, UPDATE (email_index, ended_at, ending, person_keys, phone_index)",
    "pre_application_documents": KEEP,
    "pre_applications": f"{ADD}, UPDATE (answers_sealed, changed_at, verified_at, verified_by)",
    "people": f"{ADD}, UPDATE (birth_date, consulate_code, curp_index, curp_sealed, email_sealed,"
    " first_surname, given_names, identity_bound_at, name_index, phone_sealed, second_surname)",
    "published_revisions": READ,
    "published_series": READ,
    "ready_documents": f"{KEEP}, UPDATE (appointment_id, collected_at, collector,"
    " collector_sealed, document, handed_by)",
    "remittance_rules": READ,
    "remittances": f"{ADD}, UPDATE (answer_due_at, cancelled_at, changed_at, reason_code,"
    " refunded_at, refunded_minor, remedied_minor, status)",
    "resemblance_keys": "DELETE, SELECT",
    "resemblances": READ,
    "return_passes": f"{ADD}, UPDATE (person_keys, returned_on, valid_until)",
    "service_requirements": READ,
    "daily_maximums": f"{ADD}, UPDATE (most, set_at, set_by)",
    "service_durations": f"{ADD}, UPDATE (minutes, set_at, set_by)",
    "services": READ,
    "slot_sets": f"{ADD}, UPDATE (capacity, exempt, planned, services, taken)",
    "states": READ,
    "vacated_places": f"{ADD}, UPDATE (counted)",
    "vote_counts": f"{ADD}, UPDATE (approved_at, approved_by, note, reason, rejected_at,"
    " rejected_by, second_by, second_value, status, value, warnings)",
    "web_sessions": f"{ADD}, UPDATE (ended_at, last_seen_at)",
}
ONLY_WORKERS = {
    "dataset_files": READ,
    "dataset_months": KEEP,
    "dataset_versions": READ,
    "agreement_reminders": ADD,
    "commission_agreements": READ,
    "commission_follow_ups": READ,
    "commission_sessions": READ,
    "report_runs": ADD,
    "remittance_receipts": READ,
    "scheduled_reports": READ,
    "alert_mails": ADD,
    "alert_notices": ADD,
    "alert_readers": READ,
    "alert_rules": f"{READ}, UPDATE (looked_at)",
    "announcements": READ,
    "booking_holds": "DELETE, SELECT",
    "attendees": f"{ADD}, UPDATE (appointment_id, changed_at, desk, n, outcome, status)",
    "seats": f"{ADD}, UPDATE (appointment_id, counted, ends_at, hold_id, share, skills,"
    " slot_id, starts_at)",
    "cash_counts": READ,
    "cash_ups": READ,
    "corrections": f"{READ}, UPDATE (reason)",
    "receipt_prints": READ,
    "receipt_numbers": READ,
    "receipts": READ,
    "fee_lines": f"{READ}, UPDATE (ground)",
    "services_rendered": f"{READ}, UPDATE (document_sealed, reason)",
    "daily_maximums": ADD,
    "service_durations": ADD,
    "bookings_called_off": f"{KEEP}, UPDATE (failure)",
    "assisted_requests": f"{ADD}, UPDATE (document)",
    "appointment_reminders": KEEP,
    "board_links": READ,
    "desk_steps": f"{KEEP}, UPDATE (undone_at)",
    "agency_pauses": READ,
    "agency_slots": f"{ADD}, UPDATE",
    "agency_states": f"{ADD}, UPDATE",
    "agency_terms": f"{ADD}, UPDATE",
    "heartbeats": f"{KEEP}, UPDATE",
    "dependants": "DELETE, SELECT",
    "name_corrections": f"{ADD}, UPDATE (reason_code, settled_at, state)",
    "stopped_phones": READ,
    "holder_checks": "DELETE, SELECT, UPDATE (answered_at, content_sealed, data_key, match)",
    "recipients": "DELETE, SELECT",
    "helper_links": "DELETE, SELECT",
    "noted_offline": "DELETE, SELECT",
    "outages": f"{ADD}, UPDATE",
    "parked_decisions": READ,
    "blocked_records": KEEP,
    "erasure_requests": f"{ADD}, UPDATE (decided_at, decided_by, done_at, refusal, requested_by,"
    " status)",
    "homonyms": KEEP,
    "identities": KEEP,
    "incident_steps": f"{ADD}, UPDATE (note)",
    "appointments": f"{ADD}, UPDATE",
    "attempts": f"{KEEP}, UPDATE (count)",
    "collection_places": f"{ADD}, UPDATE",
    "consulates": f"{KEEP}, UPDATE",
    "documents": f"{KEEP}, UPDATE ({DOCUMENTS})",
    "drafts": "DELETE, SELECT (expires_at, owner)",
    "enrollment_batch_rows": f"{ADD}, UPDATE (batch_id, outcome, settled_at)",
    "enrollment_batches": f"{ADD}, UPDATE (changed_at, status)",
    "enrollments": f"{ADD}, UPDATE",
    "enrollment_reminders": ADD,
    "passed_documents": ADD,
    "exchange_rates": f"{KEEP}, UPDATE",
    "fact_cells": f"{KEEP}, UPDATE (people, quantity, services)",
    "fact_cubes": f"{ADD}, UPDATE (at, damaged_at)",
    "facts_settled": f"{READ}, UPDATE (at)",
    "fees": f"{KEEP}, UPDATE",
    "folders": f"{ADD}, UPDATE (answers_sealed, consulate_code, person_key, starts_next, wanted)",
    "form_submissions": "DELETE, SELECT (begun_at)",
    "idempotency_keys": f"{KEEP}, UPDATE (response, status)",
    "identity_checks": f"{KEEP}, UPDATE",
    "incidents": f"{ADD}, UPDATE",
    "journal_entries": READ,
    "journal_lines": READ,
    "disputes": f"{ADD}, UPDATE (changed_at, claim_sealed, data_key, decided_at, decided_by,"
    " documents_asked_at, documents_given_at, explanation_sealed, remedy, remedy_minor, status,"
    " taken_at, taken_by)",
    "ledger_accounts": READ,
    "ledger_balances": READ,
    "ledger_batches": ADD,
    "ledger_comparisons": ADD,
    "ledger_cells": f"{ADD}, UPDATE (amount)",
    "ledger_seals": ADD,
    "imported_appointments": KEEP,
    "login_codes": f"{KEEP}, UPDATE (account_id, attempts, used_at)",
    "messages": f"{KEEP}, UPDATE (outcome_at, provider_id, reason, sent_at, state)",
    "non_working_days": f"{KEEP}, UPDATE",
    "group_indicators": f"{ADD}, UPDATE (group_number, name_en, name_es, source, unit)",
    "indicator_targets": READ,
    "chart_notes": READ,
    "office_details": READ,
    "outbox": f"{KEEP}, UPDATE",
    "charges": f"{ADD}, UPDATE",
    "remedy_refunds": f"{ADD}, UPDATE (asked_at, settled_at, state)",
    "payout_attempts": f"{ADD}, UPDATE",
    "screening_entries": KEEP,
    "screening_hits": f"{KEEP}, UPDATE (decided_at, decided_by, decision, reason)",
    "screening_lists": f"{ADD}, UPDATE (replaced_at)",
    "pre_application_documents": "DELETE, SELECT",
    "pre_applications": "DELETE, SELECT",
    "merged_keys": "DELETE, SELECT",
    "person_merges": f"{READ}, UPDATE (document)",
    "place_watches": "DELETE, SELECT, UPDATE (checked_at, email_index, ended_at, ending,"
    " notified_at, person_keys, phone_index)",
    "people": f"{ADD}, UPDATE",
    "postings": READ,
    "published_revisions": ADD,
    "published_series": f"{KEEP}, UPDATE",
    "ready_documents": f"{READ}, UPDATE (collector_sealed, document)",
    "remittance_rules": f"{KEEP}, UPDATE",
    "remittances": f"{ADD}, UPDATE",
    "resemblance_keys": KEEP,
    "resemblances": ADD,
    "return_passes": f"{ADD}, UPDATE",
    "scheduled_runs": KEEP,
    "service_requirements": f"{KEEP}, UPDATE",
    "services": f"{KEEP}, UPDATE",
    "slot_sets": f"{ADD}, UPDATE",
    "states": f"{KEEP}, UPDATE",
    "vacated_places": f"{KEEP}, UPDATE (counted)",
    "vote_counts": f"{ADD}, UPDATE",
    "web_sessions": f"{KEEP}, UPDATE (ended_at, last_seen_at)",
}
# Functions that run with their owner's rights.
FUNCTIONS = {
    "count_enrolled_person",
    "end_hold_v1",
    "forget_enrolled_person",
    "ledger_balances_v1",
    "ledger_lines_v1",
    "ledger_thread_v1",
    "open_customer_account_v1",
    "post_entry",
    "post_entry_v2",
    "post_transfer_v1",
    "post_transfers_v1",
    "sent_by_person",
    "refuse_part_of_order",
}

_RIGHTS = """
WITH columns AS (
    SELECT a.attname AS name, p.name AS granted, c.relname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT attisdropped
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) p (name)
    WHERE has_column_privilege(%(role)s, c.oid, a.attnum, p.name)
      AND NOT has_table_privilege(%(role)s, c.oid, p.name)
)
SELECT c.relname, p.name, (
    SELECT string_agg(l.name, ', ' ORDER BY l.name COLLATE "C") FROM columns l
    WHERE l.relname = c.relname AND l.granted = p.name)
FROM pg_class c CROSS JOIN (VALUES ('DELETE'), ('INSERT'), ('REFERENCES'), ('SELECT'), ('TRIGGER'),
    ('TRUNCATE'), ('UPDATE')) p (name)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (has_table_privilege(%(role)s, c.oid, p.name)
       OR EXISTS (SELECT FROM columns l WHERE l.relname = c.relname AND l.granted = p.name))
ORDER BY 1, 2
"""


@pytest.fixture
def connection(shared_database: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database.owner_url) as connection:
        yield connection
        connection.rollback()


def _rights(connection: psycopg.Connection, role: str) -> dict[str, str]:
    by_table: dict[str, list[str]] = {}
    for table, right, columns in connection.execute(_RIGHTS, {"role": role}):
        by_table.setdefault(table, []).append(f"{right} ({columns})" if columns else right)
    return {table: ", ".join(rights) for table, rights in by_table.items()}


@pytest.mark.parametrize(
    ("role", "own"), [("consular_web", ONLY_WEB), ("consular_worker", ONLY_WORKERS)]
)
def test_a_login_may_do_what_is_listed(
    connection: psycopg.Connection, role: str, own: dict[str, str]
) -> None:
    assert _rights(connection, role) == {**BOTH, **own}


def test_nobody_else_may_do_anything(connection: psycopg.Connection) -> None:
    others = connection.execute(
        "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' UNION"
        " SELECT DISTINCT grantee FROM information_schema.role_column_grants"
        " WHERE table_schema = 'public'"
    ).fetchall()
    known = {"consular_owner", "consular_application", "consular_web", "consular_worker"}
    assert {grantee for (grantee,) in others} <= known


def test_functions_with_their_owners_rights_are_those_listed(
    connection: psycopg.Connection,
) -> None:
    functions = connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    ).fetchall()
    assert {name for (name,) in functions} == FUNCTIONS


def test_one_view_is_read_and_nothing_changes_rows_but_tables(
    connection: psycopg.Connection,
) -> None:
    others = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind NOT IN ('r', 'p', 'i', 'I', 'c', 't')"
    ).fetchall()
    assert others == [("postings",)]
