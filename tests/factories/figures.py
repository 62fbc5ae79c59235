"""Facts of two years at once, written as lines of counting, for pages that draw them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE, Database

# As busy as two years of some offices, the same each time: a wave over the months, some offices
# much larger than others.
_HISTORY = text(
    """
    INSERT INTO facts (kind, subject_id, consulate_code, service_code, program_code, payout,
        vote_mode, status, day, quantity, people, services, occurred_at, recorded_at)
    SELECT kind, gen_random_uuid(), c.code, service, program, payout, mode, status,
        CAST(:last AS date) - back, n, n, n, clock_timestamp(), clock_timestamp()
    FROM generate_series(0, 760, :every) back
    CROSS JOIN (SELECT code, row_number() OVER (ORDER BY code) AS place FROM consulates
                WHERE NOT assumed ORDER BY code LIMIT :offices) c
    CROSS JOIN (VALUES
        ('appointment', 'completed', 'PAS10', NULL, NULL, NULL, 9),
        ('appointment', 'no_show', 'MAT', NULL, NULL, NULL, 2),
        ('appointment', 'cancelled', 'PAS10', NULL, NULL, NULL, 1),
        ('unmet_search', 'no_place', 'PAS10', NULL, NULL, NULL, 4),
        ('unmet_search', 'no_place', 'MAT', NULL, NULL, NULL, 1),
        ('enrollment', 'active', NULL, 'rfc', NULL, NULL, 2),
        ('enrollment', 'rejected', NULL, 'imss', NULL, NULL, 1),
        ('enrollment', 'sent_to_agency', NULL, 'imss', NULL, NULL, 1),
        ('remittance', 'paid', NULL, NULL, 'branch', NULL, 5)
    ) f (kind, status, service, program, payout, mode, weight)
    CROSS JOIN LATERAL (SELECT greatest(1, round(weight * (1 + sin(back / 58.0)) * 12
        / c.place * (1 - back / 1500.0)))::int AS n) size
    """
)


def write_history(database: Database, last: date, *, every: int = 30, offices: int = 6) -> None:
    """Every so many days back from ``last``, for more than two years."""
    with database.transaction(NETWORK_SCOPE) as session:
        session.execute(_HISTORY, {"last": last, "every": every, "offices": offices})
