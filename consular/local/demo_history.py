"""Figures of two years in a development instance: invented, asked for by ``seed --demo``, so that
trends, maps and the year before have something to show.

They are lines of counting and nothing else: no person, appointment or request is behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from consular.seed import one_transaction
from services.consulates.queries import list_consulates
from services.facts.recording import record_selected
from services.kernel.clock import system_clock
from services.kernel.settings import Settings

_OLDER = text("SELECT EXISTS (SELECT FROM facts WHERE day <= :last)")
ZONE = ZoneInfo("America/Mexico_City")
# The last days are left to what is done at the instance itself.
_UNTOUCHED = timedelta(days=3)
_EVERY = 15
# Those that serve most, the largest first; the others follow by their code.
_LARGEST = (
    "losangeles", "chicago", "houston", "dallas", "nuevayork", "atlanta", "phoenix", "toronto",
    "madrid",
)  # fmt: skip
# A wave over the months, each year above the one before; an office half as busy as the one that
# is twice as high in the list.
_HISTORY = """
    SELECT kind, gen_random_uuid(), office, status, CAST(:last AS date) - back, n, n, n,
        clock_timestamp(), service, program, payout, NULL, NULL, NULL, NULL, NULL
    FROM generate_series(0, 760, :every) back
    CROSS JOIN unnest(CAST(:offices AS text[])) WITH ORDINALITY o (office, place)
    CROSS JOIN (VALUES
        ('appointment', 'completed', 'PAS10', NULL, NULL, 9),
        ('appointment', 'no_show', 'MAT', NULL, NULL, 2),
        ('appointment', 'cancelled', 'PAS10', NULL, NULL, 1),
        ('unmet_search', 'no_place', 'PAS10', NULL, NULL, 4),
        ('unmet_search', 'no_place', 'MAT', NULL, NULL, 1),
        ('enrollment', 'active', NULL, 'rfc', NULL, 2),
        ('enrolled_person', 'enrolled', NULL, NULL, NULL, 1),
        ('enrollment', 'rejected', NULL, 'imss', NULL, 1),
        ('enrollment', 'sent_to_agency', NULL, 'imss', NULL, 1),
        ('remittance', 'paid', NULL, NULL, 'branch', 5)
    ) f (kind, status, service, program, payout, weight)
    CROSS JOIN LATERAL (SELECT greatest(1, round(weight * (1 + sin(back / 58.0)) * 12
        / o.place * (1 - back / 1500.0)))::int AS n) size
"""


def ensure_demo_history(settings: Settings, now: datetime | None = None) -> bool:
    """Write it into an instance in which nothing older was counted. Returns whether it did."""
    settings.refuse_production()
    last = (now or system_clock()).astimezone(ZONE).date() - _UNTOUCHED
    with one_transaction(settings.database_url) as session:
        if session.scalar(_OLDER, {"last": last}):
            return False
        write_history(session, last, _offices(session), every=_EVERY)
    return True


def write_history(session: Session, last: date, offices: Sequence[str], *, every: int) -> None:
    """Every so many days back from ``last``, for more than two years, at offices from the busiest
    to the quietest."""
    record_selected(session, _HISTORY, {"last": last, "every": every, "offices": list(offices)})


def _offices(session: Session) -> list[str]:
    known = {office.code for office in list_consulates(session, include_assumed=False)}
    first = [code for code in _LARGEST if code in known]
    return first + sorted(known - {*first})
