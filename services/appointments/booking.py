"""Book an appointment: one statement in which the database has the last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.errors import (
    BookingLimit,
    ClaimTaken,
    PersonRepeated,
    ServiceNotOffered,
    ShareNotAllowed,
    SlotNotOffered,
    SlotTaken,
)
from services.appointments.finding_seats import find_seats, look_for_seats, plan_as_json
from services.appointments.models import Claim
from services.appointments.people import Attendee
from services.appointments.reserves import Share, may_use
from services.appointments.rules import PRODUCTION_LIMITS, BookingLimits, repeated_person
from services.appointments.seating import Party
from services.citizens.errors import TooManyAttempts
from services.citizens.limits import Budget, spend
from services.citizens.people import new_columns, person_keys
from services.facts.people import age_band
from services.identity.checking import ask_for_check
from services.identity.errors import IdentityCheckPending
from services.identity.homonyms import claim_keys
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import raised_code, sqlstate, violated_constraint
from services.kernel.errors import Conflict, DomainError, Invalid, NotFound
from services.kernel.ids import FolioKind, new_folio, new_id
from services.outbox.delivery import enqueue_once_a_day


@dataclass(frozen=True)
class BookAppointment:
    """``services`` are wanted one after another by each attendee, from ``start``."""

    consulate: str
    services: tuple[str, ...]
    start: datetime
    attendees: tuple[Attendee, ...]
    email: str | None = None
    phone: str | None = None
    language: str = "es"
    idempotency_key: str | None = None
    request_hash: bytes = b""
    skills: tuple[str, ...] = ()
    share: str = ""
    place: str = ""

    @property
    def party(self) -> Party:
        """As the search for seats knows it."""
        people, skills = len(self.attendees), frozenset(self.skills)
        return Party(self.start, self.services, people, skills, self.share, place=self.place)


@dataclass(frozen=True)
class Booked:
    """What was booked. Times in UTC; ``time_zone`` is the office's; ``folios`` are those of the
    people, in their order; none in an answer that was kept before they had any. ``place_id`` is
    the mobile consulate's session, where it is at one."""

    id: UUID
    folio: str
    status: str
    ends_at: datetime
    time_zone: str
    folios: tuple[str, ...] = ()
    place_id: UUID | None = None


@dataclass(frozen=True)
class Hand:
    """Who books, for the limits: those in force, the keyed hash of the network address, and what
    is left to guess at people."""

    limits: BookingLimits = PRODUCTION_LIMITS
    address: bytes | None = None
    budgets: tuple[Budget, ...] = ()


ANY_HAND = Hand()
# A day's bookings are counted back from now: an hour may be enough.
RETRY_SECONDS = 3600

_BOOK = """
    SELECT book_appointment_v4(
        %(id)s, %(folio)s, %(consulate)s, %(start)s, %(services)s, %(people)s, %(language)s,
        %(account)s, %(role)s, %(actor)s, %(request)s, %(now)s, %(key)s, %(hash)s,
        %(limits)s, %(search)s)
    FROM (SELECT set_config('app.actor', coalesce(%(actor)s::uuid::text, ''), true)) acting
"""
_SEAT = """
    SELECT seat_booking(
        %(id)s, %(seats)s, %(moved)s, %(skills)s, %(share)s, %(actor)s, %(key)s, %(answer)s)
"""
# Whoever repeats a request waits for its answer.
_WAIT_FOR_KEY = """
    SELECT pg_advisory_xact_lock(hashtextextended(%(actor)s::text || ' ' || %(key)s, 0))
"""
_EVERYWHERE = "SELECT set_config('app.consulate', '*', true)"
# Places that `find_seats` gives back first: those that the same person holds, and those whose hold
# is over.
_HELD = """
    SELECT EXISTS (
        SELECT FROM booking_holds
        WHERE consulate_code = %(consulate)s AND starts_at >= %(start)s
            AND starts_at < %(start)s + interval '1 day'
            AND (holder_id = %(actor)s OR frees_at <= %(now)s))
"""
# One statement, so that whoever is refused for an appointment that they hold never holds it by the
# same request.
_REFUSAL = """
    SELECT coalesce(
        remembered(%(actor)s, %(key)s, %(hash)s),
        jsonb_build_object('refused', booking_refusal(
            %(consulate)s, %(offered)s, %(services)s, %(people)s, %(account)s)))
    FROM (SELECT set_config('app.consulate', '*', true)) everywhere
"""
# Answered instead of looking for a seat where only the search knows, or raised where a desk was
# taken meanwhile.
_BY_SEARCH = "seats_by_search"


