"""What an officer does after a check of identity, about everything that may be held in a name.

They take over for the person what another account holds, end it, or tell two people of one name
and birth date apart: in any office of the network. Who proved it at home may take an appointment
over. Each is in the audit. Needs the network's scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.appointments import handing_over as appointments
from services.appointments.rules import BookingLimits
from services.enrollments import handing_over as enrollments
from services.identity import homonyms
from services.identity.checking import Held, Subject, get_check, give_account, note_check
from services.identity.errors import IdentityCheckPending, NobodyElse
from services.identity.models import IdentityCheck
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault


@dataclass(frozen=True)
class ActOnHeld:
    """Of which of the things that others hold in the person's name. ``consents``: the person's, for
    a request that goes to an agency."""

    kind: Subject
    service: str
    consents: tuple[str, ...] = ()


def list_held(session: Session, check: IdentityCheck) -> list[Held]:
    """List what other accounts hold in the person's name."""
    return [*appointments.list_held(session, check), *enrollments.list_held(session, check)]


def list_own(session: Session, check: IdentityCheck) -> list[Held]:
    """List what the person's own account holds."""
    return [*appointments.list_own(session, check), *enrollments.list_own(session, check)]


def take_over(
    session: Session, check_id: UUID, held: ActOnHeld, *, now: datetime, actor: Actor, vault: Vault
) -> str:
    """The person gets what another account holds in their name; returns its new folio.

    Raises NotFound, `NobodyElse` and what the slices' ``take_over`` raise.
    """
    check = get_check(session, check_id, now=now, actor=actor)
    give_account(session, check, now=now)
    successor = (
        appointments.take_over(session, check, held.service, now=now, actor=actor, vault=vault)
        if held.kind is Subject.APPOINTMENT
        else enrollments.take_over(
            session, check, held.service, held.consents, now=now, actor=actor, vault=vault
        )
    )
    subject = audit.Subject(held.kind, successor.id, successor.account_id)
    audit.record(session, subject, action="identity.take_over", now=now, actor=actor)
    return successor.folio


def take_over_proved(
    session: Session, check_id: UUID, service: str, *, now: datetime, actor: Actor, vault: Vault
) -> str:
    """The account gets the appointment that another holds under the CURP that it proved at home;
    returns its new folio. Raises NotFound, `NobodyElse`, `WrongState`, `ClaimTaken`, and
    `IdentityCheckPending` where only an officer can tell whose it is."""
    check = get_check(session, check_id, now=now, actor=actor)
    if not appointments.is_told_by_curp(session, check, service, vault=vault):
        raise IdentityCheckPending()
    held = ActOnHeld(Subject.APPOINTMENT, service)
    return take_over(session, check_id, held, now=now, actor=actor, vault=vault)


def release(
    session: Session,
    check_id: UUID,
    held: ActOnHeld,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    limits: BookingLimits,
) -> None:
    """End what others hold in the person's name, who may then ask for their own.

    Raises NotFound, `NobodyElse` and what the slices' ``release`` raise.
    """
    check = get_check(session, check_id, now=now, actor=actor)
    if held.kind is Subject.APPOINTMENT:
        appointments.release(
            session, check, held.service, now=now, actor=actor, vault=vault, limits=limits
        )
    else:
        enrollments.release(session, check, held.service, now=now, actor=actor)
    note_check(session, check, "release", now=now, actor=actor)


def tell_apart(
    session: Session, check_id: UUID, *, now: datetime, actor: Actor, vault: Vault
) -> None:
    """From now on this person holds things and sends money under a key of their own, beside the
    other of the same name and birth date.

    Raises NotFound, `NobodyElse`, `AccountOrCurpRequired` to know them again by, `ClaimTaken` or
    `AlreadyEnrolled` when the other gave the same CURP: then they are one person.
    """
    check = get_check(session, check_id, now=now, actor=actor)
    if not (list_held(session, check) or homonyms.has_namesake(session, check, vault)):
        raise NobodyElse()
    curp = homonyms.curp_keys(session, check, vault)
    appointments.refuse_held(session, curp)
    enrollments.refuse_held(session, curp)
    homonyms.add_homonym(session, check, now=now, vault=vault)
    note_check(session, check, "tell_apart", now=now, actor=actor)
