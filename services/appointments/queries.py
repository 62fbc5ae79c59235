"""Read appointments and free times."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from services.appointments.finding_seats import find_offers
from services.appointments.mobile import Mobile, get_mobile, mobile_starts
from services.appointments.models import (
    Appointment,
    Closure,
    Desk,
    Member,
    OpeningSession,
    Resemblance,
    Seat,
    Slot,
    SlotCapacityConstraint,
)
from services.appointments.rules import Status
from services.appointments.seating import Party
from services.citizens.models import Person
from services.facts.models import Fact
from services.kernel.db import driver_connection, text
from services.kernel.errors import NotFound
from services.kernel.tables import Page, fetch_page, get_row


@dataclass(frozen=True)
class FreeTime:
    """A start with places: ``free`` people can be served at it. ``mobile``: there, not at the
    office."""

    start: datetime
    end: datetime
    free: int
    mobile: Mobile | None = None


@dataclass(frozen=True)
class Places:
    """Of a session: one for each desk at each time. ``taken`` are booked, served or missed."""

    total: int
    taken: int


_FREE_TIMES = text(
    "SELECT starts_at, ends_at, free"
    " FROM free_times(ARRAY[:consulate], :service, :first, :last, :party)"
)


def availability(
    session: Session,
    *,
    consulate: str,
    service: str,
    first: datetime,
    last: datetime,
    party: int = 1,
    further: Sequence[str] = (),
    skills: Collection[str] = (),
    share: str = "",
    place: str = "",
) -> list[FreeTime]:
    """Starts of one office from ``first`` to ``last`` at which a booking would succeed now.

    A ``party`` fits where the start and the times that follow it without a gap have places for
    all. Fewer than the people of a large party may start at once; at least one does. ``further``
    services follow for each of them; ``skills``, ``share`` and ``place`` as in `seating.Party`. Of
    several offices, see `searching`.
    """
    needs = frozenset(skills)
    wanted = Party(first, (service, *further), party, needs, share, place=place)
    offers = find_offers(driver_connection(session), consulate, wanted, first, last)
    times = [(offer.starts_at, offer.ends_at, offer.free) for offer in offers]
    if wanted.is_plain:
        values = {
            "consulate": consulate,
            "service": service,
            "first": first,
            "last": last,
            "party": party,
        }
        counted = session.execute(_FREE_TIMES, values)
        times += [(row.starts_at, row.ends_at, row.free) for row in counted]
    chosen = get_mobile(session, consulate, UUID(place)) if place else None
    leads_to = {} if chosen else mobile_starts(session, consulate, service, first, last)
    return [FreeTime(*time, leads_to.get(time[0], chosen)) for time in sorted(times)]


def get_appointment(session: Session, appointment: UUID) -> Appointment:
    """Raises NotFound, also for what row security hides."""
    return get_row(session, Appointment, appointment)


def find_appointment(session: Session, appointment: UUID) -> Appointment | None:
    """Return one appointment; None also when row security hides it."""
    return session.get(Appointment, appointment)


def find_appointments(session: Session, ids: Sequence[UUID]) -> Sequence[Appointment]:
    """Those of the ids that are appointments and may be seen, in order of their times."""
    query = select(Appointment).where(Appointment.id.in_(ids))
    return session.scalars(query.order_by(Appointment.starts_at, Appointment.id)).all()


def list_resemblances(session: Session, appointments: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Why somebody of an appointment looks like somebody of another, by appointment."""
    if not appointments:
        return {}
    rows = session.execute(
        select(Resemblance.appointment_id, Resemblance.reason)
        .where(Resemblance.appointment_id.in_(appointments))
        .distinct()
        .order_by(Resemblance.appointment_id, Resemblance.reason)
    )
    resemblances: dict[UUID, list[str]] = {}
    for appointment, reason in rows:
        resemblances.setdefault(appointment, []).append(reason)
    return resemblances


