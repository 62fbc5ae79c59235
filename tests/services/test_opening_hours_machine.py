"""Book, move, cancel, change the hours, close and reopen in any order: the database equals a model.

The model keeps what people were promised and the plan of each day, and seats them desk by desk,
trying every desk; it knows nothing of constraints, counts or outbox.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.appointments.booking import BookAppointment, book
from services.appointments.closing_days import CloseDays, close_days, reopen_days
from services.appointments.desk import cancel
from services.appointments.editing import (
    CancelSession,
    Changes,
    EditSeries,
    EditSession,
    cancel_session,
    edit_series,
    edit_session,
)
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.freeing import free_places, free_vacated
from services.appointments.hours import Span
from services.appointments.models import Appointment, OpeningSession, VacatedPlace
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan
from services.appointments.queries import availability
from services.appointments.recurring import CreateSeries, create_series
from services.appointments.rescheduling import RescheduleAppointment, reschedule
from services.appointments.rules import DEVELOPMENT_LIMITS
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import WrongState
from tests.factories.consulates import reference_session, work_as
from tests.factories.enrollments import make_account
from tests.factories.remittances import VAULT
from tests.factories.web import in_letters
from tests.servers import DatabaseUrls

OFFICE, ZONE = "losangeles", ZoneInfo("America/Los_Angeles")
STEP = timedelta(minutes=30)
SERVICES = ("PAS10", "MAT")
# A week without a holiday; its Monday and Tuesday belong to one series.
MONDAY = date(2027, 3, 8)
DAYS = (MONDAY, MONDAY + timedelta(days=1))
NOW = datetime(2027, 3, 1, 18, tzinfo=UTC)
DESKS = (
    (DeskPlan("A", SERVICES),),
    (DeskPlan("A", SERVICES), DeskPlan("B", ("MAT",))),
    (DeskPlan("A", ("PAS10",)), DeskPlan("B", ("MAT",))),
    (DeskPlan("B", ("PAS10",)),),
)
HOURS = ((time(9), time(10)), (time(9), time(11)), (time(9, 30), time(10, 30)))
BREAKS: tuple[tuple[Span, ...], ...] = ((), ((time(9, 30), time(10)),))
CLOSED = (None, (time(9), time(9, 45)))


@dataclass
class Plan:
    """A day as the supervisor left it."""

    hours: tuple[time, time]
    desks: tuple[DeskPlan, ...]
    breaks: tuple[Span, ...] = ()
    apart: bool = False
    cancelled: bool = False


@dataclass
class Promise:
    """What somebody was promised. ``held``: it has its place; also where it is ``cancelled`` or was
    ``left`` by a move, and nobody else may have the place yet."""

    day: date
    at: time
    service: str
    order: int
    status: str = "booked"
    held: bool = True


@dataclass
class Model:
    """All that is known, in plain words."""

    plans: dict[date, Plan]
    closures: dict[UUID, tuple[date, Span | None]] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)

    def times(self, day: date) -> list[time]:
        plan, start = self.plans[day], datetime.combine(day, time(9))
        times = []
        while start.time() < time(11):
            away = [
                *plan.breaks,
                *(s or (time.min, time.max) for d, s in self.closures.values() if d == day),
            ]
            ends = (start + STEP).time()
            inside = plan.hours[0] <= start.time() and ends <= plan.hours[1]
            if (
                inside
                and not plan.cancelled
                and not any(a < ends and start.time() < b for a, b in away)
            ):
                times.append(start.time())
            start += STEP
        return times

    def fits(self, day: date, at: time, wanted: list[str]) -> bool:
        return at in self.times(day) and _seated(list(self.plans[day].desks), wanted)

    def holding(self, day: date, at: time) -> list[str]:
        return [p.service for p in self.promises.values() if p.held and (p.day, p.at) == (day, at)]

    def seat_again(self, day: date) -> None:
        concerned = [
            p for p in self.promises.values() if p.day == day and (p.held or p.status == "booked")
        ]
        concerned.sort(key=lambda p: (2 if p.status != "booked" else 0 if p.held else 1, p.order))
        for promise in concerned:
            promise.held = False
        for promise in concerned:
            promise.held = self.fits(
                day, promise.at, [*self.holding(day, promise.at), promise.service]
            )

    def free(self, day: date, at: time, service: str) -> int:
        holding = self.holding(day, at)
        return max(n for n in range(3) if n == 0 or self.fits(day, at, [*holding, *[service] * n]))


def _seated(desks: list[DeskPlan], wanted: list[str]) -> bool:
    if not wanted:
        return True
    return any(
        _seated(desks[:n] + desks[n + 1 :], wanted[1:])
        for n, desk in enumerate(desks)
        if wanted[0] in desk.services
    )


class Machine(RuleBasedStateMachine):
    """One office with a series of two days."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.opened = reference_session(self.url)
        self.session: Session = self.opened.__enter__()
        self.supervisor = Actor(Role.SUPERVISOR, None, OFFICE)
        self.account = make_account(self.session)
        self.numbers = count(1)
        command = CreateSeries(OFFICE, "FREQ=DAILY;UNTIL=20270309", MONDAY, *HOURS[0], 30, DESKS[1])
        self.series = create_series(self.session, command, now=NOW, actor=self.supervisor).id
        rows = self.session.execute(select(OpeningSession.day, OpeningSession.id)).all()
        self.sessions = {day: id for day, id in rows}
        self.model = Model({day: Plan(HOURS[0], DESKS[1]) for day in DAYS})

    def teardown(self) -> None:
        self.session.rollback()
        self.opened.__exit__(None, None, None)

    def context(self, **more: Any) -> dict[str, Any]:
        work_as(self.session, NETWORK_SCOPE)
        return {
            "now": NOW + timedelta(seconds=next(self.numbers)),
            "actor": self.supervisor,
            **more,
        }

    @rule(day=st.sampled_from(DAYS), half=st.integers(0, 3), service=st.sampled_from(SERVICES))
    def books(self, day: date, half: int, service: str) -> None:
        at = (datetime.combine(day, time(9)) + half * STEP).time()
        number, now = next(self.numbers), self.context()["now"]
        somebody = Attendee("Ana", f"Demo {in_letters(number)}", None, date(1990, 5, 12))
        start = datetime.combine(day, at, ZONE)
        command = BookAppointment(OFFICE, (service,), start, (somebody,))
        fits = self.model.free(day, at, service) > 0
        try:
            with self.session.begin_nested():
                connection: Any = self.session.connection().connection.driver_connection
                made = book(
                    connection, command, now=now, vault=VAULT,
                    actor=Actor(Role.OFFICER, self.account, OFFICE),
                )  # fmt: skip
        except (SlotTaken, SlotNotOffered):
            assert not fits
        else:
            assert fits
            self.model.promises[made.id] = Promise(day, at, service, number)

    @rule(data=st.data(), day=st.sampled_from(DAYS), half=st.integers(0, 3))
    def moves(self, data: st.DataObject, day: date, half: int) -> None:
        """It leaves its place, which is nobody's until it is freed, where it had one."""
        live = [id for id, p in self.model.promises.items() if p.status == "booked"]
        if not live:
            return
        id = data.draw(st.sampled_from(live))
        promise, at = self.model.promises[id], (datetime.combine(day, time(9)) + half * STEP).time()
        if promise.held and (promise.day, promise.at) == (day, at):
            return
        fits = self.model.free(day, at, promise.service) > 0
        context = self.context()
        command = RescheduleAppointment(id, datetime.combine(day, at, ZONE))
        try:
            with self.session.begin_nested():
                reschedule(self.session, command, limits=DEVELOPMENT_LIMITS, **context)
        except (SlotTaken, SlotNotOffered):
            assert not fits
            return
        assert fits
        if promise.held:
            left = select(VacatedPlace.move_id).where(VacatedPlace.vacated_at == context["now"])
            move = self.session.scalars(left).one()
            order = (context["now"] - NOW).seconds
            self.model.promises[move] = replace(promise, status="left", order=order)
        promise.day, promise.at, promise.held = day, at, True

    @rule(data=st.data(), freed=st.booleans())
    def cancels(self, data: st.DataObject, freed: bool) -> None:
        live = [id for id, p in self.model.promises.items() if p.status == "booked"]
        if not live:
            return
        id = data.draw(st.sampled_from(live))
        cancel(self.session, id, **self.context())
        self.model.promises[id].status = "cancelled"
        if freed:
            self._free(id)

    @rule(data=st.data())
    def frees(self, data: st.DataObject) -> None:
        """Also what was freed before, or lost its place: nothing is given back twice."""
        ended = [id for id, p in self.model.promises.items() if p.status != "booked"]
        if ended:
            self._free(data.draw(st.sampled_from(ended)))

    def _free(self, id: UUID) -> None:
        work_as(self.session, NETWORK_SCOPE)
        freed = free_vacated if self.model.promises[id].status == "left" else free_places
        freed(self.session, id)
        self.model.promises[id].held = False

    @rule(
        day=st.sampled_from(DAYS),
        hours=st.sampled_from(HOURS),
        desks=st.sampled_from(DESKS),
        breaks=st.sampled_from(BREAKS),
    )
    def edits_a_day(self, day: date, hours: Any, desks: Any, breaks: Any) -> None:
        changes = Changes(*hours, breaks=self._within(breaks, hours), desks=desks)
        command = EditSession(self.sessions[day], changes)
        if self.model.plans[day].cancelled:
            with pytest.raises(WrongState):
                edit_session(self.session, command, **self.context())
            return
        edit_session(self.session, command, **self.context())
        self.model.plans[day] = Plan(hours, desks, changes.breaks or (), apart=True)
        self.model.seat_again(day)

    @rule(
        hours=st.sampled_from(HOURS), desks=st.sampled_from(DESKS), breaks=st.sampled_from(BREAKS)
    )
    def edits_the_series(self, hours: Any, desks: Any, breaks: Any) -> None:
        changes = Changes(*hours, breaks=self._within(breaks, hours), desks=desks)
        edit_series(self.session, EditSeries(self.series, changes), **self.context())
        for day, plan in self.model.plans.items():
            if not plan.apart:
                self.model.plans[day] = Plan(hours, desks, changes.breaks or ())
                self.model.seat_again(day)

    @staticmethod
    def _within(breaks: tuple[Span, ...], hours: tuple[time, time]) -> tuple[Span, ...]:
        return tuple(b for b in breaks if hours[0] <= b[0] and b[1] <= hours[1])

    @rule(day=st.sampled_from(DAYS), span=st.sampled_from(CLOSED))
    def closes(self, day: date, span: Any) -> None:
        command = CloseDays(OFFICE, day, day, "obra", *(span or (None, None)))
        closure, _impact = close_days(self.session, command, **self.context())
        self.model.closures[closure.id] = (day, span)
        self.model.seat_again(day)

    @rule(data=st.data())
    def reopens(self, data: st.DataObject) -> None:
        if not self.model.closures:
            return
        id = data.draw(st.sampled_from(list(self.model.closures)))
        reopen_days(self.session, id, reason=None, **self.context())
        day, _span = self.model.closures.pop(id)
        self.model.seat_again(day)

    @rule(day=st.sampled_from(DAYS), really=st.integers(0, 3))
    def cancels_a_day(self, day: date, really: int) -> None:
        plan = self.model.plans[day]
        if plan.cancelled or really:
            return
        cancel_session(self.session, CancelSession(self.sessions[day], "obra"), **self.context())
        plan.cancelled = plan.apart = True
        self.model.seat_again(day)

    @invariant()
    def promises_are_kept(self) -> None:
        work_as(self.session, NETWORK_SCOPE)
        for row in self.session.scalars(select(Appointment)):
            promise = self.model.promises[row.id]
            start = row.starts_at.astimezone(ZONE)
            assert (start.date(), start.time(), row.services) == (
                promise.day, promise.at, [promise.service],
            )  # fmt: skip
            assert row.ends_at - row.starts_at == STEP
            if row.status == "booked":
                assert (row.orphaned_at is None) is promise.held

    @invariant()
    def offered_is_what_can_be_served(self) -> None:
        for service in SERVICES:
            offered: Counter[tuple[date, time]] = Counter()
            first = datetime.combine(MONDAY, time(), ZONE)
            for found in availability(
                self.session, consulate=OFFICE, service=service,
                first=first, last=first + timedelta(days=2),
            ):  # fmt: skip
                start = found.start.astimezone(ZONE)
                offered[start.date(), start.time()] = found.free
            for day in DAYS:
                for half in range(4):
                    at = (datetime.combine(day, time(9)) + half * STEP).time()
                    assert offered[day, at] == self.model.free(day, at, service)

    @invariant()
    def counts_are_right(self) -> None:
        wrong = text(
            "SELECT count(*) FROM slot_sets t WHERE taken <> (SELECT count(*) FROM seats s"
            " WHERE s.slot_id = t.slot_id AND s.counted AND s.service_code = ANY (t.services))"
            " + (SELECT coalesce(sum(places), 0) FROM vacated_places v"
            " WHERE v.slot_id = t.slot_id AND v.counted AND v.service_code = ANY (t.services))"
        )
        assert self.session.scalar(wrong) == 0


def test_the_database_equals_the_model(
    shared_database: DatabaseUrls, request: pytest.FixtureRequest
) -> None:
    full = request.config.getoption("--full")
    Machine.url = shared_database.app_url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=300 if full else 4,
            stateful_step_count=40 if full else 15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
