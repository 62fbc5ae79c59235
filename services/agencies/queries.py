"""Read how the agencies stand: breakers, pauses with their history, calls under way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from services.agencies.models import AgencyPause
from services.agencies.rules import State


@dataclass(frozen=True)
class AgencyOverview:
    """An agency now. ``since``: when its breaker left or came to ``closed``; ``waiting``: items of
    the outbox that wait until it may be called."""

    agency: str
    state: State
    since: datetime | None
    failures: int
    last_code: str | None
    open_until: datetime | None
    calls: int
    waiting: int
    pause: AgencyPause | None


_OVERVIEW = text(
    """
    SELECT a.agency, s.state, s.changed_at, s.failures, s.last_code, s.open_until,
           (SELECT count(*) FROM agency_slots c
            WHERE c.agency = a.agency AND c.held_until > clock_timestamp()) AS calls,
           (SELECT count(*) FROM outbox o
            WHERE o.waits_for = a.agency AND o.done_at IS NULL) AS waiting
    FROM unnest(CAST(:agencies AS text[])) WITH ORDINALITY a (agency, place)
    LEFT JOIN agency_states s ON s.agency = a.agency ORDER BY a.place
    """
)


def list_agencies(session: Session, agencies: Iterable[str]) -> list[AgencyOverview]:
    """These agencies, in this order; one that was never called is closed."""
    pauses = {pause.agency: pause for pause in session.scalars(_paused())}
    return [
        AgencyOverview(
            agency=row.agency,
            state=State(row.state or State.CLOSED),
            since=row.changed_at,
            failures=row.failures or 0,
            last_code=row.last_code,
            open_until=row.open_until,
            calls=row.calls,
            waiting=row.waiting,
            pause=pauses.get(row.agency),
        )
        for row in session.execute(_OVERVIEW, {"agencies": list(agencies)})
    ]


def list_pauses(session: Session, agency: str, *, limit: int) -> Sequence[AgencyPause]:
    """Pauses of an agency, the last one first."""
    query = select(AgencyPause).where(AgencyPause.agency == agency)
    return session.scalars(query.order_by(AgencyPause.paused_at.desc()).limit(limit)).all()


def _paused() -> Select[AgencyPause]:
    return select(AgencyPause).where(AgencyPause.lifted_at.is_(None))
