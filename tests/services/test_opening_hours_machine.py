"""Hold, book, move, cancel, miss, change the hours, close and reopen in any order: the database
equals a model.

Some services take two times at one window, some people need a window that can something; days keep
places for some and have maximums. The model keeps what people were promised and the plan of each
day, and seats them desk by desk, trying every desk; it knows nothing of constraints, counts or
outbox. ``--full``: 300 runs of 40 steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments import editing
from services.appointments.booking import BookAppointment, Hand, book
from services.appointments.closing_days import CloseDays, close_days, reopen_days
from services.appointments.desk import TakeStep, cancel, take_step
from services.appointments.errors import HoldOver, SlotNotOffered, SlotTaken
from services.appointments.freeing import free_attendee, free_places, free_vacated
from services.appointments.holding import (
    HoldPlaces,
    extend_hold,
    free_hold,
    hold_places,
    list_due,
    release_hold,
)
from services.appointments.hours import Span
from services.appointments.models import (
    Appointment,
    BookingHold,
    HeldSeat,
    Member,
    OpeningSession,
    Seat,
    ServiceDuration,
    VacatedPlace,
)
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan
from services.appointments.queries import availability
from services.appointments.recurring import CreateSeries, create_series
from services.appointments.rescheduling import RescheduleAppointment, reschedule
from services.appointments.reserves import Reserve, Share
from services.appointments.rules import DEVELOPMENT_LIMITS, HOLD_FOR, Step, skills_of
from services.appointments.seating import DeskOffer, Opening, Party, Time
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, driver_connection
from services.kernel.errors import WrongState
from tests.factories.consulates import reference_session, work_as
from tests.factories.counts import miscounted
from tests.factories.enrollments import make_account
from tests.factories.remittances import VAULT
from tests.factories.seating import Booked, World, choices_of, desks_for
from tests.factories.web import in_letters
from tests.servers import DatabaseUrls

OFFICE, ZONE = "losangeles", ZoneInfo("America/Los_Angeles")
STEP = timedelta(minutes=30)
SERVICES = ("PAS10", "MAT", "INE")
# Services that take more than one time.
LENGTHS = {"INE": 2}
MAYA = skills_of(interpreters=["maya"])
SHARE = Share.ELDERLY_OR_DISABLED
# A week without a holiday; its Monday and Tuesday belong to one series.
MONDAY = date(2027, 3, 8)
DAYS = (MONDAY, MONDAY + timedelta(days=1))
NOW = datetime(2027, 3, 1, 18, tzinfo=UTC)
DESKS = (
    (DeskPlan("A", SERVICES, MAYA),),
    (DeskPlan("A", ("PAS10", "MAT")), DeskPlan("B", ("MAT", "INE"))),
    (DeskPlan("A", ("PAS10",), MAYA), DeskPlan("B", ("MAT",))),
    (DeskPlan("B", ("PAS10",)),),
    (DeskPlan("A", ("PAS10", "INE")), DeskPlan("B", SERVICES, MAYA)),
)
HOURS = ((time(9), time(10)), (time(9), time(11)), (time(9, 30), time(10, 30)))
BREAKS: tuple[tuple[Span, ...], ...] = ((), ((time(9, 30), time(10)),))
KEPT = (0, 0, 1)
MOST: tuple[dict[str, int], ...] = ({}, {}, {"MAT": 2}, {"PAS10": 1, "INE": 1})
CLOSED = (None, (time(9), time(9, 45)))
STATUSES = {
    "booked": {"booked"},
    "cancelled": {"cancelled"},
    "missed": {"no_show", "not_served"},
}
MISSES = ((Step.NO_SHOW,), (Step.CHECK_IN, Step.NOT_SERVED))
HALF = st.integers(0, 3)
HALVES = tuple(time(9 + n // 2, n % 2 * 30) for n in range(4))
# The rank of who lost their place; those who have one come before.
LOST = 2
DAY = st.sampled_from(DAYS)


@dataclass(frozen=True)
class Wish:
    """What people come for, and what they need of a window and of what is kept."""

    service: str
    skills: tuple[str, ...] = ()
    share: str = ""

    @property
    def length(self) -> int:
        """How many times it takes."""
        return LENGTHS.get(self.service, 1)


WISHES = (
    Wish("PAS10"), Wish("MAT"), Wish("INE"), Wish("PAS10", MAYA), Wish("MAT", share=SHARE),
    Wish("INE", share=SHARE),
)  # fmt: skip
WISH = st.sampled_from(WISHES)


@dataclass
class Plan:
    """A day as the supervisor left it. ``kept``: places at each time for a share; ``most``: people
    of a service."""

    hours: tuple[time, time]
    desks: tuple[DeskPlan, ...]
    breaks: tuple[Span, ...] = ()
    kept: int = 0
    most: Mapping[str, int] = field(default_factory=dict)
    apart: bool = False
    cancelled: bool = False


@dataclass
class Promise:
    """What people were promised, with the time of each of them. ``held``: they have their places;
    also where it is ``cancelled``, ``missed`` or was ``left`` by a move, and nobody else may have
    the places yet. ``together``: the appointment of those who left it one by one. Without
    ``of_day`` they moved within their day, which counts them where they went."""

    day: date
    times: list[time]
    wish: Wish
    order: int
    status: str = "booked"
    held: bool = True
    together: UUID | None = None
    of_day: bool = True

    @property
    def rank(self) -> int:
        """Who was there or missed it, who has a place, who lost it; what is freed soon is last."""
        if self.status == "booked":
            return 1 if self.held else LOST
        return 0 if self.status == "missed" else LOST + 1


@dataclass
class Held:
    """Places that somebody holds while they write down who comes."""

    holder: UUID
    day: date
    at: time
    times: list[time]
    wish: Wish
    order: int
    until: datetime
    frees_at: datetime
    prolonged: bool = False
    rank: float = 1.5
    of_day: bool = True


@dataclass
class Model:
    """All that is known, in plain words."""

    plans: dict[date, Plan]
    closures: dict[UUID, tuple[date, Span | None]] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)
    holds: dict[UUID, Held] = field(default_factory=dict)
    # Appointments that people left one by one.
    over: set[UUID] = field(default_factory=set)

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

    def world(self, day: date, holders: Iterable[Any]) -> World:
        """The day's times and windows, and the places of these people."""
        desks = tuple(
            DeskOffer(desk.name, frozenset(desk.services), frozenset(desk.skills))
            for desk in self.plans[day].desks
        )
        starts = [datetime.combine(day, at) for at in self.times(day)]
        times = tuple(Time(start.isoformat(), start, start + STEP, True, ()) for start in starts)
        opening = Opening("", desks, times, (), "", LENGTHS)
        places = [
            _place(opening.at[datetime.combine(day, at)], each.wish)
            for each in holders
            for at in each.times
        ]
        return World([opening], places)

    def holding(self, day: date, without: Collection[UUID] = ()) -> list[Any]:
        promised: list[Any] = [p for p in self.promises.values() if p.held]
        held = [hold for id, hold in self.holds.items() if id not in without]
        return [each for each in (*promised, *held) if each.day == day]

    def left_of_day(self, day: date, wish: Wish, holders: Iterable[Any]) -> int:
        """How many more people the day takes."""
        counted = [e for e in holders if e.of_day and e.wish.service == wish.service]
        most = self.plans[day].most.get(wish.service, 1000)
        return max(0, most - sum(len(each.times) for each in counted))

    def keeps(self, day: date, places: Sequence[Booked], more: Sequence[Booked]) -> bool:
        """Whether those who come now leave the places that are kept for others."""
        plan = self.plans[day]
        for slot in range(len(HALVES)) if plan.kept else ():
            here, new = (
                sum(b.first <= slot < b.first + b.length and not b.share for b in booked)
                for booked in (places, more)
            )
            if new and here + new > len(plan.desks) - plan.kept:
                return False
        return True

    def can_come(self, day: date, holders: Iterable[Any], more: Sequence[Booked]) -> bool:
        """Whether these can be seated besides the holders, nobody of whom loses their place."""
        world = self.world(day, holders)
        everybody = [*world.booked, *more]
        return desks_for(world.openings[0], everybody) and self.keeps(day, world.booked, more)

    def seat_again(self, day: date) -> None:
        """Together or not at all; a hold comes after every booking that has its place."""
        groups: dict[UUID, list[Promise]] = {}
        for id, promise in self.promises.items():
            if promise.day == day and (promise.held or promise.status == "booked"):
                ends = promise.status == "cancelled"
                groups.setdefault((promise.together or id) if ends else id, []).append(promise)
        queue: list[tuple[float, int, Any]] = [
            (own[0].rank, own[0].order, own) for own in _apart(groups.values())
        ]
        queue += [(h.rank, h.order, id) for id, h in self.holds.items() if h.day == day]
        for _rank, _order, who in queue:
            for promise in who if isinstance(who, list) else ():
                promise.held = False
        waiting = {who: self.holds.pop(who) for *_, who in queue if isinstance(who, UUID)}
        for rank, _order, who in sorted(queue, key=lambda each: each[:2]):
            if isinstance(who, UUID):
                if self._all_fit(day, [waiting[who]], rank):
                    self.holds[who] = waiting[who]
            else:
                fit = self._all_fit(day, who, rank)
                for promise in who:
                    promise.held = fit

    def _all_fit(self, day: date, wanting: Sequence[Any], rank: float) -> bool:
        """Those who had a place keep it, also one that is kept for others by now."""
        times = self.times(day)
        spans = [_span(day, at, each.wish) for each in wanting for at in each.times]
        if not all(at in times for span in spans for at in span):
            return False
        holders = self.holding(day)
        world = self.world(day, [*holders, *wanting])
        if not desks_for(world.openings[0], world.booked):
            return False
        if rank < LOST:
            return True
        new = world.booked[-len(spans) :]
        enough = all(
            self.left_of_day(day, each.wish, holders) >= len(each.times) for each in wanting
        )
        has_room = enough or rank > LOST
        return has_room and self.keeps(day, world.booked[: -len(spans)], new)

    def free(self, day: date, at: time, wish: Wish) -> int:
        """How many could begin then."""
        holders = self.holding(day)
        world, start = self.world(day, holders), datetime.combine(day, at)
        party = Party(start, (wish.service,), 1, frozenset(wish.skills), wish.share)
        more = next(choices_of(world, party), None)
        if more is None:
            return 0
        most = self.left_of_day(day, wish, holders)
        return max(n for n in range(3) if n == 0 or (self.can_come(day, holders, more * n)
                   and n <= most))  # fmt: skip

    def seats(
        self,
        day: date,
        at: time,
        wish: Wish,
        people: int,
        without: Collection[UUID] = (),
        *,
        of_day: bool = False,
    ) -> bool:
        """Whether so many fit at that time and those that follow it without a gap; ``of_day``: the
        day counts them already."""
        holders = self.holding(day, without)
        if not of_day and self.left_of_day(day, wish, holders) < people:
            return False
        world, start = self.world(day, holders), datetime.combine(day, at)
        party = Party(start, (wish.service,), people, frozenset(wish.skills), wish.share)
        return any(self.can_come(day, holders, more) for more in choices_of(world, party))

    def given_back(self, day: date, at: time, now: datetime, holder: UUID | None) -> list[UUID]:
        """Holds that a search at that time gives back first."""
        return [
            id
            for id, hold in self.holds.items()
            if (hold.frees_at <= now and (hold.day, hold.at) >= (day, at))
            or (hold.holder == holder and (hold.day, hold.at) == (day, at))
        ]


