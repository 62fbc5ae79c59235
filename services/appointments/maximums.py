"""How many people a day takes of a service, however many places there are.

A supervisor decides it for the office from a day on; a session or a series may say another
number, which then holds for its whole day at that place, the lowest where several do. A mobile
consulate has those that its own sessions say. Counted in the database, in `day_maximums`, with the
places; walk-ins count too. Who has a place when a maximum is set keeps it. See
docs/decisions/0039-maximum-of-a-day.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, exists, select, text
from sqlalchemy.orm import Session

from services.appointments.closures import lock_openings
from services.appointments.models import DailyMaximum, DayMaximum, OpeningSession
from services.appointments.service_rules import decide, list_decided
from services.consulates.queries import get_service
from services.kernel import audit
from services.kernel.ids import new_id

# Where a session is held: None at the office, or its id where it has a place of its own.
Place = UUID | None
Counts = dict[tuple[date, Place, str], int]


@dataclass(frozen=True)
class SetMaximum:
    """``most`` None: as many as there are places. In force at the actor's office from a day on."""

    service: str
    most: int | None
    valid_from: date


@dataclass(frozen=True)
class Maximums:
    """An office's maximums, by service and day."""

    rows: Sequence[DailyMaximum]

    def on(self, day: date) -> dict[str, int]:
        """Service -> most in force on ``day``."""
        in_force = {row.service_code: row.most for row in self.rows if row.valid_from <= day}
        return {code: most for code, most in in_force.items() if most is not None}


def maximums_of(session: Session, consulate: str) -> Maximums:
    """All that were set at an office, the earliest first."""
    return Maximums(list_decided(session, DailyMaximum, consulate))


def set_maximum(
    session: Session, command: SetMaximum, *, now: datetime, actor: audit.Actor
) -> Sequence[DailyMaximum]:
    """Set it, for the days that are open already too. Returns all maximums of the office. Raises
    NotFound for the service."""
    office = actor.consulate or ""
    get_service(session, command.service)
    lock_openings(session, office)
    decide(
        session,
        DailyMaximum,
        command.service,
        command.valid_from,
        most=command.most,
        now=now,
        actor=actor,
    )
    days = session.scalars(
        select(OpeningSession.day)
        .where(OpeningSession.consulate_code == office, OpeningSession.day >= command.valid_from)
        .distinct()
    )
    for day in sorted(days):
        lock_places(session, office, day)
        count_days(session, office, [day])
    subject = audit.Subject("daily_maximum", new_id(), consulate=office)
    audit.record(session, subject, action="maximum.set", now=now, actor=actor)
    return maximums_of(session, office).rows


_LOCK_PLACES = text(
    """
    SELECT FROM slot_sets t JOIN slots s ON s.id = t.slot_id
    WHERE s.session_id IN (SELECT id FROM sessions WHERE consulate_code = :consulate AND day = :day)
    ORDER BY s.starts_at, t.slot_id, t.set_no FOR UPDATE OF t
    """
)


def lock_places(session: Session, consulate: str, day: date) -> None:
    """Lock what a day's bookings take places of, in their order; new slots have none yet."""
    session.execute(_LOCK_PLACES, {"consulate": consulate, "day": day}).all()


def most_of_days(session: Session, consulate: str, days: Collection[date]) -> Counts:
    """The maximums of these days, those of the office and those that their sessions say."""
    rule = maximums_of(session, consulate)
    openings = session.execute(
        select(OpeningSession.id, OpeningSession.day, OpeningSession.place_zone,
               OpeningSession.daily_maximums)
        .where(
            OpeningSession.consulate_code == consulate,
            OpeningSession.day.in_(days),
            OpeningSession.cancelled_at.is_(None),
        )
    ).all()  # fmt: skip
    own: Counts = {}
    for opening in openings:
        place = opening.id if opening.place_zone else None
        for service, most in opening.daily_maximums.items():
            key = (opening.day, place, service)
            own[key] = min(most, own.get(key, most))
    at_office = {opening.day for opening in openings if not opening.place_zone}
    by_rule: Counts = {
        (day, None, code): most for day in at_office for code, most in rule.on(day).items()
    }
    return {**by_rule, **own}


