"""Book an appointment: one statement in which the database has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.errors import (
    ClaimTaken,
    IdentityCheckPending,
    PersonRepeated,
    ServiceNotOffered,
    SlotNotOffered,
    SlotTaken,
)
from services.appointments.models import Claim
from services.appointments.rules import repeated_person
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import raised_code, sqlstate, violated_constraint
from services.kernel.errors import Conflict, DomainError, Invalid, NotFound
from services.kernel.ids import FolioKind, new_folio, new_id
from services.outbox.delivery import put_once_a_day


@dataclass(frozen=True)
class Attendee:
    """Somebody who comes: names as in their documents. The CURP is never required."""

    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date
    birth_place: str | None = None
    curp: str | None = None


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


@dataclass(frozen=True)
class Booked:
    """What was booked. Times in UTC; ``time_zone`` is the office's."""

    id: UUID
    folio: str
    status: str
    ends_at: datetime
    time_zone: str


_BOOK = """
    SELECT book_appointment(
        %(id)s, %(folio)s, %(consulate)s, %(start)s, %(services)s, %(people)s, %(language)s,
        %(account)s, %(role)s, %(actor)s, %(request)s, %(now)s, %(key)s, %(hash)s)
"""


def book(
    connection: psycopg.Connection[Any],
    command: BookAppointment,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Booked:
    """Take the places, claim the persons, write appointment, fact, audit and outbox: all or none.

    One call, meant for `Database.one_call`. Raises `SlotTaken`, `SlotNotOffered`,
    `ClaimTaken` (see `explain_claim`), NotFound for the office, `ServiceNotOffered`, Invalid
    ``idempotency_key_reused``, `PersonRepeated`.
    """
    keys = [_keys(vault, attendee) for attendee in command.attendees]
    _refuse_repeated(keys)
    values = {
        "id": new_id(),
        "folio": new_folio(FolioKind.APPOINTMENT),
        "consulate": command.consulate,
        "start": command.start,
        "services": list(command.services),
        "people": Jsonb(
            [_person(vault, command, *each) for each in zip(command.attendees, keys, strict=True)]
        ),
        "language": command.language,
        "account": actor.account_id if actor.is_citizen else None,
        "role": actor.role.value,
        "actor": actor.account_id,
        "request": actor.request_id,
        "now": now,
        "key": command.idempotency_key,
        "hash": command.request_hash,
    }
    try:
        row = connection.execute(_BOOK, values).fetchone()
    except psycopg.Error as error:
        raise _translate(error) from error
    answer: dict[str, Any] = row[0] if row else {}
    return Booked(
        id=UUID(answer["id"]),
        folio=answer["folio"],
        status=answer["status"],
        ends_at=datetime.fromisoformat(answer["ends_at"]),
        time_zone=answer["time_zone"],
    )


def explain_claim(
    session: Session, command: BookAppointment, *, now: datetime, actor: Actor, vault: Vault
) -> DomainError:
    """Why `ClaimTaken` was raised, as the error to answer with.

    Their own account holds it: already_booked. Another does: whoever holds it is told, and the
    asker learns only that identity must be checked.
    """
    keys = [key for attendee in command.attendees for key in _keys(vault, attendee)]
    holders = session.execute(
        select(Claim.account_id, Claim.appointment_id).where(
            Claim.person_key.in_(keys), Claim.service_code.in_(command.services)
        )
    ).all()
    if not actor.is_citizen or not holders:
        return ClaimTaken()
    if any(holder.account_id == actor.account_id for holder in holders):
        return ClaimTaken()
    for appointment, holder in {h.appointment_id: h.account_id for h in holders}.items():
        put_once_a_day(session, "appointments.identity_check", appointment)
        audit.record(
            session,
            actor=actor,
            action="appointment.identity_check",
            subject_kind="appointment",
            subject_id=appointment,
            now=now,
            person_account_id=holder,
        )
    return IdentityCheckPending()


def _refuse_repeated(keys: Sequence[Sequence[bytes]]) -> None:
    repeated = repeated_person(keys)
    if repeated:
        person, number = repeated
        raise PersonRepeated(field=f"attendees.{person}.{'curp' if number else 'given_names'}")


def _keys(vault: Vault, person: Attendee) -> list[bytes]:
    return vault.person_keys(
        person.given_names,
        person.first_surname,
        person.second_surname,
        person.birth_date,
        person.curp,
    )


def _person(
    vault: Vault, command: BookAppointment, person: Attendee, keys: Sequence[bytes]
) -> dict[str, Any]:
    row = new_id()
    data_key = vault.new_key(row)
    sealed = {
        f"{name}_sealed": data_key.seal(value, place=f"people.{name}", row=row).hex()
        for name, value in (
            ("curp", person.curp),
            ("email", command.email),
            ("phone", command.phone),
        )
        if value
    }
    return {
        "id": str(row),
        "given_names": person.given_names,
        "first_surname": person.first_surname,
        "second_surname": person.second_surname,
        "birth_date": person.birth_date.isoformat(),
        "birth_place": person.birth_place,
        "name_index": keys[0].hex(),
        "data_key": data_key.wrapped.hex(),
        "curp_index": vault.blind_index("curp", person.curp).hex() if person.curp else None,
        "keys": [key.hex() for key in keys],
        **sealed,
    }


_RAISED: dict[str, type[DomainError]] = {
    "slot_taken": SlotTaken,
    "claim_taken": ClaimTaken,
    "slot_not_offered": SlotNotOffered,
    "service_not_offered": ServiceNotOffered,
    "consulate_not_found": NotFound,
    "idempotency_key_reused": Invalid,
}
_VIOLATED: dict[str, type[DomainError]] = {
    "pk_claims": ClaimTaken,
    "ck_slot_sets_capacity": SlotTaken,
    "fk_seats_service_code": ServiceNotOffered,
}


def _translate(error: psycopg.Error) -> Exception:
    code = raised_code(error)
    if code == "idempotency_key_reused":
        return Invalid(code)
    if code in _RAISED:
        return _RAISED[code]()
    refused = _VIOLATED.get(violated_constraint(error) or "")
    if refused:
        return refused()
    if sqlstate(error) in ("40P01", "55P03"):
        return Conflict("request_in_progress")
    return error