def _apart(groups: Iterable[list[Promise]]) -> Iterator[list[Promise]]:
    """What is left of a party, and those who left it."""
    for group in groups:
        for ended in (False, True):
            own = [each for each in group if (each.status == "cancelled") is ended]
            if own:
                yield own


def _place(first: int, wish: Wish) -> Booked:
    named = "?" if wish.length > 1 or wish.skills else None
    skills = frozenset(wish.skills)
    return Booked(0, first, wish.length, wish.service, skills, wish.share, named)


def _span(day: date, at: time, wish: Wish) -> list[time]:
    begins = datetime.combine(day, at)
    return [(begins + n * STEP).time() for n in range(wish.length)]


def _planned(
    hours: tuple[time, time], desks: Any, breaks: tuple[Span, ...], kept: int, most: Any
) -> Plan:
    within = tuple(b for b in breaks if hours[0] <= b[0] and b[1] <= hours[1])
    return Plan(hours, desks, within, kept, most)


PLAN = st.builds(_planned, *(st.sampled_from(each) for each in (HOURS, DESKS, BREAKS, KEPT, MOST)))


class Machine(RuleBasedStateMachine):
    """One office with a series of two days."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.opened = reference_session(self.url)
        self.session: Session = self.opened.__enter__()
        self.supervisor = Actor(Role.SUPERVISOR, None, OFFICE)
        self.account, self.other = make_account(self.session), make_account(self.session)
        self.numbers, self.waited, self.turns = count(1), timedelta(), count()
        long = ServiceDuration(
            consulate_code=OFFICE, service_code="INE", valid_from=date(2027, 1, 1), minutes=60,
            set_at=NOW,
        )  # fmt: skip
        self.session.add(long)
        self.session.flush()
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
            "now": NOW + self.waited + timedelta(seconds=next(self.numbers)),
            "actor": self.supervisor,
            **more,
        }

    def order(self, now: datetime) -> int:
        return int((now - NOW).total_seconds())

    def seated(self, day: date, at: time, starts: Iterable[datetime]) -> list[time]:
        """The times that were given to a party: the model says later whether they fit."""
        local = sorted(start.astimezone(ZONE) for start in starts)
        assert {start.date() for start in local} == {day}
        assert local[0].time() == at
        return [start.time() for start in local]

    def seats_of(self, id: UUID) -> list[datetime]:
        query = (
            select(Seat.starts_at)
            .join(Member, Member.person_id == Seat.person_id)
            .where(Seat.appointment_id == id, Member.status == "booked")
        )
        return list(self.session.scalars(query))

    @rule(
        data=st.data(),
        people=st.integers(1, 2),
        own=st.booleans(),
        day=DAY,
        half=HALF,
        wish=WISH,
    )
    def books(
        self, data: st.DataObject, people: int, own: bool, day: date, half: int, wish: Wish
    ) -> None:
        """Where they hold places, these are theirs."""
        at = (datetime.combine(day, time(9)) + half * STEP).time()
        if own and self.model.holds:
            hold = self.model.holds[data.draw(st.sampled_from(list(self.model.holds)))]
            day, at, wish, people = hold.day, hold.at, hold.wish, len(hold.times)
        holder = self.account if not own or not self.model.holds else hold.holder
        now = self.context()["now"]
        party = tuple(
            Attendee("Ana", f"Demo {in_letters(next(self.numbers))}", None, date(1990, 5, 12))
            for _ in range(people)
        )
        command = BookAppointment(
            OFFICE, (wish.service,), datetime.combine(day, at, ZONE), party,
            skills=wish.skills, share=wish.share,
        )  # fmt: skip
        given = self.model.given_back(day, at, now, holder)
        fits = self.model.seats(day, at, wish, people, given)
        try:
            with self.session.begin_nested():
                connection: Any = self.session.connection().connection.driver_connection
                booked = book(
                    connection, command, now=now, vault=VAULT,
                    actor=Actor(Role.OFFICER, holder, OFFICE),
                )  # fmt: skip
        except (SlotTaken, SlotNotOffered):
            assert not fits
            return
        assert fits
        self._given_back(given, now)
        work_as(self.session, NETWORK_SCOPE)
        times = self.seated(day, at, self.seats_of(booked.id))
        assert len(times) == people
        self.model.promises[booked.id] = Promise(day, times, wish, self.order(now))

    def _given_back(self, given: Iterable[UUID], now: datetime) -> None:
        """Those of the person are; others that are over may be."""
        there = set(self.session.scalars(select(BookingHold.id)))
        for id in given:
            if self.model.holds[id].frees_at > now:
                assert id not in there
            if id not in there:
                del self.model.holds[id]

    @rule(people=st.integers(1, 2), other=st.booleans(), day=DAY, half=HALF, wish=WISH)
    def holds(self, people: int, other: bool, day: date, half: int, wish: Wish) -> None:
        """In place of what the same person held before, which isn't free at once."""
        at = (datetime.combine(day, time(9)) + half * STEP).time()
        holder, context = self.other if other else self.account, self.context()
        now = context["now"]
        given = self.model.given_back(day, at, now, holder)
        fits = self.model.seats(day, at, wish, people, given)
        before = [h for h in self.model.holds.values() if h.holder == holder and h.until > now]
        start = datetime.combine(day, at, ZONE)
        command = HoldPlaces(
            OFFICE, (wish.service,), start, people, skills=wish.skills, share=wish.share
        )
        actor = Actor(Role.OFFICER, holder, OFFICE)
        try:
            with self.session.begin_nested():
                hold = hold_places(
                    self.session, command, now=now, actor=actor, hand=Hand(DEVELOPMENT_LIMITS)
                )
        except (SlotTaken, SlotNotOffered):
            assert not fits
            return
        assert fits
        assert len(before) <= 1
        self._given_back(given, now)
        starts = self.session.scalars(
            select(HeldSeat.starts_at).where(HeldSeat.booking_hold_id == hold.id)
        )
        times, kept = self.seated(day, at, starts), False
        for each in before:
            if kept := (each.day, each.at) == (day, at):
                assert hold.expires_at == each.until
            else:
                each.until = now
        self.model.holds[hold.id] = Held(
            holder, day, at, times, wish, self.order(hold.created_at), hold.expires_at,
            hold.frees_at, kept and before[0].prolonged,
        )  # fmt: skip
        assert kept or hold.expires_at == now + HOLD_FOR

    @rule(data=st.data(), prolongs=st.booleans())
    def prolongs_or_lets_go(self, data: st.DataObject, prolongs: bool) -> None:
        if not self.model.holds:
            return
        id = data.draw(st.sampled_from(list(self.model.holds)))
        hold, context = self.model.holds[id], self.context()
        now = context["now"]
        context |= {"actor": Actor(Role.OFFICER, hold.holder, OFFICE), "limits": DEVELOPMENT_LIMITS}
        if not prolongs:
            release_hold(self.session, id, **context)
            hold.until = min(hold.until, now)
        elif hold.prolonged or hold.until <= now:
            with pytest.raises(HoldOver):
                extend_hold(self.session, id, **context)
        else:
            extend_hold(self.session, id, **context)
            hold.prolonged, hold.until = True, now + HOLD_FOR

    @rule(minutes=st.sampled_from((1, 11)), freed=st.booleans())
    def time_passes(self, minutes: int, freed: bool) -> None:
        """The places of what is over are free once they are freed."""
        self.waited += timedelta(minutes=minutes)
        now = self.context()["now"]
        due = {id for id, hold in self.model.holds.items() if hold.frees_at <= now}
        assert set(list_due(self.session, now=now, most=100)) == due
        for id in due if freed else ():
            free_hold(self.session, id)
            del self.model.holds[id]

    def booked(self) -> list[UUID]:
        return [id for id, p in self.model.promises.items() if p.status == "booked"]

    @rule(data=st.data(), day=st.sampled_from(DAYS), half=st.integers(0, 3))
    def moves(self, data: st.DataObject, day: date, half: int) -> None:
        """It leaves its places, which are nobody's until they are freed, where it had some."""
        live = self.booked()
        if not live:
            return
        id = data.draw(st.sampled_from(live))
        promise, at = self.model.promises[id], (datetime.combine(day, time(9)) + half * STEP).time()
        context = self.context()
        now = context["now"]
        starts = self.session.get_one(Appointment, id).starts_at.astimezone(ZONE)
        if promise.held and (starts.date(), starts.time()) == (day, at):
            return
        given = self.model.given_back(day, at, now, None)
        stays = promise.held and promise.day == day
        people = len(promise.times)
        fits = self.model.seats(day, at, promise.wish, people, given, of_day=stays)
        command = RescheduleAppointment(id, datetime.combine(day, at, ZONE))
        try:
            with self.session.begin_nested():
                reschedule(self.session, command, limits=DEVELOPMENT_LIMITS, **context)
        except (SlotTaken, SlotNotOffered):
            assert not fits
            return
        assert fits
        self._given_back(given, now)
        if leaving := self._leaving(id, promise, day):
            left = select(VacatedPlace.move_id).where(VacatedPlace.vacated_at == now).distinct()
            move = self.session.scalars(left).one()
            self.model.promises[move] = replace(
                promise, times=leaving, status="left", order=self.order(now), held=True,
                of_day=not stays,
            )  # fmt: skip
        promise.day, promise.held = day, True
        promise.times = self.seated(day, at, self.seats_of(id))

    def _leaving(self, id: UUID, promise: Promise, day: date) -> list[time]:
        """With those of who left it before, unless it stays on its day."""
        stays = promise.held and promise.day == day
        leaving = list(promise.times) if promise.held else []
        for gone in self.model.promises.values():
            if gone.together == id and gone.held and not stays:
                leaving += gone.times
                gone.held = False
        return leaving

    @rule(data=st.data(), alone=st.booleans(), freed=st.booleans())
    def cancels(self, data: st.DataObject, alone: bool, freed: bool) -> None:
        """All of them, or one."""
        live = self.booked()
        if not live:
            return
        id = data.draw(st.sampled_from(live))
        promise = self.model.promises[id]
        comes = self.session.scalars(
            select(Member).where(Member.appointment_id == id, Member.status == "booked")
        ).all()
        one = data.draw(st.sampled_from(comes))
        whole = self.session.get_one(Appointment, id).people == len(comes) and not (
            alone and len(comes) > 1
        )
        person, number = one.person_id, one.n
        at = self.session.scalars(select(Seat.starts_at).where(Seat.person_id == person)).one()
        cancel(self.session, id, only=None if whole else number, **self.context())
        if whole:
            promise.status = "cancelled"
        else:
            own = at.astimezone(ZONE).time()
            promise.times.remove(own)
            self.model.promises[person] = replace(
                promise, times=[own], status="cancelled", together=id
            )
            if not promise.times:
                del self.model.promises[id]
                self.model.over.add(id)
        if freed:
            self._free(id if whole else person)

    @rule(data=st.data())
    def frees(self, data: st.DataObject) -> None:
        """Also what was freed before, or lost its place: nothing is given back twice."""
        ended = [id for id, p in self.model.promises.items() if p.status in ("cancelled", "left")]
        if ended:
            self._free(data.draw(st.sampled_from(ended)))

    def _free(self, id: UUID) -> None:
        work_as(self.session, NETWORK_SCOPE)
        promise = self.model.promises[id]
        if promise.status == "left":
            free_vacated(self.session, id)
        elif promise.together:
            free_attendee(self.session, id)
        else:
            free_places(self.session, id)
        promise.held = False

    @rule(
        data=st.data(), steps=st.sampled_from(((Step.NO_SHOW,), (Step.CHECK_IN, Step.NOT_SERVED)))
    )
    def misses(self, data: st.DataObject, steps: tuple[Step, ...]) -> None:
        """On its day, which the other rules don't wait for: its places stay its own."""
        live = self.booked()
        if not live:
            return
        id = data.draw(st.sampled_from(live))
        starts = self.session.get_one(Appointment, id).starts_at
        for step in steps:
            context = self.context() | {"now": starts + timedelta(minutes=1)}
            take_step(self.session, TakeStep(id, step), **context)
        self.model.promises[id].status = "missed"

    @rule(day=DAY, plan=PLAN)
    def edits_a_day(self, day: date, plan: Plan) -> None:
        command = editing.EditSession(self.sessions[day], self._changes(plan))
        if self.model.plans[day].cancelled:
            with pytest.raises(WrongState):
                editing.edit_session(self.session, command, **self.context())
            return
        editing.edit_session(self.session, command, **self.context())
        self.model.plans[day] = replace(plan, apart=True)
        self.model.seat_again(day)

    @rule(plan=PLAN, first=st.sampled_from((None, *DAYS)))
    def edits_the_series(self, plan: Plan, first: date | None) -> None:
        """All of it, or a day and those that follow."""
        command = editing.EditSeries(self.series, self._changes(plan), first=first)
        editing.edit_series(self.session, command, **self.context())
        for day, present in self.model.plans.items():
            if not present.apart and (first is None or day >= first):
                self.model.plans[day] = replace(plan)
                self.model.seat_again(day)

    @staticmethod
    def _changes(plan: Plan) -> editing.Changes:
        kept = (Reserve(SHARE, plan.kept),) if plan.kept else ()
        return editing.Changes(*plan.hours, plan.breaks, plan.desks, kept, plan.most)

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
        editing.cancel_session(
            self.session, editing.CancelSession(self.sessions[day], "obra"), **self.context()
        )
        plan.cancelled = plan.apart = True
        self.model.seat_again(day)

    @invariant()
    def promises_are_kept(self) -> None:
        work_as(self.session, NETWORK_SCOPE)
        seats: dict[UUID, list[Any]] = {}
        for seat, member in self.session.execute(
            select(Seat, Member).join(Member, Member.person_id == Seat.person_id)
        ):
            alone = seat.person_id in self.model.promises
            whose = seat.person_id if alone else seat.appointment_id
            seats.setdefault(whose, []).append((seat, member.status))
        for row in self.session.scalars(select(Appointment)):
            if row.id in self.model.over:
                assert row.status == "cancelled"
                continue
            promise = self.model.promises[row.id]
            assert row.services == [promise.wish.service]
            assert row.status in STATUSES[promise.status]
            if row.status == "booked":
                assert (row.orphaned_at is None) is promise.held
        for id, promise in self.model.promises.items():
            if promise.status == "left":
                continue
            starts = [seat.starts_at.astimezone(ZONE) for seat, _status in seats[id]]
            assert sorted(start.time() for start in starts) == sorted(promise.times)
            assert {start.date() for start in starts} == {promise.day}
            assert {seat.counted for seat, _status in seats[id]} == {promise.held}
            assert {status for _seat, status in seats[id]} <= STATUSES[promise.status]

    @invariant()
    def holds_are_kept(self) -> None:
        seats: dict[UUID, list[time]] = {id: [] for id in self.model.holds}
        for seat in self.session.scalars(select(HeldSeat)):
            seats[seat.booking_hold_id].append(seat.starts_at.astimezone(ZONE).time())
        for row in self.session.scalars(select(BookingHold)):
            hold = self.model.holds[row.id]
            assert sorted(seats.pop(row.id)) == sorted(hold.times)
            assert (row.holder_id, row.expires_at) == (hold.holder, hold.until)
            hold.frees_at = row.frees_at
        assert not seats

    @invariant()
    def offered_is_what_can_be_served(self) -> None:
        """Of every other wish, in turn: each look tries every window."""
        first, turn = datetime.combine(MONDAY, time(), ZONE), next(self.turns)
        for wish in WISHES[turn % 2 :: 2]:
            offered: Counter[tuple[date, time]] = Counter()
            for slot in availability(
                self.session, consulate=OFFICE, service=wish.service, skills=wish.skills,
                share=wish.share, first=first, last=first + timedelta(days=2),
            ):  # fmt: skip
                start = slot.start.astimezone(ZONE)
                offered[start.date(), start.time()] = slot.free
            for day in DAYS:
                for at in HALVES:
                    assert offered[day, at] == self.model.free(day, at, wish), (day, at, wish)

    @invariant()
    def counts_are_right(self) -> None:
        assert miscounted(driver_connection(self.session)) == []


