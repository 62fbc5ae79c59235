"""What one more desk on a weekday would do to the earliest time that is offered. Pure, but for
reading the plan: nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.appointments.models import Desk, Member, Seat, Slot, VacatedPlace
from services.appointments.rules import Status, capacity_constraints

WEEKS = 8
Desks = tuple[frozenset[str], ...]


@dataclass(frozen=True)
class SlotPlan:
    """A time with the services of each of its desks, and how many places of each are taken."""

    start: datetime
    desks: Desks
    taken: Mapping[str, int]


@dataclass(frozen=True)
class Effect:
    """The earliest time for a service as planned, and with one more desk; None: there is none."""

    service: str
    before: datetime | None
    after: datetime | None


def work_out(
    plans: Sequence[SlotPlan], *, weekday: int, zone: ZoneInfo, services: frozenset[str]
) -> list[Effect]:
    """The effect of a desk more at each time of that weekday (Monday is 0) that has desks already,
    for ``services`` or, where there are none, for all that the others give then."""
    more = [
        _with_desk(plan, services) if plan.start.astimezone(zone).weekday() == weekday else plan
        for plan in plans
    ]
    offered = sorted({service for plan in more for desk in plan.desks for service in desk})
    return [
        Effect(service, _earliest(plans, service), _earliest(more, service)) for service in offered
    ]


def list_plans(session: Session, *, consulate: str, now: datetime) -> list[SlotPlan]:
    """The office's open times of the coming weeks, by their start."""
    until = now + timedelta(weeks=WEEKS)
    slots = session.scalars(
        select(Slot)
        .where(
            Slot.consulate_code == consulate,
            Slot.open,
            Slot.starts_at > now,
            Slot.starts_at < until,
        )
        .order_by(Slot.starts_at)
    ).all()
    desks: dict[UUID, list[frozenset[str]]] = {}
    wanted = {slot.session_id for slot in slots}
    for desk in session.scalars(select(Desk).where(Desk.session_id.in_(wanted))):
        desks.setdefault(desk.session_id, []).append(frozenset(desk.services))
    taken = _count_taken(session, [slot.id for slot in slots])
    return [
        SlotPlan(slot.starts_at, tuple(desks.get(slot.session_id, ())), taken.get(slot.id, {}))
        for slot in slots
    ]


def _count_taken(session: Session, slots: Sequence[UUID]) -> dict[UUID, Counter[str]]:
    booked = (
        select(Seat.slot_id, Seat.service_code, func.count())
        .join(Member, Member.person_id == Seat.person_id)
        .where(Seat.slot_id.in_(slots), Member.status != Status.CANCELLED)
        .group_by(Seat.slot_id, Seat.service_code)
    )
    vacated = select(
        VacatedPlace.slot_id, VacatedPlace.service_code, func.sum(VacatedPlace.places)
    ).where(VacatedPlace.slot_id.in_(slots))
    taken: dict[UUID, Counter[str]] = {}
    for query in (booked, vacated.group_by(VacatedPlace.slot_id, VacatedPlace.service_code)):
        for slot, service, places in session.execute(query):
            taken.setdefault(slot, Counter())[service] += int(places)
    return taken


def _with_desk(plan: SlotPlan, services: frozenset[str]) -> SlotPlan:
    given = services or frozenset(service for desk in plan.desks for service in desk)
    if not plan.desks or not given:
        return plan
    return SlotPlan(plan.start, (*plan.desks, given), plan.taken)


def _earliest(plans: Iterable[SlotPlan], service: str) -> datetime | None:
    return next((plan.start for plan in plans if has_place(plan, service)), None)


def has_place(plan: SlotPlan, service: str) -> bool:
    """Whether one more booking of the service still finds a desk, by the rule of bookings."""
    rows = [row for row in _rows(plan.desks) if service in row[0]]
    return bool(rows) and all(
        sum(plan.taken.get(each, 0) for each in together) < capacity for together, capacity in rows
    )


@cache
def _rows(desks: Desks) -> tuple[tuple[tuple[str, ...], int], ...]:
    rows = capacity_constraints(desks) or ()
    return tuple((row.services, row.capacity) for row in rows)
