"""Make, find and end the accounts of staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.db import raised_code, violated_constraint
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.staff.models import SignInSession, StaffAccount


@dataclass(frozen=True)
class MakeStaffAccount:
    """``subject`` is what the identity provider calls this person."""

    subject: str
    name: str
    role: str
    consulate: str | None = None
    email: str | None = None


_IN_SERVICE = text("SELECT * FROM staff_in_service(:account)")


def find_active(session: Session, account: UUID) -> StaffAccount | None:
    """The account unless it doesn't exist or was ended."""
    return session.scalars(
        select(StaffAccount).from_statement(_IN_SERVICE), {"account": account}
    ).one_or_none()


def find_by_subject(session: Session, subject: str) -> StaffAccount | None:
    """Return the account with the identity provider's subject, or None."""
    return session.execute(
        select(StaffAccount).where(StaffAccount.subject == subject, StaffAccount.ended_at.is_(None))
    ).scalar_one_or_none()


def find_name(session: Session, account: UUID) -> str | None:
    """What somebody of staff is called, in service or not; None when there is no such account."""
    member = session.get(StaffAccount, account)
    return member.name if member else None


def list_accounts(session: Session, *, most: int = 500) -> Sequence[StaffAccount]:
    """List staff accounts, active ones first."""
    return (
        session.execute(
            select(StaffAccount)
            .order_by(StaffAccount.ended_at.is_not(None), StaffAccount.name, StaffAccount.id)
            .limit(most)
        )
        .scalars()
        .all()
    )


def list_by_email(session: Session, addresses: Sequence[str]) -> Sequence[StaffAccount]:
    """The accounts in service that have one of these addresses, which are in small letters."""
    return session.scalars(
        select(StaffAccount).where(
            func.lower(StaffAccount.email).in_(addresses), StaffAccount.ended_at.is_(None)
        )
    ).all()


def make_account(
    session: Session, command: MakeStaffAccount, *, now: datetime, actor: audit.Actor
) -> StaffAccount:
    """Raises Invalid (role and office don't go together, unknown office), Conflict
    ``subject_taken``, ``own_role`` for an account of one's own."""
    member = StaffAccount(
        id=new_id(),
        subject=command.subject,
        name=command.name,
        email=command.email,
        role=command.role,
        consulate_code=command.consulate,
        created_at=now,
        created_by=actor.account_id,
    )
    session.add(member)
    _flush(session)
    _audit(session, "staff.make", member, now=now, actor=actor)
    return member


def assign(
    session: Session,
    account: UUID,
    *,
    role: str,
    consulate: str | None,
    now: datetime,
    actor: audit.Actor,
) -> StaffAccount:
    """Give another role or office. Raises NotFound, Invalid, Conflict ``own_role``."""
    member = _get(session, account)
    member.role, member.consulate_code, member.changed_by = role, consulate, actor.account_id
    _flush(session)
    _audit(session, "staff.assign", member, now=now, actor=actor)
    return member


def end_account(
    session: Session, account: UUID, *, now: datetime, actor: audit.Actor
) -> StaffAccount:
    """End it and every signed-in session at once. Raises NotFound, Conflict ``own_account``."""
    member = _get(session, account)
    if member.id == actor.account_id:
        raise Conflict("own_account")
    member.ended_at, member.ended_by = now, actor.account_id
    session.execute(
        update(SignInSession)
        .where(SignInSession.staff_id == account, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    session.flush()
    _audit(session, "staff.end", member, now=now, actor=actor)
    return member


def _get(session: Session, account: UUID) -> StaffAccount:
    member = find_active(session, account)
    if member is None:
        raise NotFound()
    return member


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        constraint = violated_constraint(error)
        if constraint == "uq_staff_accounts_subject":
            raise Conflict("subject_taken", field="subject") from error
        if constraint == "fk_staff_accounts_consulate_code":
            raise Invalid("consulate_not_found", field="consulate") from error
        if constraint in ("ck_staff_accounts_office", "ck_staff_accounts_role"):
            raise Invalid("role_and_office", field="consulate") from error
        raise
    except DBAPIError as error:
        if raised_code(error) == "own_role":
            raise Conflict("own_role", field="role") from error
        raise


def _audit(
    session: Session, action: str, account: StaffAccount, *, now: datetime, actor: audit.Actor
) -> None:
    subject = audit.Subject.of("staff_account", account)
    audit.record(session, subject, action=action, now=now, actor=actor)