def book(
    connection: psycopg.Connection[Any],
    command: BookAppointment,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    hand: Hand = ANY_HAND,
) -> Booked:
    """Take the places, claim the persons, write appointment, fact, audit and outbox: all or none.

    One call, meant for `Database.raw_connection`, or a transaction of a few where seats are
    searched for. Raises `SlotTaken`, `SearchGivenUp`, `SlotNotOffered`,
    `ClaimTaken` (see `explain_claim`) only where there is a place, `BookingLimit`,
    `TooManyAttempts`, NotFound for the office, `ServiceNotOffered`, Invalid
    ``idempotency_key_reused``, `PersonRepeated`, `ShareNotAllowed`.
    """
    if not may_use(command.share, actor.role):
        raise ShareNotAllowed()
    keys = [person_keys(attendee, vault) for attendee in command.attendees]
    _refuse_repeated(keys)
    folio = new_folio(FolioKind.APPOINTMENT)
    values = {
        "id": new_id(),
        "folio": folio,
        "consulate": command.consulate,
        "start": command.start,
        "services": list(command.services),
        "people": Jsonb(
            [
                _person(vault, command, *each)
                for each in zip(command.attendees, keys, _folios(folio, len(keys)), strict=True)
            ]
        ),
        "language": command.language,
        "account": actor.account_id if actor.is_citizen else None,
        "role": actor.role.value,
        "actor": actor.account_id,
        "request": actor.request_id,
        "now": now,
        "key": command.idempotency_key,
        "hash": command.request_hash,
        "limits": Jsonb(_limits(vault, command, hand, actor=actor, now=now)),
    }
    try:
        answer = _book(connection, command, values)
    except psycopg.Error as error:
        raise translate(error, hand, now) from error
    if "refused" in answer:
        raise _RAISED[answer["refused"]]()
    place = answer.get("place_id")
    return Booked(
        id=UUID(answer["id"]),
        folio=answer["folio"],
        status=answer["status"],
        ends_at=datetime.fromisoformat(answer["ends_at"]),
        time_zone=answer["time_zone"],
        folios=tuple(answer.get("folios", ())),
        place_id=UUID(place) if place else None,
    )


def _book(
    connection: psycopg.Connection[Any], command: BookAppointment, values: dict[str, Any]
) -> dict[str, Any]:
    """The answer, as it is kept for who repeats the request; or why it is ``refused``."""
    if command.party.is_plain and command.party.people == 1:
        try:
            with _undone_alone(connection):
                answer = _call(connection, values, search=False)
            if answer.get("refused") != _BY_SEARCH:
                return answer
        except psycopg.Error as error:
            if raised_code(error) != _BY_SEARCH:
                raise
    try:
        with connection.transaction():
            return _book_by_search(connection, command, values)
    except (SlotTaken, SlotNotOffered) as refused:
        # Whoever holds an appointment hears that first, as without a search; and the same request
        # may have been sent twice, and the other one found a place that was freed meanwhile.
        offered = isinstance(refused, SlotTaken)
        return _only(connection, _REFUSAL, {**values, "offered": offered})