def find_by_folio(session: Session, folio: str) -> Appointment | None:
    """Return the appointment with this folio, or with somebody of it who has it, or None."""
    return session.execute(select(Appointment).where(_has_folio(folio))).scalar_one_or_none()


def _has_folio(folio: str) -> ColumnElement[bool]:
    """Its own, or that of one of its people. By keys: never joined with every appointment."""
    own = select(Appointment.id).where(Appointment.folio == folio)
    members = select(Member.appointment_id).where(Member.folio == folio)
    return Appointment.id.in_(union_all(own, members))


def find_by_folio_and_birth_date(
    session: Session, folio: str, born: date
) -> tuple[Appointment, Member] | None:
    """For whoever knows the folio and when one of its people was born: the appointment, and who of
    it that is; of several born that day, the one whose own folio it is."""
    found = session.execute(
        select(Appointment, Member)
        .join(Member, Member.appointment_id == Appointment.id)
        .join(Person, Person.id == Member.person_id)
        .where(_has_folio(folio), Person.birth_date == born)
        .order_by((Member.folio == folio).desc(), Member.n)
    ).first()
    return (found[0], found[1]) if found else None


def when_issued(session: Session, folio: str) -> datetime | None:
    """When that folio was given to somebody, or None: all that whoever holds a paper may know."""
    return session.scalar(select(Appointment.created_at).where(Appointment.folio == folio))


@dataclass(frozen=True)
class Coming:
    """Somebody of an appointment: who, and with which number, folio and status."""

    person: Person
    n: int
    folio: str
    status: str
    desk: str | None
    outcome: dict[str, Any] | None


def count_coming(party: Sequence[Coming]) -> int:
    """How many of them come, and pay; all, once nobody does."""
    return sum(each.status != Status.CANCELLED for each in party) or len(party)


def needs_of(session: Session, appointment: UUID) -> tuple[list[str], str]:
    """What an appointment needs of a window, and the share whose kept places it may use: alike at
    all that it has."""
    query = select(Seat.skills, Seat.share).where(Seat.appointment_id == appointment).limit(1)
    row = session.execute(query).first()
    return (list(row.skills), row.share) if row else ([], "")


def list_party(session: Session, appointments: Sequence[UUID]) -> dict[UUID, list[Coming]]:
    """Who comes to each appointment, in their order; also who cancelled."""
    if not appointments:
        return {}
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(Member.appointment_id.in_(appointments))
        .order_by(Member.appointment_id, Member.n)
        .execution_options(populate_existing=True)
    )
    party: dict[UUID, list[Coming]] = {appointment: [] for appointment in appointments}
    for member, person in rows:
        party[member.appointment_id].append(
            Coming(person, member.n, member.folio, member.status, member.desk, member.outcome)
        )
    return party


class ServiceTime(NamedTuple):
    """When somebody of an appointment is served for one service."""

    service: str
    starts_at: datetime


def list_service_times(session: Session, appointment: UUID) -> dict[int, list[ServiceTime]]:
    """Of each person, by number: their services in the order of their times."""
    rows = session.execute(
        select(Member.n, Seat.service_code, Seat.starts_at)
        .join(
            Member,
            and_(Member.appointment_id == Seat.appointment_id, Member.person_id == Seat.person_id),
        )
        .where(Seat.appointment_id == appointment)
        .order_by(Member.n, Seat.starts_at)
    )
    times: dict[int, list[ServiceTime]] = {}
    for n, service, starts_at in rows:
        times.setdefault(n, []).append(ServiceTime(service, starts_at))
    return times


def get_member_of(session: Session, person: UUID) -> tuple[Appointment, Person]:
    """The appointment that somebody comes to, and who it is. Raises NotFound."""
    row = session.execute(
        select(Appointment, Person)
        .join(Member, Member.appointment_id == Appointment.id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.person_id == person)
    ).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def appointments_of_people(session: Session, people: Sequence[UUID]) -> dict[UUID, UUID]:
    """To which appointment each of these rows of people comes; who comes to none is missing."""
    rows = session.execute(
        select(Member.person_id, Member.appointment_id).where(Member.person_id.in_(people))
    )
    return {person: appointment for person, appointment in rows}