def test_the_database_equals_the_model(
    shared_database: DatabaseUrls, request: pytest.FixtureRequest
) -> None:
    full = request.config.getoption("--full")
    # Both logins at once: people hold and book, the workers free.
    Machine.url = shared_database.owner_url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=300 if full else 4,
            stateful_step_count=40 if full else 15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class _First:
    """Draws the first, always."""

    @staticmethod
    def draw(strategy: Any) -> Any:
        return next(iter(strategy.elements))


def test_the_place_of_who_left_a_party_that_moved_is_freed_once(
    shared_database: DatabaseUrls,
) -> None:
    """Their place stays taken on the day that the others left, also when that day is edited."""
    Machine.url = shared_database.owner_url
    machine, first = Machine(), cast(st.DataObject, _First())
    machine.books(data=first, people=2, own=False, day=DAYS[0], half=0, wish=WISHES[1])
    machine.cancels(data=first, alone=True, freed=False)
    machine.moves(data=first, day=DAYS[1], half=0)
    machine.edits_a_day(day=DAYS[0], plan=Plan(HOURS[1], DESKS[1]))
    machine.offered_is_what_can_be_served()
    for id, promise in machine.model.promises.items():
        if promise.status != "booked":
            machine._free(id)
    machine.offered_is_what_can_be_served()
    machine.counts_are_right()
    machine.teardown()


def test_a_long_service_that_runs_into_a_break_has_no_place(shared_database: DatabaseUrls) -> None:
    """Nor one that would end after the hours, or in a closure."""
    Machine.url = shared_database.owner_url
    machine, first = Machine(), cast(st.DataObject, _First())
    plans = (
        Plan(HOURS[1], DESKS[0], BREAKS[1]),
        Plan(HOURS[1], DESKS[0]),
        Plan((time(9), time(9, 30)), DESKS[0]),
        Plan(HOURS[1], DESKS[0]),
    )
    machine.books(data=first, people=1, own=False, day=DAYS[0], half=0, wish=Wish("INE"))
    for plan in plans:
        machine.edits_a_day(day=DAYS[0], plan=plan)
        machine.promises_are_kept()
        machine.offered_is_what_can_be_served()
        machine.counts_are_right()
    machine.closes(day=DAYS[0], span=(time(9, 30), time(10)))
    machine.promises_are_kept()
    machine.counts_are_right()
    machine.teardown()
