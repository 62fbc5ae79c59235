"""Wait for a place: any one of a service, or one before that of an appointment.

A person hears of a place at most once a day, and no more once they have one, through whichever
channel it was booked: their account, their e-mail or telephone, or their name and birth date.
Nothing is held for them: a place is for whoever books it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.booking import contact_index
from services.appointments.mobile import Mobile, mobile_at
from services.appointments.models import Appointment, PlaceWatch
from services.appointments.queries import availability, get_appointment
from services.appointments.rescheduling import party_to_move
from services.appointments.rules import (
    LIVE,
    WATCH_DAYS,
    WATCH_NOTICE,
    WATCH_SILENCE,
    Step,
    WatchEnding,
)
from services.appointments.searching import Search, search
from services.appointments.seating import Party
from services.appointments.steps import who_may
from services.citizens.accounts import find_contact, find_holder
from services.citizens.people import open_person, person_keys
from services.consulates.queries import get_consulate, get_service
from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue

TOPIC = "appointments.place_found"


@dataclass(frozen=True)
class WatchPlaces:
    """``appointment``: an earlier place for it is wanted; service, people and what they need of a
    window are then its own. ``skills`` and ``share`` as in `seating.Party`."""

    service: str
    consulates: tuple[str, ...]
    people: int = 1
    appointment: UUID | None = None
    language: str = "es"
    skills: tuple[str, ...] = ()
    share: str = ""


def watch(
    session: Session, command: WatchPlaces, *, account: UUID, now: datetime, vault: Vault
) -> UUID:
    """Begin to wait; who waits for the same already does so at these offices from now on.

    Raises NotFound, `WrongState` for an appointment that can't move any more.
    """
    get_service(session, command.service)
    for code in command.consulates:
        get_consulate(session, code)
    appointment, people = _movable(session, command, now)
    moving = party_to_move(session, appointment) if appointment else None
    _end(session, _same(account, command), WatchEnding.STOPPED, now)
    row = {
        "id": new_id(),
        "account_id": account,
        "appointment_id": command.appointment,
        "before": appointment and appointment.starts_at,
        "service_code": command.service,
        "consulate_codes": list(command.consulates),
        "people": people,
        "skills": sorted(moving.skills if moving else command.skills),
        "share": moving.share if moving else command.share,
        "language": command.language,
        "created_at": now,
        "expires_at": now + timedelta(days=WATCH_DAYS),
        "checked_at": now,
        **_known_by(session, account, vault),
    }
    # Two presses of the button at once leave one.
    session.execute(insert(PlaceWatch).values(row).on_conflict_do_nothing())
    watch_id: UUID = session.scalars(select(PlaceWatch.id).where(*_same(account, command))).one()
    return watch_id


def stop(session: Session, watch: UUID, *, now: datetime) -> None:
    """No more messages. One that has ended stays as it is. Raises NotFound."""
    row = get_watch(session, watch)
    _end(session, (PlaceWatch.id == row.id,), WatchEnding.STOPPED, now)


def get_watch(session: Session, watch: UUID) -> PlaceWatch:
    """Raises NotFound, also for another account's."""
    return get_row(session, PlaceWatch, watch)


def list_watches(session: Session, account: UUID) -> Sequence[PlaceWatch]:
    """What the account waits for now, the newest first."""
    return session.scalars(
        select(PlaceWatch)
        .where(PlaceWatch.account_id == account, PlaceWatch.ended_at.is_(None))
        .order_by(PlaceWatch.created_at.desc(), PlaceWatch.id)
    ).all()


def find_watch_of(session: Session, appointment: UUID) -> PlaceWatch | None:
    """The wait for an earlier place than this appointment's, or None."""
    return session.scalars(
        select(PlaceWatch).where(
            PlaceWatch.appointment_id == appointment, PlaceWatch.ended_at.is_(None)
        )
    ).one_or_none()


