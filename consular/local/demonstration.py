"""Invented people and what they do: believable in shape, plainly synthetic in name.

They act through the use cases, so that a demonstration has the same facts, audit and outbox as
real work.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from stdnum.mx import curp as stdnum_curp

from services.appointments.booking import BookAppointment, book
from services.appointments.completing import Served, complete
from services.appointments.desk import TakeStep, cancel, take_step
from services.appointments.errors import ClaimTaken, SlotNotOffered, SlotTaken, TooEarly
from services.appointments.people import Attendee
from services.appointments.queries import availability
from services.appointments.rules import DEVELOPMENT_LIMITS, Step
from services.cashier.recording import list_prices
from services.cashier.rules import Means
from services.citizens.accounts import set_profile, sign_in
from services.citizens.people import PersonData
from services.enrollments.requesting import Applicant, RequestEnrollment, request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import Conflict, Unavailable
from services.kernel.identifiers import normalise_name
from services.kernel.money import Money
from services.kernel.settings import Settings
from services.remittances.ordering import OrderRemittance, order
from services.remittances.payees import Recipient
from services.remittances.quoting import RequestQuote, quote
from services.remittances.rules import Funding, Payout, Purpose

# Who served them, without an account.
_OFFICER = UUID(int=1)
_GIVEN = ("Ana", "Luis", "Rosa", "Juan", "Elena", "Pedro", "Marta", "Raúl", "Inés", "Tomás")
_SURNAMES = ("Demo", "Prueba", "Ejemplo", "Muestra", "Ficticio", "Ensayo", "Modelo")
_TELLING_APART = (
    "Alfa", "Beta", "Gama", "Delta", "Zeta", "Teta", "Iota", "Kapa", "Lambda", "Sigma", "Tau",
    "Fi", "Psi", "Omega",
)  # fmt: skip
_OFFICES = ("losangeles", "chicago", "houston", "dallas", "nuevayork", "atlanta", "phoenix")
_SERVICES = ("PAS10", "PAS10", "PAS6", "MAT", "MAT", "INE", "ACT", "RFC", "IMSS")


def invent_person(dice: random.Random) -> Attendee:
    """An adult whose surnames say that they don't exist."""
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    return Attendee(
        given_names=f"{dice.choice(_GIVEN)} {dice.choice(_GIVEN)}",
        first_surname=" ".join((dice.choice(_SURNAMES), *dice.choices(_TELLING_APART, k=2))),
        second_surname=dice.choice(_SURNAMES),
        birth_date=born,
    )


def curp(who: Attendee) -> str:
    """A well-formed CURP for an invented person born in Mexico City (instructivo normativo para
    la asignación de la CURP, RENAPO: initials, date, sex, state, consonants, check digit)."""
    first, second = _letters(who.first_surname), _letters(who.second_surname or "X")
    given = _letters(who.given_names.split(" ")[0])
    digit = "0" if who.birth_date.year < 2000 else "A"
    body = (
        f"{first[0]}{_next(first, 'AEIOU')}{second[0]}{given[0]}{who.birth_date:%y%m%d}"
        f"MDF{''.join(_next(part, 'BCDFGHJKLMNPQRSTVWXYZ') for part in (first, second, given))}"
        f"{digit}"
    )
    return body + stdnum_curp.calc_check_digit(body)


def _letters(name: str) -> str:
    return "".join(c for c in normalise_name(name).upper() if c.isalpha())


def _next(letters: str, wanted: str) -> str:
    return next((c for c in letters[1:] if c in wanted), "X")


def load_demo(settings: Settings, people: int) -> dict[str, int]:
    """Invented citizens with appointments, enrollments and remittances, through the use cases."""
    settings.refuse_production()
    database = Database(settings.database_url)
    try:
        vault = Vault(settings.master_keys(), settings.index_key())
        crowd = Demonstration(database, vault, random.Random(people), system_clock())
        return crowd.populate(people)
    finally:
        database.dispose()


