"""Erase everything that tells who a person is, once nothing of theirs is under way.

Each slice erases its own tables (``erasing.py``). What stays: folios, statuses, facts, the ledger
and the audit, which name nobody. What a law has kept for longer is sealed apart and blocked until
its day (`services.remittances.erasing`). Doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.appointments import erasing as appointments
from services.cashier import erasing as cashier
from services.citizens import erasing as citizens
from services.citizens.erasing import Erased
from services.collection import erasing as collection
from services.disputes import erasing as disputes
from services.enrollments import erasing as enrollments
from services.folders import erasing as folders
from services.forms.drafts import drop_drafts
from services.identity import erasing as identity
from services.identity.models import IdentityCheck
from services.incidents.erasing import erase_notes, has_open_incident
from services.kernel import audit
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.idempotency import forget_answers
from services.messages import erasing as messages
from services.privacy.models import ErasureRequest
from services.privacy.queries import get_request
from services.privacy.rules import Obstacle, Status
from services.remittances import erasing as remittances
from services.remittances.recipients import forget_recipients
from services.staff.sessions import drop_sessions


def erase(session: Session, id: UUID, *, now: datetime, vault: Vault) -> Sequence[Obstacle]:
    """Carry an approved request out; what stands in the way when it can't be yet.

    Nothing for one that is done or was refused. Needs the workers' login and the scope of the
    network. Raises NotFound.
    """
    request = get_request(session, id, lock=True)
    if request.status != Status.APPROVED:
        return []
    if request.account_id:
        citizens.hold_account(session, request.account_id)
    erased = whose(session, request)
    obstacles = find_obstacles(session, erased, now=now)
    if obstacles:
        return obstacles
    _erase(session, erased, now=now, vault=vault)
    request.status, request.done_at = Status.DONE.value, now
    session.flush()
    subject = audit.Subject.of("erasure_request", request)
    audit.record(session, subject, action="erasure.done", now=now, actor=SYSTEM)
    return []


def find_obstacles(session: Session, erased: Erased, *, now: datetime) -> Sequence[Obstacle]:
    """What has to end before their data can go. Needs the scope of the network."""
    things = [*remittances.list_ids(session, erased), *enrollments.list_ids(session, erased)]
    stands = {
        Obstacle.LIVE_APPOINTMENT: appointments.has_live(session, erased),
        Obstacle.OPEN_ENROLLMENT: enrollments.has_open(session, erased),
        Obstacle.OPEN_REMITTANCE: remittances.has_open(session, erased),
        Obstacle.OPEN_DISPUTE: disputes.has_open(session, erased),
        Obstacle.OPEN_INCIDENT: has_open_incident(session, things),
        Obstacle.RECENT_REMITTANCE: remittances.sent_this_month(session, erased, now=now),
    }
    return [obstacle for obstacle, there in stands.items() if there]


def whose(session: Session, request: ErasureRequest) -> Erased:
    """The account and every row of people that the request is about."""
    checked = (
        session.get_one(IdentityCheck, request.identity_check_id)
        if request.identity_check_id
        else None
    )
    named = citizens.find_erased(
        session,
        request.account_id,
        proven=checked.person_id if checked else None,
        by_name=checked is None or not identity.was_told_apart(session, checked),
    )
    return identity.with_merged(session, named)


def _erase(session: Session, erased: Erased, *, now: datetime, vault: Vault) -> None:
    """Where the people's rows are still needed to find the rest, before them."""
    things = [
        *remittances.list_ids(session, erased),
        *enrollments.list_ids(session, erased),
        *appointments.list_ids(session, erased),
        *collection.list_ids(session, erased),
    ]
    remittances.block(session, erased, now=now, vault=vault)
    disputes.erase(session, erased)
    forget_recipients(session, erased)
    appointments.erase(session, erased)
    cashier.erase(session, erased)
    collection.erase(session, erased)
    identity.erase(session, erased)
    enrollments.erase(session, erased)
    folders.erase(session, erased)
    erase_notes(session, things)
    forget_answers(session, erased.account, things)
    messages.erase(session, erased.account, [*things, *erased.people])
    if erased.account:
        drop_sessions(session, erased.account)
        drop_drafts(session, erased.account, vault=vault)
    citizens.erase(session, erased, now=now, vault=vault)