def notify(session: Session, *, now: datetime, most: int) -> int:
    """End what is over; ask for a message to whoever waits for a place that there is now.

    At most so many are looked at, those first that weren't for longest; returns how many are told.
    In a transaction that sees everything.
    """
    session.execute(_END_OVER, _over(now))
    rows = session.scalars(
        select(PlaceWatch)
        .where(
            PlaceWatch.ended_at.is_(None),
            (PlaceWatch.notified_at.is_(None)) | (PlaceWatch.notified_at <= now - WATCH_SILENCE),
        )
        .order_by(PlaceWatch.checked_at, PlaceWatch.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    return sum(_tell(session, row, now) for row in rows)


@dataclass(frozen=True)
class FoundPlace:
    """A free start of an office, there or at one of its mobile consulates."""

    consulate: str
    start: datetime
    mobile: Mobile | None


def still_found(session: Session, watch: UUID, *, now: datetime) -> FoundPlace | None:
    """The place that a message speaks of, while the watch goes on and the place is free.

    When it is taken meanwhile the person may be told of another at once.
    """
    session.execute(_END_OVER, _over(now, watch))
    row = session.get(PlaceWatch, watch, populate_existing=True)
    if row is None or row.ended_at is not None:
        return None
    place = find_place(session, row, now=now)
    if place is None:
        row.notified_at = None
    return place


def find_place(session: Session, row: PlaceWatch, *, now: datetime) -> FoundPlace | None:
    """The earliest place that fits, or None. An appointment at a mobile consulate may also move
    there, whatever its office offers at that time."""
    party = _party(session, row)
    if not party.people:
        return None
    first = now + WATCH_NOTICE
    places = [*_anywhere(session, row, party, first), *_at_its_place(session, row, party, first)]
    return min(places, key=lambda place: place.start, default=None)


def _at_its_place(
    session: Session, row: PlaceWatch, party: Party, first: datetime
) -> list[FoundPlace]:
    if not party.place or row.before is None or row.before <= first:
        return []
    office = row.consulate_codes[0]
    times = availability(
        session, consulate=office, service=party.services[0], first=first, last=row.before,
        party=party.people, further=party.services[1:], skills=party.skills, share=party.share,
        place=party.place,
    )  # fmt: skip
    return [FoundPlace(office, t.start, t.mobile) for t in times[:1] if t.start < row.before]


def _anywhere(session: Session, row: PlaceWatch, party: Party, first: datetime) -> list[FoundPlace]:
    """The earliest place to which a booking leads that names no mobile consulate."""
    zone = ZoneInfo(get_consulate(session, row.consulate_codes[0]).time_zone)
    last = row.before or row.expires_at
    service, *further = party.services
    wanted = Search(
        service,
        first.astimezone(zone).date(),
        last.astimezone(zone).date(),
        consulates=tuple(row.consulate_codes),
        party=party.people,
        further=tuple(further),
        skills=party.skills,
        share=party.share,
        each=1,
    )
    places = search(session, wanted, now=first)
    return [
        FoundPlace(p.consulate, p.start, mobile_at(session, p.consulate, service, p.start))
        for p in places[:1]
        if row.before is None or p.start < row.before
    ]


def _party(session: Session, row: PlaceWatch) -> Party:
    """Who has to fit: those of the appointment who still come, each for all that they come for, or
    who was named."""
    appointment = session.get(Appointment, row.appointment_id) if row.appointment_id else None
    if appointment is not None:
        return party_to_move(session, appointment)
    skills = frozenset(row.skills)
    return Party(row.created_at, (row.service_code,), row.people, skills, row.share)


def _tell(session: Session, row: PlaceWatch, now: datetime) -> bool:
    row.checked_at = now
    place = find_place(session, row, now=now)
    if place is None:
        return False
    row.notified_at = now
    enqueue(session, TOPIC, row.id)
    return True


def _movable(
    session: Session, command: WatchPlaces, now: datetime
) -> tuple[Appointment | None, int]:
    """The appointment that an earlier place is wanted for, and how many come."""
    if command.appointment is None:
        return None, command.people
    row = get_appointment(session, command.appointment)
    return row, len(who_may(session, row, Step.RESCHEDULE, now=now))


def _same(account: UUID, command: WatchPlaces) -> tuple[Any, ...]:
    live = (PlaceWatch.account_id == account, PlaceWatch.ended_at.is_(None))
    if command.appointment:
        return (*live, PlaceWatch.appointment_id == command.appointment)
    return (
        *live,
        PlaceWatch.appointment_id.is_(None),
        PlaceWatch.service_code == command.service,
    )


def _known_by(session: Session, account: UUID, vault: Vault) -> dict[str, Any]:
    """By what a booking of the account's holder is known that was made elsewhere."""
    holder = find_holder(session, account)
    person = open_person(holder, vault) if holder else None
    email, phone = find_contact(session, account, vault)
    email_key, phone_key = (
        contact_index(vault, "email", email),
        contact_index(vault, "phone", phone),
    )
    return {
        "person_keys": person_keys(person, vault) if person and person.birth_date else [],
        "email_index": bytes.fromhex(email_key) if email_key else None,
        "phone_index": bytes.fromhex(phone_key) if phone_key else None,
    }


# What it was known by is of no more use.
_ENDED: Mapping[str, Any] = {"person_keys": [], "email_index": None, "phone_index": None}


def _over(now: datetime, only: UUID | None = None) -> dict[str, Any]:
    return {"now": now, "only": only, "live": sorted(LIVE)}


def _end(session: Session, which: tuple[Any, ...], ending: WatchEnding, now: datetime) -> None:
    session.execute(
        update(PlaceWatch)
        .where(*which, PlaceWatch.ended_at.is_(None))
        .values(ended_at=now, ending=ending, **_ENDED)
    )


_END_OVER = text(
    """
    UPDATE place_watches w SET ended_at = :now, person_keys = '{}', email_index = NULL,
        phone_index = NULL, ending = o.ending
    FROM (
        SELECT w.id, CASE
            WHEN w.appointment_id IS NOT NULL AND (
                a.status <> 'booked' OR a.starts_at <> w.before OR a.starts_at <= :now) THEN 'over'
            WHEN w.appointment_id IS NULL AND (
                EXISTS (
                    SELECT FROM claims c JOIN appointments b ON b.id = c.appointment_id
                    WHERE c.service_code = w.service_code AND c.person_key = ANY (w.person_keys)
                        AND b.created_at >= w.created_at)
                OR EXISTS (
                    SELECT FROM appointments b
                    WHERE b.status = ANY (:live)
                        AND b.created_at >= w.created_at
                        AND w.service_code = ANY (b.services)
                        AND (b.account_id = w.account_id OR b.email_index = w.email_index
                            OR b.phone_index = w.phone_index))) THEN 'booked'
            WHEN w.expires_at <= :now THEN 'expired' END AS ending
        FROM place_watches w LEFT JOIN appointments a ON a.id = w.appointment_id
        WHERE w.ended_at IS NULL AND (CAST(:only AS uuid) IS NULL OR w.id = :only)
    ) o WHERE o.id = w.id AND o.ending IS NOT NULL
    """
)