@dataclass
class Demonstration:
    """A crowd that uses the system through its use cases; ``done`` counts what they did."""

    database: Database
    vault: Vault
    dice: random.Random
    now: datetime
    done: Counter[str] = field(default_factory=Counter)

    def populate(self, people: int) -> dict[str, int]:
        """``people`` citizens book; some cancel, are served, ask for an RFC, send money."""
        free = self._free_times()
        for number in range(people):
            who = invent_person(self.dice)
            actor = self._account(who, f"demo-{people}-{number}")
            self.done["people"] += 1
            service = self.dice.choice(_SERVICES)
            if free[service]:
                self._visit(actor, who, service, *self.dice.choice(free[service]))
            if self.dice.random() < 0.3:
                self._ask_for_rfc(actor, who)
            if self.dice.random() < 0.4:
                self._send_money(actor)
        return dict(self.done)

    def _free_times(self) -> dict[str, list[tuple[str, datetime]]]:
        """Service -> places, those of a busy office more often than others'."""
        last = self.now + timedelta(days=15)
        by_service: dict[str, list[tuple[str, datetime]]] = {service: [] for service in _SERVICES}
        with self.database.transaction(NETWORK_SCOPE) as session:
            for office in _OFFICES:
                for service, places in by_service.items():
                    times = availability(
                        session, consulate=office, service=service, first=self.now, last=last
                    )
                    places += [(office, time.start) for time in times]
        return by_service

    def _account(self, who: Attendee, subject: str) -> Actor:
        profile = PersonData(
            who.given_names,
            who.first_surname,
            who.second_surname,
            who.birth_date,
            email=f"{subject}@demo.invalid",
        )
        with self.database.transaction(NETWORK_SCOPE) as session:
            account = sign_in(
                session, issuer="development", subject=subject, now=self.now, vault=self.vault
            )
            set_profile(session, account, profile, now=self.now, vault=self.vault)
        return Actor(Role.CITIZEN, account)

    def _visit(
        self, actor: Actor, who: Attendee, service: str, office: str, start: datetime
    ) -> None:
        command = BookAppointment(office, (service,), start, (who,))
        try:
            with self.database.raw_connection() as connection:
                booked = book(connection, command, now=self.now, actor=actor, vault=self.vault).id
        except (SlotTaken, SlotNotOffered, ClaimTaken):
            return
        self.done["booked"] += 1
        lot = self.dice.random()
        if lot > 0.6:
            # Who comes on another day than today isn't served yet.
            with suppress(TooEarly):
                self._end(actor, booked, office, service, cancelled=lot < 0.75)

    def _end(
        self, actor: Actor, booked: UUID, office: str, service: str, *, cancelled: bool
    ) -> None:
        officer = Actor(Role.OFFICER, _OFFICER, office)
        with self.database.transaction(NETWORK_SCOPE) as session:
            if cancelled:
                cancel(session, booked, now=self.now, actor=actor, limits=DEVELOPMENT_LIMITS)
            else:
                step = TakeStep(booked, Step.CHECK_IN, details={"identity_checked": True})
                take_step(session, step, now=self.now, actor=officer)
                fee = list_prices(session, self.now.date()).get(service)
                served = Served(f"DEMO{self.dice.randrange(10**6):06d}", fee, means=Means.CASH)
                complete(session, booked, served, now=self.now, actor=officer, vault=self.vault)
        self.done["cancelled" if cancelled else "completed"] += 1

    def _ask_for_rfc(self, actor: Actor, who: Attendee) -> None:
        applicant = Applicant(
            who.given_names,
            who.first_surname,
            who.second_surname,
            who.birth_date,
            curp=curp(who),
        )
        command = RequestEnrollment(
            "rfc", applicant, ("transfer_to_agency",), self.dice.choice(_OFFICES)
        )
        try:
            with self.database.transaction(NETWORK_SCOPE) as session:
                request_enrollment(session, command, now=self.now, actor=actor, vault=self.vault)
        except Conflict:
            return
        self.done["enrollments"] += 1

    def _send_money(self, actor: Actor) -> None:
        amount = Money(self.dice.randrange(50, 600) * 100, "USD")
        wanted = RequestQuote(amount, None, Funding.BANK_ACCOUNT, Payout.BRANCH)
        recipient = Recipient(self.dice.choice(_GIVEN), "Demo", self.dice.choice(_SURNAMES))
        try:
            with self.database.transaction(NETWORK_SCOPE) as session:
                price = quote(session, wanted, now=self.now, actor=actor)
                command = OrderRemittance(price.id, recipient, Purpose.FAMILY)
                order(session, command, now=self.now, actor=actor, vault=self.vault)
        except (Conflict, Unavailable):
            return
        self.done["remittances"] += 1