def _undone_alone(connection: psycopg.Connection[Any]) -> AbstractContextManager[Any]:
    """A savepoint where somebody else's transaction goes on; a statement of its own needs none."""
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    return nullcontext() if idle else connection.transaction()


def _call(
    connection: psycopg.Connection[Any], values: dict[str, Any], *, search: bool
) -> dict[str, Any]:
    # Prepared at once: a connection that is new in a rush is asked the same again and again.
    return _only(connection, _BOOK, {**values, "search": search}, prepare=True)


def _only(
    connection: psycopg.Connection[Any],
    statement: LiteralString,
    values: Mapping[str, Any],
    *,
    prepare: bool | None = None,
) -> dict[str, Any]:
    """What the statement answers: a row of one object."""
    row = connection.execute(statement, values, prepare=prepare).fetchone()
    return row[0] if row else {}


def _book_by_search(
    connection: psycopg.Connection[Any], command: BookAppointment, values: dict[str, Any]
) -> dict[str, Any]:
    """Write everything but the seats, then find and take these: their locks come last. Most of a
    rush ends before that: where there is no room now, no lock is waited for."""
    _refuse_without_room(connection, command, values)
    answer = _call(connection, values, search=True)
    people, claimed = answer.pop("unseated", None), answer.pop("claimed", None)
    if people is None:
        return answer
    if command.share == Share.WALK_INS:
        zone = ZoneInfo(answer["time_zone"])
        if command.start.astimezone(zone).date() != values["now"].astimezone(zone).date():
            raise ShareNotAllowed()
    plan = find_seats(
        connection, command.consulate, command.party, holder=values["actor"], now=values["now"]
    )
    # Said only now, as in the database function: only where there is a place.
    if not claimed:
        raise ClaimTaken()
    seats = plan_as_json(plan, command.party, people)
    return _only(connection, _SEAT, {**values, **seats, "answer": Jsonb(answer)})


def _refuse_without_room(
    connection: psycopg.Connection[Any], command: BookAppointment, values: dict[str, Any]
) -> None:
    """Raise as `look_for_seats`, unless places are to be freed first."""
    connection.execute(_EVERYWHERE)
    if command.idempotency_key is not None:
        connection.execute(_WAIT_FOR_KEY, values)
    row = connection.execute(_HELD, values).fetchone()
    if not (row and row[0]):
        look_for_seats(connection, command.consulate, command.party)


def explain_claim(
    session: Session,
    command: BookAppointment,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    hand: Hand = ANY_HAND,
) -> DomainError:
    """Why `ClaimTaken` was raised, as the error to answer with.

    Their own account holds it: already_booked, with the appointment. Another does: whoever holds
    it is told, and the asker learns only that identity must be checked, with a folio to show at a
    window. It counts as a guess. Raises `TooManyAttempts` when there were too many.
    """
    account = actor.account_id if actor.is_citizen else None
    keys = [key for each in command.attendees for key in claim_keys(session, vault, each, account)]
    holders = session.execute(
        select(Claim.account_id, Claim.appointment_id).where(
            Claim.person_key.in_(keys), Claim.service_code.in_(command.services)
        )
    ).all()
    if account is None or not holders:
        return ClaimTaken()
    for holder in holders:
        if holder.account_id == account:
            return ClaimTaken(appointment=holder.appointment_id)
    spend(session, hand.budgets, now=now)
    for appointment, holder in {h.appointment_id: h.account_id for h in holders}.items():
        enqueue_once_a_day(session, "appointments.identity_check", appointment)
        subject = audit.Subject("appointment", appointment, holder)
        audit.record(session, subject, action="appointment.identity_check", now=now, actor=actor)
    named = [key for each in command.attendees for key in person_keys(each, vault)]
    return IdentityCheckPending(folio=ask_for_check(session, account, named, now=now))


def _limits(
    vault: Vault, command: BookAppointment, hand: Hand, *, actor: Actor, now: datetime
) -> dict[str, Any]:
    return {
        **limits_as_json(hand, actor=actor, now=now),
        "email": contact_index(vault, "email", command.email),
        "phone": contact_index(vault, "phone", command.phone),
    }