# By appointment and day, for seats aren't found by their slots. Walk-ins hold no seat; those of the
# office only, for a ticket says no place.
_COUNT = text(
    """
    SELECT a.day, s.place_id, e.service_code, count(*) AS people
    FROM appointments a JOIN seats e ON e.appointment_id = a.id JOIN slots s ON s.id = e.slot_id
    WHERE a.consulate_code = :consulate AND a.day = ANY (:days) AND e.counted
        AND e.slot_id <> ALL (CAST(:without AS uuid[]))
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT o.day, s.place_id, v.service_code, sum(v.places)
    FROM sessions o JOIN slots s ON s.session_id = o.id JOIN vacated_places v ON v.slot_id = s.id
    WHERE o.consulate_code = :consulate AND o.day = ANY (:days) AND v.counted AND v.of_day
        AND v.slot_id <> ALL (CAST(:without AS uuid[]))
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT o.day, s.place_id, h.service_code, count(*)
    FROM sessions o JOIN slots s ON s.session_id = o.id JOIN held_seats h ON h.slot_id = s.id
    WHERE o.consulate_code = :consulate AND o.day = ANY (:days)
        AND h.slot_id <> ALL (CAST(:without AS uuid[]))
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT a.day, CAST(NULL AS uuid), service, count(*)
    FROM appointments a, unnest(a.services) service
    WHERE a.consulate_code = :consulate AND a.day = ANY (:days) AND a.walk_in
    GROUP BY 1, 2, 3
    """
)


def count_people(
    session: Session, consulate: str, days: Iterable[date], *, without: Sequence[UUID] = ()
) -> Counter[tuple[date, Place, str]]:
    """How many are counted of each service, day and place, in slots other than ``without``."""
    values = {"consulate": consulate, "days": sorted(days), "without": list(without)}
    counts: Counter[tuple[date, Place, str]] = Counter()
    for row in session.execute(_COUNT, values):
        counts[row.day, row.place_id, row.service_code] += int(row.people)
    return counts


_WRITE = text(
    """
    INSERT INTO day_maximums (id, consulate_code, day, service_code, place_id, most, allowed, taken)
    SELECT r.id, :consulate, r.day, r.service, r.place, r.most, greatest(r.most, r.taken), r.taken
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        id uuid, day date, service text, place uuid, most smallint, taken smallint)
    ON CONFLICT (consulate_code, day, service_code, place_id) DO UPDATE SET
        most = excluded.most, allowed = excluded.allowed, taken = excluded.taken
    """
)


def count_days(session: Session, consulate: str, days: Collection[date]) -> None:
    """Write the maximums of these days and who is counted. The caller holds the locks of their
    places."""
    wanted = most_of_days(session, consulate, days)
    ours = DayMaximum.consulate_code == consulate, DayMaximum.day.in_(days)
    if not wanted and not session.scalar(select(exists().where(*ours))):
        return
    # First the rows, then the count: who leaves meanwhile is seen, or waits.
    present = session.scalars(
        select(DayMaximum).where(*ours).order_by(DayMaximum.id).with_for_update()
    ).all()
    counts = count_people(session, consulate, days)
    gone = [r.id for r in present if (r.day, r.place_id, r.service_code) not in wanted]
    session.execute(delete(DayMaximum).where(DayMaximum.id.in_(gone)))
    rows = [
        {
            "id": str(new_id()),
            "day": day.isoformat(),
            "service": service,
            "place": place and str(place),
            "most": most,
            "taken": counts[day, place, service],
        }
        for (day, place, service), most in wanted.items()
    ]
    session.execute(_WRITE, {"consulate": consulate, "rows": json.dumps(rows)})
    for row in present:
        session.expunge(row)


_TAKE_WALK_IN = text(
    """
    UPDATE day_maximums SET taken = taken + 1, allowed = greatest(allowed, taken + 1)
    WHERE consulate_code = :consulate AND day = :day AND service_code = :service
        AND place_id IS NULL AND (taken < allowed OR :let_in)
    RETURNING true
    """
)


def count_walk_in(
    session: Session, consulate: str, day: date, service: str, let_in: bool = False
) -> bool:
    """Count somebody who comes without an appointment; False when the day has its most, unless
    they were ``let_in`` already."""
    values = {"consulate": consulate, "day": day, "service": service, "let_in": let_in}
    if session.execute(_TAKE_WALK_IN, values).first():
        return True
    ours = (
        DayMaximum.consulate_code == consulate,
        DayMaximum.day == day,
        DayMaximum.service_code == service,
        DayMaximum.place_id.is_(None),
    )
    return not session.scalar(select(exists().where(*ours)))
