"""Invented people and what they do: believable in shape, plainly synthetic in name."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from uuid import UUID

from services.appointments.booking import Attendee, BookAppointment, book
from services.appointments.desk import Served, TakeStep, cancel, complete, take_step
from services.appointments.errors import ClaimTaken, SlotNotOffered, SlotTaken
from services.appointments.queries import earliest
from services.appointments.rules import Step
from services.citizens.accounts import Profile, set_profile, sign_in
from services.kernel.audit import Actor, Role
from services.kernel.crypto import Vault
from services.kernel.db import EVERYTHING, Database
from services.kernel.money import Money

# Which services each window of a demonstration office gives.
DESKS = (
    ("A", ("PAS1", "PAS3", "PAS6", "PAS10", "MAT")),
    ("B", ("MAT", "INE", "ACT", "OP7")),
    ("C", ("INE", "RCN", "ACT", "IMSS", "RFC", "FIN", "POF", "LEG", "SMN")),
)
_GIVEN = ("Ana", "Luis", "Rosa", "Juan", "Elena", "Pedro", "Marta", "Raúl", "Inés", "Tomás")
_SURNAMES = ("Demo", "Prueba", "Ejemplo", "Muestra", "Ficticio", "Ensayo", "Modelo")
_SERVICES = ("PAS10", "PAS10", "PAS6", "MAT", "MAT", "INE", "ACT", "RFC", "IMSS")


def person(dice: random.Random) -> Attendee:
    """An adult whose surnames say that they don't exist."""
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    return Attendee(
        given_names=f"{dice.choice(_GIVEN)} {dice.choice(_GIVEN)}",
        first_surname=f"{dice.choice(_SURNAMES)} {dice.randrange(1000):03d}",
        second_surname=dice.choice(_SURNAMES),
        birth_date=born,
    )


def populate(
    database: Database, vault: Vault, people: int, dice: random.Random, now: datetime
) -> dict[str, int]:
    """``people`` citizens book; some cancel, some come early and are served."""
    done = {"people": 0, "booked": 0, "cancelled": 0, "completed": 0}
    free = _free_times(database, now)
    for number in range(people):
        who = person(dice)
        actor = _account(database, vault, who, f"demo-{people}-{number}", now)
        done["people"] += 1
        service = dice.choice(_SERVICES)
        if not free.get(service):
            continue
        office, start = dice.choice(free[service])
        booked = _book(database, vault, actor, BookAppointment(office, (service,), start, (who,)),
                       now)  # fmt: skip
        if booked is not None:
            done["booked"] += 1
            outcome = _live(database, vault, actor, booked, office, dice, now)
            if outcome:
                done[outcome] += 1
    return done


def _free_times(database: Database, now: datetime) -> dict[str, list[tuple[str, datetime]]]:
    with database.transaction(EVERYTHING) as session:
        return {
            service: [
                (row["consulate_code"], row["starts_at"])
                for row in earliest(
                    session, service=service, first=now, last=now + timedelta(days=15), each=12
                )
            ]
            for service in set(_SERVICES)
        }


def _account(database: Database, vault: Vault, who: Attendee, subject: str, now: datetime) -> Actor:
    with database.transaction(EVERYTHING) as session:
        account = sign_in(session, issuer="development", subject=subject, now=now, vault=vault)
        profile = Profile(who.given_names, who.first_surname, who.second_surname, who.birth_date)
        set_profile(session, account, profile, now=now, vault=vault)
    return Actor(Role.CITIZEN, account)


def _book(
    database: Database, vault: Vault, actor: Actor, command: BookAppointment, now: datetime
) -> UUID | None:
    try:
        with database.one_statement() as session:
            return book(session, command, now=now, actor=actor, vault=vault).id
    except (SlotTaken, SlotNotOffered, ClaimTaken):
        return None


def _live(
    database: Database,
    vault: Vault,
    actor: Actor,
    appointment: UUID,
    office: str,
    dice: random.Random,
    now: datetime,
) -> str | None:
    lot = dice.random()
    if lot < 0.6:
        return None
    officer = Actor(Role.OFFICER, None, office)
    with database.transaction(EVERYTHING) as session:
        if lot < 0.75:
            cancel(session, appointment, now=now, actor=actor)
            return "cancelled"
        step = TakeStep(appointment, Step.CHECK_IN, details={"identity_checked": True})
        take_step(session, step, now=now, actor=officer)
        served = Served(f"DEMO{dice.randrange(10**6):06d}", Money(20900, "USD"))
        complete(session, appointment, served, now=now, actor=officer, vault=vault)
        return "completed"
