"""What one more desk on a weekday would do to the earliest time that is offered: by the search that
books, with everybody who is booked. Pure, but for reading the plan: nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from services.appointments.finding_seats import read_openings
from services.appointments.models import HeldSeat, Seat, VacatedPlace
from services.appointments.rules import capacity_constraints
from services.appointments.seating import Constraint, DeskOffer, Opening, Party, Time, list_offers
from services.kernel.db import driver_connection

WEEKS = 8
_MOMENT = timedelta(microseconds=1)
Desks = tuple[frozenset[str], ...]


@dataclass(frozen=True)
class SessionPlan:
    """A session, and how many places of each service are taken at each of its times, by the time's
    id; who has a named desk is among its holds."""

    opening: Opening
    taken: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        """Its first time."""
        return self.opening.times[0].starts_at


@dataclass(frozen=True)
class Effect:
    """The earliest time for a service as planned, and with one more desk; None: there is none."""

    service: str
    before: datetime | None
    after: datetime | None


def work_out(
    plans: Sequence[SessionPlan],
    *,
    weekday: int,
    zone: ZoneInfo,
    services: frozenset[str],
    now: datetime,
) -> list[Effect]:
    """The effect of a desk more in each session of that weekday (Monday is 0) that has desks
    already, for ``services`` or, where there are none, for all that the others give then."""
    more = [
        _with_desk(plan, services) if plan.start.astimezone(zone).weekday() == weekday else plan
        for plan in plans
    ]
    offered = sorted(
        {code for plan in more for desk in plan.opening.desks for code in desk.services}
    )
    return [
        Effect(service, earliest(plans, service, now), earliest(more, service, now))
        for service in offered
    ]


def earliest(plans: Iterable[SessionPlan], service: str, now: datetime) -> datetime | None:
    """The first start from ``now`` on at which one more booking of the service finds a desk."""
    wanted = Party(now, (service,))
    for _day, group in groupby(plans, key=lambda plan: plan.start.date()):
        openings = [each.opening for each in group if each.opening.offers(service, frozenset())]
        for start in sorted({start for each in openings for start in _promising(each, service)}):
            offer = next(list_offers(openings, wanted, max(start, now), start + _MOMENT), None)
            if offer:
                return offer.starts_at
    return None


def _promising(opening: Opening, service: str) -> Iterable[datetime]:
    """Starts at which there may be room: those that the constraints alone refuse are left out,
    where nobody could sit elsewhere."""
    for time in opening.times:
        left = [each.left for each in time.constraints if service in each.services]
        if time.open and left and min(left) > 0:
            yield time.starts_at


def list_plans(session: Session, *, consulate: str, now: datetime) -> list[SessionPlan]:
    """The office's sessions of the coming weeks, by their start."""
    until = now + timedelta(weeks=WEEKS)
    read = read_openings(driver_connection(session), [consulate], now, until)
    openings = sorted((opening for _, opening in read), key=lambda each: each.times[0].starts_at)
    taken = _count_taken(session, [UUID(time.id) for each in openings for time in each.times])
    return [
        SessionPlan(each, {time.id: taken.get(time.id, {}) for time in each.times})
        for each in openings
    ]


def _count_taken(session: Session, slots: Sequence[UUID]) -> dict[str, Counter[str]]:
    """Places of each service at each time, those of named desks aside."""
    taken: dict[str, Counter[str]] = {}
    for model, places, counted in (
        (Seat, func.count(), (Seat.counted, Seat.hold_id.is_(None))),
        (
            VacatedPlace,
            func.sum(VacatedPlace.places),
            (VacatedPlace.counted, ~VacatedPlace.by_desk),
        ),
        (HeldSeat, func.count(), (literal(True), HeldSeat.desk_hold_id.is_(None))),
    ):
        query = (
            select(model.slot_id, model.service_code, places)
            .where(model.slot_id.in_(slots), *counted)
            .group_by(model.slot_id, model.service_code)
        )
        for slot, service, number in session.execute(query):
            taken.setdefault(str(slot), Counter())[service] += int(number)
    return taken


def _with_desk(plan: SessionPlan, services: frozenset[str]) -> SessionPlan:
    opening = plan.opening
    offered = services or frozenset(code for desk in opening.desks for code in desk.services)
    if not opening.desks or not offered:
        return plan
    desks = (*opening.desks, DeskOffer("more", offered))
    times = tuple(_with_more(time, plan.taken.get(time.id, {}), desks) for time in opening.times)
    return replace(plan, opening=replace(opening, desks=desks, times=times))


def _with_more(time: Time, taken: Mapping[str, int], desks: Sequence[DeskOffer]) -> Time:
    """Its constraints with one desk more; what is kept for some stays kept."""
    exact = [
        Constraint(frozenset(row), capacity - sum(taken.get(code, 0) for code in row))
        for row, capacity in _rows(tuple(desk.services for desk in desks))
    ]
    offered = frozenset(code for desk in desks for code in desk.services)
    kept = [
        replace(each, services=offered, left=each.left + 1)
        for each in time.constraints
        if each.exempt
    ]
    return replace(time, constraints=(*exact, *kept))


@cache
def _rows(desks: Desks) -> tuple[tuple[tuple[str, ...], int], ...]:
    rows = capacity_constraints(desks) or ()
    return tuple((row.services, row.capacity) for row in rows)
