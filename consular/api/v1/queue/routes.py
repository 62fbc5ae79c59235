"""The queue at the desk, over the API: who is next, and what changes somebody's place in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import Errors, Register, endpoint, run_once
from consular.api.v1.appointments.answers import AppointmentAnswer
from consular.api.v1.appointments.routes import shown
from consular.api.v1.queue.answers import InQueueAnswer, QueueAnswer
from consular.auth import DESK, actor, now, vault
from consular.db import transaction
from consular.input.appointments import CallSchema, NothingSchema
from consular.input.paging import SliceQuery, slice_of
from consular.input.queue import ParkSchema, PrioritySchema, TicketSchema, TransferSchema
from services.appointments.desk import TakeStep, take_step
from services.appointments.queueing import (
    ChangeVisit,
    call_next,
    change_visit,
    find_visit,
    list_queue,
    take_over,
)
from services.appointments.rules import Step
from services.appointments.undoing import undo
from services.appointments.walking_in import GiveTicket, give_ticket
from services.consulates.queries import get_consulate
from services.kernel.errors import NotFound

api = Blueprint("queue", __name__, url_prefix="/api/v1")


@endpoint(
    api, "GET", "/queue", operation="listQueue", who=DESK, query=SliceQuery(), answer=QueueAnswer()
)
def show_queue(query: dict[str, Any]) -> dict[str, Any]:
    """List everybody at one's office today who waits or is at a window, in the order of calls."""
    with transaction() as session:
        queue = list_queue(session, consulate=actor().consulate or "", day=_today(session))
        people = [InQueueAnswer.render(each) for each in queue]
    return slice_of(people, query, "folio")


@endpoint(
    api,
    "POST",
    "/queue/next",
    operation="callNext",
    who=DESK,
    body=CallSchema(),
    answer=InQueueAnswer(),
    errors={409: ("nobody_waits", "too_early"), 422: ("desk_not_open",)},
)
def call_next_person(command: dict[str, Any]) -> dict[str, Any]:
    """Call whoever is next of those that this window serves. Two windows never call one person."""

    def do(session: Session) -> dict[str, Any]:
        office = actor().consulate or ""
        appointment, n = call_next(
            session, office, command["desk"], day=_today(session), now=now(), actor=actor()
        )
        return _in_queue(session, appointment, n)

    return run_once(do)


@endpoint(
    api,
    "POST",
    "/queue/tickets",
    operation="giveTicket",
    who=DESK,
    body=TicketSchema(),
    answer=InQueueAnswer(),
    status=201,
    errors={409: ("day_full", "ticket_taken"), 422: ("service_not_offered",)},
)
def create_ticket(command: dict[str, Any]) -> dict[str, Any]:
    """Give a ticket to somebody who comes without an appointment: they wait from now on.

    After those whose time is before; nobody's appointment is touched.
    """
    wanted = GiveTicket(consulate=actor().consulate or "", **command)

    def do(session: Session) -> dict[str, Any]:
        ticket = give_ticket(session, wanted, now=now(), actor=actor(), vault=vault())
        session.flush()
        return _in_queue(session, ticket, 1)

    return run_once(do, status=201)


def _of_one(path: str, operation: str, body: Any, errors: Errors | None = None) -> Register:
    """A change for one person of an appointment who is at the office."""
    return endpoint(
        api,
        "POST",
        f"/appointments/<uuid:appointment>/attendees/<int:n>/{path}",
        operation=operation,
        who=DESK,
        body=body,
        answer=InQueueAnswer(),
        errors={409: ("wrong_state",), **(errors or {})},
    )


@_of_one("park", "parkAttendee", ParkSchema())
def park(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Let somebody wait without being called, or go on in the place of their own time."""
    return _change(ChangeVisit(appointment, n, park=command["park"]))


@_of_one("priority", "prioritizeAttendee", PrioritySchema())
def priority(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Give somebody priority in the queue, or take it away."""
    return _change(ChangeVisit(appointment, n, priority=command["priority"]))


@_of_one("transfer", "transferAttendee", TransferSchema())
def transfer(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Pass somebody on to another service or window; they keep the place of their time."""
    services = (command["service"],) if command["service"] else ()
    return _change(ChangeVisit(appointment, n, services=services, for_desk=command["desk"]))


@_of_one("take-over", "takeOverAttendee", CallSchema(), {422: ("desk_not_open",)})
def take_over_person(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Go on at this window with somebody whom another one called."""
    return _one_of(
        lambda session: take_over(
            session, appointment, n, command["desk"], now=now(), actor=actor()
        ),
        n,
    )


@endpoint(
    api,
    "POST",
    "/appointments/<uuid:appointment>/attendees/<int:n>/wrong-person",
    operation="noteWrongPerson",
    who=DESK,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
    errors={409: ("wrong_state", "too_early")},
)
def wrong_person(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Note that somebody else was checked in: the person who is meant is still expected."""
    step = TakeStep(appointment, Step.WRONG_PERSON, only=n)
    return _whole(lambda session: take_step(session, step, now=now(), actor=actor()))


@endpoint(
    api,
    "POST",
    "/appointments/<uuid:appointment>/undo",
    operation="undoStep",
    who=DESK,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
    errors={409: ("nothing_to_undo", "charged_already", "already_booked")},
)
def undo_step(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Take the desk's last step with an appointment back, within a minute."""
    return _whole(lambda session: undo(session, appointment, now=now(), actor=actor()))


def _change(command: ChangeVisit) -> dict[str, Any]:
    return _one_of(
        lambda session: change_visit(session, command, now=now(), actor=actor()), command.n
    )


def _one_of(do: Callable[[Session], Any], n: int) -> dict[str, Any]:
    return run_once(lambda session: _in_queue(session, do(session), n))


def _whole(do: Callable[[Session], Any]) -> dict[str, Any]:
    return run_once(lambda session: shown(session, [do(session)])[0])


def _in_queue(session: Session, appointment: Any, n: int) -> dict[str, Any]:
    """One person's place as it is now."""
    visit = find_visit(session, appointment.id, n)
    if visit is None:
        raise NotFound()
    queue = list_queue(session, consulate=visit.consulate_code, day=visit.day)
    who = (appointment.id, n)
    [person] = [each for each in queue if (each.appointment_id, each.n) == who]
    return InQueueAnswer.render(person)


def _today(session: Session) -> date:
    place = get_consulate(session, actor().consulate or "")
    today: date = now().astimezone(ZoneInfo(place.time_zone)).date()
    return today