def list_attendees(session: Session, appointments: Sequence[UUID]) -> dict[UUID, list[Person]]:
    """The people of each appointment, in their order; also who cancelled."""
    party = list_party(session, appointments)
    return {appointment: [each.person for each in people] for appointment, people in party.items()}


_LATEST_OFFICE = text(
    """
    SELECT consulate_code FROM appointments WHERE account_id = :account
    ORDER BY created_at DESC, id LIMIT 1
    """
)


def latest_office(session: Session, account: UUID) -> str | None:
    """The code of the office at which the account last made an appointment."""
    code: str | None = session.execute(_LATEST_OFFICE, {"account": account}).scalar_one_or_none()
    return code


def list_appointments(
    session: Session,
    *,
    account: UUID | None = None,
    consulate: str | None = None,
    day: date | None = None,
    status: str | None = None,
    service: str | None = None,
    limit: int = 50,
    after: tuple[datetime, UUID] | None = None,
) -> Page[Appointment, tuple[datetime, UUID]]:
    """In order of their start; ``after`` is the last one of the page before."""
    query = select(Appointment).order_by(Appointment.starts_at, Appointment.id)
    for column, value in (
        (Appointment.account_id, account),
        (Appointment.consulate_code, consulate),
        (Appointment.day, day),
        (Appointment.status, status),
    ):
        if value is not None:
            query = query.where(column == value)
    if service is not None:
        query = query.where(Appointment.services.contains([service]))
    if after is not None:
        query = query.where(tuple_(Appointment.starts_at, Appointment.id) > after)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.starts_at, row.id))


class HistoryStep(NamedTuple):
    """A status that an appointment arrived at, or was ``moved`` to another time in, and when."""

    status: str
    at: datetime
    moved: bool


def list_history(session: Session, appointment: UUID) -> list[HistoryStep]:
    """What became of an appointment, oldest first."""
    # A move takes one that is booked from its day and puts it on another; whose name is written
    # down later comes from a status to the same.
    booked = Fact.status == Status.BOOKED
    rows = session.execute(
        select(Fact.status, Fact.occurred_at, and_(booked, func.bool_or(Fact.quantity < 0)))
        .where(Fact.subject_id == appointment, Fact.kind == "appointment")
        .group_by(Fact.status, Fact.occurred_at)
        .having(or_(func.sum(Fact.quantity) > 0, and_(booked, func.bool_or(Fact.quantity > 0))))
        .order_by(Fact.occurred_at)
    )
    return [HistoryStep(*row) for row in rows]


def get_session(session: Session, opening: UUID) -> OpeningSession:
    """A session of an office. Raises NotFound."""
    return get_row(session, OpeningSession, opening)


def list_desks(session: Session, opening: UUID) -> Sequence[Desk]:
    """The windows of a session, by name."""
    return session.scalars(
        select(Desk)
        .where(Desk.session_id == opening, Desk.removed_at.is_(None))
        .order_by(Desk.name)
    ).all()


def list_windows(session: Session, *, consulate: str, day: date) -> set[str]:
    """Names of the windows that an office has on a day."""
    return set(
        session.scalars(
            select(Desk.name)
            .join(OpeningSession, OpeningSession.id == Desk.session_id)
            .where(
                OpeningSession.consulate_code == consulate,
                OpeningSession.day == day,
                Desk.removed_at.is_(None),
            )
            .distinct()
        )
    )


