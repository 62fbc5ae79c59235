"""Come back without another booking: the pass of who couldn't be served, or came late.

A pass is no appointment: meanwhile the person may book the same service again, should another day
suit them better. So their claims are put away with the pass, and taken again when they come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.errors import ClaimTaken
from services.appointments.models import Appointment, Claim, Member, ResemblanceKey, ReturnPass
from services.appointments.rules import LIVE, RETURNABLE, Status, last_day_to_return
from services.consulates.queries import get_consulate
from services.kernel.errors import WrongState

# Noted in the outcome of who came after being marked as absent: their place, and when they came.
LATE_ARRIVAL = "late_arrival"


def give_pass(session: Session, appointment: Appointment, member: Member, *, now: datetime) -> None:
    """To who couldn't be served, for some weeks from the day at the office; to who was noted as
    absent, for that day only and once."""
    keys = drop_claims(session, appointment, member)
    until = last_day_to_return(appointment.day, today_at_office(session, appointment, now))
    held = session.get(ReturnPass, (appointment.id, member.n))
    if member.status == Status.NO_SHOW:
        if LATE_ARRIVAL in (member.outcome or {}):
            return
        until = (held.returned_on if held else None) or appointment.day
    if held is None:
        held = ReturnPass(
            appointment_id=appointment.id,
            n=member.n,
            consulate_code=appointment.consulate_code,
            account_id=appointment.account_id,
        )
        session.add(held)
    held.valid_until, held.person_keys = until, keys
    session.flush()


def use_pass(session: Session, appointment: Appointment, member: Member, *, now: datetime) -> None:
    """Use a return pass, once.

    Raises `WrongState` when it isn't good any more, `ClaimTaken` when they hold another
    appointment for the same by now.
    """
    held = session.get(ReturnPass, (appointment.id, member.n))
    today = today_at_office(session, appointment, now)
    if held is None or held.valid_until is None or held.valid_until < today:
        raise WrongState(state=member.status)
    take_claims(session, appointment, held.person_keys, n=member.n)
    held.valid_until, held.person_keys, held.returned_on = None, [], today
    session.flush()


def end_passes(session: Session, *, before: date, most: int) -> int:
    """Passes whose last day came before that day end. Returns how many."""
    expired = session.scalars(
        select(ReturnPass)
        .where(ReturnPass.valid_until < before)
        .order_by(ReturnPass.valid_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for held in expired:
        held.valid_until, held.person_keys = None, []
    session.flush()
    return len(expired)


def list_passes(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, date]:
    """Their last day, by appointment: of those that are good today, the latest of its people."""
    latest: dict[UUID, date] = {}
    for (id, _n), until in list_member_passes(session, appointments, now=now).items():
        latest[id] = max(until, latest.get(id, until))
    return latest


def list_member_passes(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[tuple[UUID, int], date]:
    """Their last day, by appointment and person: of those that are good today."""
    over = {a.id: a for a in appointments if _may_have_pass(a)}
    if not over:
        return {}
    rows = session.execute(
        select(ReturnPass.appointment_id, ReturnPass.n, ReturnPass.valid_until)
        .join(
            Member,
            and_(Member.appointment_id == ReturnPass.appointment_id, Member.n == ReturnPass.n),
        )
        .where(
            ReturnPass.appointment_id.in_(over),
            ReturnPass.valid_until.is_not(None),
            Member.status.in_(sorted(RETURNABLE)),
        )
    )
    today = today_at_offices(session, over.values(), now)
    return {
        (id, n): until
        for id, n, until in rows
        if until is not None and today[over[id].consulate_code] <= until
    }


def _may_have_pass(appointment: Appointment) -> bool:
    """Of a party somebody may, whatever the others do."""
    if appointment.people == 1:
        return appointment.status in RETURNABLE
    return appointment.status != Status.CANCELLED


def day_at_desk(session: Session, appointment: Appointment) -> date:
    """In whose agenda it stands: that of the day when its people came back, or its own."""
    back = select(func.max(ReturnPass.returned_on)).where(
        ReturnPass.appointment_id == appointment.id
    )
    return session.scalar(back) or appointment.day


def beyond_today(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> list[Appointment]:
    """Those that are not in today's agenda of their office: neither of today nor back today."""
    today = today_at_offices(session, appointments, now)
    others = {a.id: a for a in appointments if a.day != today[a.consulate_code]}
    if not others:
        return []
    rows = session.execute(
        select(ReturnPass.appointment_id, ReturnPass.returned_on).where(
            ReturnPass.appointment_id.in_(others), ReturnPass.returned_on.is_not(None)
        )
    )
    back = {id for id, day in rows if day == today[others[id].consulate_code]}
    return [appointment for appointment in others.values() if appointment.id not in back]


def take_claims(
    session: Session, appointment: Appointment, keys: Sequence[bytes], *, n: int
) -> None:
    """Claim each of its services for its person of ``keys``. Raises `ClaimTaken`.

    In key order, as bookings do, so that two requests wait and never deadlock.
    """
    rows = [
        {
            "person_key": key,
            "service_code": service,
            "account_id": appointment.account_id,
            "appointment_id": appointment.id,
            "n": n,
        }
        for key in sorted(keys)
        for service in sorted(appointment.services)
    ]
    if not rows:
        return
    taken = session.execute(
        insert(Claim).on_conflict_do_nothing().returning(Claim.person_key), rows
    ).all()
    if len(taken) < len(rows):
        raise ClaimTaken()


def drop_claims(session: Session, appointment: Appointment, member: Member) -> list[bytes]:
    """Who is done may book the same services again. Returns the keys under which they claimed."""
    theirs = Claim.n == member.n
    if appointment.status not in LIVE:
        # Of a party of before people were numbered, some claims say of nobody whose they are.
        theirs = or_(theirs, Claim.n.is_(None))
    dropped = session.execute(
        delete(Claim)
        .where(Claim.appointment_id == appointment.id, theirs)
        .returning(Claim.person_key)
    )
    compared = (
        ResemblanceKey.appointment_id == appointment.id,
        ResemblanceKey.person_id == member.person_id,
    )
    session.execute(delete(ResemblanceKey).where(*compared))
    return sorted(set(dropped.scalars()))


def today_at_office(session: Session, appointment: Appointment, now: datetime) -> date:
    """The day on the wall calendar of the appointment's office."""
    return today_at_offices(session, [appointment], now)[appointment.consulate_code]


def today_at_offices(
    session: Session, appointments: Iterable[Appointment], now: datetime
) -> dict[str, date]:
    """The day on the wall calendar of each office that the appointments are at, by its code."""
    codes = {appointment.consulate_code for appointment in appointments}
    zones = {code: ZoneInfo(get_consulate(session, code).time_zone) for code in codes}
    return {code: now.astimezone(zone).date() for code, zone in zones.items()}