def limits_as_json(hand: Hand, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """As the database function reads them; addresses are those of citizens only."""
    address = hand.address if actor.is_citizen else None
    return {
        "address": address.hex() if address and hand.limits.per_address is not None else None,
        "per_account": hand.limits.per_account,
        "per_contact": hand.limits.per_contact,
        "per_address": hand.limits.per_address,
        "per_day": hand.limits.per_day,
        "budgets": [
            {
                "subject": budget.subject.hex(),
                "since": budget.rate.start(now).isoformat(),
                "most": budget.rate.most,
            }
            for budget in hand.budgets
        ],
    }


def contact_index(vault: Vault, kind: str, value: str | None) -> str | None:
    """Keyed hash, in hexadecimal, of an e-mail or phone whatever its case."""
    return vault.blind_index(f"booking.{kind}", value.strip().casefold()).hex() if value else None


def _refuse_repeated(keys: Sequence[Sequence[bytes]]) -> None:
    repeated = repeated_person(keys)
    if repeated:
        person, number = repeated
        raise PersonRepeated(field=f"attendees.{person}.{'curp' if number else 'given_names'}")


def _folios(folio: str, people: int) -> list[str]:
    """Each person's own; who comes alone has the appointment's."""
    if people == 1:
        return [folio]
    return [new_folio(FolioKind.APPOINTMENT) for _ in range(people)]


def _person(
    vault: Vault, command: BookAppointment, person: Attendee, keys: Sequence[bytes], folio: str
) -> dict[str, Any]:
    """A row of people, its folio and the keys to hold places under, as the database function reads
    them."""
    reached = replace(person, email=command.email, phone=command.phone)
    # The first of the keys is that of the name, which the row holds as well.
    new = new_columns(reached, vault, keys[0])
    return {
        **{name: _as_json(value) for name, value in new.items()},
        "keys": [key.hex() for key in keys],
        "folio": folio,
        "age_bands": _age_bands(person.birth_date, command.start),
    }


def _age_bands(born: date, start: datetime) -> dict[str, str]:
    """In which band somebody is on the day of a time, whichever it is on the office's clock."""
    day = start.astimezone(UTC).date()
    days = [day + timedelta(days=days) for days in (-1, 0, 1)]
    return {each.isoformat(): age_band(born, each).value for each in days}


def _as_json(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case UUID() | date():
            return str(value)
    return value


_RAISED: dict[str, type[DomainError]] = {
    "seats_by_search": SlotTaken,
    "slot_taken": SlotTaken,
    "claim_taken": ClaimTaken,
    "booking_limit": BookingLimit,
    "slot_not_offered": SlotNotOffered,
    "service_not_offered": ServiceNotOffered,
    "consulate_not_found": NotFound,
    "idempotency_key_reused": Invalid,
}
_VIOLATED: dict[str, type[DomainError]] = {
    "ck_slot_sets_capacity": SlotTaken,
    "ck_day_maximums_allowed": SlotTaken,
    "ex_desk_holds_desk": SlotTaken,
    "fk_seats_service_code": ServiceNotOffered,
}


def translate(error: psycopg.Error, hand: Hand, now: datetime) -> Exception:
    """What a refusal of the database means."""
    code = raised_code(error)
    if code == "idempotency_key_reused":
        return Invalid(code)
    if code == "too_many_requests":
        left = [budget.rate.seconds_left(now) for budget in hand.budgets]
        return TooManyAttempts(retry_after=max(left, default=RETRY_SECONDS))
    refused = _RAISED.get(code or "") or _VIOLATED.get(violated_constraint(error) or "")
    if refused:
        return refused()
    if sqlstate(error) in ("40P01", "55P03"):
        return Conflict("request_in_progress")
    return error
