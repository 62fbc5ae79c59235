"""Complete an appointment: which services were given, and what was charged for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.appointments.desk import TakeStep, take_step
from services.appointments.errors import ServiceNotOffered
from services.appointments.lifecycle import LIFECYCLE
from services.appointments.models import Appointment
from services.appointments.queries import Coming, list_party
from services.appointments.returning import today_at_office
from services.appointments.rules import STEPS, Status, Step
from services.appointments.steps import who_may
from services.cashier.queries import RenderedService, find_document, sum_charged
from services.cashier.recording import RecordServices, Rendered, Visit, record_services
from services.cashier.rules import Act, Choice, Means, cases_for
from services.citizens.models import Person
from services.citizens.people import find_key
from services.consulates.models import Service
from services.kernel import audit
from services.kernel.crypto import Vault
from services.kernel.errors import Invalid, NotFound, WrongState
from services.kernel.money import Money


@dataclass(frozen=True)
class Served:
    """What was given: ``document_number`` is sealed; ``fee`` is what was charged for everything;
    ``service``: another than what was booked. Each of ``cases`` is of the services and people whom
    it fits; ``reason``: why the fee isn't the one of the list and the cases."""

    document_number: str | None = None
    fee: Money | None = None
    service: str | None = None
    act: Act | None = None
    cases: tuple[Choice, ...] = ()
    means: Means = Means.NOT_TOLD
    reason: str | None = None


def complete(
    session: Session,
    appointment_id: UUID,
    served: Served,
    *,
    now: datetime,
    actor: audit.Actor,
    vault: Vault,
    only: int | None = None,
) -> Appointment:
    """Record the services given, the document's number and the fee, under one receipt: of all who
    are there, or of ``only`` one of them.

    Raises NotFound, `WrongState`, `TooEarly`, `ServiceNotOffered`; Invalid as
    `services.cashier.rules.price` does.
    """
    appointment = LIFECYCLE.lock(session, appointment_id)
    there = who_may(session, appointment, Step.COMPLETE, now=now, only=only)
    rendered = services_to_render(
        session, appointment, served, now=now, numbers=[each.n for each in there]
    )
    step = TakeStep(appointment_id, Step.COMPLETE, only=only)
    take_step(session, step, now=now, actor=actor)
    command = RecordServices(
        _visit(session, appointment, now), rendered, served.fee, served.means, served.reason
    )
    record_services(session, command, now=now, actor=actor, vault=vault)
    return appointment


def record_more(
    session: Session,
    appointment_id: UUID,
    served: Served,
    *,
    only: int,
    now: datetime,
    actor: audit.Actor,
    vault: Vault,
) -> Appointment:
    """Record another service for somebody who was served already, or the right one after a
    correction, under a receipt of its own.

    Raises NotFound, `WrongState` unless that person was served; otherwise as `complete`.
    """
    appointment = LIFECYCLE.lock(session, appointment_id)
    party = list_party(session, [appointment.id])[appointment.id]
    person = next((each for each in party if each.n == only), None)
    if person is None:
        raise NotFound()
    if person.status != Status.COMPLETED:
        raise WrongState(state=person.status)
    rendered = services_to_render(session, appointment, served, now=now, numbers=[only])
    visit = _visit(session, appointment, now)
    command = RecordServices(visit, rendered, served.fee, served.means, served.reason)
    record_services(session, command, now=now, actor=actor, vault=vault)
    subject = audit.Subject.of("appointment", appointment)
    audit.record(session, subject, action="charge.recorded", now=now, actor=actor)
    return appointment


def services_to_render(
    session: Session,
    appointment: Appointment,
    served: Served,
    *,
    now: datetime,
    numbers: Collection[int] | None = None,
) -> tuple[Rendered, ...]:
    """Each service for each person of these ``numbers``, or for who is there now; the document is
    the first one's. Raises `ServiceNotOffered`,
    Invalid "case_not_for_service" for a case that fits nobody."""
    if served.service and session.get(Service, served.service) is None:
        raise ServiceNotOffered()
    services = [served.service] if served.service else appointment.services
    people = _people(list_party(session, [appointment.id])[appointment.id], numbers)
    day = today_at_office(session, appointment, now)
    single = len(services) * len(people) == 1
    rendered = tuple(
        Rendered(
            service,
            each.person,
            attendee=each.n,
            act=served.act,
            cases=served.cases if single else _fitting(served.cases, service, each.person, day),
        )
        for each in people
        for service in services
    )
    chosen = {choice.code for each in rendered for choice in each.cases}
    if any(choice.code not in chosen for choice in served.cases):
        raise Invalid("case_not_for_service", field="cases")
    return (replace(rendered[0], document_number=served.document_number), *rendered[1:])


def _people(party: Sequence[Coming], numbers: Collection[int] | None) -> Sequence[Coming]:
    if numbers is None:
        numbers = [each.n for each in party if each.status in STEPS[Step.COMPLETE][0]]
    return [each for each in party if each.n in numbers] or party


def outcome_of(appointment: Appointment, rendered: Sequence[RenderedService]) -> dict[str, Any]:
    """What the desk noted, with the service and the sum of what was given."""
    charged = sum_charged(rendered)
    served = {"service": rendered[0].row.service_code, "fee": charged.as_dict()} if charged else {}
    return {**(appointment.outcome or {}), **served}


def find_document_number(
    session: Session, appointment: Appointment, people: Sequence[Person], vault: Vault
) -> str | None:
    """The number of the last document that was given; None also once it can't be opened.

    Numbers from before there were `ServiceRendered` stand in the appointment's own row, under the
    key of the first of its people.
    """
    number = find_document(session, appointment.id, vault)
    key = find_key(people[0], vault)
    if number or appointment.document_sealed is None or key is None:
        return number
    return key.open(appointment.document_sealed, place="appointments.document", row=appointment.id)


def _fitting(
    cases: tuple[Choice, ...], service: str, person: Person, day: date
) -> tuple[Choice, ...]:
    fitting = {case.code for case in cases_for(service, day, born=person.birth_date)}
    return tuple(choice for choice in cases if choice.code in fitting)


def _visit(session: Session, appointment: Appointment, now: datetime) -> Visit:
    return Visit(
        appointment.id,
        appointment.consulate_code,
        appointment.account_id,
        today_at_office(session, appointment, now),
        appointment.desk,
    )
