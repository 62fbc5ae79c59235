"""What is deleted, and when: one table, so that it can be read as a promise."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

# Times by the database's clock. Rows that count as evidence (audit, facts, ledger, agencies'
# messages) have no line here.
RETENTION: Mapping[str, str] = {
    # A code is worth nothing after ten minutes; a day is left for finding out about abuse.
    "login_codes": "DELETE FROM login_codes WHERE expires_at < now() - interval '1 day'",
    # Shown to the person for as long as the appointment may be news.
    "helper_links": "DELETE FROM helper_links WHERE expires_at < now() - interval '90 days'",
    "attempts": "DELETE FROM attempts WHERE window_start < now() - interval '1 day'",
    # Long after any retry; what must not be doubled has constraints of its own.
    "idempotency_keys": "DELETE FROM idempotency_keys WHERE created_at < now() - interval '7 days'",
    # No session lives longer than eight hours.
    "web_sessions": "DELETE FROM web_sessions WHERE created_at < now() - interval '1 day'"
    " OR ended_at < now() - interval '1 day'",
    # As long as somebody may be about to pay; then it is asked anew.
    "holder_checks": "DELETE FROM holder_checks WHERE asked_at < now() - interval '1 day'",
    # Answers of forms that nobody finished.
    "drafts": "DELETE FROM drafts WHERE expires_at < now()",
    # Longer than a page stays open; what must not be doubled has constraints of its own.
    "form_submissions": "DELETE FROM form_submissions WHERE begun_at < now() - interval '1 day'",
    # What was parked waits for a person; then it can be looked at for a quarter of a year.
    "outbox": "DELETE FROM outbox WHERE done_at < now() - interval '7 days'"
    " AND (outcome IS DISTINCT FROM 'parked' OR EXISTS (SELECT FROM parked_decisions d"
    " WHERE d.outbox_id = id AND d.decided_at < now() - interval '90 days'))",
    # Of processes that were killed; one that ends by itself says so.
    "heartbeats": "DELETE FROM heartbeats WHERE beat_at < now() - interval '1 day'",
    # Folios that nobody showed at a window; what was checked there counts as evidence.
    "identity_checks": "DELETE FROM identity_checks WHERE checked_at IS NULL"
    " AND created_at < now() - interval '30 days'",
    # What a law has kept of whoever was erased, until its day.
    "blocked_records": "DELETE FROM blocked_records WHERE blocked_until <= current_date",
    # Freed within hours; a day of them limits how often an appointment moves.
    "vacated_places": "DELETE FROM vacated_places WHERE vacated_at < now() - interval '2 days'",
    # Undone within a minute, or never.
    "desk_steps": "DELETE FROM desk_steps WHERE at < now() - interval '1 day'",
    # Longer than a browser may keep what it has to send; what wasn't applied was read by then.
    "noted_offline": "DELETE FROM noted_offline WHERE received_at < now() - interval '90 days'",
    # How long people waited is looked at by month.
    "visits": "DELETE FROM visits WHERE day < current_date - 90",
    # As long as documents of a request that is over (`services.folders.rules`).
    "pre_application_documents": "DELETE FROM pre_application_documents d USING appointments a"
    " WHERE a.id = d.appointment_id AND a.ends_at < now() - interval '90 days'",
    "appointment_reminders": "DELETE FROM appointment_reminders"
    " WHERE starts_at < now() - interval '1 day'",
    # As long as an office may send the old system's file again.
    "imported_appointments": "DELETE FROM imported_appointments"
    " WHERE imported_at < now() - interval '1 year'",
    # As long as somebody may ask whether they were told.
    "messages": "DELETE FROM messages WHERE created_at < now() - interval '180 days'",
    "place_watches": "DELETE FROM place_watches WHERE ended_at < now() - interval '30 days'",
    # Longer than a version is looked at before it goes out; then it is worked out anew.
    "dataset_months": "DELETE FROM dataset_months WHERE prepared_at < now() - interval '30 days'",
    "scheduled_runs": "DELETE FROM scheduled_runs WHERE due_at < now() - interval '1 day'",
}


def delete_expired(session: Session, table: str) -> int:
    """Delete what is past its time in ``table``; returns how many rows went."""
    return session.connection().execute(text(RETENTION[table])).rowcount
