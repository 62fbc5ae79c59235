"""Erase what appointments, and passes tell of people; folios and times stay."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Uuid

from services.appointments.holding import free_hold
from services.appointments.models import (
    Appointment,
    BookingHold,
    DeskStep,
    ImportedAppointment,
    Member,
    PlaceWatch,
    PreApplication,
    PreApplicationDocument,
    ResemblanceKey,
    ReturnPass,
    Seat,
)
from services.appointments.rules import LIVE
from services.citizens.erasing import Erased


def has_live(session: Session, erased: Erased) -> bool:
    """Whether the account has a live appointment."""
    live = select(Appointment.id).where(_theirs(erased), Appointment.status.in_(sorted(LIVE)))
    return session.scalars(live.limit(1)).first() is not None


def list_ids(session: Session, erased: Erased) -> Sequence[UUID]:
    """Every appointment of the account, or that one of the people came to."""
    return session.scalars(select(Appointment.id).where(_theirs(erased))).all()


# What the desk wrote in words may name somebody; a party's document is sealed under the key of the
# first of its people.
_FORGET_OUTCOME = text(
    """
    UPDATE appointments a SET
        outcome = outcome - '{reason,bring}'::text[],
        document_sealed = CASE WHEN first.person_id = ANY (:people) THEN NULL
            ELSE document_sealed END
    FROM (
        SELECT DISTINCT ON (appointment_id) appointment_id, person_id FROM seats
        WHERE appointment_id = ANY (:appointments) ORDER BY appointment_id, person_id
    ) first
    WHERE first.appointment_id = a.id
    """
).bindparams(
    bindparam("people", type_=ARRAY(Uuid())), bindparam("appointments", type_=ARRAY(Uuid()))
)


def erase(session: Session, erased: Erased) -> None:
    """Contacts' indexes, words of the desk, document numbers, keys of passes and of steps."""
    appointments = list(list_ids(session, erased))
    session.execute(_FORGET_OUTCOME, {"people": list(erased.people), "appointments": appointments})
    session.execute(
        update(Appointment)
        .where(
            Appointment.id.in_(appointments),
            or_(Appointment.account_id.is_(None), erased.owns(Appointment.account_id)),
        )
        .values(email_index=None, phone_index=None, address_index=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Member)
        .where(Member.appointment_id.in_(appointments), Member.outcome.is_not(None))
        .values(outcome=Member.outcome.op("-")(cast(["reason", "bring"], ARRAY(Text))))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ReturnPass)
        .where(ReturnPass.appointment_id.in_(appointments))
        .values(valid_until=None, person_keys=[])
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ImportedAppointment).where(ImportedAppointment.appointment_id.in_(appointments))
    )
    session.execute(delete(DeskStep).where(DeskStep.appointment_id.in_(appointments)))
    session.execute(delete(PreApplication).where(PreApplication.person_id.in_(erased.people)))
    sent = PreApplicationDocument.person_id.in_(erased.people)
    session.execute(delete(PreApplicationDocument).where(sent))
    session.execute(delete(PlaceWatch).where(erased.owns(PlaceWatch.account_id)))
    held = select(BookingHold.id).where(erased.owns(BookingHold.holder_id))
    for hold in session.scalars(held).all():
        free_hold(session, hold)
    session.execute(delete(ResemblanceKey).where(ResemblanceKey.person_id.in_(erased.people)))


def _theirs(erased: Erased) -> ColumnElement[bool]:
    comes = exists().where(Seat.appointment_id == Appointment.id, Seat.person_id.in_(erased.people))
    return or_(erased.owns(Appointment.account_id), comes)