def list_sessions(
    session: Session,
    *,
    consulate: str,
    first: date,
    last: date,
    limit: int | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> Page[tuple[OpeningSession, list[Desk]], tuple[datetime, UUID]]:
    """Sessions of an office with their desks, by day and opening; all of them without a ``limit``.

    ``after`` is the last one of the page before: its day and opening, as if in UTC, and its id.
    """
    query = (
        select(OpeningSession)
        .where(OpeningSession.consulate_code == consulate, OpeningSession.day.between(first, last))
        .order_by(OpeningSession.day, OpeningSession.opens, OpeningSession.id)
    )
    if after is not None:
        begins, row = after
        query = query.where(
            tuple_(OpeningSession.day, OpeningSession.opens, OpeningSession.id)
            > (begins.date(), begins.time(), row)
        )
    page = fetch_page(session, query, limit=limit, place=_session_cursor)
    return Page(_with_desks(session, page.items), page.next)


def _session_cursor(row: OpeningSession) -> tuple[datetime, UUID]:
    return datetime.combine(row.day, row.opens, UTC), row.id


def _with_desks(
    session: Session, sessions: Sequence[OpeningSession]
) -> list[tuple[OpeningSession, list[Desk]]]:
    desks = session.execute(
        select(Desk)
        .where(Desk.session_id.in_([s.id for s in sessions]), Desk.removed_at.is_(None))
        .order_by(Desk.name)
    ).scalars()
    by_session: dict[UUID, list[Desk]] = {s.id: [] for s in sessions}
    for desk in desks:
        by_session[desk.session_id].append(desk)
    return [(s, by_session[s.id]) for s in sessions]


def count_places(session: Session, sessions: Sequence[UUID]) -> dict[UUID, Places]:
    """Places of sessions in the times that they hold, and how many of them are taken, by
    session."""
    desks = (
        select(func.count())
        .where(Desk.session_id == OpeningSession.id, Desk.removed_at.is_(None))
        .scalar_subquery()
    )
    held = exists().where(
        SlotCapacityConstraint.slot_id == Slot.id, SlotCapacityConstraint.capacity > 0
    )
    slots = select(func.count()).where(Slot.session_id == OpeningSession.id, held).scalar_subquery()
    taken = (
        select(func.count())
        .select_from(Seat)
        .join(Slot, Slot.id == Seat.slot_id)
        .join(
            Member,
            and_(Member.appointment_id == Seat.appointment_id, Member.person_id == Seat.person_id),
        )
        .join(Appointment, Appointment.id == Seat.appointment_id)
        .where(
            Slot.session_id == OpeningSession.id,
            Member.status != Status.CANCELLED,
            Appointment.orphaned_at.is_(None),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(OpeningSession.id, desks * slots, taken).where(OpeningSession.id.in_(sessions))
    )
    return {name: Places(int(total), int(used)) for name, total, used in rows}


def latest_closing(session: Session, *, consulate: str, day: date) -> time | None:
    """When the last session of an office's day ends, by its wall clock; None without any."""
    return session.execute(
        select(func.max(OpeningSession.closes)).where(
            OpeningSession.consulate_code == consulate,
            OpeningSession.day == day,
            OpeningSession.closed_at.is_(None),
            OpeningSession.cancelled_at.is_(None),
        )
    ).scalar_one()


def days_with_sessions(session: Session, *, consulate: str, first: date, last: date) -> set[date]:
    """Days of an office that have a session already."""
    return set(
        session.execute(
            select(OpeningSession.day).where(
                OpeningSession.consulate_code == consulate, OpeningSession.day.between(first, last)
            )
        ).scalars()
    )


def list_all_closures(
    session: Session,
    *,
    consulate: str | None,
    limit: int | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> Page[Closure, tuple[datetime, UUID]]:
    """Closures of an office and of the network, lifted ones too, the newest first; of all offices
    without one. ``after`` is the last one of the page before."""
    query = select(Closure).order_by(Closure.created_at.desc(), Closure.id.desc())
    if consulate is not None:
        query = query.where(
            or_(Closure.consulate_code == consulate, Closure.consulate_code.is_(None))
        )
    if after is not None:
        query = query.where(tuple_(Closure.created_at, Closure.id) < after)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.created_at, row.id))
